"""Commands that keep running: the shop for real, and the demo."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import structlog
import uvloop

from bot import logs
from bot.cli.output import BAD_CONFIG, complain
from bot.cli.role import Role
from bot.config import Settings, load, warnings
from bot.errors import ConfigError, Problem
from bot.wording import words_of


def run(config: Path, role: Role) -> int:
    """The shop until SIGTERM. Exit 0 after an orderly stop, 78 where bot.toml or the environment is not right."""
    settings = load(config)
    if role is not Role.ALL:
        complain("several processes need PostgreSQL, which this version does not have yet: run without --role")
        return BAD_CONFIG
    from bot import serving  # not loaded to name a fault

    _verify_templates(settings)
    logs.configure()
    log = structlog.get_logger("comptoir")
    for problem in warnings(settings):
        log.warning("config.advice", advice=str(problem))

    def ready(address: str) -> None:
        log.info("shop.open", address=address, shop=settings.shop.name)

    uvloop.run(serving.run(settings, ready=ready))
    return 0


def _verify_templates(settings: Settings) -> None:
    """Raises ConfigError: a fault in a template is found now, not at the first sale (F111)."""
    if problems := template_problems(settings):
        raise ConfigError(problems)


def template_problems(settings: Settings) -> list[Problem]:
    try:
        words_of(settings)
    except ConfigError as refused:
        return list(refused.problems)
    return []


def reload(config: Path) -> int:
    """Have the running shop read bot.toml anew. Exit 78, and nothing has changed there, where it is not right."""
    settings = load(config, secrets=False)
    _verify_templates(settings)
    from bot.merchant import reload_shop

    waiting = reload_shop(settings)
    print(f"{settings.shop.name} goes by {config} now")
    if waiting:
        complain(f"takes effect at the next start: {', '.join(waiting)}")
    return 0


def _online(settings: Settings) -> list[Problem]:
    from bot.outside import online_problems  # loads the client of every service

    return online_problems(settings)


def checks() -> dict[str, Callable[[Settings], list[Problem]] | None]:
    """What `check` looks at beyond bot.toml itself."""
    return {"templates": template_problems, "online_checks": _online}


def demo(config: Path, port: int) -> int:
    from bot.demo import play  # not loaded by a shop for real

    logs.configure(level=30)

    def ready(address: str) -> None:
        print(f"The demo shop is open: {address}", flush=True)
        print("Nothing is real here: no account, no key, no money. Ctrl-C closes it.", file=sys.stderr)

    uvloop.run(play(config, port, ready))
    return 0

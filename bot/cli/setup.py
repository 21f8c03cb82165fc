"""Commands around bot.toml: find its faults, print its schema, write a first one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.output import BAD_CONFIG, FAILED, complain
from bot.config import Settings, Telegram, X, examine, schema_text
from bot.errors import Problem

Checks = Callable[[Settings], list[Problem]]
STARTER = {
    "bot.toml": "starter/bot.toml",
    ".env.example": "starter/env.example",
}


def check(
    config: Path,
    online: bool = False,
    as_json: bool = False,
    *,
    templates: Checks | None = None,
    online_checks: Checks | None = None,
) -> int:
    """Every fault with its place and remedy; 0 where the shop may open, 78 where not.

    No secret is needed; with `online` those of the shop's channels are, for the services are asked with them.
    """
    report = examine(config)
    problems, doubts = list(report.problems), list(report.warnings)
    (problems if online else doubts).extend(report.missing)
    if report.settings and templates:
        problems += templates(report.settings)
    unasked = online and online_checks is None
    if online and online_checks and report.settings and not problems:
        problems += online_checks(report.settings)
    if as_json:
        _as_json(config, problems, doubts)
    else:
        _for_people(config, report.settings, problems, doubts)
    if unasked:
        complain("--online is not available in this version: no service was asked")
    return BAD_CONFIG if problems else FAILED if unasked else 0


def schema() -> int:
    """bot.schema.json on stdout."""
    print(schema_text(), end="")
    return 0


def init(folder: Path) -> int:
    """Writes a commented bot.toml, .env.example and the schema. 1, and nothing is written, where one exists."""
    texts = {name: _starter(source) for name, source in STARTER.items()} | {"bot.schema.json": schema_text()}
    standing = [name for name in texts if (folder / name).exists()]
    for name in standing:
        complain(f"{folder / name} exists already and is left as it is: move it away, or name another folder")
    if standing:
        return FAILED
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with (folder / name).open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as refused:
        complain(f"{folder} cannot be written: {(refused.strerror or 'no access').lower()}")
        return FAILED
    print(f"Written: {', '.join(str(folder / name) for name in texts)}")
    print("Next: write your products into bot.toml, copy .env.example to .env and fill it in, then run comptoir check.")
    return 0


def _starter(source: str) -> str:
    return resources.files("bot.config").joinpath(source).read_text(encoding="utf-8")


def _as_json(config: Path, problems: Sequence[Problem], doubts: Sequence[Problem]) -> None:
    found = {
        "file": str(config),
        "ok": not problems,
        "problems": [_plain(problem) for problem in problems],
        "warnings": [_plain(problem) for problem in doubts],
    }
    print(json.dumps(found, ensure_ascii=False))


def _plain(problem: Problem) -> dict[str, str | int]:
    return {
        "file": problem.file,
        "line": problem.line,
        "key": problem.key,
        "wrong": problem.wrong,
        "remedy": problem.remedy,
    }


def _for_people(
    config: Path, settings: Settings | None, problems: Sequence[Problem], doubts: Sequence[Problem]
) -> None:
    for problem in problems:
        complain(str(problem))
    for doubt in doubts:
        complain(f"warning: {doubt}")
    if problems:
        complain(f"{config}: {len(problems)} {'fault' if len(problems) == 1 else 'faults'}")
    elif settings:
        print(f"{config}: no faults")
        Console().print(_overview(settings))


def _overview(settings: Settings) -> Table:
    catalogue = settings.catalogue
    rows = {
        "shop": f"{settings.shop.name} ({settings.shop.currency}, {settings.shop.locale})",
        "sells": f"{len(catalogue.products)} products, {len(list(catalogue.variants()))} SKUs",
        "sends by": ", ".join(way.name for way in catalogue.shipping) or "-",
        "channels": ", ".join(_channels(settings)) or "none",
        "Stripe": "live: real money" if settings.stripe.livemode else "test mode",
        "database": str(settings.database_path),
    }
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(value))
    return table


def _channels(settings: Settings) -> list[str]:
    channels: dict[str, Telegram | X] = {"telegram": settings.telegram, "x": settings.x}
    return [f"{name} ({channel.mode})" for name, channel in channels.items() if channel.enabled]

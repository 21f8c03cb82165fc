"""`webhooks register`: points Telegram, X and Stripe at web.public_url."""

from __future__ import annotations

import json
from pathlib import Path

from bot.cli.output import BAD_CONFIG, complain
from bot.config import load
from bot.outside import register_webhooks


def register(config: Path, *, as_json: bool) -> int:
    """What was done, by service; a secret that a service tells only once stands on stdout and nowhere else."""
    settings = load(config)
    if settings.web.public_url is None:
        complain('web.public_url is missing, and nobody can be told where to call: write public_url = "https://…"')
        return BAD_CONFIG
    done = register_webhooks(settings)
    if as_json:
        print(json.dumps({name: list(lines) for name, lines in done.items()}, ensure_ascii=False))
        return 0
    for name, lines in done.items():
        for line in lines:
            print(f"{name}: {line}")
    return 0

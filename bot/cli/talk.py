"""Commands that need no wire: how the shop understands, and a conversation in the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from rich.console import Console

from bot.config import load
from bot.domain.messages import Inbound, clean
from bot.domain.understanding import as_json
from bot.parts import clerk_of
from bot.ports import Rendered

CHANNEL = "terminal"


def understand(config: Path) -> int:
    """One JSON object a line for each line of stdin."""
    clerk = clerk_of(load(config, secrets=False))
    for raw in sys.stdin.buffer:
        text = clean(raw.decode("utf-8", "replace"))
        print(json.dumps(as_json(clerk.understand(text)), ensure_ascii=False), flush=True)
    return 0


def chat(config: Path) -> int:
    """Talk until the end of input; a number presses a button. Nothing is kept, and nothing can be paid."""
    from bot.app import rehearsed  # all of a shop, which `understand` does without

    settings = load(config, secrets=False)
    rehearsal = rehearsed(settings)
    console = Console()
    tokens: list[str] = []
    console.print(
        f"{settings.shop.name}: write a message, or a button's number. Ctrl-D ends. Nothing can be paid here."
    )
    for number in count(1):
        try:
            text = console.input("> ")
        except EOFError:
            console.print()
            return 0
        said = rehearsal.take(typed(text, number, tokens)).said
        tokens = []
        for body in said:
            tokens += _spoken(console, body, len(tokens))
    return 0


def typed(text: str, number: int, tokens: Sequence[str]) -> Inbound:
    """The `number`-th line of a conversation; a number presses that one of the buttons last shown."""
    place = int(text) - 1 if text.isdecimal() and len(text) < 4 else -1
    press = tokens[place] if 0 <= place < len(tokens) else None
    return Inbound(CHANNEL, str(number), CHANNEL, "1", text=text, press=press)


def _spoken(console: Console, body: Rendered, before: int) -> list[str]:
    """Print what the shop says; -> the tokens of its buttons, numbered from `before` + 1."""
    from bot.channels.telegram.sending import plain

    console.print(plain(body.text), highlight=False, markup=False)
    tokens: list[str] = []
    for label, token, url in (button for row in body.rows for button in row):
        if token is not None:
            tokens.append(token)
            console.print(f"  [{before + len(tokens)}] {label}", highlight=False, markup=False)
        elif url is not None:
            console.print(f"  {label}: {url}", highlight=False, markup=False)
    return tokens

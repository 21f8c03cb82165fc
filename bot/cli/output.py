"""How commands speak: tables for people on a terminal, JSON for programs, complaints on stderr."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.logs import redacted

FAILED, BAD_CONFIG = 1, 78


def complain(sentence: str) -> None:
    """One line on stderr, without secrets and without markup being read into it."""
    Console(stderr=True, soft_wrap=True).print(Text(redacted(sentence)))


def show(title: str, rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Rows as a table or as a JSON array."""
    if as_json:
        print(json.dumps([dict(row) for row in rows], ensure_ascii=False, default=str))
        return
    console = Console()
    if not rows:
        console.print(f"{title}: none")
        return
    table = Table(title=title)
    for column in rows[0]:
        table.add_column(column)
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    console.print(table)

"""The negative control: the very command, but synced as SQLite would by itself at synchronous=NORMAL.

A power cut then takes away what was acknowledged since the last checkpoint, and the sweep must say so.
"""

from __future__ import annotations

import functools
import re
import sqlite3
from typing import Any

_PRAGMA = re.compile(r"\s*PRAGMA\s+synchronous\s*=", re.IGNORECASE)


class Careless(sqlite3.Connection):
    """A connection that answers every wish for more safety with NORMAL."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return super().execute("PRAGMA synchronous=NORMAL" if _PRAGMA.match(sql) else sql, parameters)


def loosen() -> None:
    """Make every connection of this process a careless one."""
    sqlite3.connect = functools.partial(sqlite3.connect, factory=Careless)  # type: ignore[assignment]


if __name__ == "__main__":
    loosen()
    from bot.start import main

    main()

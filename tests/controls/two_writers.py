"""A shop's store while somebody else writes into the same file: a backup tool, a merchant's own shell.

`python -m tests.controls.two_writers FOLDER [GUARD]` exits 1 where any work of the shop failed.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import threading
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from bot.errors import Temporary
from bot.ports import Books
from storage import SqliteStore

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WORKS = 400
PAUSE = 0.001
"""Seconds between two transactions of the other: SQLite's lock has no queue, so one without pauses starves all."""


def failures(folder: Path) -> int:
    """Works that failed, of 400 that read first and write then, beside a second writer."""
    path = str(folder / "shop.db")
    store = SqliteStore(path)
    over = threading.Event()

    def second_writer() -> None:
        with contextlib.closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as other:
            while not over.is_set():
                other.execute("BEGIN IMMEDIATE")
                other.execute("INSERT OR REPLACE INTO cursors VALUES ('somebody', 'else', '')")
                other.execute("COMMIT")
                over.wait(PAUSE)

    writer = threading.Thread(target=second_writer)
    writer.start()
    failed = 0
    try:
        for number in range(WORKS):
            try:
                store.write(lambda books, number=number: _work(books, number))  # type: ignore[misc]
            except Temporary:
                failed += 1
    finally:
        over.set()
        writer.join()
        store.close()
    return failed


def _work(books: Books, number: int) -> bool:
    books.outbox.due(NOW, 10)
    return books.inbox.accept("telegram", str(number), NOW)


def main() -> int:
    folder, *guards = sys.argv[1:]
    for guard in guards:
        getattr(import_module("tests.controls.removed"), guard)()
    return min(1, failures(Path(folder)))


if __name__ == "__main__":
    sys.exit(main())

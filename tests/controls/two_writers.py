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
WORKS = 20
PATIENCE = 0.05
"""Seconds that a work leaves the other between its look and its change; the other is kept out, or ends long before."""


def failures(folder: Path) -> int:
    """Works that failed, of 20 that read first and write then, where somebody else writes in between if they can."""
    path = str(folder / "shop.db")
    store = SqliteStore(path)
    called, has_written, over = threading.Event(), threading.Event(), threading.Event()

    def second_writer() -> None:
        with contextlib.closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as other:
            while called.wait() and not over.is_set():
                called.clear()
                other.execute("BEGIN IMMEDIATE")
                other.execute("INSERT OR REPLACE INTO cursors VALUES ('somebody', 'else', '')")
                other.execute("COMMIT")
                has_written.set()

    def work(books: Books, number: int) -> bool:
        books.outbox.due(NOW, 10)
        has_written.clear()
        called.set()
        has_written.wait(PATIENCE)
        return books.inbox.accept("telegram", str(number), NOW)

    writer = threading.Thread(target=second_writer)
    writer.start()
    failed = 0
    try:
        for number in range(WORKS):
            try:
                store.write(lambda books, number=number: work(books, number))  # type: ignore[misc]
            except Temporary:
                failed += 1
    finally:
        over.set()
        called.set()
        writer.join()
        store.close()
    return failed


def main() -> int:
    folder, *guards = sys.argv[1:]
    for guard in guards:
        getattr(import_module("tests.controls.removed"), guard)()
    return min(1, failures(Path(folder)))


if __name__ == "__main__":
    sys.exit(main())

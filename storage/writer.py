"""The thread that owns the writing connection and commits for all who wait.

An fsync a message is what a durable shop costs; one fsync for up to 64 of them is what makes it cheap. Each work
has a savepoint of its own, so that a failing one undoes nothing of its neighbours.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from bot.errors import StoreDamaged, Temporary
from bot.ports import Books

LARGEST_GROUP = 64
LONGEST_GROUP = 0.002
"""Seconds after which a group is committed, however many still wait."""
MOST_WAITING = 50_000

Work = Callable[[Books], Any]
Done = Callable[[Any, Exception | None], None]
log = structlog.get_logger(__name__)


class WriterThread:
    """`fatal` is called once with the reason when the disk can no longer be trusted (F091); nothing is done after."""

    def __init__(self, connection: sqlite3.Connection, books: Books, fatal: Callable[[str], None]) -> None:
        self._connection, self._books, self._fatal = connection, books, fatal
        self._queue: queue.SimpleQueue[tuple[Work, Done] | None] = queue.SimpleQueue()
        self.broken: str | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work, done: Done) -> None:
        if self.broken:
            raise StoreDamaged(self.broken)
        if self._queue.qsize() > MOST_WAITING:
            raise Temporary("the store has too much to do", retry_after=1)
        self._queue.put((work, done))

    def close(self) -> None:
        """Finish what was submitted and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            if not self._group(first):
                break

    def _group(self, first: tuple[Work, Done]) -> bool:
        """Do and commit one group; False when it was the last one."""
        outcomes: list[tuple[Done, Any, Exception | None]] = []
        waiting: tuple[Work, Done] | None = first
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            until = time.monotonic() + LONGEST_GROUP
            while waiting is not None:
                outcomes.append((waiting[1], *self._one(waiting[0])))
                if len(outcomes) == LARGEST_GROUP or time.monotonic() > until or self._queue.empty():
                    break
                waiting = self._queue.get()
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever happened, everybody who waits is told
            if not outcomes and waiting is not None:
                outcomes = [(waiting[1], None, None)]
            outcomes = [(done, None, self._given_up(error)) for done, _, _ in outcomes]
        for done, result, failure in outcomes:
            done(result, failure)
        return waiting is not None

    def _one(self, work: Work) -> tuple[Any, Exception | None]:
        execute = self._connection.execute
        execute("SAVEPOINT work")
        try:
            result = work(self._books)
        except sqlite3.OperationalError:
            raise  # the disk or a lock, not the work: the whole group is undone
        except Exception as error:  # noqa: BLE001 - the work's own fault, handed to the one who submitted it
            execute("ROLLBACK TO work")
            execute("RELEASE work")
            return None, error
        execute("RELEASE work")
        return result, None

    def _given_up(self, error: Exception) -> Exception:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _FATAL:
            self.broken = f"the disk failed: {error}"
            self._fatal(self.broken)
            return StoreDamaged(self.broken)
        log.error("store.group_undone", error=str(error))
        return Temporary(f"the store could not write: {error}", retry_after=1)


_FATAL = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

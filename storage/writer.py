"""The thread that owns the writing connection and commits for all who wait.

An fsync a message is what a durable shop costs; one fsync for up to 64 of them is what makes it cheap. Each work
has a savepoint of its own, so that a failing one undoes nothing of its neighbours.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from bot.errors import StoreDamaged, Temporary
from bot.ports import Books, Urgent
from storage.turns import Turns

LARGEST_GROUP = 64
LONGEST_GROUP = 0.002
"""Seconds after which a group is committed, however many still wait."""
MOST_WAITING = 50_000

Work = Callable[[Books], Any]
Done = Callable[[Any, Exception | None], None]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Alone:
    """A work that no transaction may surround: done between two groups."""

    statement: Callable[[sqlite3.Connection], Any]

    def __call__(self, _books: Books) -> Any:
        raise AssertionError("done between two groups, not in one")


class WriterThread:
    """`fatal` is called once with the reason when the disk can no longer be trusted (F091); nothing is done after."""

    longest = LONGEST_GROUP

    def __init__(self, connection: sqlite3.Connection, books: Books, fatal: Callable[[str], None]) -> None:
        self._connection, self._books, self._fatal = connection, books, fatal
        self._queue: Turns[tuple[Work, Done] | None] = Turns()
        self.broken: str | None = None
        self._start()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work, done: Done) -> None:
        if self.broken:
            raise StoreDamaged(self.broken)
        if self._queue.qsize() > MOST_WAITING:
            raise Temporary("the store has too much to do", retry_after=1)
        self._queue.put((work, done), urgent=isinstance(work, Urgent))

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
        if isinstance(first[0], Alone):
            self._tell(first[1], *self._outside(first[0]))
            return True
        after: tuple[Work, Done] | None = None
        told: list[tuple[Done, Any, Exception | None]] = []
        current: tuple[Work, Done] | None = first
        last = False
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            until = time.monotonic() + self.longest
            while current is not None:
                told.append((current[1], *self._one(current[0])))
                current = None
                if len(told) == LARGEST_GROUP or time.monotonic() > until or self._queue.empty():
                    break
                current = self._queue.get()
                last = current is None
                if current is not None and isinstance(current[0], Alone):
                    after, current = current, None
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever happened, everybody who waits is told
            failure = self._given_up(error)
            undone = [done for done, _, _ in told] + ([current[1]] if current else [])
            told = [(done, None, failure) for done in undone]
            last = self._tell_the_waiting(told, failure) or last
        for done, result, failed in told:
            self._tell(done, result, failed)
        if after is not None:
            self._group(after)
        return not last

    def _tell_the_waiting(self, told: list[tuple[Done, Any, Exception | None]], failure: Exception) -> bool:
        """Who waits behind a lock or a full disk learns it at once, not in turn; True where it was the end."""
        for _ in range(self._queue.qsize()):
            waiting = self._queue.get()
            if waiting is None:
                return True
            told.append((waiting[1], None, failure))
        return False

    @staticmethod
    def _tell(done: Done, result: Any, failure: Exception | None) -> None:
        try:
            done(result, failure)
        except Exception:  # a listener that is gone must not end the writer
            log.exception("store.nobody_listens")

    def _one(self, work: Work) -> tuple[Any, Exception | None]:
        execute = self._connection.execute
        execute("SAVEPOINT work")
        try:
            result = work(self._books)
        except Exception as error:
            if isinstance(error, sqlite3.OperationalError) or _is_fatal(error):
                raise  # the disk or a lock, not the work: the whole group is undone
            execute("ROLLBACK TO work")
            execute("RELEASE work")
            return None, error
        execute("RELEASE work")
        return result, None

    def _outside(self, alone: Alone) -> tuple[Any, Exception | None]:
        try:
            return alone.statement(self._connection), None
        except Exception as error:  # noqa: BLE001 - who waits is told
            return None, self._given_up(error)

    def _given_up(self, error: Exception) -> Exception:
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        if _is_fatal(error):
            self.broken = f"the disk failed: {error}"
            self._fatal(self.broken)
            return StoreDamaged(self.broken)
        log.error("store.group_undone", error=str(error))
        return Temporary(f"the store could not write: {error}", retry_after=1)


def _is_fatal(error: Exception) -> bool:
    return isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _FATAL


_FATAL = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

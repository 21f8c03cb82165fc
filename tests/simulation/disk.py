"""The real store on a real file, its writer in the loop's own thread, with an observer who misses no change.

The observer's triggers and their log are temporary: the database file holds what a shop's holds and nothing else.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bot.ports import Books
from storage.sqlite import SqliteStore
from storage.writer import Done, Work, WriterThread
from tests.simulation.lines import Ended

T = TypeVar("T")
Change = tuple[int, str, str, str | None, str | None]
"""(turn, what, key, was, is): what one work changed; all changes of a turn are of one savepoint."""

EVENT = "'event', new.source || ' ' || new.key"
WHO = "'quiet', new.channel || ':' || new.chat"
WATCH = (
    "CREATE TEMP TABLE seen (id INTEGER PRIMARY KEY, turn INTEGER, what TEXT, key TEXT, was TEXT, now TEXT)",
    *(
        f"CREATE TEMP TRIGGER seen_{name} AFTER {when} BEGIN"
        f" INSERT INTO seen (turn, what, key, was, now) VALUES (turn(), {values}); END"
        for name, when, values in (
            ("order", "INSERT ON main.orders", "'order', new.ref, NULL, new.status"),
            ("order_changed", "UPDATE ON main.orders", "'order', new.ref, old.status, new.status"),
            ("payment", "INSERT ON main.payments", "'payment', new.key, NULL, new.status"),
            ("payment_changed", "UPDATE ON main.payments", "'payment', new.key, old.status, new.status"),
            ("put", "INSERT ON main.outbox", "'put', new.id, new.channel || ':' || new.chat, new.kind"),
            ("event", "INSERT ON main.inbox", f"{EVENT}, NULL, new.state"),
            ("event_changed", "UPDATE OF state ON main.inbox", f"{EVENT}, old.state, new.state"),
            ("quiet", "UPDATE OF quiet ON main.shoppers", f"{WHO}, old.quiet, new.quiet"),
            ("quiet_first", "INSERT ON main.shoppers", f"{WHO}, NULL, new.quiet"),
            ("stock", "UPDATE ON main.stock", "'stock', new.sku, new.held || ' ' || new.sold, new.total"),
            ("alert", "INSERT ON main.alerts", "'alert', new.kind, new.ref, new.text"),
        )
    ),
)


class LoopWriter(WriterThread):
    """Commits what was submitted in one turn of the loop as one group, in the loop's own thread."""

    longest = math.inf
    turn = 0
    gone = False

    def _start(self) -> None:
        self._called = False

    def submit(self, work: Work, done: Done) -> None:
        if self.gone:
            raise Ended
        super().submit(work, done)
        if not self._called:
            self._called = True
            asyncio.get_running_loop().call_soon(self.commit)

    def commit(self) -> None:
        """Do all that waits, in groups as large as the thread's."""
        self._called = False
        while not self.gone and not self._queue.empty():
            first = self._queue.get()
            assert first is not None
            self._group(first)

    def _one(self, work: Work) -> tuple[object, Exception | None]:
        self.turn += 1
        return super()._one(work)

    def close(self) -> None:
        self.commit()


class Disk(SqliteStore):
    """The store of one process of the shop. After `die` whoever still holds it cannot do anything with it."""

    def __init__(self, path: Path, failed: Callable[[str], None], turn: int = 0) -> None:
        self.gone = False
        self.left: list[Change] = []
        super().__init__(str(path), fatal=failed, writer=LoopWriter)
        assert isinstance(self._writer, LoopWriter)
        self.writer = self._writer
        self.writer.turn = turn
        self._connection.create_function("turn", 0, lambda: self.writer.turn)
        for statement in WATCH:
            self._connection.execute(statement)

    def _open_writer(self, path: str) -> sqlite3.Connection:
        connection = super()._open_writer(path)
        for pragma in ("synchronous=OFF", "busy_timeout=0", "temp_store=MEMORY", "secure_delete=OFF"):
            connection.execute(f"PRAGMA {pragma}").fetchall()  # durability and secrecy on a disk are others' subjects
        return connection

    def look(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What an observer reads, between two turns of the loop."""
        return self._connection.execute(query, values).fetchall()

    def changes(self) -> list[Change]:
        """What was committed since the last call; once it has died, what nobody has read yet."""
        if self.gone:
            left, self.left = self.left, []
            return left
        seen = self._connection.execute("SELECT turn, what, key, was, now FROM temp.seen ORDER BY id").fetchall()
        if seen:
            self._connection.execute("DELETE FROM temp.seen")
        return seen

    # -- trouble

    def lock(self) -> Callable[[], None]:
        """Somebody else's program locks the database; -> how to end it."""
        other = sqlite3.connect(self.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        return other.close

    def fill(self) -> Callable[[], None]:
        """The disk is full: not one page more; -> how to end it."""
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        self._connection.execute(f"PRAGMA max_page_count={pages}").fetchall()
        return lambda: None if self.gone else self._roomy()

    def _roomy(self) -> None:
        self._connection.execute("PRAGMA max_page_count=1073741823").fetchall()

    def die(self) -> None:
        """What was not committed is lost, the file is as it is, and nothing can be done with this store any more."""
        self.left = self.changes()
        self.gone = self.writer.gone = True
        super().close()

    def read(self, work: Callable[[Books], T]) -> T:
        if self.gone:
            raise Ended
        return super().read(work)

    def close(self) -> None:
        if not self.gone:
            self.die()

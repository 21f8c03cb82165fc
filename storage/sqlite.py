"""The store on SQLite: one file, one writing process, any number of readers.

WAL with synchronous=FULL: NORMAL loses acknowledged orders when the power goes. Every write begins IMMEDIATE,
since a deferred one fails at once under a second writer whatever the time-out says.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

from bot.errors import Busy, StoreDamaged, Temporary
from bot.ports import Books, View
from storage.books import SqlBooks
from storage.schema import VIEWS, check_version, migrate
from storage.writer import Alone, WriterThread

T = TypeVar("T")
FIGURES = """
    SELECT 'outbox' AS book, state, count(*) AS n FROM outbox WHERE state IN ('queued', 'sending') GROUP BY state
    UNION ALL SELECT 'outbox', state, count(*) FROM outbox WHERE state = 'dead' GROUP BY state
    UNION ALL SELECT 'inbox', state, count(*) FROM inbox WHERE state != 'done' GROUP BY state
    UNION ALL SELECT 'orders', status, count(*) FROM orders GROUP BY status
    UNION ALL SELECT 'orders', 'needs_review', count(*) FROM orders WHERE needs_review IS NOT NULL"""
NEWEST_FIRST = {
    "v_orders": "created_at",
    "v_payments": "updated_at",
    "v_inbox": "received_at",
    "v_outbox": "id",
    "v_refunds": "at",
    "v_dead_letters": "id",
    "v_history": "id",
    "v_alerts": "id",
    "v_costs": "id",
    "v_policy": "id",
}
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY")
"""Without the last, each savepoint writes pages of the shop into a file of /var/tmp."""
LOCK_WAIT = 5.0
"""Seconds to wait for somebody else's lock (a backup tool, a person's shell)."""
RESTORING = ".restoring"
"""The file of this ending beside the database holds its next contents; until it has its place nothing is opened."""
SCRUBS = 40
SCRUB_WAIT = 0.25
"""Seconds between two tries to empty the log: a reader (a backup) may keep it for as long as it reads."""


def _stop_at_once(reason: str) -> None:
    os.write(2, f"comptoir: {reason}; stopped so that nothing is acknowledged that is not kept\n".encode())
    os._exit(74)


class SqliteStore:
    """Raises Busy where another process has the shop open and StoreDamaged where the file cannot be trusted."""

    def __init__(
        self,
        path: str,
        *,
        writes: bool = True,
        fatal: Callable[[str], None] = _stop_at_once,
        writer: Callable[[sqlite3.Connection, Books, Callable[[str], None]], WriterThread] = WriterThread,
    ) -> None:
        self._memory = path == ":memory:"
        self._address = "file:comptoir?mode=memory&cache=private" if self._memory else f"{Path(path).as_uri()}"
        self.path = path
        self._lock = None if self._memory or not writes else only_one(path)
        self._resting: list[sqlite3.Connection] = []
        if writes and Path(f"{path}{RESTORING}").exists():
            self._unlock()
            raise StoreDamaged(f"a restore of {path} was cut short: give the command `comptoir restore PATH` again")
        if not writes and not self._memory and not Path(path).exists():
            raise StoreDamaged(f"there is no database at {path} yet: start the shop first")
        try:
            self._connection = self._open_writer(path) if writes else self._open_reader()
            check_version(self._connection)
        except sqlite3.OperationalError as error:
            self._unlock()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise Busy(f"another program has locked {path}: end it and start again") from error
            raise StoreDamaged(f"{path}: {error}. Look at its folder, its permissions and the disk's room") from error
        except sqlite3.DatabaseError as error:
            self._unlock()
            raise StoreDamaged(
                f"{path}: {error}. Restore a backup with `comptoir restore PATH`; nothing was changed"
            ) from error
        except BaseException:
            self._unlock()
            raise
        self._books = SqlBooks(self._connection)
        self._writer = writer(self._connection, self._books, fatal) if writes else None

    def _open_writer(self, path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=LOCK_WAIT, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        migrate(connection)
        return connection

    def _open_reader(self) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self._address}?mode=ro", uri=True, timeout=LOCK_WAIT, isolation_level=None, check_same_thread=False
        )

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """A connection that cannot write, lent to one thread at a time: never more than there are readers at once."""
        try:
            connection = self._resting.pop()
        except IndexError:
            connection = self._open_reader()
        try:
            yield connection
        finally:
            self._resting.append(connection)

    def submit(self, work: Callable[[Books], T], done: Callable[[T | None, Exception | None], None]) -> None:
        assert self._writer is not None, "this store was opened for reading"
        self._writer.submit(work, done)

    def read(self, work: Callable[[Books], T]) -> T:
        if self._memory:  # a database in memory has no second connection: read as a write does
            return self.write(work)
        with self._reader() as connection:
            connection.execute("BEGIN")
            try:
                return work(SqlBooks(connection))
            finally:
                connection.execute("COMMIT")

    def write(self, work: Callable[[Books], T]) -> T:
        """Do `work` and wait until it is durable: for commands and tests, not for the event loop."""
        done = threading.Event()
        outcome: list[tuple[T | None, Exception | None]] = []

        def keep(result: T | None, error: Exception | None) -> None:
            outcome.append((result, error))
            done.set()

        self.submit(work, keep)
        done.wait()
        result, error = outcome[0]
        if error is not None:
            raise error
        return result  # type: ignore[return-value] # None only where the work returns None

    def view(self, name: View, limit: int = 500) -> Sequence[Mapping[str, object]]:
        assert name in VIEWS
        newest = f"ORDER BY {NEWEST_FIRST[name]} DESC" if name in NEWEST_FIRST else ""
        return self._query(f"SELECT * FROM {name} {newest} LIMIT ?", (limit,))

    def _query(self, query: str, values: tuple[object, ...]) -> list[dict[str, object]]:
        def rows(connection: sqlite3.Connection) -> list[dict[str, object]]:
            found = connection.execute(query, values)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]

        if self._memory:
            return self.write(lambda _: rows(self._connection))
        with self._reader() as connection:
            return rows(connection)

    def figures(self) -> Mapping[tuple[str, str], int]:
        rows = self._query(FIGURES, ())
        return {(str(row["book"]), str(row["state"])): int(str(row["n"])) for row in rows}

    def log_bytes(self) -> int:
        log = Path(f"{self.path}-wal")
        return log.stat().st_size if not self._memory and log.exists() else 0

    def healthy(self) -> str | None:
        if self._writer is not None and self._writer.broken:
            return self._writer.broken
        try:
            self.read(lambda books: books.orders.get(""))
        except (sqlite3.Error, Temporary) as error:
            return str(error)
        return None

    def scrub(self) -> None:
        """SQLite leaves traces of moved rows in the gaps of its pages, whatever secure_delete says, and old pages in
        its log: the first go by writing all anew, the second once no reader needs the log any more."""
        self._alone(lambda connection: connection.execute("VACUUM").fetchall())
        for _ in range(SCRUBS):
            if self._alone(_log_emptied):
                return
            time.sleep(SCRUB_WAIT)
        raise Temporary("others read the database: what was erased still stands in its log", retry_after=60)

    def _alone(self, statement: Callable[[sqlite3.Connection], T]) -> T:
        """Between two transactions, in the thread that owns the connection."""
        result: T = self.write(Alone(statement))
        return result

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        for reader in self._resting:
            reader.close()
        self._connection.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _log_emptied(connection: sqlite3.Connection) -> bool:
    connection.execute("PRAGMA busy_timeout=100")  # a reader who takes its time must not hold up who writes
    try:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout={int(LOCK_WAIT * 1000)}")
    return not busy


def only_one(path: str) -> IO[str]:
    """A lock that lives as long as the process; the kernel lets it go however the process ends (F099)."""
    lock = Path(f"{path}.lock").open("a+", encoding="utf-8")  # noqa: SIM115 - kept open for the life of the store
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise Busy(
            f"process {holder} already runs the shop on {path}: stop it first, or use another storage.url"
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock

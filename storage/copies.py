"""Copies of the books: made while the shop sells, and put back in their place after a loss."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from bot.errors import Permanent, StoreDamaged
from storage.rows import moment, stamp
from storage.schema import newer_than_ours
from storage.sqlite import LOCK_WAIT, RESTORING, only_one

MARK = "backup.taken_at"
"""The cursor by which a shop knows that it wakes on a copy, and since when it knows nothing."""
NEWEST = (
    "SELECT max(at) FROM (SELECT max(received_at) AS at FROM inbox UNION ALL SELECT max(created_at) FROM outbox"
    " UNION ALL SELECT max(updated_at) FROM orders)"
)


@dataclass(frozen=True, slots=True)
class Copy:
    """A whole and sound copy: `size` in bytes; all that was acknowledged before `taken_at` is in it."""

    path: Path
    size: int
    orders: int
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Restored:
    """The copy that is in place now, and where the books before it lie, if there were any."""

    copy: Copy
    aside: Path | None


def copy_books(source: Path, target: Path, now: datetime, *, force: bool = False) -> Copy:
    """Copy the books as they stand at one moment, while the shop runs or rests. It is in place whole or not at all.

    One reading transaction: in WAL nobody who writes waits for it, and it ends however much is written meanwhile
    (the backup API begins anew whenever somebody else has written).

    Raises Permanent where `target` stands already (without `force`) or cannot be written, StoreDamaged where the
    books are missing or cannot be trusted.
    """
    if not source.is_file():
        raise StoreDamaged(f"there is no database at {source} yet: start the shop first")
    target = target.resolve()
    if target in _parts(source.resolve()):
        raise Permanent(f"{target} is the database itself: name another file")
    if target.is_dir() or (target.exists() and not force):
        raise Permanent(f"{target} exists already: name another file" + ("" if target.is_dir() else ", or use --force"))
    with _beside(target) as fresh:
        return _copied(source, fresh, target, now)


def restore_books(copy: Path, target: Path) -> Restored:
    """Put a copy in the place of the books; what stands there is moved aside, never deleted.

    The copy itself is not touched. Cut short at any moment, the old books are whole in their place, or nothing is
    opened until the same is asked again.

    Raises Busy while the shop runs, StoreDamaged where the copy cannot be trusted, Permanent where it is missing or
    the folder cannot be written.
    """
    if not copy.is_file():
        raise Permanent(f"there is no copy at {copy}")
    if copy.resolve() in _parts(target.resolve()):
        raise Permanent(f"{copy} is the database itself: name a copy of it")
    try:
        lock = only_one(str(target))
    except OSError as error:
        raise _unwritable(target, error) from error
    with closing(lock):
        next_books = Path(f"{target}{RESTORING}")
        with _beside(next_books) as fresh:
            made = _copied(copy, fresh, target, None)
        try:
            aside = _moved_aside(target)
            next_books.replace(target)
            _sync(target.parent)
        except OSError as error:
            raise _unwritable(target, error) from error
        return Restored(made, aside)


def _copied(source: Path, fresh: Path, target: Path, now: datetime | None) -> Copy:
    """Fill the empty file `fresh`; without `now` the copy is as old as it says itself, or as its newest row."""
    with _understood(source), closing(_opened(f"{source.resolve().as_uri()}?mode=ro")) as reader:
        if newer := newer_than_ours(reader):
            raise StoreDamaged(f"it was written by a newer version ({', '.join(newer)}): use that version")
        reader.execute("VACUUM INTO ?", (str(fresh),))
    with _understood(source), closing(_opened(fresh.as_uri())) as copy:
        copy.execute("PRAGMA journal_mode=MEMORY")
        faults = [str(fault) for (fault,) in copy.execute("PRAGMA integrity_check(5)")]
        if faults != ["ok"]:
            raise StoreDamaged("; ".join(faults)[:300])
        taken_at = _marked(copy, now)
        (orders,) = copy.execute("SELECT count(*) FROM orders").fetchone()
    _sync(fresh)
    return Copy(target, fresh.stat().st_size, orders, moment(stamp(taken_at)))


def _marked(copy: sqlite3.Connection, now: datetime | None) -> datetime:
    (newest,) = copy.execute(NEWEST).fetchone()
    newest = newest or "1970-01-01T00:00:00.000Z"
    if not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'cursors'").fetchone():
        return now or moment(newest)  # the first version kept no cursors
    known = copy.execute("SELECT value FROM cursors WHERE name = ?", (MARK,)).fetchone()
    taken_at = now or moment(known[0] if known else newest)
    copy.execute(
        "INSERT INTO cursors (name, value, updated_at) VALUES (:name, :at, :at)"
        " ON CONFLICT DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        {"name": MARK, "at": stamp(taken_at)},
    )
    return taken_at


def _opened(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, timeout=LOCK_WAIT, isolation_level=None)


@contextmanager
def _understood(source: Path) -> Iterator[None]:
    """SQLite's word on a file, as a sentence. Raises StoreDamaged, or Permanent where it is the room or a lock."""
    try:
        yield
    except StoreDamaged as error:
        raise StoreDamaged(f"{source}: {error}. Nothing was changed") from error
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY):
            raise Permanent(f"no copy was made of {source}: {error}") from error
        raise StoreDamaged(f"{source}: {error}. Nothing was changed") from error


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """An empty file for its owner's eyes only, which takes the name `target` once all is well, or goes."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield fresh
        fresh.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _unwritable(target: Path, error: OSError) -> Permanent:
    return Permanent(f"{target} cannot be written: {(error.strerror or str(error)).lower()}")


def _sync(path: Path) -> None:
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _parts(database: Path) -> tuple[Path, ...]:
    return tuple(Path(f"{database}{part}") for part in ("", "-wal", "-shm", ".lock", RESTORING))


def _moved_aside(database: Path) -> Path | None:
    """The database and its log, under one new name, so that they can still be opened together.

    A log alone was left by a move that was cut short: it follows its database.
    """
    log = Path(f"{database}-wal")
    if not database.exists() and not log.exists():
        return None
    asides = (Path(f"{database}.before-restore-{number}") for number in count(1))
    last, aside = None, next(asides)
    while aside.exists():
        last, aside = aside, next(asides)
    if database.exists():
        database.replace(aside)
    elif last is not None and not Path(f"{last}-wal").exists():
        aside = last
    if log.exists():
        log.replace(f"{aside}-wal")
    Path(f"{database}-shm").unlink(missing_ok=True)
    return aside

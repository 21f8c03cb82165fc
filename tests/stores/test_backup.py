"""A copy made while the shop writes is whole; a copy put back loses nothing, whenever it is cut short."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.effects import OpenCheckout
from bot.domain.orders import Line, Order, OrderStatus
from bot.domain.payments import Payment, PaymentStatus
from bot.errors import Busy, Permanent, StoreDamaged
from bot.ports import Books
from bot.service.restoring import COPY
from storage import SqliteStore, copy_books, restore_books
from storage.copies import MARK
from storage.rows import stamp
from tests.dialogs.dialog import START, catalogue
from tests.stores.test_older_versions import the_first_version

ENOUGH = 200
"""Writes a second during which a copy must be whole."""
LATER = START + timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(str(path))
    opened.write(lambda books: books.shelf.sync(catalogue()))
    yield opened
    opened.close()


def sale(number: int) -> Callable[[Books], None]:
    """One order of a card, with all that belongs to it; every second one is sold, as if it had been paid."""
    line = Line("carte", "Carte cadeau", 1, 2500)
    order = Order(
        f"C-{number:05d}", f"t{number}", "telegram", "1", "fr", OrderStatus.CREATED, "EUR", (line,), START, START, 2500
    )
    request = "{}" + " " * 2000
    payment = Payment(f"k{number}", order.ref, "stripe", PaymentStatus.PENDING, "EUR", 2500, request, START)

    def work(books: Books) -> None:
        assert books.inbox.accept("telegram", str(number), START)
        assert books.shelf.hold("carte", 1)
        books.orders.add(order)
        books.payments.add(payment)
        books.outbox.put(OpenCheckout(payment.key), channel="telegram", chat="1", ref=order.ref, now=START)
        if number % 2:
            assert books.orders.end_hold(order.ref, "sold")
            assert books.shelf.sell("carte", 1)
            assert books.orders.become(order.ref, OrderStatus.PAID, "paid", START)

    return work


def sold(store: SqliteStore, first: int, last: int) -> None:
    for number in range(first, last):
        store.write(sale(number))


def audited(copy: Path) -> int:
    """The books of a copy by the numbers: nothing halved, nothing counted twice; -> its orders."""
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as reader:

        def one(query: str) -> int:
            return int(reader.execute(query).fetchone()[0])

        assert reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert reader.execute("PRAGMA foreign_key_check").fetchall() == []
        kept = "SELECT coalesce(sum(l.quantity), 0) FROM order_lines l JOIN orders o ON o.ref = l.ref WHERE o.hold = "
        assert one("SELECT sum(held) FROM stock") == one(f"{kept} 'live'")
        assert one("SELECT sum(sold) FROM stock") == one(f"{kept} 'sold'")
        orders = one("SELECT count(*) FROM orders")
        for table in ("order_lines", "payments", "inbox", "outbox"):
            assert one(f"SELECT count(*) FROM {table}") == orders
        assert one("SELECT count(*) FROM history WHERE to_status = 'paid'") == one(
            "SELECT count(*) FROM orders WHERE status = 'paid'"
        )
        return orders


class Busily:
    """Sells without a pause until told to stop; `acknowledged` are the orders that a commit has kept."""

    def __init__(self, store: SqliteStore, first: int) -> None:
        self._store, self._next = store, first
        self.acknowledged = first
        self._stop = threading.Event()
        self._room = threading.Semaphore(40)
        self.failures: list[Exception] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Busily:
        self.began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._store.write(lambda _books: None)  # all that was submitted before is done by then

    def _run(self) -> None:
        while not self._stop.is_set():
            self._room.acquire()
            self._store.submit(sale(self._next), self._done)
            self._next += 1

    def _done(self, _result: None, error: Exception | None) -> None:
        self._room.release()
        if error is None:
            self.acknowledged += 1
        else:
            self.failures.append(error)


def test_a_copy_made_while_the_shop_writes_is_whole(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    """F096: every copy holds all that was acknowledged before it was begun, and nobody waited for it."""
    sold(store, 0, 500)
    during: list[int] = []
    with Busily(store, 500) as selling:
        for number in range(5):
            before = selling.acknowledged
            copy = copy_books(path, tmp_path / f"copy-{number}.db", START)
            during.append(selling.acknowledged - before)
            assert copy.orders >= before
            assert audited(copy.path) == copy.orders
            assert copy.size == copy.path.stat().st_size
        seconds = time.monotonic() - selling.began
        wrote = selling.acknowledged - 500
    assert not selling.failures
    assert wrote / seconds >= ENOUGH
    assert sum(during) > 0  # it wrote on while they were made
    assert audited(path) == selling.acknowledged


def test_a_copy_of_the_file_alone_lacks_what_stands_in_the_log(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    """F096: the negative control, what `cp` would do."""
    sold(store, 0, 20)
    shutil.copy(path, tmp_path / "cp.db")
    with closing(sqlite3.connect(tmp_path / "cp.db")) as reader:
        tables = reader.execute("SELECT count(*) FROM sqlite_master WHERE name = 'orders'").fetchone()[0]
        found = reader.execute("SELECT count(*) FROM orders").fetchone()[0] if tables else 0
    assert found < 20
    assert copy_books(path, tmp_path / "copy.db", START).orders == 20


def test_a_copy_knows_that_it_is_one_and_its_original_does_not(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    """F097"""
    sold(store, 0, 2)
    copy = copy_books(path, tmp_path / "copy.db", START)
    assert store.read(lambda books: books.ledger.cursor(MARK)) is None
    woken = SqliteStore(str(copy.path))
    assert woken.read(lambda books: books.ledger.cursor(MARK)) == stamp(START)
    woken.close()
    assert MARK == COPY  # what the shop looks for at its start


def test_a_copy_is_for_its_owner_and_leaves_nothing_else(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    copy = copy_books(path, folder / "copy.db", START)
    assert copy.path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in folder.iterdir()] == ["copy.db"]


def test_books_at_rest_are_copied_too_with_what_a_crash_left_in_the_log(
    store: SqliteStore, path: Path, tmp_path: Path
) -> None:
    """F096: as after a power cut, with a log and without its index."""
    sold(store, 0, 30)
    dead = tmp_path / "dead"
    dead.mkdir()
    for part in ("", "-wal"):
        shutil.copy(f"{path}{part}", dead / f"shop.db{part}")
    assert copy_books(dead / "shop.db", tmp_path / "copy.db", START).orders == 30


def test_what_stands_there_is_written_over_only_by_force(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("dear")
    with pytest.raises(Permanent, match=r"exists already.*--force"):
        copy_books(path, target, START)
    assert target.read_text() == "dear"
    copy_books(path, target, START, force=True)
    assert audited(target) == 0


@pytest.mark.parametrize("part", ["", "-wal", ".lock"])
def test_the_books_are_never_their_own_copy(store: SqliteStore, path: Path, part: str) -> None:
    with pytest.raises(Permanent, match="the database itself"):
        copy_books(path, Path(f"{path}{part}"), START, force=True)


def test_a_place_that_cannot_be_written_is_named(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    for target in (tmp_path / "nowhere" / "copy.db", Path("/proc/copy.db")):
        with pytest.raises(Permanent, match="cannot be written"):
            copy_books(path, target, START)
    with pytest.raises(Permanent, match="exists already"):
        copy_books(path, tmp_path, START, force=True)


def test_of_damaged_books_no_copy_is_made(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    """F093: the last good copy is not replaced by a bad one."""
    sold(store, 0, 200)
    store.close()
    target = tmp_path / "copy.db"
    target.write_text("the last good one")
    spoil(path)
    with pytest.raises(StoreDamaged, match="Nothing was changed"):
        copy_books(path, target, START, force=True)
    assert target.read_text() == "the last good one"
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def spoil(path: Path) -> None:
    """As a failing disk does: noise in the middle of the file."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 4)
        file.write(b"\xa5" * (size // 2))


def test_a_database_of_the_first_version_is_copied_and_put_back(path: Path, tmp_path: Path) -> None:
    """F130: before an upgrade there is nothing else to copy it with."""
    the_first_version(path).close()
    copy = copy_books(path, tmp_path / "copy.db", START)
    assert restore_books(copy.path, path).copy.orders == 0
    SqliteStore(str(path)).close()


def test_a_copy_is_put_back_and_what_stood_there_is_kept(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    """F096, F097"""
    sold(store, 0, 10)
    copy = copy_books(path, tmp_path / "copy.db", START)
    sold(store, 10, 15)
    store.close()
    put_back = restore_books(copy.path, path)
    assert (put_back.copy.orders, put_back.copy.taken_at) == (10, START)
    assert put_back.aside == Path(f"{path}.before-restore-1")
    assert audited(put_back.aside) == 15
    assert audited(copy.path) == audited(path) == 10
    woken = SqliteStore(str(path))
    assert woken.read(lambda books: books.ledger.cursor(MARK)) == stamp(START)
    sold(woken, 10, 12)
    woken.close()
    assert restore_books(copy.path, path).aside == Path(f"{path}.before-restore-2")
    assert audited(Path(f"{path}.before-restore-2")) == 12


def test_what_stood_in_the_log_goes_aside_with_its_database(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    """F093: the new books are not mixed with the old log, and the old ones can still be read."""
    copy = copy_books(path, tmp_path / "copy.db", START)
    sold(store, 0, 25)
    dead = tmp_path / "dead"
    dead.mkdir()
    for part in ("", "-wal"):
        shutil.copy(f"{path}{part}", dead / f"shop.db{part}")
    put_back = restore_books(copy.path, dead / "shop.db")
    assert put_back.aside is not None
    assert audited(dead / "shop.db") == 0
    assert audited(put_back.aside) == 25


def test_a_copy_made_by_other_means_is_marked_as_old_as_its_newest_row(
    store: SqliteStore, path: Path, tmp_path: Path
) -> None:
    """F097: a hand that copied the files, with their log, made no mark."""
    sold(store, 0, 3)
    store.write(lambda books: books.inbox.accept("telegram", "late", LATER))
    hand = tmp_path / "hand"
    hand.mkdir()
    for part in ("", "-wal"):
        shutil.copy(f"{path}{part}", hand / f"copied.db{part}")
    store.close()
    put_back = restore_books(hand / "copied.db", path)
    assert (put_back.copy.orders, put_back.copy.taken_at) == (3, LATER)


def test_nothing_is_put_back_while_the_shop_runs(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    """F096, F099"""
    copy = copy_books(path, tmp_path / "copy.db", START)
    with pytest.raises(Busy, match="already runs the shop"):
        restore_books(copy.path, path)
    assert not Path(f"{path}.before-restore-1").exists()


def _damaged(copy: Path) -> None:
    spoil(copy)


def _no_database(copy: Path) -> None:
    copy.write_text("dear diary")


def _another_database(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as other:
        other.execute("CREATE TABLE diary (day TEXT)")


def _newer(copy: Path) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as other:
        other.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('comptoir', 'm999_later', '')"
        )


def _cut(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])


@pytest.mark.parametrize(
    ("spoils", "sentence"),
    [
        (_damaged, "Nothing was changed"),
        (_cut, "Nothing was changed"),
        (_no_database, "not a database"),
        (_another_database, "not the database of a shop"),
        (_newer, r"newer version \(m999_later\)"),
    ],
)
def test_a_copy_that_cannot_be_trusted_is_refused_and_nothing_is_changed(
    store: SqliteStore, path: Path, tmp_path: Path, spoils: Callable[[Path], None], sentence: str
) -> None:
    """F093, F096"""
    sold(store, 0, 200)
    copy = copy_books(path, tmp_path / "copy.db", START).path
    store.close()
    spoils(copy)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match=sentence):
        restore_books(copy, path)
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "shop.db", "shop.db.lock"]


def test_a_copy_that_is_not_there_or_is_the_database_itself_is_refused(store: SqliteStore, path: Path) -> None:
    with pytest.raises(Permanent, match="no copy at"):
        restore_books(path.with_name("nowhere.db"), path)
    with pytest.raises(Permanent, match="the database itself"):
        restore_books(path, path)


class _Killed(BaseException):
    """The process ends here, between two steps."""


RENAMES = 4
"""The steps of a restore, where there is a log: all of them are renames."""


@pytest.mark.parametrize("step", range(1, RENAMES + 2))
def test_a_restore_that_is_cut_short_loses_nothing_and_opens_nothing_else(
    store: SqliteStore, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """F093, F096: before each of its renames: the old books stand whole, or none are opened until it is done."""
    sold(store, 0, 5)
    copy = copy_books(path, tmp_path / "copy.db", START).path
    sold(store, 5, 12)
    (tmp_path / "dead").mkdir()
    dead = tmp_path / "dead" / "shop.db"
    for part in ("", "-wal"):
        shutil.copy(f"{path}{part}", f"{dead}{part}")
    renames = 0
    rename = Path.replace

    def cut_short(self: Path, target: Path) -> Path:
        nonlocal renames
        renames += 1
        if renames == step:
            raise _Killed
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", cut_short)
    with contextlib.suppress(_Killed):
        restore_books(copy, dead)
        assert step > RENAMES
    assert renames == min(step, RENAMES)
    monkeypatch.undo()
    if step == 1:
        assert audited(dead) == 12
    elif step <= RENAMES:
        with pytest.raises(StoreDamaged, match=r"cut short.*comptoir restore"):
            SqliteStore(str(dead))
    if step <= RENAMES:
        restore_books(copy, dead)
    assert audited(dead) == 5
    asides = sorted(file.name for file in dead.parent.iterdir() if "before-restore" in file.name)
    assert asides == ["shop.db.before-restore-1", "shop.db.before-restore-1-wal"]
    assert audited(dead.with_name("shop.db.before-restore-1")) == 12
    SqliteStore(str(dead)).close()

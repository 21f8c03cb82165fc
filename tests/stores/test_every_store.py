"""One contract for every engine: what the flow counts on, whichever database keeps it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.effects import Button, Say
from bot.errors import Busy, StoreDamaged
from bot.ports import Task
from storage import SqliteStore
from tests.dialogs.dialog import START, catalogue

LEASE = timedelta(seconds=30)
HELLO = Say("welcome", "fr", {"name": "Zoë 💡"}, ((Button("browse", "browse||1|0"), Button("buy", "buy|mug|1|0")),))


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(":memory:" if request.param == "memory" else str(tmp_path / "shop.db"))
    opened.write(lambda books: books.shelf.sync(catalogue()))
    yield opened
    opened.close()


def put(store: SqliteStore, chat: str = "1", *, eager: bool = False) -> Task | None:
    receipt = store.write(
        lambda books: books.outbox.put(HELLO, channel="telegram", chat=chat, ref=None, now=START, eager=eager)
    )
    assert receipt.lanes == (frozenset() if receipt.tasks else {f"telegram:{chat}"})
    return receipt.tasks[0] if receipt.tasks else None


def claim(store: SqliteStore, lane: str = "telegram:1") -> Task | None:
    return store.write(lambda books: books.outbox.claim(lane, START, LEASE))


def test_an_event_is_accepted_once_for_ever(store: SqliteStore) -> None:
    assert store.write(lambda books: books.inbox.accept("telegram", "7", START))
    assert not store.write(lambda books: books.inbox.accept("telegram", "7", START))
    assert store.write(lambda books: books.inbox.accept("stripe", "7", START))


def test_a_failing_work_undoes_itself_and_nobody_else(store: SqliteStore) -> None:
    def fails(books: object) -> None:
        assert books.inbox.accept("telegram", "8", START)  # type: ignore[attr-defined]
        raise LookupError("half done")

    with pytest.raises(LookupError):
        store.write(fails)
    assert store.write(lambda books: books.inbox.accept("telegram", "8", START))


def test_what_many_threads_submit_is_all_done(store: SqliteStore) -> None:
    def many(start: int) -> None:
        for i in range(start, start + 50):
            assert store.write(lambda books, key=str(i): books.inbox.accept("load", key, START))  # type: ignore[misc]

    threads = [threading.Thread(target=many, args=(i * 50,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.view("v_inbox")) == 400


def test_stock_is_held_only_while_there_is_some(store: SqliteStore) -> None:
    """F040"""
    assert store.write(lambda books: books.shelf.hold("mug-bleu", 4))
    assert not store.write(lambda books: books.shelf.hold("mug-bleu", 2))
    assert store.write(lambda books: books.shelf.hold("mug-bleu", 1))
    assert store.write(lambda books: books.shelf.sell("mug-bleu", 5))
    assert not store.write(lambda books: books.shelf.release("mug-bleu", 1))
    found = store.read(lambda books: books.shelf.get("mug-bleu"))
    assert (found.held, found.sold, found.available) == (0, 5, 0)


def test_without_its_guard_the_shelf_would_oversell(store: SqliteStore) -> None:
    """F049: the negative control of the guard in `hold`."""
    unguarded = "UPDATE stock SET held = held + 1 WHERE sku = 'mug-noir'"
    for _ in range(2):
        store.write(lambda _: store._connection.execute(unguarded).rowcount)
    found = store.read(lambda books: books.shelf.get("mug-noir"))
    assert found.held > (found.total or 0)
    assert not store.write(lambda books: books.shelf.hold("mug-noir", 1))


def test_what_is_not_counted_can_always_be_held(store: SqliteStore) -> None:
    assert store.write(lambda books: books.shelf.hold("carte", 10_000))
    assert store.read(lambda books: books.shelf.get("carte")).available is None


def test_a_count_changed_by_hand_survives_a_restart_with_the_same_file(store: SqliteStore) -> None:
    store.write(lambda _: store._connection.execute("UPDATE stock SET total = 99 WHERE sku = 'mug-bleu'").rowcount)
    store.write(lambda books: books.shelf.sync(catalogue()))
    assert store.read(lambda books: books.shelf.get("mug-bleu")).total == 99


def test_a_lane_gives_one_row_at_a_time_and_in_order(store: SqliteStore) -> None:
    """F104"""
    put(store)
    put(store)
    first = claim(store)
    assert first is not None
    assert first.effect == HELLO
    assert claim(store) is None
    assert store.write(lambda books: books.outbox.sent(first, "55", START))
    second = claim(store)
    assert second is not None
    assert second.id > first.id


def test_one_chats_failure_starves_no_other(store: SqliteStore) -> None:
    """F106"""
    put(store, "1")
    put(store, "2")
    stuck = claim(store, "telegram:1")
    assert stuck is not None
    later = START + timedelta(hours=1)
    store.write(lambda books: books.outbox.again(stuck, "429", later, failed=False, uncertain=False))
    assert claim(store, "telegram:1") is None
    assert claim(store, "telegram:2") is not None
    assert store.write(lambda books: books.outbox.due(START, 10)) == []
    assert store.write(lambda books: books.outbox.due(later, 10)) == ["telegram:1"]


def test_a_worker_whose_row_was_taken_back_cannot_mark_it(store: SqliteStore) -> None:
    """F103"""
    stalled = put(store, eager=True)
    assert stalled is not None
    assert store.write(lambda books: books.outbox.recover(START)) == 1
    assert not store.write(lambda books: books.outbox.sent(stalled, "1", START))
    again = claim(store)
    assert again is not None
    assert again.uncertain


def test_a_message_of_unknown_fate_is_sent_once_more_and_no_more(store: SqliteStore) -> None:
    """F066"""
    put(store, eager=True)
    store.write(lambda books: books.outbox.recover(START))
    assert claim(store) is not None
    store.write(lambda books: books.outbox.recover(START))
    assert claim(store) is None
    (row,) = store.view("v_outbox")
    assert (row["state"], row["ambiguous"]) == ("dead", 2)


def test_a_row_is_claimed_at_once_only_where_nothing_is_before_it(store: SqliteStore) -> None:
    assert put(store, eager=True) is not None
    assert put(store, eager=True) is None


def test_a_button_is_its_chats_own_and_first_pressed_once(store: SqliteStore) -> None:
    """F071"""
    put(store)

    def press(token: str, chat: str) -> tuple[Button, bool] | None:
        return store.write(lambda books: books.outbox.press(token, "telegram", chat))

    assert press("1.1", "1") == (HELLO.buttons[0][1], True)
    assert press("1.1", "1") == (HELLO.buttons[0][1], False)
    assert press("1.0", "1") == (HELLO.buttons[0][0], True)
    for token, chat in (
        ("1.1", "2"),
        ("1.7", "1"),
        ("9.0", "1"),
        ("", "1"),
        ("x.y", "1"),
        ("1", "1"),
        ("²." + "9" * 40, "1"),
    ):
        assert press(token, chat) is None


def test_a_backlog_behind_one_lane_hides_no_other(store: SqliteStore) -> None:
    """F105, F106"""
    for _ in range(30):
        put(store, "1")
    stuck = claim(store)
    assert stuck is not None
    later = START + timedelta(hours=1)
    store.write(lambda books: books.outbox.again(stuck, "502", later, failed=True, uncertain=False))
    put(store, "2")
    assert store.write(lambda books: books.outbox.due(START, 10)) == ["telegram:2"]


def test_after_an_outage_what_was_paid_for_is_told_first(store: SqliteStore) -> None:
    """F105"""
    for chat, message in enumerate(("welcome", "sold_out", "link", "welcome", "thanks", "link", "refunded")):
        say = Say(message, "fr")
        store.write(
            lambda books, c=str(chat), s=say: books.outbox.put(s, channel="telegram", chat=c, ref=None, now=START)  # type: ignore[misc]
        )
    due = store.write(lambda books: books.outbox.due(START, 6))
    assert [lane.partition(":")[2] for lane in due] == ["4", "6", "2", "5", "0", "1"]


def test_a_row_that_cannot_be_read_is_set_aside_and_its_lane_goes_on(store: SqliteStore) -> None:
    """F127, F130"""
    put(store)
    put(store)
    store.write(lambda _: store._connection.execute("UPDATE outbox SET body = '{}' WHERE id = 1").rowcount)
    task = claim(store)
    assert task is not None
    assert task.id == 2
    assert store.view("v_alerts")[0]["kind"] == "dead_letter"


def test_a_clock_that_steps_back_stops_no_fresh_row(store: SqliteStore) -> None:
    """F098"""
    put(store)
    yesterday = START - timedelta(days=1)
    assert store.write(lambda books: books.outbox.due(yesterday, 10)) == ["telegram:1"]
    assert store.write(lambda books: books.outbox.claim("telegram:1", yesterday, LEASE)) is not None


def test_everybody_who_waits_is_told_when_the_disk_is_full(store: SqliteStore) -> None:
    """F090, F092"""
    told: list[str] = []
    full = threading.Event()

    def fails(_: object) -> None:
        full.wait(5)
        raise sqlite3.OperationalError("database or disk is full")

    def done(name: str) -> Callable[[object, Exception | None], None]:
        return lambda _result, error: told.append(f"{name}: {type(error).__name__}")

    store.submit(lambda books: books.orders.get(""), done("a"))
    store.submit(fails, done("b"))
    store.submit(lambda books: books.orders.get(""), done("c"))
    full.set()
    for _ in range(200):
        if len(told) == 3:
            break
        threading.Event().wait(0.01)
    assert [line.split(":")[0] for line in told] == ["a", "b", "c"]
    assert told[1] == "b: Temporary"
    assert store.write(lambda books: books.inbox.accept("after", "1", START))


def test_a_damaged_page_ends_the_shop_and_is_nobodys_own_fault(tmp_path: Path) -> None:
    """F091"""
    reasons: list[str] = []
    store = SqliteStore(str(tmp_path / "shop.db"), fatal=reasons.append)

    def damaged(_: object) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    with pytest.raises(StoreDamaged):
        store.write(damaged)
    assert reasons
    with pytest.raises(StoreDamaged):
        store.write(lambda books: books.orders.get(""))
    store.close()


def test_another_program_that_locks_the_database_is_no_reason_to_restore_a_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F092"""
    monkeypatch.setattr("storage.sqlite.LOCK_WAIT", 0.1)
    path = tmp_path / "shop.db"
    SqliteStore(str(path)).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Busy, match=r"another program"):
        SqliteStore(str(path))
    other.execute("ROLLBACK")
    other.close()


def test_readers_see_what_is_committed_while_the_shop_runs(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "shop.db"))
    store.write(lambda books: books.inbox.accept("telegram", "1", START))
    reader = SqliteStore(str(tmp_path / "shop.db"), writes=False)
    assert len(reader.view("v_inbox")) == 1
    reader.close()
    store.close()


def test_a_second_process_is_turned_away_with_the_reason(tmp_path: Path) -> None:
    """F099"""
    store = SqliteStore(str(tmp_path / "shop.db"))
    with pytest.raises(Busy, match=r"already runs the shop"):
        SqliteStore(str(tmp_path / "shop.db"))
    store.close()
    SqliteStore(str(tmp_path / "shop.db")).close()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """F093"""
    path = tmp_path / "shop.db"
    path.write_bytes(b"not a database at all, but long enough to look like one" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match=r"Restore a backup"):
        SqliteStore(str(path))
    assert path.read_bytes() == before


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """F095, F130"""
    path = str(tmp_path / "shop.db")
    store = SqliteStore(path)
    later = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('comptoir', 'm099_later', 'now')"
    store.write(lambda _: store._connection.execute(later).rowcount)
    store.close()
    with pytest.raises(StoreDamaged, match=r"newer version"):
        SqliteStore(path)


def test_opening_twice_migrates_once(tmp_path: Path) -> None:
    path = str(tmp_path / "shop.db")
    opened = []
    for _ in range(2):
        store = SqliteStore(path)
        opened.append(store._connection.execute("SELECT name, applied_at FROM _sqlite_migrations").fetchall())
        store.close()
    assert opened[0] == opened[1]
    names = [name for name, _ in opened[0]]
    assert names[0] == "m001_first_tables"
    assert [int(name[1:4]) for name in names] == list(range(1, len(names) + 1))

"""What a platform costs and allows, kept by the real store: bills, limits, cursors and the record of conduct."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from bot.domain.costs import Charge, Cost, day_of
from bot.domain.effects import Say
from bot.domain.policy import Act, Reason, Verdict
from bot.ports import Books
from storage import SqliteStore
from storage.schema import VIEWS, m001_first_tables

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
MENTION = Cost(Charge.MENTION_READ, "500", "2001")
LONG_AGO = NOON - timedelta(days=30)
ALLOWED, REFUSED = Verdict(allowed=True, reason=Reason.SUMMONED), Verdict(allowed=False, reason=Reason.NOT_SUMMONED)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(":memory:" if request.param == "memory" else str(tmp_path / "shop.db"))
    yield opened
    opened.close()


def charge(store: SqliteStore, cost: Cost, now: datetime = NOON, *, channel: str = "x", micros: int = 1_000) -> bool:
    return store.write(lambda books: books.ledger.charge(channel, cost, micros, now))


def spent(store: SqliteStore, now: datetime = NOON, *, channel: str = "x") -> int:
    return store.read(lambda books: books.ledger.spent(channel, day_of(now)))


# -- the bill


def test_the_same_thing_is_charged_once_a_utc_day(store: SqliteStore) -> None:
    """F079: a post that comes by page, by event and by page again is paid for once a day, as X does."""
    assert charge(store, MENTION)
    assert not charge(store, MENTION)
    assert not charge(store, MENTION, MIDNIGHT - timedelta(microseconds=1))
    assert spent(store) == 1_000
    assert charge(store, MENTION, MIDNIGHT)
    assert (spent(store), spent(store, MIDNIGHT)) == (1_000, 1_000)


def test_another_kind_channel_or_thing_is_charged_by_itself(store: SqliteStore) -> None:
    others = [Cost(Charge.MENTION_EVENT, "500", "2001"), Cost(Charge.MENTION_READ, "501", "2001")]
    assert all(charge(store, cost) for cost in [MENTION, *others])
    assert charge(store, MENTION, channel="other")
    assert (spent(store), spent(store, channel="other")) == (3_000, 1_000)


def test_what_was_not_done_is_taken_off_the_bill_and_nothing_else_is(store: SqliteStore) -> None:
    for resource in ("out:7:1", "out:7:2"):
        charge(store, Cost(Charge.DM_SENT, resource, "2001"), micros=15_000)
    charge(store, Cost(Charge.DM_SENT, "out:7:1", "2001"), channel="other", micros=15_000)
    store.write(lambda books: books.ledger.void("x", "out:7:1"))
    store.write(lambda books: books.ledger.void("x", "never charged"))
    assert [row["resource"] for row in store.view("v_costs") if row["channel"] == "x"] == ["out:7:2"]
    assert spent(store, channel="other") == 15_000


def test_what_was_voided_can_be_charged_again(store: SqliteStore) -> None:
    charge(store, MENTION)
    store.write(lambda books: books.ledger.void("x", MENTION.resource))
    assert charge(store, MENTION)


def test_a_conversations_costs_are_laid_on_its_order_once(store: SqliteStore) -> None:
    charge(store, Cost(Charge.DM_READ, "1", "2001"), NOON - timedelta(hours=2))
    charge(store, Cost(Charge.DM_READ, "2", "2001"))
    charge(store, Cost(Charge.DM_READ, "3", "2002"))
    charge(store, Cost(Charge.DM_SENT, "4", "2001", "C-AAAAA"))
    charge(store, Cost(Charge.DM_READ, "5"))
    store.write(lambda books: books.ledger.attribute("x", "2001", "C-BBBBB", NOON - timedelta(hours=1)))
    store.write(lambda books: books.ledger.attribute("x", "2001", "C-CCCCC", NOON - timedelta(hours=1)))
    borne = {row["resource"]: row["ref"] for row in store.view("v_costs")}
    assert borne == {"1": None, "2": "C-BBBBB", "3": None, "4": "C-AAAAA", "5": None}


def test_costs_are_summed_by_kind_from_a_moment_on(store: SqliteStore) -> None:
    charge(store, MENTION, NOON - timedelta(days=2))
    charge(store, MENTION)
    charge(store, Cost(Charge.MENTION_READ, "501"))
    charge(store, Cost(Charge.DM_SENT, "out:1:1"), micros=15_000)
    charge(store, MENTION, channel="other")
    since = store.read(lambda books: books.ledger.costs("x", NOON))
    assert since == {"mention_read": (2, 2_000), "dm_sent": (1, 15_000)}
    assert store.read(lambda books: books.ledger.costs("x", LONG_AGO))["mention_read"] == (3, 3_000)


def test_a_charge_below_nothing_is_refused(store: SqliteStore) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        charge(store, MENTION, micros=-1)


# -- limits and cursors


def test_a_limit_is_kept_as_it_was_last_said(store: SqliteStore) -> None:
    until = NOON + timedelta(minutes=15)
    assert store.read(lambda books: books.ledger.quota("x:posts")) is None
    store.write(lambda books: books.ledger.keep_quota("x:posts", 100, 3, until))
    store.write(lambda books: books.ledger.keep_quota("x:posts", 90, 4, until))
    assert store.read(lambda books: books.ledger.quota("x:posts")) == (90, 4, until)
    assert store.read(lambda books: books.ledger.quota("x:mentions")) is None


def test_a_cursor_is_set_moved_and_forgotten(store: SqliteStore) -> None:
    """F080"""

    def cursor() -> str | None:
        return store.read(lambda books: books.ledger.cursor("x:mentions"))

    assert cursor() is None
    for value in ("500", "501"):
        store.write(lambda books, value=value: books.ledger.move("x:mentions", value, NOON))  # type: ignore[misc]
        assert cursor() == value
    store.write(lambda books: books.ledger.move("x:mentions", None, NOON))
    assert cursor() is None
    store.write(lambda books: books.ledger.move("x:mentions", None, NOON))
    assert cursor() is None


def test_limits_cursors_bills_and_conduct_outlive_the_process(tmp_path: Path) -> None:
    """F075, F080: a restart neither forgets a limit nor a bill nor where reading stopped."""
    path, until = str(tmp_path / "shop.db"), NOON + timedelta(minutes=15)
    before = SqliteStore(path)

    def keep(books: Books) -> None:
        books.ledger.keep_quota("x:dm_sends", 15, 15, until)
        books.ledger.move("x:mentions", "500", NOON)
        books.ledger.charge("x", MENTION, 1_000, NOON)
        note(books, 1)

    before.write(keep)
    before.close()
    after = SqliteStore(path)
    try:
        assert after.read(lambda books: books.ledger.quota("x:dm_sends")) == (15, 15, until)
        assert after.read(lambda books: books.ledger.cursor("x:mentions")) == "500"
        assert not charge(after, MENTION)
        assert after.read(lambda books: books.conduct.answered("500", but=0))
    finally:
        after.close()


# -- conduct


def note(
    books: Books,
    outbox: int,
    *,
    chat: str = "2001",
    act: Act = Act.REPLY,
    post: str | None = "500",
    verdict: Verdict = ALLOWED,
    words: str = "abc",
    now: datetime = NOON,
) -> None:
    books.conduct.note(outbox, channel="x", chat=chat, act=act, post=post, verdict=verdict, words=words, now=now)


def test_a_message_has_one_verdict_its_last(store: SqliteStore) -> None:
    store.write(lambda books: note(books, 1, verdict=REFUSED))
    store.write(lambda books: note(books, 1))
    assert [(row["outbox"], row["allowed"]) for row in store.view("v_policy")] == [(1, 1)]
    assert store.read(lambda books: books.conduct.reasons("x", LONG_AGO)) == {("reply", "summoned", True): 1}


def test_only_what_was_allowed_to_this_person_in_this_way_within_the_time_counts_as_a_turn(store: SqliteStore) -> None:
    """F082"""

    def noted(books: Books) -> None:
        note(books, 1)
        note(books, 2, now=NOON - timedelta(hours=1))
        note(books, 3, now=NOON - timedelta(hours=1, microseconds=1))
        note(books, 4, verdict=REFUSED)
        note(books, 5, chat="2002")
        note(books, 6, act=Act.MESSAGE, post=None)

    store.write(noted)
    since = NOON - timedelta(hours=1)
    assert store.read(lambda books: books.conduct.turns("x", "2001", Act.REPLY, since, but=0)) == 2
    assert store.read(lambda books: books.conduct.turns("x", "2001", Act.REPLY, since, but=1)) == 1
    assert store.read(lambda books: books.conduct.turns("x", "2001", Act.MESSAGE, since, but=0)) == 1
    assert store.read(lambda books: books.conduct.turns("other", "2001", Act.REPLY, since, but=0)) == 0


def test_a_post_is_answered_once_another_message_was_allowed_under_it(store: SqliteStore) -> None:
    """F079: a message that is tried anew does not stand in its own way."""
    store.write(lambda books: note(books, 1))
    assert store.read(lambda books: books.conduct.answered("500", but=2))
    assert not store.read(lambda books: books.conduct.answered("500", but=1))
    assert not store.read(lambda books: books.conduct.answered("501", but=2))


def test_a_refused_answer_leaves_its_post_open(store: SqliteStore) -> None:
    store.write(lambda books: note(books, 1, verdict=REFUSED))
    assert not store.read(lambda books: books.conduct.answered("500", but=2))


def test_what_x_refused_counts_for_nothing_and_says_why(store: SqliteStore) -> None:
    """F078"""
    store.write(lambda books: note(books, 1))
    store.write(lambda books: books.conduct.take_back(1, "platform: 403"))
    assert not store.read(lambda books: books.conduct.answered("500", but=2))
    assert not store.read(lambda books: books.conduct.said("x", "abc", LONG_AGO, but=2))
    assert store.read(lambda books: books.conduct.turns("x", "2001", Act.REPLY, LONG_AGO, but=2)) == 0
    assert [(row["allowed"], row["reason"]) for row in store.view("v_policy")] == [(0, "platform: 403")]


def test_the_same_words_are_known_for_as_long_as_asked(store: SqliteStore) -> None:
    """F078: duplicate content"""
    store.write(lambda books: note(books, 1))
    assert store.read(lambda books: books.conduct.said("x", "abc", NOON, but=2))
    assert not store.read(lambda books: books.conduct.said("x", "abc", NOON, but=1))
    assert not store.read(lambda books: books.conduct.said("x", "abd", NOON, but=2))
    assert not store.read(lambda books: books.conduct.said("other", "abc", NOON, but=2))
    assert not store.read(lambda books: books.conduct.said("x", "abc", NOON + timedelta(seconds=1), but=2))


def test_a_private_message_has_no_words_that_another_could_repeat(store: SqliteStore) -> None:
    store.write(lambda books: note(books, 1, act=Act.MESSAGE, post=None, words=""))
    assert not store.read(lambda books: books.conduct.said("x", "", LONG_AGO, but=2))


# -- a shop that sold before it was on X


def the_first_version(path: Path) -> sqlite3.Connection:
    """A database as the first migration alone makes it, with its views."""
    connection = sqlite3.connect(path, isolation_level=None)
    released = Migrations("comptoir")
    released(name="m001_first_tables")(m001_first_tables)
    released.apply(Database(connection))
    for name in set(VIEWS) - {"v_costs", "v_policy"}:
        connection.execute(f"CREATE VIEW {name} AS {VIEWS[name]}")
    return connection


def test_a_database_of_the_first_version_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    connection = the_first_version(path)
    moment = "2026-11-01T12:00:00.000Z"
    connection.execute("INSERT INTO inbox (source, key, received_at) VALUES ('telegram', '7', ?)", (moment,))
    connection.execute(
        "INSERT INTO shoppers (channel, chat, language, name, updated_at) VALUES ('telegram', '1', 'fr', 'Zoë', ?)",
        (moment,),
    )
    connection.execute("INSERT INTO stock (sku, declared, total, level) VALUES ('mug', '5', 5, 'in')")
    connection.execute(
        "INSERT INTO orders"
        " (ref, token, channel, chat, language, status, currency, items_minor, created_at, updated_at) VALUES"
        " ('C-7Q4K2', 't', 'telegram', '1', 'fr', 'paid', 'EUR', 1800, ?, ?)",
        (moment, moment),
    )
    assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'costs'").fetchall()
    connection.close()

    store = SqliteStore(str(path))
    try:
        assert not store.write(lambda books: books.inbox.accept("telegram", "7", NOON))
        zoe = store.read(lambda books: books.shoppers.get("telegram", "1"))
        assert zoe is not None
        assert (zoe.name, zoe.wrote) == ("Zoë", True)  # whoever was known wrote in private: there was nothing else
        assert store.read(lambda books: books.shelf.get("mug")).total == 5
        assert [row["ref"] for row in store.view("v_orders")] == ["C-7Q4K2"]
        assert charge(store, MENTION)
        store.write(lambda books: note(books, 1))
        assert len(store.view("v_costs")) == len(store.view("v_policy")) == 1
        store.write(lambda books: books.outbox.put(Say("welcome", "fr"), channel="x", chat="2001", ref=None, now=NOON))
    finally:
        store.close()


def test_both_versions_lead_to_the_same_tables(tmp_path: Path) -> None:
    def shape(path: Path) -> set[tuple[str, str, str]]:
        connection = sqlite3.connect(path)
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        connection.close()
        return set(rows)

    the_first_version(tmp_path / "old.db").close()
    for name in ("old.db", "new.db"):
        SqliteStore(str(tmp_path / name)).close()
    assert shape(tmp_path / "old.db") == shape(tmp_path / "new.db")

"""What a platform costs and allows, kept by the real store: bills, limits, cursors and the record of conduct."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.costs import Charge, Cost, day_of
from bot.domain.orders import Line, Order, OrderStatus
from bot.domain.payments import Payment, PaymentStatus
from bot.domain.policy import Act, Reason, Verdict
from bot.ports import Books
from storage import SqliteStore

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


def bought(books: Books, ref: str, *paid: int, channel: str = "x", at: datetime = NOON) -> None:
    """An order with a payment of each of these amounts (cents), 0 for one that was tried and not made."""
    line = Line("mug-bleu", "Mug bleu", 1, 1800)
    books.orders.add(
        Order(ref, ref, channel, "2001", "fr", OrderStatus.CREATED, "EUR", (line,), at, at, items_minor=1800)
    )
    for number, minor in enumerate(paid):
        key = f"{ref}-{number}"
        books.payments.add(Payment(key, ref, "stripe", PaymentStatus.PENDING, "EUR", 1800, "{}", at))
        books.payments.paid(key, minor, at)


def sales(store: SqliteStore, since: datetime = LONG_AGO) -> tuple[int, int]:
    return store.read(lambda books: books.ledger.sales("x", since))


def test_an_order_that_was_paid_twice_is_one_sale_and_its_costs_are_counted_once(store: SqliteStore) -> None:
    def kept(books: Books) -> None:
        bought(books, "C-AAAAA", 0, 1800, 1800)
        books.ledger.charge("x", Cost(Charge.DM_SENT, "out:1:1", "2001", "C-AAAAA"), 15_000, NOON)
        books.ledger.charge("x", Cost(Charge.DM_READ, "1", "2001", "C-AAAAA"), 10_000, NOON)

    store.write(kept)
    assert sales(store) == (1, 25_000)


def test_only_paid_orders_of_this_channel_and_time_are_sales(store: SqliteStore) -> None:
    def kept(books: Books) -> None:
        bought(books, "C-AAAAA", 1800)
        bought(books, "C-BBBBB", 0)
        bought(books, "C-CCCCC")
        bought(books, "C-DDDDD", 1800, channel="telegram")
        bought(books, "C-EEEEE", 1800, at=NOON - timedelta(days=2))
        books.ledger.charge("x", Cost(Charge.DM_SENT, "out:1:1", "2001", "C-BBBBB"), 15_000, NOON)
        books.ledger.charge("x", Cost(Charge.DM_READ, "1", "2001"), 10_000, NOON)

    store.write(kept)
    assert sales(store) == (2, 0)
    assert sales(store, NOON) == (1, 0)


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


def test_the_words_of_a_public_message_are_its_own(store: SqliteStore) -> None:
    """F078: what may stand there is repeated in the same words or not at all."""

    def noted(books: Books) -> None:
        note(books, 1, words="un")
        note(books, 2, words="deux")
        note(books, 3, act=Act.MESSAGE, post=None, words="")

    store.write(noted)
    for outbox, words in ((1, "un"), (2, "deux"), (3, None), (4, None)):
        assert store.read(lambda books, outbox=outbox: books.conduct.words(outbox)) == words  # type: ignore[misc]


def test_a_private_message_has_no_words_that_another_could_repeat(store: SqliteStore) -> None:
    store.write(lambda books: note(books, 1, act=Act.MESSAGE, post=None, words=""))
    assert not store.read(lambda books: books.conduct.said("x", "", LONG_AGO, but=2))

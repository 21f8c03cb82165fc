"""The gate and the meter on real rows: no limit is exceeded by many at once, and no sum is told twice a day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.costs import PRICES, Charge, Cost
from bot.domain.effects import Say
from bot.domain.messages import Post
from bot.domain.pace import Quota
from bot.domain.policy import REPLIES_AN_HOUR, Thrift
from bot.domain.quotas import LIMITS
from bot.domain.shoppers import Shopper
from bot.errors import Permanent, Refused, Temporary, Unreachable
from bot.ports import Books, Task, Told
from bot.service.crossing import Crossing
from bot.service.gate import LONGEST_WAIT, Gate
from bot.service.meter import STEPS, Accounts, RowMeter
from storage import SqliteStore

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BUDGET = 1_000_000
QUARTER = timedelta(minutes=15)


@dataclass
class Office:
    """The rows, the clock, and X's side of the gate: what it takes or raises."""

    store: SqliteStore
    crossing: Crossing
    budget: int = BUDGET
    now: datetime = NOON
    sent: list[str] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)

    @property
    def accounts(self) -> Accounts:
        return Accounts("x", PRICES, self.budget)

    @property
    def meter(self) -> RowMeter:
        return RowMeter(self.accounts, self.crossing, lambda: self.now)

    async def send(self, text: str) -> str:
        if self.fails:
            raise self.fails.pop(0)
        await asyncio.sleep(0)
        self.sent.append(text)
        return str(len(self.sent))

    async def passes(self, task: Task, wordings: Sequence[str] = ("Bonjour",)) -> str | None:
        assert isinstance(task.effect, Say)
        gate = Gate(self.accounts, self.crossing, lambda: self.now)
        return await gate.pass_through(task, task.effect, wordings, self.send)

    def knows(self, *chats: str) -> None:
        def keep(books: Books) -> None:
            for chat in chats:
                books.shoppers.keep(Shopper("x", chat, "fr"), self.now)

        self.store.write(keep)

    def alerts(self) -> list[object]:
        return [row["kind"] for row in reversed(self.store.view("v_alerts"))]

    def record(self) -> dict[object, tuple[bool, object]]:
        return {row["outbox"]: (bool(row["allowed"]), row["reason"]) for row in self.store.view("v_policy")}

    def bill(self) -> int:
        return sum(int(str(row["micro_usd"])) for row in self.store.view("v_costs"))


@asynccontextmanager
async def opened(*, budget: int = BUDGET) -> AsyncIterator[Office]:
    store = SqliteStore(":memory:")
    yield Office(store, Crossing(store), budget)
    store.close()


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with opened() as at:
        yield at


def message(number: int = 1, chat: str = "2001", *, uncertain: bool = False, epoch: int = 1) -> Task:
    return Task(number, f"x:{chat}", "x", chat, None, Say("welcome", "fr"), epoch, uncertain=uncertain)


def reply(number: int = 1, chat: str = "2001", *, post: str = "", uncertain: bool = False, epoch: int = 1) -> Task:
    say = Say("public_invite", "fr", answers=Post(post or str(500 + number), NOON.isoformat()))
    return Task(number, f"x:{chat}", "x", chat, None, say, epoch, uncertain=uncertain)


def told(most: int, left: int, until: datetime = NOON + QUARTER) -> Told:
    return Told(most, left, until)


# -- the meter


async def test_many_who_ask_at_once_never_get_more_than_is_left(office: Office) -> None:
    """F075"""
    await office.meter.told("mentions", told(300, 3))
    asked = await asyncio.gather(*(office.meter.ask("mentions") for _ in range(20)), return_exceptions=True)
    assert asked.count(None) == 3
    refused = [it for it in asked if it is not None]
    assert all(isinstance(it, Temporary) and it.retry_after == 900 for it in refused)


async def test_a_limit_that_x_has_not_named_holds_nobody_back(office: Office) -> None:
    """X's documents are of August; its headers say what holds for this account."""
    for _ in range(LIMITS["dm_reads"].most + 5):
        await office.meter.ask("dm_reads")
    assert await office.meter.quota("dm_reads") is None


async def test_what_x_says_of_a_limit_takes_the_place_of_our_count(office: Office) -> None:
    """F075"""
    await office.meter.told("dm_reads", told(15, 1))
    await office.meter.ask("dm_reads")
    with pytest.raises(Temporary):
        await office.meter.ask("dm_reads")
    await office.meter.told("dm_reads", told(60, 50))
    await office.meter.ask("dm_reads")
    assert await office.meter.quota("dm_reads") == Quota(49, NOON + QUARTER)
    await office.meter.told("dm_reads", None)
    assert await office.meter.quota("dm_reads") == Quota(49, NOON + QUARTER)


async def test_a_window_begins_anew_with_the_figure_that_x_named(office: Office) -> None:
    await office.meter.told("dm_reads", told(2, 0))
    with pytest.raises(Temporary):
        await office.meter.ask("dm_reads")
    office.now += QUARTER
    assert await office.meter.quota("dm_reads") is None
    for _ in range(2):
        await office.meter.ask("dm_reads")
    with pytest.raises(Temporary) as full:
        await office.meter.ask("dm_reads")
    assert full.value.retry_after == 900


async def test_more_left_than_there_is_at_most_counts_as_nothing_used(office: Office) -> None:
    await office.meter.told("mentions", told(10, 99))
    assert await office.meter.quota("mentions") == Quota(10, NOON + QUARTER)


async def test_each_step_of_the_budget_is_told_once_a_day(office: Office) -> None:
    """F088"""
    for number in range(100):
        await office.meter.charge([Cost(Charge.DM_READ, f"a{number}")])
    assert office.alerts() == ["budget_slow", "budget_private", "budget_owed"]
    assert await office.meter.thrift() is Thrift.OWED
    office.now += timedelta(days=1)
    assert await office.meter.thrift() is Thrift.NONE
    for number in range(60):
        await office.meter.charge([Cost(Charge.DM_READ, f"b{number}")])
    assert office.alerts()[3:] == ["budget_slow"]


async def test_a_charge_that_leaps_over_steps_tells_the_last(office: Office) -> None:
    await office.meter.charge([Cost(Charge.DM_READ, str(number)) for number in range(99)])
    assert office.alerts() == ["budget_owed"]
    assert set(STEPS) == set(Thrift) - {Thrift.NONE}


async def test_the_same_thing_read_again_does_not_bring_a_step_nearer(office: Office) -> None:
    """F079"""
    for _ in range(100):
        await office.meter.charge([Cost(Charge.DM_READ, "same")])
    assert office.alerts() == []
    assert office.bill() == 10_000


async def test_the_merchant_is_told_the_same_once_a_utc_day(office: Office) -> None:
    for _ in range(3):
        await office.meter.tell("no_credits", "its credits are used up")
    await office.meter.tell("encrypted_chat", "somebody wrote")
    assert office.alerts() == ["no_credits", "encrypted_chat"]
    office.now += timedelta(hours=12)
    await office.meter.tell("no_credits", "its credits are used up")
    assert office.alerts() == ["no_credits", "encrypted_chat", "no_credits"]


async def test_cursors_of_two_channels_are_two(office: Office) -> None:
    other = RowMeter(Accounts("y", PRICES, BUDGET), office.crossing, lambda: NOON)
    await office.meter.move("mentions", "500")
    assert (await office.meter.cursor("mentions"), await other.cursor("mentions")) == ("500", None)
    await office.meter.move("mentions", None)
    assert await office.meter.cursor("mentions") is None


# -- the gate


async def test_messages_at_once_never_exceed_what_is_left_and_keep_some_for_orders(office: Office) -> None:
    """F075, F088"""
    await office.meter.told("dm_sends", told(15, 15))
    chats = [str(3000 + number) for number in range(30)]
    office.knows(*chats)
    tasks = [message(number, chat) for number, chat in enumerate(chats, 1)]
    outcomes = await asyncio.gather(*map(office.passes, tasks), return_exceptions=True)
    assert len(office.sent) == 15 - LIMITS["dm_sends"].kept
    waiting = [it for it in outcomes if isinstance(it, Temporary)]
    assert len(waiting) == 30 - len(office.sent)
    assert {it.retry_after for it in waiting} == {900}
    assert office.bill() == PRICES[Charge.DM_SENT] * len(office.sent)


async def test_one_post_gets_one_reply_however_many_are_ready(office: Office) -> None:
    """F079"""
    tasks = [reply(number, post="500") for number in range(1, 9)]
    outcomes = await asyncio.gather(*(office.passes(it, [f"n° {it.id}"]) for it in tasks), return_exceptions=True)
    assert len(office.sent) == 1
    assert sum(isinstance(it, Refused) for it in outcomes) == 7


async def test_one_person_gets_so_many_replies_an_hour_however_many_are_ready(office: Office) -> None:
    """F082"""
    tasks = [reply(number) for number in range(1, 11)]
    await asyncio.gather(*(office.passes(it, [f"n° {it.id}"]) for it in tasks), return_exceptions=True)
    assert len(office.sent) == REPLIES_AN_HOUR
    office.now += timedelta(hours=1, seconds=1)
    assert await office.passes(reply(11), ["n° 11"])


async def test_the_same_words_leave_once_and_the_next_wording_in_their_place(office: Office) -> None:
    """F078"""
    for number in range(1, 4):
        await office.passes(reply(number, str(number)), ["un", "deux", "trois"])
    assert office.sent == ["un", "deux", "trois"]
    with pytest.raises(Refused, match="same_text"):
        await office.passes(reply(4, "4"), ["un", "deux", "trois"])
    office.now += timedelta(hours=23)
    with pytest.raises(Refused, match="same_text"):
        await office.passes(reply(5, "5"), ["un"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [("voir https://shop.example/mug", "has_link"), ("voir shop.example.com", "has_link"), ("日" * 141, "too_long")],
)
async def test_what_x_would_charge_or_refuse_does_not_leave(office: Office, text: str, reason: str) -> None:
    """F084"""
    with pytest.raises(Refused, match=reason):
        await office.passes(reply(), [text])
    assert office.sent == []
    assert office.bill() == 0
    assert office.record() == {1: (False, reason)}


async def test_a_wait_longer_than_a_window_is_a_refusal_and_a_shorter_one_a_wait(office: Office) -> None:
    """F075: an answer of tomorrow answers nothing."""
    office.knows("2001")
    await office.meter.told("dm_sends", told(15, 0, NOON + timedelta(seconds=LONGEST_WAIT)))
    with pytest.raises(Temporary) as waits:
        await office.passes(message())
    assert waits.value.retry_after == LONGEST_WAIT
    await office.meter.told("dm_sends", told(15, 0, NOON + timedelta(seconds=LONGEST_WAIT + 1)))
    with pytest.raises(Refused, match="quota_used_up"):
        await office.passes(message())


async def test_nobody_is_written_to_who_only_posted(office: Office) -> None:
    office.store.write(lambda books: books.shoppers.keep(Shopper("x", "2001", "fr", wrote=False), NOON))
    for chat in ("2001", "unknown"):
        with pytest.raises(Refused, match="never_wrote"):
            await office.passes(message(chat=chat))
    assert office.sent == []


SURELY_NOT = [Permanent("403: no"), Unreachable("closed"), Temporary("slow down", retry_after=900)]
PERHAPS = [Temporary("no answer", uncertain=True)]


@pytest.mark.parametrize("failure", SURELY_NOT)
async def test_what_surely_did_not_leave_costs_nothing_and_counts_for_nothing(
    office: Office, failure: Exception
) -> None:
    """F077, F078"""
    office.fails = [failure]
    with pytest.raises(type(failure)):
        await office.passes(reply(), ["un"])
    assert office.bill() == 0
    assert office.record()[1][0] is False
    assert await office.passes(reply(2, post="501"), ["un"])


@pytest.mark.parametrize("failure", PERHAPS)
async def test_what_may_have_left_is_charged_and_counts(office: Office, failure: Exception) -> None:
    """The negative twin."""
    office.fails = [failure]
    with pytest.raises(Temporary):
        await office.passes(reply(), ["un"])
    assert office.bill() == PRICES[Charge.SUMMONED_REPLY]
    with pytest.raises(Refused, match="already_answered"):
        await office.passes(reply(2, post="501"), ["deux"])


async def test_a_second_try_that_surely_failed_does_not_undo_the_first_that_may_not_have(office: Office) -> None:
    """F078: the first try of unknown fate stays on the record and on the bill; only the second is taken off."""
    office.fails = [Temporary("no answer", uncertain=True), Permanent("403: no")]
    with pytest.raises(Temporary):
        await office.passes(reply(), ["un"])
    with pytest.raises(Permanent):
        await office.passes(reply(uncertain=True, epoch=2), ["un"])
    assert office.bill() == PRICES[Charge.SUMMONED_REPLY]
    assert office.record()[1][0] is True


async def test_a_try_of_unknown_fate_still_counts_while_its_repetition_waits(office: Office) -> None:
    """F078, F079: it may stand there already; nobody else may say the same or answer the same post meanwhile."""
    office.fails = [Temporary("no answer", uncertain=True)]
    with pytest.raises(Temporary):
        await office.passes(reply(), ["un"])
    await office.meter.told("posts", told(100, 0))
    with pytest.raises(Temporary, match="waits"):
        await office.passes(reply(uncertain=True, epoch=2), ["un"])
    await office.meter.told("posts", told(100, 50))
    with pytest.raises(Refused, match="already_answered"):
        await office.passes(reply(2, post="501"), ["deux"])

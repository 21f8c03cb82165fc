"""The gate on real rows: who may be written to, what waits, what is refused, and what is taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.costs import PRICES, Charge
from bot.domain.effects import Say
from bot.domain.policy import REPLIES_AN_HOUR
from bot.domain.quotas import LIMITS
from bot.domain.shoppers import Shopper
from bot.errors import Permanent, Refused, Slowed, Temporary, Unreachable
from bot.service.gate import LONGEST_WAIT, Gate
from tests.service.office import NOON, Office, message, opened, reply, told


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with opened() as at:
        yield at


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


async def test_a_reply_of_unknown_fate_is_repeated_in_the_same_words_only(office: Office) -> None:
    """F078: X knows a duplicate by its words; in others it would stand there twice."""
    office.fails = [Temporary("no answer", uncertain=True)]
    with pytest.raises(Temporary):
        await office.passes(reply(), ["un", "deux"])
    assert await office.passes(reply(uncertain=True, epoch=2), ["trois", "un", "deux"])
    assert office.sent == ["un"]


async def test_a_reply_that_surely_did_not_leave_may_be_said_in_other_words(office: Office) -> None:
    """The negative twin."""
    office.fails = [Temporary("slow down", retry_after=900)]
    with pytest.raises(Temporary):
        await office.passes(reply(), ["un"])
    assert await office.passes(reply(epoch=2), ["deux"])
    assert office.sent == ["deux"]


async def test_the_words_of_a_reply_are_kept_as_they_were_said(office: Office) -> None:
    await office.passes(reply(), ["Mug bleu : 18,00 €"])
    office.knows("2001")
    await office.passes(message(2))
    assert office.store.read(lambda books: books.conduct.words(1)) == "Mug bleu : 18,00 €"
    assert office.store.read(lambda books: books.conduct.words(2)) is None
    assert office.store.read(lambda books: books.conduct.words(3)) is None


# -- what was surely not done is not counted


@pytest.mark.parametrize("failure", SURELY_NOT)
async def test_what_surely_did_not_leave_uses_up_no_limit(office: Office, failure: Exception) -> None:
    """F075, F088: a day of refusals must not use up the day's messages."""
    office.knows("2001")
    await office.meter.told("dm_sends", told(15, 10))
    await office.meter.told("posts", told(100, 90))
    office.fails = [failure, failure]
    for task in (message(1), reply(2)):
        with pytest.raises(type(failure)):
            await office.passes(task)
    assert {limit: office.used(limit) for limit in ("dm_sends", "dm_sends_a_day", "posts")} == {
        "dm_sends": 5,
        "dm_sends_a_day": 0,
        "posts": 10,
    }


async def test_what_may_have_left_uses_up_its_limits(office: Office) -> None:
    """The negative twin."""
    office.knows("2001")
    await office.meter.told("dm_sends", told(15, 10))
    office.fails = [Temporary("no answer", uncertain=True)]
    with pytest.raises(Temporary):
        await office.passes(message())
    assert (office.used("dm_sends"), office.used("dm_sends_a_day")) == (6, 1)


@pytest.mark.parametrize(("limit", "owed"), [("posts", False), ("dm_sends", True)])
async def test_after_a_429_nothing_is_sent_before_its_reset(office: Office, limit: str, owed: bool) -> None:
    """F075: X says that nothing is left; taking back the call that it refused must not leave one."""
    office.knows("2001", "2002")
    first, second = (message(1, owed=True), message(2, "2002", owed=True)) if owed else (reply(1), reply(2, "2002"))

    async def limited(_: str) -> str:
        await office.meter.told(limit, told(100, 0))
        raise Slowed("X asks to slow down", retry_after=900)

    gate = Gate(office.accounts, office.crossing, lambda: office.now)
    assert isinstance(first.effect, Say)
    with pytest.raises(Temporary, match="slow down"):
        await gate.pass_through(first, first.effect, ["un"], limited)
    with pytest.raises(Temporary, match="waits"):
        await office.passes(second, ["deux"])
    assert office.sent == []

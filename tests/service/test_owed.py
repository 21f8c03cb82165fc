"""What an order owes goes before everything on real rows; and whether an ordinary answer could leave at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.costs import Charge, Cost
from bot.domain.effects import Say
from bot.domain.policy import MESSAGES_AN_HOUR
from bot.domain.quotas import LIMITS
from bot.domain.shoppers import Shopper
from bot.errors import Refused, Temporary
from bot.service.gate import can_answer
from tests.service.office import NOON, Office, message, opened, told


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with opened() as at:
        yield at


async def test_what_an_order_owes_waits_for_any_limit_and_is_never_refused_for_one(office: Office) -> None:
    """F088: also for a day; the ordinary answer beside it would answer nothing by then."""
    office.knows("2001")
    tomorrow = NOON + timedelta(hours=12)
    await office.meter.told("dm_sends_a_day", told(1440, 0, tomorrow))
    with pytest.raises(Temporary, match="waits") as waits:
        await office.passes(message(1, owed=True))
    assert waits.value.retry_after == timedelta(hours=12).total_seconds()
    with pytest.raises(Refused, match="quota_used_up"):
        await office.passes(message(2))
    office.now = tomorrow
    assert await office.passes(message(1, owed=True, epoch=2))


async def test_what_an_order_owes_may_use_what_is_kept_for_it(office: Office) -> None:
    """F088"""
    office.knows("2001")
    kept = LIMITS["dm_sends"].kept
    await office.meter.told("dm_sends", told(15, kept))
    with pytest.raises(Temporary):
        await office.passes(message(1))
    for number in range(2, 2 + kept):
        await office.passes(message(number, owed=True))
    with pytest.raises(Temporary):
        await office.passes(message(9, owed=True))
    assert len(office.sent) == kept


async def test_only_what_is_owed_is_said_after_stop_and_over_the_budget() -> None:
    """F083, F088: the flag is the desk's; no message's name makes it."""
    async with opened(budget=1) as office:
        office.store.write(lambda books: books.shoppers.keep(Shopper("x", "2001", "fr", quiet=True), NOON))
        await office.meter.charge([Cost(Charge.DM_READ, "1")])
        assert await office.passes(message(1, owed=True))
        unflagged = replace(message(2), effect=Say("thanks", "fr"))
        with pytest.raises(Refused, match="opted_out"):
            await office.passes(unflagged)


# -- whether an answer could leave at all


def answerable(office: Office, chat: str = "2001") -> bool:
    return office.store.read(lambda books: can_answer(office.accounts, books, chat, office.now))


async def test_who_wrote_can_be_answered_until_their_turns_are_used_up(office: Office) -> None:
    """F082"""
    office.knows("2001")
    for number in range(1, MESSAGES_AN_HOUR + 1):
        assert answerable(office)
        await office.passes(message(number))
    assert not answerable(office)
    assert answerable(office, "2002")
    office.now += timedelta(hours=1, seconds=1)
    assert answerable(office)


async def test_nobody_can_be_answered_on_a_day_whose_messages_or_money_are_used_up(office: Office) -> None:
    """F088"""
    await office.meter.told("dm_sends", told(15, 0))
    assert answerable(office), "a quarter of an hour only delays"
    await office.meter.told("dm_sends_a_day", told(1440, LIMITS["dm_sends_a_day"].kept, NOON + timedelta(hours=9)))
    assert not answerable(office), "what is left is kept for paid orders"
    office.now += timedelta(hours=9)
    assert answerable(office)
    await office.meter.charge([Cost(Charge.DM_READ, str(number)) for number in range(99)])
    assert not answerable(office)

"""The meter on real rows: no limit is exceeded by many at once, and no sum is told twice a day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.costs import PRICES, Charge, Cost
from bot.domain.pace import Quota
from bot.domain.policy import Thrift
from bot.domain.quotas import LIMITS
from bot.errors import Temporary
from bot.ports import Books
from bot.service.meter import STEPS, Accounts, RowMeter
from tests.service.office import BUDGET, NOON, QUARTER, Office, opened, told


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with opened() as at:
        yield at


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


@pytest.mark.parametrize("far", [timedelta(hours=26), timedelta(days=400), timedelta(days=40_000)])
async def test_a_reset_beyond_every_window_shuts_nothing_for_longer_than_one(office: Office, far: timedelta) -> None:
    """F075: a clock gone wrong, theirs or ours, must not silence the shop for a year."""
    await office.meter.told("mentions", told(300, 0, NOON + far))
    with pytest.raises(Temporary) as full:
        await office.meter.ask("mentions")
    assert full.value.retry_after == timedelta(hours=25).total_seconds()
    office.now += timedelta(hours=25)
    await office.meter.ask("mentions")


async def test_a_reset_within_a_day_is_believed(office: Office) -> None:
    """The negative twin."""
    await office.meter.told("mentions", told(300, 0, NOON + timedelta(hours=24)))
    with pytest.raises(Temporary) as full:
        await office.meter.ask("mentions")
    assert full.value.retry_after == timedelta(hours=24).total_seconds()


async def test_what_was_not_done_is_taken_off_a_count_that_never_falls_below_nothing(office: Office) -> None:
    await office.meter.told("posts", told(100, 99))

    def back(books: Books) -> None:
        for _ in range(5):
            office.accounts.count(books, "posts", NOON, by=-1)

    office.store.write(back)
    assert office.used("posts") == 0

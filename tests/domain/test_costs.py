"""Sums in millionths of a dollar: exact both ways, and a day that is UTC's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.costs import PRICES, Charge, day_of, micro, until_tomorrow, usd
from bot.domain.quotas import LIMITS

moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware by strategy


@pytest.mark.parametrize(
    ("dollars", "millionths"),
    [("0", 0), ("0.010", 10_000), ("0.001", 1_000), ("0.000001", 1), ("0.200", 200_000), ("12.345678", 12_345_678)],
)
def test_dollars_become_millionths_and_back(dollars: str, millionths: int) -> None:
    assert micro(Decimal(dollars)) == millionths
    assert usd(millionths) == Decimal(dollars)


@given(st.integers(0, 10**15))
def test_no_sum_is_ever_rounded(millionths: int) -> None:
    assert micro(usd(millionths)) == millionths


@pytest.mark.parametrize("dollars", ["0.0000001", "0.1234567", "NaN"])
def test_a_price_finer_than_a_millionth_is_refused(dollars: str) -> None:
    with pytest.raises(ValueError, match="millionth"):
        micro(Decimal(dollars))


def test_every_charge_has_a_price() -> None:
    assert set(PRICES) == set(Charge)
    assert all(isinstance(price, int) and price > 0 for price in PRICES.values())


def test_a_link_in_public_costs_twenty_times_a_reply() -> None:
    assert PRICES[Charge.POST_WITH_URL] == 20 * PRICES[Charge.SUMMONED_REPLY]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), "2026-11-23"),
        (datetime(2026, 11, 23, 23, 59, 59, 999_999, tzinfo=UTC), "2026-11-23"),
        (datetime(2026, 11, 24, 0, 0, tzinfo=UTC), "2026-11-24"),
        (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), "2028-02-29"),
    ],
)
def test_a_day_is_utcs(moment: datetime, day: str) -> None:
    assert day_of(moment) == day


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), 86_401),
        (datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC), 2),
        (datetime(2026, 12, 31, 12, 0, tzinfo=UTC), 43_201),
    ],
)
def test_the_next_day_is_so_many_seconds_away(moment: datetime, seconds: int) -> None:
    assert until_tomorrow(moment) == seconds


@given(moments)
def test_who_waits_for_tomorrow_wakes_in_it_and_not_in_the_day_after(moment: datetime) -> None:
    woken = moment + timedelta(seconds=until_tomorrow(moment))
    assert day_of(woken) == day_of(moment + timedelta(days=1))
    assert woken.hour == woken.minute == 0


def test_what_is_kept_for_orders_leaves_something_for_the_others() -> None:
    """F088"""
    for name, limit in LIMITS.items():
        assert 0 <= limit.kept < limit.most, name
    assert LIMITS["dm_sends_a_day"].kept > 0
    assert LIMITS["dm_sends_a_day"].assumed

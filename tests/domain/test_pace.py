"""How soon X is asked again, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pace import IDLE, KEPT_BACK, OPEN, Quota, pause
from bot.domain.policy import Thrift

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
EVERY = timedelta(seconds=120)
DAY, NIGHT = 14, 3
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("since", "hour", "thrift", "seconds"),
    [
        (timedelta(), DAY, Thrift.NONE, 30),
        (OPEN - SECOND, DAY, Thrift.NONE, 30),
        (OPEN - SECOND, NIGHT, Thrift.NONE, 30),
        (OPEN, DAY, Thrift.NONE, 120),
        (IDLE - SECOND, NIGHT, Thrift.NONE, 120),
        (IDLE, DAY, Thrift.NONE, 240),
        (IDLE, 6, Thrift.NONE, 240),
        (IDLE, NIGHT, Thrift.NONE, 480),
        (None, DAY, Thrift.NONE, 240),
        (None, 0, Thrift.NONE, 480),
        (timedelta(), DAY, Thrift.SLOW, 480),
        (OPEN, DAY, Thrift.SLOW, 480),
        (OPEN, DAY, Thrift.PRIVATE, 480),
        (IDLE, DAY, Thrift.SLOW, 960),
        (IDLE, NIGHT, Thrift.OWED, 1920),
    ],
)
def test_the_wait_follows_who_waits_and_what_is_spent(
    since: timedelta | None, hour: int, thrift: Thrift, seconds: int
) -> None:
    last = None if since is None else NOW - since
    wait = pause(EVERY, now=NOW, hour=hour, last_event=last, quota=None, thrift=thrift)
    assert wait == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("left", "until", "seconds"),
    [
        (0, 900, 900),
        (-2, 900, 900),
        (0, 10, 30),
        (1, 900, 900),
        (2, 900, 450),
        (KEPT_BACK, 900, 300),
        (KEPT_BACK + 1, 900, 30),
        (KEPT_BACK, 15, 30),
        (0, 0, 30),
        (0, -5, 30),
    ],
)
def test_the_last_questions_of_a_window_are_spread_over_it(left: int, until: int, seconds: int) -> None:
    """F075: and none is asked that X would refuse."""
    quota = Quota(left, NOW + timedelta(seconds=until))
    wait = pause(EVERY, now=NOW, hour=DAY, last_event=NOW, quota=quota, thrift=Thrift.NONE)
    assert wait == timedelta(seconds=seconds)


@given(
    st.timedeltas(timedelta(seconds=5), timedelta(hours=1)),
    st.none() | st.timedeltas(timedelta(), timedelta(days=1)),
    st.integers(0, 23),
    st.integers(-1, 20),
    st.integers(-100, 900),
    st.sampled_from(Thrift),
)
def test_a_wait_is_never_nothing_and_never_runs_into_an_empty_window(
    every: timedelta, since: timedelta | None, hour: int, left: int, until: int, thrift: Thrift
) -> None:
    """F075"""
    last = None if since is None else NOW - since
    quota = Quota(left, NOW + timedelta(seconds=until))
    wait = pause(every, now=NOW, hour=hour, last_event=last, quota=quota, thrift=thrift)
    assert wait >= every / 4
    if left <= 0:
        assert NOW + wait >= quota.until

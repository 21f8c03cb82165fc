"""How soon X is asked again, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pace import IDLE, OPEN, Quota, pause
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
        (0, 10, 120),
        (1, 900, 900),
        (1, 10, 120),
        (2, 900, 450),
        (3, 900, 300),
        (8, 900, 120),
        (8, 840, 30),
        (9, 900, 30),
        (3, 15, 30),
        (0, 0, 30),
        (0, -5, 30),
    ],
)
def test_while_somebody_waits_questions_are_spent_that_the_window_can_spare(
    left: int, until: int, seconds: int
) -> None:
    """F075: the others are spread over the rest of it, and none is asked that X would refuse."""
    quota = Quota(left, NOW + timedelta(seconds=until))
    wait = pause(EVERY, now=NOW, hour=DAY, last_event=NOW, quota=quota, thrift=Thrift.NONE)
    assert wait == timedelta(seconds=seconds)


@given(st.integers(0, 20), st.integers(1, 900), st.timedeltas(timedelta(seconds=5), timedelta(minutes=10)))
def test_however_busy_a_window_is_it_is_never_asked_more_than_it_has_left(
    left: int, seconds: int, every: timedelta
) -> None:
    """F075"""
    now, until = NOW, NOW + timedelta(seconds=seconds)
    while now < until:
        now += pause(every, now=now, hour=DAY, last_event=now, quota=Quota(left, until), thrift=Thrift.NONE)
        left -= now < until
        assert left >= 0


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

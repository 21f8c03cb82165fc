"""When a failed delivery is tried again, as a table."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.retry import LONGEST_WAIT, RetryPolicy

POLICY = RetryPolicy(timedelta(seconds=2), 4)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (4, None), (50, None)])
def test_waits_grow_until_the_last_try(attempt: int, seconds: int | None) -> None:
    wait = POLICY.wait(attempt, luck=1.0)
    assert (wait.total_seconds() if wait else None) == seconds


def test_a_wait_is_drawn_between_half_and_the_whole_of_its_step() -> None:
    drawn = {POLICY.wait(2) for _ in range(200)}
    assert len(drawn) > 100
    assert all(wait is not None and timedelta(seconds=2) <= wait <= timedelta(seconds=4) for wait in drawn)


def test_what_the_other_side_asks_for_is_law_and_costs_no_try() -> None:
    """F054"""
    assert POLICY.wait(50, asked=17.5) == timedelta(seconds=17.5)


def test_no_wait_is_longer_than_the_longest() -> None:
    assert RetryPolicy(timedelta(seconds=2), 1000).wait(999, luck=1.0) == LONGEST_WAIT

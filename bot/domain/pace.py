"""How soon X is asked again: quickly while somebody waits for an answer, slowly while nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.policy import Thrift

OPEN = timedelta(minutes=3)
"""So long after the last event somebody is taken to be waiting."""
IDLE = timedelta(minutes=30)
NIGHT = range(6)
"""Hours of the shop's own day in which an idle shop sleeps more deeply."""
KEPT_BACK = 3
"""Questions of a window that are spread over the rest of it instead of being spent at once."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How many calls of one kind are left until `until`, as X's own headers last said."""

    left: int
    until: datetime


def pause(
    every: timedelta,
    *,
    now: datetime,
    hour: int,
    last_event: datetime | None,
    quota: Quota | None,
    thrift: Thrift,
) -> timedelta:
    """The wait before the next question. `every` is the merchant's own figure, `hour` the hour of the shop's day.

    While somebody waits a quarter of it; without any event for half an hour twice, at night four times; under
    thrift four times again. Never more questions than X has left.
    """
    quiet = now - last_event if last_event is not None else IDLE
    wait = every
    if quiet < OPEN:
        wait = every / 4
    elif quiet >= IDLE:
        wait = every * (4 if hour in NIGHT else 2)
    if thrift >= Thrift.SLOW:
        wait = max(wait, every) * 4
    if quota is None or quota.until <= now:
        return wait
    if quota.left <= 0:
        return max(wait, quota.until - now)
    if quota.left <= KEPT_BACK:
        return max(wait, (quota.until - now) / quota.left)
    return wait

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

    While somebody waits a quarter of it, as long as the window can spare the question and still be asked at the usual
    pace to its end; without any event for half an hour twice, at night four times; under thrift four times again.
    Never more questions than X has left: what is left is spread over the rest of the window.
    """
    quiet = now - last_event if last_event is not None else IDLE
    if thrift < Thrift.SLOW and quiet < OPEN and _can_spare(quota, every, now):
        return every / 4
    wait = every * ((4 if hour in NIGHT else 2) if quiet >= IDLE else 1)
    if thrift >= Thrift.SLOW:
        wait *= 4
    if quota is None or quota.until <= now:
        return wait
    rest = quota.until - now
    return max(wait, rest / quota.left if quota.left > 0 else rest)


def _can_spare(quota: Quota | None, every: timedelta, now: datetime) -> bool:
    """Whether one question more leaves enough for the usual pace until the window ends."""
    return quota is None or quota.until <= now or (quota.left - 1) * every >= quota.until - now

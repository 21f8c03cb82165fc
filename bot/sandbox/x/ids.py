"""X's ids: numbers that carry their time, so that everything sorts by id and is dated by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

EPOCH_MS = 1_288_834_974_657
"""X's ids count milliseconds from here (4 November 2010), in their upper bits."""
SEQUENCE_BITS = 22


class Snowflakes:
    """New ids of the clock's time, strictly rising even where the clock does not."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> int:
        """A new id. Raises ValueError for a clock before X's epoch."""
        since = int(self._now() * 1000) - EPOCH_MS
        if since < 0:
            raise ValueError("X has no ids from before November 2010")
        self._last = max(since << SEQUENCE_BITS, self._last + 1)
        return self._last


def milliseconds(number: int) -> int:
    """When a thing of this id was made, in milliseconds since 1970."""
    return (number >> SEQUENCE_BITS) + EPOCH_MS


def seconds(number: int) -> float:
    """The same in seconds."""
    return milliseconds(number) / 1000


def iso(moment: float) -> str:
    """Seconds since 1970 as X writes a time: UTC with milliseconds and a Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(moment * 1000) % 1000:03d}Z"

"""When a failed delivery is tried again: a pure value, so that it can be read and tested as a table."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential from `base`, at most `attempts` times, each wait drawn between half and the whole of its step."""

    base: timedelta
    attempts: int

    def wait(self, attempt: int, *, asked: float | None = None, luck: float | None = None) -> timedelta | None:
        """How long to wait after the `attempt`-th failure (from 1); None when it was the last.

        What the other side asked for (`asked`, seconds) is law and costs no attempt: a full queue is no failure.
        """
        if asked is not None:
            return timedelta(seconds=asked)
        if attempt >= self.attempts:
            return None
        step = min(self.base * float(1 << min(attempt - 1, 20)), LONGEST_WAIT)
        share = random.random() if luck is None else luck  # noqa: S311 - jitter, not a secret
        return step * (0.5 + share / 2)

"""How often a platform may be asked: what its documents say, until its own headers say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` calls in a window of this length. `kept` are left for messages that an order owes.

    `assumed` limits hold from the first call; the others only once the platform's headers have named a figure, for
    then they are the platform's own.
    """

    most: int
    window: timedelta
    kept: int = 0
    assumed: bool = False


QUARTER = timedelta(minutes=15)
LIMITS: Mapping[str, Limit] = {
    "mentions": Limit(300, QUARTER),
    "dm_reads": Limit(15, QUARTER),
    "dm_lookups": Limit(15, QUARTER),
    "dm_sends": Limit(15, QUARTER, kept=3),
    "dm_sends_a_day": Limit(1440, timedelta(days=1), kept=40, assumed=True),
    "posts": Limit(100, QUARTER),
}
"""X's limits for one user, by the names of the rows that count them (docs: fundamentals/rate-limits)."""

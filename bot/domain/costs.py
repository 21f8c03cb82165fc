"""What a platform charges for: kinds of charge, their prices, and when the same thing is not charged twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

MICRO = 1_000_000
"""Millionths in a US dollar; costs are whole millionths, never floats."""


class Charge(StrEnum):
    """The keys of bot.toml's [channels.x.prices]."""

    MENTION_READ = "mention_read"
    DM_READ = "dm_read"
    USER_READ = "user_read"
    POST_READ = "post_read"
    MENTION_EVENT = "mention_event"
    DM_EVENT = "dm_event"
    DM_SENT = "dm_sent"
    POST = "post"
    POST_WITH_URL = "post_with_url"
    SUMMONED_REPLY = "summoned_reply"


PRICES: Mapping[Charge, int] = {
    Charge.MENTION_READ: 1_000,
    Charge.DM_READ: 10_000,
    Charge.USER_READ: 10_000,
    Charge.POST_READ: 5_000,
    Charge.MENTION_EVENT: 5_000,
    Charge.DM_EVENT: 10_000,
    Charge.DM_SENT: 15_000,
    Charge.POST: 15_000,
    Charge.POST_WITH_URL: 200_000,
    Charge.SUMMONED_REPLY: 10_000,
}
"""X's list of August 2026, in millionths of a dollar: a read for each thing returned, a write for each request."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One charge. `resource` is what was read or written: the same within a UTC day is charged once.

    `chat` is whose conversation it belongs to, "" where it is nobody's.
    """

    charge: Charge
    resource: str
    chat: str = ""
    ref: str | None = None


def micro(usd: Decimal) -> int:
    """Dollars to millionths. Raises ValueError where a price is finer than that."""
    scaled = usd * MICRO
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{usd} is finer than a millionth")
    return int(scaled)


def usd(micros: int) -> Decimal:
    return Decimal(micros) / MICRO


def until_tomorrow(now: datetime) -> float:
    """Seconds to the next UTC day, when a daily budget begins anew."""
    midnight = datetime.combine((now + timedelta(days=1)).date(), datetime.min.time(), tzinfo=UTC)
    return (midnight - now).total_seconds() + 1


def day_of(now: datetime) -> str:
    """The UTC day in which a thing is charged once: "2026-11-23"."""
    return now.strftime("%Y-%m-%d")

"""What X charges, after "Pricing" in its documents (August 2026), in millionths of a dollar.

Reads are charged for each resource of the answer, those in `includes` too, and a resource once in a UTC day. The
documents name no price for usage, webhooks, subscriptions or for uploading a picture: free here.
A post with a link costs as one with a link, answer or not; a deletion is priced as "Interaction: Delete".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.sandbox.wire import Json

PRICES: Mapping[str, int] = {
    "mention_read": 1_000,
    "own_post_read": 1_000,
    "post_read": 5_000,
    "user_read": 10_000,
    "dm_read": 10_000,
    "post": 15_000,
    "post_with_url": 200_000,
    "summoned_reply": 10_000,
    "post_delete": 10_000,
    "dm_sent": 15_000,
    "mention_event": 5_000,
    "dm_event": 10_000,
    "chat_event": 10_000,
}
"""By kind: reads of own mentions, own posts, other posts, users and private messages; posts written; messages sent;
events delivered (any kind of post's, `dm.received`, `chat.received`; all others are not billed)."""

RESOURCES: Mapping[str, str] = {"mention_read": "post", "own_post_read": "post", "post_read": "post"}
"""Kinds of reads that are of one resource: a post is charged once a day, however it was come by."""


@dataclass(slots=True)
class Line:
    """One kind of charge: how often, and how much in millionths of a dollar."""

    count: int = 0
    micro: int = 0


class Bill:
    """All charges. `balance` is what is left of the credits in millionths of a dollar, None for without end."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.lines: dict[str, Line] = {}
        self.balance: int | None = None
        self._now = now
        self._day = ""
        self._seen: set[tuple[str, str]] = set()

    @property
    def total(self) -> int:
        """Everything charged, in millionths of a dollar."""
        return sum(line.micro for line in self.lines.values())

    @property
    def blocked(self) -> bool:
        """Whether the credits are used up: then X answers nothing but 402."""
        return self.balance is not None and self.balance <= 0

    def read(self, kind: str, resources: Iterable[str]) -> None:
        """Charge what was read or delivered, each resource once in a UTC day."""
        today = datetime.fromtimestamp(self._now(), UTC).date().isoformat()
        if today != self._day:
            self._day, self._seen = today, set()
        for resource in resources:
            key = (RESOURCES.get(kind, kind), resource)
            if key not in self._seen:
                self._seen.add(key)
                self.charge(kind)

    def charge(self, kind: str) -> None:
        """Charge one thing done."""
        price = PRICES[kind]
        line = self.lines.setdefault(kind, Line())
        line.count += 1
        line.micro += price
        if self.balance is not None:
            self.balance -= price

    def wire(self) -> Json:
        """As the control API shows it."""
        lines = {kind: {"count": line.count, "micro": line.micro} for kind, line in self.lines.items()}
        return {"total_micro": self.total, "lines": lines}

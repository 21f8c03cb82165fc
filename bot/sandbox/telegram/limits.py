"""How fast a bot may send: 30 a second over all, one a second to a chat, 20 a minute to a group.

https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this. Off unless a test asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.telegram.refusals import too_many


@dataclass(slots=True)
class Allowance:
    """`burst` at once, then one every `interval` seconds."""

    interval: float
    burst: int
    due: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until one more is allowed; 0 now."""
        return max(0.0, self.due - now - (self.burst - 1) * self.interval)

    def spend(self, now: float) -> None:
        """Use one."""
        self.due = max(self.due, now) + self.interval


@dataclass(slots=True)
class Limits:
    """The three limits together; `on` switches them."""

    now: Callable[[], float]
    on: bool = False
    overall: Allowance = field(default_factory=lambda: Allowance(1 / 30, 30))
    chats: dict[int, Allowance] = field(default_factory=dict)

    def check(self, chat: int) -> None:
        """Count one message to a chat. Raises Refused (429), which counts nothing."""
        if not self.on:
            return
        now = self.now()
        own = self.chats.get(chat)
        if own is None:
            own = self.chats[chat] = Allowance(3.0, 20) if chat < 0 else Allowance(1.0, 3)
        wait = max(self.overall.wait(now), own.wait(now))
        if wait > 0:
            raise too_many(max(1, math.ceil(wait)))
        self.overall.spend(now)
        own.spend(now)

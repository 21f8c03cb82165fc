"""Who writes to the shop, and what the shop remembers of the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

OPEN_QUESTION_LIVES = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Shopper:
    """One chat with one person. `language` is what the shop speaks with them, `chosen` once they chose it.

    `question` is the shopper's own last message that still lacks something ("un tee noir", in which size?), read
    together with the next one; `asked_at` is when it was asked about. `quiet` after "stop": only what an order owes
    is still said. `reachable` is False while the platform says that they have blocked the shop. `wrote` is False for
    somebody who has only spoken to the shop in public: nobody is written to who did not write first.
    """

    channel: str
    chat: str
    language: str
    name: str = ""
    chosen: bool = False
    question: str = ""
    asked_at: datetime | None = None
    quiet: bool = False
    reachable: bool = True
    wrote: bool = True

    def open_question(self, now: datetime) -> str:
        """What is still open from before, or "" once it is too old to be meant."""
        if self.asked_at is None or now - self.asked_at > OPEN_QUESTION_LIVES:
            return ""
        return self.question

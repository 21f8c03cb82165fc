"""Who writes to the shop, and what the shop remembers of the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

OPEN_QUESTION_LIVES = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Shopper:
    """One chat with one person. `language` is what the shop speaks with them, `chosen` once they chose it.

    `question` is the shopper's own last message that still lacks something ("un tee noir", in which size?), read
    together with the next one; `offered` are the actions of the choices that stood below the last answer, in their
    order ("the second one"); `asked_at` is when that was. `quiet` after "stop": only what an order owes
    is still said. `reachable` is False while the platform says that they have blocked the shop. `wrote` is False for
    somebody who has only spoken to the shop in public: nobody is written to who did not write first.
    """

    channel: str
    chat: str
    language: str
    name: str = ""
    chosen: bool = False
    question: str = ""
    offered: tuple[str, ...] = ()
    asked_at: datetime | None = None
    quiet: bool = False
    reachable: bool = True
    wrote: bool = True

    def open_question(self, now: datetime) -> str:
        """What is still open from before, or "" once it is too old to be meant."""
        if self.asked_at is None or now - self.asked_at > OPEN_QUESTION_LIVES:
            return ""
        return self.question

    def offer(self, place: int, now: datetime) -> str | None:
        """The action of the choice at this place, counted from 1, or from the end where it is negative; None where
        nothing stands there or it is too old to be meant."""
        if (
            self.asked_at is None
            or now - self.asked_at > OPEN_QUESTION_LIVES
            or not 0 < abs(place) <= len(self.offered)
        ):
            return None
        return self.offered[place - 1 if place > 0 else place]

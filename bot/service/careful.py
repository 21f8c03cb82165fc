"""After several lives that ended badly, an event is counted before it is handled: one on which the whole process dies
is set aside instead of ending every life after it (F127)."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.effects import Alert
from bot.domain.moments import moment_of
from bot.ports import Books

LIVES = "lives"
WITHIN = timedelta(minutes=10)
MOST_LIVES = 3
"""Lives within that time that ended without a goodbye, after which the shop is careful for as long again."""
MOST_TRIES = 3
"""Times that an event may be begun by a careful shop."""


def born(books: Books, now: datetime, most: int = MOST_LIVES) -> datetime | None:
    """Note that the shop starts, and take up what its last life had begun; -> until when it must be careful, None where
    it need not."""
    known = [moment_of(life) for life in (books.ledger.cursor(LIVES) or "").split()]
    recent = [life for life in known if life is not None and now - WITHIN < life <= now]
    books.ledger.move(LIVES, " ".join(life.isoformat() for life in [*recent, now]), now)
    books.inbox.take_up(now)
    if len(recent) < most:
        return None
    if len(recent) == most:
        text = f"the shop has died {len(recent)} times in {WITHIN.total_seconds() / 60:.0f} minutes: its log says why"
        books.alert(Alert("restarts", text), None, now)
    return now + WITHIN


def said_goodbye(books: Books, now: datetime) -> None:
    """The shop ends in order: what happened before is forgotten."""
    books.ledger.move(LIVES, None, now)


class Care:
    """How one life of the shop handles events: as always, or counted first."""

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._begun: set[tuple[str, str]] = set()

    def until(self, moment: datetime | None) -> None:
        self._until = moment

    def needed(self, now: datetime) -> bool:
        return self._until is not None and now < self._until

    def begin(self, books: Books, source: str, key: str, body: str, now: datetime) -> bool:
        """Count a try of an event, in a transaction before its own; False where it is known, or was tried often enough.

        One life counts once: a store that refuses for a while brings the same event again, and nobody died of it.
        """
        first = (source, key) not in self._begun
        tries = books.inbox.begin(source, key, body, counted=first, again_at=now + WITHIN, now=now)
        self._begun.add((source, key))
        if tries is None:
            return False
        if tries <= MOST_TRIES:
            return True
        why = f"the shop died {MOST_TRIES} times while it handled this"
        books.inbox.set_aside(source, key, body, why, again_at=None, now=now)
        books.alert(Alert("poison", f"{source} {key}: {why}"), None, now)
        return False

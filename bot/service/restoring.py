"""A shop that wakes on a copy of its books: what was said and done since the copy is known outside, but not here.

So what it finds still to be said may have been said (F097). Only what is recent is said: a message that comes twice
within the hour is a smaller harm than one that never comes, thanks for a parcel that has long arrived a greater one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bot.domain.effects import Alert
from bot.domain.moments import moment_of
from bot.ports import Books

log = structlog.get_logger(__name__)
COPY = "backup.taken_at"
"""The mark that a copy carries, and its original does not."""
RESTORED, GAP = "restored", "restored:gap"
RECENT = timedelta(hours=1)


def woken(books: Books, now: datetime) -> None:
    """At the start: where the books are a copy, give up what is no longer recent and remember what must be asked."""
    if (copied := books.ledger.cursor(COPY)) is None:
        return
    books.ledger.move(RESTORED, now.isoformat(), now)
    books.ledger.move(GAP, copied, now)
    books.ledger.move(COPY, None, now)
    silenced = books.outbox.give_up_old(now - RECENT, "the books are an older copy: it may have been said since")
    text = (
        f"the shop runs on a copy of {copied}: what was paid since is asked for; {silenced} old messages are not said"
    )
    books.alert(Alert("restored", text), None, now)
    log.warning("store.restored", copy=copied, silenced=silenced)


def gap_since(books: Books) -> datetime | None:
    """From when on the provider must be asked what it did, until that was done."""
    return moment_of(books.ledger.cursor(GAP))


def caught_up(books: Books, now: datetime) -> None:
    if books.ledger.cursor(GAP) is not None:
        books.ledger.move(GAP, None, now)


def may_have_been_said(books: Books, *moments: datetime | None) -> bool:
    """Whether what happened at all of these moments lies so far before a restored copy woke that it was dealt with by
    the books that are lost. A moment that is not known says nothing."""
    woke = moment_of(books.ledger.cursor(RESTORED))
    if woke is None:
        return False
    return all(moment is None or moment < woke - RECENT for moment in moments)

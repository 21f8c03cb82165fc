"""Asking X what is new: a window is read whole, made durable from its oldest on, and only then the cursor moves.

A window that breaks off is read anew from its beginning; what was durable already is known by its key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.channels.x.reading import Account, id_at, read_message, read_post, said_at
from bot.channels.x.sending import response
from bot.channels.x.wire import Json, XWire, listed
from bot.domain.costs import Charge, Cost
from bot.domain.messages import Inbound
from bot.errors import Permanent
from bot.ports import Clock, Meter

log = structlog.get_logger(__name__)
BACKFILL = timedelta(hours=1)
"""Without a cursor so much is read: the shop has just been switched on, or its cursor is lost (F080)."""
LONGEST_GAP = timedelta(days=1)
OVERLAP = timedelta(minutes=5)
"""How much is read once more after a look that brought no cursor: clocks differ."""
PAGE = 100
FIRST_PAGE = 3
"""Private messages of a page in quiet times: what was seen before is charged again on the next UTC day."""
MOST_PAGES = 12
POST_FIELDS = [
    "author_id",
    "created_at",
    "display_text_range",
    "edit_history_tweet_ids",
    "entities",
    "in_reply_to_user_id",
    "note_tweet",
    "referenced_tweets",
]
MESSAGE_FIELDS = ["created_at", "dm_conversation_id", "event_type", "sender_id", "text"]
NEWEST_ONLY = 800
"""X lists so many mentions and no more."""
MOST_MENTION_PAGES = 3 * NEWEST_ONLY // PAGE
"""A page may hold fewer than asked for; a list that goes on beyond this is broken."""

Take = Callable[[Sequence[Inbound]], Awaitable[object]]


@dataclass
class Mentions:
    """Reads the mentions since the last window. Raises Temporary or Permanent; then the cursor stays."""

    wire: XWire
    meter: Meter
    account: Account
    take: Take
    clock: Clock

    async def look(self) -> int:
        """One window; -> how many posts it brought that somebody wrote to the shop."""
        since = _cursor(await self.meter.cursor("mentions"), self.clock())
        try:
            return await self._window(since)
        except Permanent as error:
            if since is None or "since_id" not in str(error):
                raise
            log.warning("x.cursor_refused", error=str(error))
            await self.meter.move("mentions", None)
            return await self._window(None)

    async def _window(self, since: str | None) -> int:
        """Read all of it, take it in from the oldest on, then move the cursor."""
        began = self.clock()
        start = None if since else await _since(self.meter, "mentions", began)
        newest, token = since, None
        posts: list[Json] = []
        for _ in range(MOST_MENTION_PAGES):
            page, meta = listed(await self._page(since, start, token))
            costs = [
                Cost(Charge.MENTION_READ, str(it["id"]), str(it.get("author_id", ""))) for it in page if "id" in it
            ]
            await self.meter.charge(costs)
            posts += page
            newest = _later(newest, _number(meta.get("newest_id")))
            token = meta.get("next_token")
            if not token:
                break
        read = _posts(posts, self.account)
        await self.take(read[::-1])
        if token or len(posts) >= NEWEST_ONLY:
            text = f"more than {NEWEST_ONLY} mentions came at once; X lists no older ones"
            await self.meter.tell("mentions_lost", text)
        await _moved(self.meter, "mentions", since, newest, began)
        return len(read)

    async def _page(self, since: str | None, start: datetime | None, token: str | None) -> Json:
        asked: dict[str, Any] = {"max_results": PAGE, "tweet_fields": POST_FIELDS, "user_auth": True}
        optional = {"since_id": since, "start_time": start, "pagination_token": token}
        asked |= {name: value for name, value in optional.items() if value is not None}
        client = self.wire.client
        return await self.wire.call(
            lambda: response(client.get_users_mentions(self.account.id, **asked)), meter=self.meter, limit="mentions"
        )


@dataclass
class Messages:
    """Reads private messages back to the last one seen: X gives them newest first and knows no `since_id`."""

    wire: XWire
    meter: Meter
    account: Account
    take: Take
    clock: Clock
    size: int = 25
    """Messages of the first page: more while much comes, few in quiet times."""

    async def look(self) -> int:
        """One window; -> how many messages somebody wrote to the shop."""
        began = self.clock()
        known = _cursor(await self.meter.cursor("messages"), began)
        since = await _since(self.meter, "messages", began) if known is None else began

        def is_new(event: Json) -> bool:
            if known is not None:
                return int(event["id"]) > int(known)
            moment = said_at(event)
            return not moment or datetime.fromisoformat(moment) >= since

        events, reached = await self._read_back(is_new, self.size)
        if not reached and self.size < PAGE:  # what the small page held is read again: within a day that is free
            events, reached = await self._read_back(is_new, PAGE)
        if not reached:
            await self.meter.tell(
                "messages_lost", f"more than {len(events)} private messages waited; older ones are lost"
            )
        read = _messages(events, self.account)
        await self.take(read[::-1])
        self.size = min(PAGE, max(FIRST_PAGE, 2 * len(events)))
        newest = known
        for it in events:
            newest = _later(newest, str(it["id"]))
        await _moved(self.meter, "messages", known, newest, began)
        return len(read)

    async def _read_back(self, is_new: Callable[[Json], bool], size: int) -> tuple[list[Json], bool]:
        """What is new, newest first, and whether all of it was read. A small page is not followed by others."""
        events: list[Json] = []
        token: str | None = None
        for _ in range(MOST_PAGES if size == PAGE else 1):
            things, meta = listed(await self._page(token, size))
            page = [it for it in things if _number(it.get("id"))]
            costs = [Cost(Charge.DM_READ, str(it["id"]), str(it.get("sender_id", ""))) for it in page]
            await self.meter.charge(self._whose(costs))
            fresh = [it for it in page if is_new(it)]
            events += fresh
            token = meta.get("next_token")
            if not token or len(fresh) < len(page):
                return events, True
        return events, False

    def _whose(self, costs: Sequence[Cost]) -> list[Cost]:
        """The shop's own messages come back too and are charged, to nobody's conversation."""
        return [Cost(it.charge, it.resource, "" if it.chat == self.account.id else it.chat) for it in costs]

    async def _page(self, token: str | None, size: int) -> Json:
        asked: dict[str, Any] = {
            "max_results": size,
            "event_types": "MessageCreate",
            "dm_event_fields": MESSAGE_FIELDS,
            "user_auth": True,
        }
        if token:
            asked["pagination_token"] = token
        client = self.wire.client
        return await self.wire.call(
            lambda: response(client.get_direct_message_events(**asked)), meter=self.meter, limit="dm_reads"
        )


def _posts(posts: Sequence[Json], account: Account) -> list[Inbound]:
    found: list[Inbound] = []
    for post in posts:
        try:
            read = read_post(post, account, {})
        except (KeyError, TypeError, ValueError, AttributeError):
            log.error("x.unreadable", post=str(post.get("id"))[:24])  # noqa: TRY400 - no trace of its text
            continue
        if read is not None:
            found.append(read)
    return found


def _messages(events: Sequence[Json], account: Account) -> list[Inbound]:
    found: list[Inbound] = []
    for event in events:
        try:
            read = read_message(event, account)
        except (KeyError, TypeError, ValueError, AttributeError):
            log.error("x.unreadable", event=str(event.get("id"))[:24])  # noqa: TRY400 - no trace of its text
            continue
        if read is not None:
            found.append(read)
    return found


def _number(value: object) -> str | None:
    """An id of X, or None for what is none: a cursor that was damaged is as good as lost."""
    text = str(value)
    return text if text.isascii() and text.isdecimal() and len(text) <= 19 else None


def _cursor(value: str | None, now: datetime) -> str | None:
    """A cursor as it was kept; None where it is lost, damaged, or of a time to come, which would hide everything."""
    number = _number(value)
    return number if number is not None and int(number) <= int(id_at(now + timedelta(days=1))) else None


async def _since(meter: Meter, window: str, now: datetime) -> datetime:
    """From when on to read without a cursor: since the last look, or an hour back at the first. A look of a time
    to come was noted by a clock that has been set since: how long ago it was, nobody knows."""
    looked = await meter.cursor(f"{window}_looked")
    try:
        last = datetime.fromisoformat(looked or "") - OVERLAP
    except ValueError:
        return now - BACKFILL
    if last.tzinfo is None:
        return now - BACKFILL
    return max(last, now - LONGEST_GAP) if last <= now else now - LONGEST_GAP


async def _moved(meter: Meter, window: str, known: str | None, newest: str | None, began: datetime) -> None:
    if newest is None:
        await meter.move(f"{window}_looked", began.isoformat(timespec="seconds"))
    elif newest != known:
        await meter.move(window, newest)


def _later(one: str | None, other: str | None) -> str | None:
    known = [int(it) for it in (one, other) if it]
    return str(max(known)) if known else None

"""Asking X what is new: whole windows, made durable page by page, the cursor moved only once the last page is.

A window that breaks off is read anew from its beginning; what was durable already is known by its key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.channels.x.reading import Account, read_message, read_post, written_at
from bot.channels.x.sending import response
from bot.channels.x.wire import Json, XWire, listed
from bot.domain.costs import Charge, Cost
from bot.domain.messages import Inbound
from bot.errors import Permanent
from bot.ports import Clock, Meter

log = structlog.get_logger(__name__)
BACKFILL = timedelta(hours=1)
"""Without a cursor so much is read: the shop has just been switched on, or its cursor is lost (F080)."""
OLDEST_MESSAGE = timedelta(days=2)
"""A private message older than this is no longer answered."""
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
        since = _number(await self.meter.cursor("mentions"))
        try:
            return await self._window(since)
        except Permanent as error:
            if since is None or "since_id" not in str(error):
                raise
            log.warning("x.cursor_refused", error=str(error))
            await self.meter.move("mentions", None)
            return await self._window(None)

    async def _window(self, since: str | None) -> int:
        start = None if since else self.clock() - BACKFILL
        newest, token, brought, seen = since, None, 0, 0
        for _ in range(MOST_MENTION_PAGES):
            posts, meta = listed(await self._page(since, start, token))
            seen += len(posts)
            read = _posts(posts, self.account)
            charged = [
                Cost(Charge.MENTION_READ, str(it["id"]), str(it.get("author_id", ""))) for it in posts if "id" in it
            ]
            await self.take(read[::-1])
            await self.meter.charge(charged)
            brought += len(read)
            newest = _later(newest, _number(meta.get("newest_id")))
            token = meta.get("next_token")
            if not token:
                break
        if token or seen >= NEWEST_ONLY:
            await self.meter.tell(
                "mentions_lost", f"more than {NEWEST_ONLY} mentions came at once; X lists no older ones"
            )
        if newest is not None and newest != since:
            await self.meter.move("mentions", newest)
        return brought

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
    """Messages a page: grows with what comes, shrinks with quiet."""

    async def look(self) -> int:
        """One window; -> how many messages somebody wrote to the shop."""
        seen = _number(await self.meter.cursor("messages"))
        oldest = self.clock() - (OLDEST_MESSAGE if seen else BACKFILL)
        newest, token, brought, fresh = seen, None, 0, 0
        for _ in range(MOST_PAGES):
            things, meta = listed(await self._page(token))
            events = [it for it in things if _number(it.get("id"))]
            fresh_here = [it for it in events if _is_after(it, seen) and written_at(it["id"]) >= oldest]
            read = _messages(fresh_here, self.account)
            charged = [Cost(Charge.DM_READ, str(it["id"]), str(it.get("sender_id", ""))) for it in events]
            await self.take(read[::-1])
            await self.meter.charge(self._whose(charged))
            brought, fresh = brought + len(read), fresh + len(fresh_here)
            for it in events:
                newest = _later(newest, str(it["id"]))
            token = meta.get("next_token")
            if not token or len(fresh_here) < len(events):
                break
        else:
            await self.meter.tell("messages_lost", "more private messages came at once than X lets be read")
        self.size = min(PAGE, max(FIRST_PAGE, 2 * fresh))
        if newest is not None and newest != seen:
            await self.meter.move("messages", newest)
        return brought

    def _whose(self, costs: Sequence[Cost]) -> list[Cost]:
        """The shop's own messages come back too and are charged, to nobody's conversation."""
        return [Cost(it.charge, it.resource, "" if it.chat == self.account.id else it.chat) for it in costs]

    async def _page(self, token: str | None) -> Json:
        asked: dict[str, Any] = {
            "max_results": self.size,
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


def _later(one: str | None, other: str | None) -> str | None:
    known = [int(it) for it in (one, other) if it]
    return str(max(known)) if known else None


def _is_after(event: Json, seen: str | None) -> bool:
    return seen is None or int(event["id"]) > int(seen)

"""Windows of mentions and messages as a test reads them: a scripted X, a tally, and a desk that keeps what it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.x.polling import Mentions, Messages
from bot.channels.x.reading import EPOCH_MS, Account
from bot.channels.x.wire import XKeys, XWire
from bot.domain.messages import Inbound
from bot.errors import Temporary
from tests.channels.scripted import Answer, Scripted, scripted
from tests.channels.tally import Tally

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
US, CAMILLE, ZOE = "1111111111111111111", "2222222222222222222", "3333333333333333333"
ACCOUNT = Account(US, "shop")
KEYS = XKeys("ck", "cs", f"{US}-at", "as", "bt")
JUNK: list[Any] = [5, "text", None, [], {}, {"id": None}, {"id": "x"}, {"id": {"a": 1}}]

Json = dict[str, Any]


def id_at(moment: datetime, number: int = 0) -> str:
    """An id as X makes it at that time."""
    return str(((int(moment.timestamp() * 1000) - EPOCH_MS) << 22) + number)


def ago(seconds: float, number: int = 0) -> str:
    return id_at(NOW - timedelta(seconds=seconds), number)


@dataclass
class Desk:
    """An intake that keeps what it is given, and forgets nothing by key."""

    taken: list[Inbound] = field(default_factory=list)
    batches: int = 0
    fails: bool = False

    async def __call__(self, events: Sequence[Inbound]) -> None:
        if self.fails:
            raise Temporary("the store cannot write")
        self.batches += 1
        known = {it.key for it in self.taken}
        self.taken += [it for it in events if it.key not in known]

    @property
    def texts(self) -> list[str]:
        return [it.text for it in self.taken]


@dataclass
class Line:
    script: Scripted
    wire: XWire
    meter: Tally
    desk: Desk
    mentions: Mentions
    messages: Messages

    async def look(self, window: Mentions | Messages, *answers: Answer) -> int:
        self.script.answers[:] = answers
        return await window.look()

    @property
    def asked(self) -> list[dict[str, str]]:
        return [it.query for it in self.script.asked]


@asynccontextmanager
async def connected() -> AsyncIterator[Line]:
    async with scripted() as script:
        wire, meter, desk = XWire(KEYS, script.address, lambda: NOW), Tally(lambda: NOW), Desk()
        of = (wire, meter, ACCOUNT, desk, lambda: NOW)
        yield Line(script, wire, meter, desk, Mentions(*of), Messages(*of))
        wire.close()


def post(post_id: str, text: str = "@shop un mug", author: str = CAMILLE) -> Json:
    named = {"mentions": [{"start": 0, "end": 5, "username": "shop", "id": US}]}
    return {"id": post_id, "author_id": author, "text": text, "entities": named, "edit_history_tweet_ids": [post_id]}


def posts(*ids: str) -> list[Json]:
    return [post(it, f"@shop {it}") for it in ids]


def message(event_id: str, sender: str = CAMILLE, text: str = "") -> Json:
    return {
        "id": event_id,
        "event_type": "MessageCreate",
        "sender_id": sender,
        "dm_conversation_id": f"{CAMILLE}-{US}",
        "text": text or event_id,
    }

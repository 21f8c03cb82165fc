"""One line to a scripted X, with a call that reads and a call that writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.channels.x.sending import response
from bot.channels.x.wire import Json, XKeys, XWire
from tests.channels.scripted import Answer, Scripted, said, scripted
from tests.channels.tally import Tally

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RESET = NOW + timedelta(seconds=900)
US = "1111111111111111111"
KEYS = XKeys(
    "ck_secretconsumerkey",
    "cs_secretconsumersecret",
    f"{US}-at_secretaccesstoken",
    "as_secretaccesssecret",
    "bt_secretbearertoken",
)
SECRETS = (
    KEYS.consumer_key,
    KEYS.consumer_secret,
    KEYS.access_token,
    KEYS.access_token_secret,
    str(KEYS.bearer_token),
)
ME = said({"data": {"id": US, "username": "shop"}})
SHORT = 0.3


@dataclass
class Line:
    script: Scripted
    wire: XWire
    meter: Tally

    async def asks(self, *answers: Answer, limit: str = "mentions") -> Json:
        """One call that reads."""
        self.script.says(*answers)
        return await self.wire.call(
            lambda: response(self.wire.client.get_me(user_auth=True)), meter=self.meter, limit=limit
        )

    async def posts(self, *answers: Answer) -> Json:
        """One call that writes."""
        self.script.says(*answers)
        client = self.wire.client
        return await self.wire.call(
            lambda: response(client.create_tweet(text="un mug", in_reply_to_tweet_id="5")),
            meter=self.meter,
            limit="posts",
            counted=True,
        )


@asynccontextmanager
async def connected(path: str = "") -> AsyncIterator[Line]:
    async with scripted() as script:
        wire = XWire(KEYS, f"{script.address}{path}", lambda: NOW)
        yield Line(script, wire, Tally(lambda: NOW))
        wire.close()

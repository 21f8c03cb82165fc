"""The shop's door as X finds it: the channel behind its route, an intake that keeps or cannot, and X's signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from bot.channels.x import XChannel, XKeys, XSettings
from bot.channels.x.doorbell import SIGNATURE
from bot.domain.messages import Inbound
from bot.payments.stripe import StripeProvider
from bot.payments.stripe.events import SignedEvents
from bot.payments.stripe.request import CheckoutRequest
from bot.ports import Receipt
from bot.web.hooks import LARGEST_BODY, Hooks
from tests.channels.scripted import said, scripted
from tests.channels.tally import Tally
from tests.dialogs.dialog import catalogue

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
US, CAMILLE = "1111111111111111111", "2222222222222222222"
SECRET = "cs_the-consumer-secret"
KEYS = XKeys("ck", SECRET, f"{US}-at", "as")
Json = dict[str, Any]


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def dm(text: str = "un mug bleu", *, sender: str = CAMILLE, event_id: str = "77") -> Json:
    created = {"target": {"recipient_id": US}, "sender_id": sender, "message_data": {"text": text}}
    payload = {"direct_message_events": [{"type": "message_create", "id": "900", "message_create": created}]}
    return {"data": {"event_uuid": event_id, "event_type": "dm.received", "filter": {}, "payload": payload}}


@dataclass
class Reception:
    """An intake that keeps what it is given, or cannot."""

    taken: list[Inbound] = field(default_factory=list)
    fails: Exception | None = None

    async def __call__(self, events: Sequence[Inbound]) -> Sequence[Receipt]:
        if self.fails is not None:
            raise self.fails
        known = {it.key for it in self.taken}
        self.taken += [it for it in events if it.key not in known]
        return [Receipt() for _ in events]


@dataclass
class Door:
    channel: XChannel
    reception: Reception
    meter: Tally
    http: httpx.AsyncClient

    async def challenged(self, query: str) -> httpx.Response:
        return await self.http.get(f"/x/webhook{query}")

    async def rung(self, body: bytes | Json, signature: str | None = "good") -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers: Mapping[str, str] = {}
        if signature is not None:
            headers = {SIGNATURE: signed(raw) if signature == "good" else signature}
        return await self.http.post("/x/webhook", content=raw, headers=headers)


def routed(channel: XChannel | None) -> Starlette:
    request = CheckoutRequest(
        catalogue(), timedelta(minutes=30), lambda token: f"https://shop.example/o/{token}", ("FR",)
    )
    provider = StripeProvider(
        "rk_test_none",
        host="http://127.0.0.1:9",
        request=request,
        events=SignedEvents(["whsec_test"]),
        clock=lambda: NOW,
    )

    async def settle(_: object) -> None:
        raise AssertionError("nobody pays here")

    hooks = Hooks(provider, settle, lambda: NOW, x=channel)
    return Starlette(
        routes=[
            Route("/x/webhook", hooks.x_challenge, methods=["GET"]),
            Route("/x/webhook", hooks.x_event, methods=["POST"], max_body_size=LARGEST_BODY),
        ]
    )


def settings(api_base: str) -> XSettings:
    return XSettings(
        keys=KEYS,
        account="shop",
        api_base=api_base,
        mentions_every=timedelta(minutes=2),
        messages_every=timedelta(minutes=2),
        posts={},
        zone=ZoneInfo("Europe/Paris"),
        webhook="https://shop.example/x/webhook",
    )


@asynccontextmanager
async def opened(*, started: bool = True) -> AsyncIterator[Door]:
    async with scripted(said({"data": {"id": US, "username": "Shop"}})) as script:
        meter, reception = Tally(lambda: NOW), Reception()
        channel = XChannel(settings(script.address), meter, lambda: NOW)
        if started:
            await channel.start(reception)
            meter.costs.clear()  # what the start itself is charged belongs to no event
        transport = httpx.ASGITransport(routed(channel))
        async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as http:
            yield Door(channel, reception, meter, http)
        await channel.stop()

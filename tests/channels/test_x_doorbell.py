"""X's own calls: the challenge answered from the secret alone, and events that are believed only when signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route

from bot.channels.x import XChannel, XKeys, XSettings
from bot.channels.x.doorbell import PREFIX, SIGNATURE, answer, verified
from bot.domain.messages import Inbound
from bot.errors import Forged, StoreDamaged, Temporary
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
TOKEN, SECRET_OF_VECTOR = "a-token-of-ours", "a secret of ours"
VECTOR = "sha256=Piv21cl51J+URxpliTkqiWnTcsO/kQfdfXBi7S8ODbk="
"""Of openssl: printf %s "$TOKEN" | openssl dgst -sha256 -hmac "$SECRET" -binary | base64"""

PLAIN = frozenset(string.ascii_letters + string.digits + "_.~+/=-")

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
        transport = httpx.ASGITransport(routed(channel))
        async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as http:
            yield Door(channel, reception, meter, http)
        await channel.stop()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened() as at:
        yield at


# -- the challenge


def test_the_answer_to_a_challenge_is_what_openssl_makes_of_it() -> None:
    """F085"""
    assert answer(TOKEN, SECRET_OF_VECTOR) == VECTOR


async def test_a_challenge_is_answered(door: Door) -> None:
    """F085"""
    answered = await door.challenged(f"?crc_token={TOKEN}&nonce=1")
    assert answered.status_code == 200
    assert answered.json() == {"response_token": signed(TOKEN.encode())}


async def test_a_challenge_is_answered_before_the_channel_has_started_and_while_the_store_is_down() -> None:
    """F085: it needs the secret and nothing else."""
    async with opened(started=False) as door:
        door.reception.fails = StoreDamaged("the disk is gone")
        assert (await door.challenged(f"?crc_token={TOKEN}")).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?crc_token=",
        "?other=1",
        "?crc_token=" + "x" * 513,
        "?crc_token=" + "x" * 60_000,
        "?crc_token=%00%01%02",
        "?crc_token=%ff%fe",
        "?crc_token=a%20b",
        "?crc_token=%7B%7D",
        "?crc_token=%22a%22",
        "?crc_token=%0d%0aset-cookie:1",
        "?crc_token=t%C3%A9",
        "?crc_token=%F0%9F%91%BE",
    ],
)
async def test_what_is_no_challenge_is_refused(door: Door, query: str) -> None:
    """F085: nothing is signed that could be anything but a challenge."""
    refused = await door.challenged(query)
    assert refused.status_code == 400
    assert "response_token" not in refused.text


async def test_a_challenge_cannot_be_used_to_have_an_event_signed(door: Door) -> None:
    """F086: anybody may ask for the answer to a challenge, which is signed as X's events are."""
    body = json.dumps(dm("stop"), separators=(",", ":"))
    assert len(body) < 512
    refused = await door.http.get("/x/webhook", params={"crc_token": body})
    assert refused.status_code == 400
    assert signed(body.encode()) not in refused.text


@given(st.text(max_size=600) | st.text(st.sampled_from(sorted(PLAIN)), max_size=600))
def test_an_answer_is_made_of_plain_tokens_only(token: str) -> None:
    """F085"""
    plain = 0 < len(token) <= 512 and set(token) <= PLAIN
    if plain:
        assert answer(token, SECRET) == signed(token.encode())
    else:
        with pytest.raises(ValueError, match="crc_token"):
            answer(token, SECRET)


# -- events


async def test_a_signed_event_is_taken_in_and_charged(door: Door) -> None:
    assert (await door.rung(dm())).status_code == 200
    assert [(it.key, it.text) for it in door.reception.taken] == [("dm:900", "un mug bleu")]
    assert {key: cost.chat for key, cost in door.meter.costs.items()} == {("dm_event", "77"): CAMILLE}


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        PREFIX + base64.b64encode(b"\0" * 32).decode(),
        signed(json.dumps(dm()).encode(), "another secret"),
        signed(json.dumps(dm("another body")).encode()),
        signed(json.dumps(dm()).encode()).removeprefix(PREFIX),
        signed(json.dumps(dm()).encode()).replace("sha256", "SHA256"),
        signed(json.dumps(dm()).encode())[:-1],
        "sha256=\u00e9",
        "x" * 10_000,
    ],
)
async def test_a_body_without_its_own_signature_is_not_believed(door: Door, signature: str | None) -> None:
    """F086"""
    given = None if signature is None else signature.encode("latin-1")
    headers = {} if given is None else {SIGNATURE.encode(): given}
    refused = await door.http.post("/x/webhook", content=json.dumps(dm()).encode(), headers=headers)
    assert refused.status_code == 401
    assert door.reception.taken == []


async def test_a_body_that_was_changed_on_the_way_is_not_believed(door: Door) -> None:
    """F086"""
    raw = json.dumps(dm()).encode()
    refused = await door.rung(raw + b" ", signed(raw))
    assert refused.status_code == 401
    assert door.reception.taken == []


async def test_an_event_that_comes_again_days_later_is_known_and_paid_for_once(door: Door) -> None:
    """F086: X signs no time; the key of what was said tells."""
    for _ in range(3):
        assert (await door.rung(dm())).status_code == 200
    assert len(door.reception.taken) == 1
    assert len(door.meter.costs) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"5",
        b'"text"',
        b"{}",
        b'{"data": null}',
        b'{"data": {"event_type": "dm.received"}}',
        b'{"data": {"event_type": "dm.received", "payload": 5}}',
        b'{"data": {"event_type": "dm.received", "payload": {"direct_message_events": 5}}}',
        b'{"data": {"event_type": "post.mention.create", "payload": {"id": 1}}}',
        b'{"data": {"event_type": "post.mention.create", "payload": {"id": "%s", "author_id": "2"}}}' % (b"9" * 40),
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"data": "\\ud800"}',
    ],
)
async def test_a_signed_body_that_is_no_event_is_refused_and_does_not_come_again(door: Door, body: bytes) -> None:
    """F086"""
    assert (await door.rung(body)).status_code == 400
    assert door.reception.taken == []
    assert door.meter.costs == {}


@pytest.mark.parametrize("failure", [Temporary("the store cannot write"), StoreDamaged("the disk is gone")])
async def test_an_event_that_cannot_be_kept_is_asked_for_again(door: Door, failure: Exception) -> None:
    door.reception.fails = failure
    later = await door.rung(dm())
    assert later.status_code == 503
    assert later.headers["retry-after"] == "1"
    assert door.meter.costs == {}
    door.reception.fails = None
    assert (await door.rung(dm())).status_code == 200
    assert len(door.reception.taken) == 1


async def test_an_event_before_the_channel_has_started_is_asked_for_again() -> None:
    async with opened(started=False) as door:
        assert (await door.rung(dm())).status_code == 503


async def test_the_shops_own_message_that_comes_back_is_charged_and_not_taken_in(door: Door) -> None:
    """F081"""
    own = dm(sender=US)
    assert (await door.rung(own)).status_code == 200
    assert door.reception.taken == []
    assert {key: cost.chat for key, cost in door.meter.costs.items()} == {("dm_event", "77"): ""}


async def test_an_event_of_a_type_that_is_not_ours_is_accepted_and_left_alone(door: Door) -> None:
    other = {"data": {"event_uuid": "78", "event_type": "follow.followed", "payload": {}}}
    assert (await door.rung(other)).status_code == 200
    assert door.reception.taken == []
    assert door.meter.costs == {}


async def test_an_encrypted_message_is_told_to_the_merchant(door: Door) -> None:
    encrypted = {"data": {"event_uuid": "79", "event_type": "chat.received", "payload": {"encoded_event": "CwAB"}}}
    assert (await door.rung(encrypted)).status_code == 200
    assert door.meter.alerts == ["encrypted_chat"]


async def test_a_body_larger_than_any_event_is_refused(door: Door) -> None:
    assert (await door.rung(b" " * (LARGEST_BODY + 1))).status_code == 413


async def test_where_x_is_not_switched_on_nobody_answers() -> None:
    transport = httpx.ASGITransport(routed(None))
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as http:
        assert (await http.get("/x/webhook?crc_token=1")).status_code == 404
        assert (await http.post("/x/webhook", content=b"{}")).status_code == 404


def test_a_signature_is_compared_with_the_body_as_it_came() -> None:
    """F086: before it is parsed."""
    with pytest.raises(Forged):
        verified(b"no json", "sha256=", SECRET)
    with pytest.raises(ValueError, match="literal"):
        verified(b"no json", signed(b"no json"), SECRET)

"""X's events: believed only when signed, kept before they are acknowledged, charged once."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from bot.channels.x.doorbell import PREFIX, SIGNATURE, verified
from bot.errors import Forged, StoreDamaged, Temporary
from bot.web.hooks import LARGEST_BODY
from tests.channels.door import CAMILLE, SECRET, US, Door, dm, opened, routed, signed


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened() as at:
        yield at


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

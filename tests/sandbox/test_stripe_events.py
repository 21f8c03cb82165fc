"""Events that the sandbox signs and carries to the shop."""

from __future__ import annotations

import asyncio

import orjson
import pytest
import stripe
from stripe import StripeClient

from tests.sandbox.conftest import SECRET, Control, Receiver
from tests.sandbox.ordering import mugs
from tests.sandbox.waiting import until

PAID = ["payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"]


@pytest.fixture
async def aimed(control: Control, receiver: Receiver) -> Receiver:
    await control.post("/stripe/webhook", url=receiver.url, secret=SECRET)
    return receiver


def kinds(receiver: Receiver) -> list[str]:
    return [orjson.loads(body)["type"] for _, body in receiver.got]


async def pay(client: StripeClient, control: Control) -> str:
    session = await client.v1.checkout.sessions.create_async(mugs())
    await control.post(f"/stripe/sessions/{session.id}/pay")
    return session.id


async def test_events_come_signed_and_in_order(client: StripeClient, control: Control, aimed: Receiver) -> None:
    """F009."""
    session = await pay(client, control)
    await until(lambda: len(aimed.got) == 3)
    assert kinds(aimed) == PAID
    headers, body = aimed.got[-1]
    event = client.construct_event(body, headers["Stripe-Signature"], SECRET)
    assert event.data.object["id"] == session
    assert event.api_version == stripe.api_version
    with pytest.raises(stripe.SignatureVerificationError):
        client.construct_event(body, headers["Stripe-Signature"], "whsec_other")


async def test_while_a_secret_is_rotated_each_signs(client: StripeClient, control: Control, receiver: Receiver) -> None:
    """F011."""
    await control.post("/stripe/webhook", url=receiver.url, secret="whsec_old, whsec_new")
    await pay(client, control)
    await until(lambda: len(receiver.got) == 3)
    headers, body = receiver.got[0]
    for secret in ("whsec_old", "whsec_new"):
        assert client.construct_event(body, headers["Stripe-Signature"], secret)


async def test_a_refused_event_comes_again_freshly_signed(
    client: StripeClient, control: Control, aimed: Receiver
) -> None:
    """F024."""
    aimed.statuses = [500, 500]
    await pay(client, control)
    await until(lambda: len(aimed.got) == 5)
    assert sorted(kinds(aimed)) == sorted([*PAID, *PAID[:2]])
    shown = {it["type"]: it["attempts"] for it in await control.get("/stripe/events")}
    assert shown == {PAID[0]: [500, 200], PAID[1]: [500, 200], PAID[2]: [200]}


async def test_events_come_reversed_or_in_copies(client: StripeClient, control: Control, aimed: Receiver) -> None:
    """F001, F004."""
    await control.post("/stripe/webhook", order="reversed", copies=2)
    await pay(client, control)
    await until(lambda: len(aimed.got) == 6)
    assert kinds(aimed) == [kind for kind in PAID[::-1] for _ in range(2)]


async def test_paused_events_wait(client: StripeClient, control: Control, aimed: Receiver) -> None:
    """F018."""
    await control.post("/stripe/webhook", paused=True)
    await pay(client, control)
    await asyncio.sleep(0.1)
    assert aimed.got == []
    assert [it.type for it in (await client.v1.events.list_async()).data] == PAID[::-1]
    await control.post("/stripe/webhook", paused=False)
    await until(lambda: len(aimed.got) == 3)


async def test_an_event_is_delivered_again_as_often_as_asked(
    client: StripeClient, control: Control, aimed: Receiver
) -> None:
    """F002."""
    await pay(client, control)
    await until(lambda: len(aimed.got) == 3)
    event = (await client.v1.events.list_async({"type": PAID[2]})).data[0]
    assert await control.post(f"/stripe/events/{event.id}/deliver", copies=50) == {"statuses": [200] * 50}
    assert {orjson.loads(body)["id"] for _, body in aimed.got[3:]} == {event.id}


async def test_an_event_from_elsewhere_is_signed_like_any_other(
    client: StripeClient, control: Control, aimed: Receiver
) -> None:
    """F013, F014."""
    foreign = {"id": "evt_1", "object": "event", "type": "charge.succeeded", "livemode": True, "created": 1}
    await control.post("/stripe/events", event={**foreign, "data": {"object": {"object": "charge"}}})
    await until(lambda: len(aimed.got) == 1)
    headers, body = aimed.got[0]
    assert client.construct_event(body, headers["Stripe-Signature"], SECRET).livemode


@pytest.mark.parametrize(("kind", "times"), [("drop_before", 3), ("drop_after", 4), ("duplicate", 4), ("reorder", 3)])
async def test_faults_on_the_way_out(
    client: StripeClient, control: Control, aimed: Receiver, kind: str, times: int
) -> None:
    """F001, F004."""
    await control.post("/faults", service="webhook", kind=kind, method="payment_intent.*")
    await pay(client, control)
    await until(lambda: len(aimed.got) == times)
    assert set(kinds(aimed)) == set(PAID)
    if kind in ("drop_before", "reorder"):
        assert kinds(aimed)[0] != PAID[0]


async def test_an_endpoint_made_over_the_api_gets_what_it_asked_for(
    client: StripeClient, control: Control, receiver: Receiver
) -> None:
    made = await client.v1.webhook_endpoints.create_async(
        {"url": receiver.url, "enabled_events": ["checkout.session.completed"]}
    )
    assert made.secret is not None
    await pay(client, control)
    await until(lambda: len(receiver.got) == 1)
    headers, body = receiver.got[0]
    assert client.construct_event(body, headers["Stripe-Signature"], made.secret).type == PAID[2]
    (listed,) = (await client.v1.webhook_endpoints.list_async()).data
    assert (listed.id, listed.url, "secret" in listed) == (made.id, receiver.url, False)
    changed = await client.v1.webhook_endpoints.update_async(made.id, {"enabled_events": ["*"]})
    assert changed.enabled_events == ["*"]
    await client.v1.webhook_endpoints.delete_async(made.id)
    assert (await client.v1.webhook_endpoints.list_async()).data == []


async def test_nothing_is_sent_beyond_this_machine(client: StripeClient, control: Control) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.webhook_endpoints.create_async({"url": "https://example.com/", "enabled_events": ["*"]})
    await control.post("/stripe/webhook", 400, url="https://example.com/hook")


async def test_events_are_listed_by_type_and_time(client: StripeClient, control: Control) -> None:
    """F018."""
    await pay(client, control)
    listed = await client.v1.events.list_async({"types": [PAID[0], PAID[2]], "limit": 1})
    assert ([it.type for it in listed.data], listed.has_more) == ([PAID[2]], True)
    found = await client.v1.events.retrieve_async(listed.data[0].id)
    assert found.data.object["object"] == "checkout.session"
    assert len((await client.v1.events.list_async({"type": "charge.*"})).data) == 1
    assert (await client.v1.events.list_async({"created": {"lt": 1}})).data == []

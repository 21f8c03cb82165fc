"""Checkout Sessions of the sandbox: made, looked up, ended, and refused in Stripe's words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
import stripe
from stripe import StripeClient

from bot.sandbox.server import Sandbox, serving
from tests.sandbox.conftest import Control, closed
from tests.sandbox.ordering import mugs, rate
from tests.sandbox.waiting import until


async def create(client: StripeClient, **changes: Any) -> Any:
    params: Any = {name: value for name, value in (mugs() | changes).items() if value is not None}
    return await client.v1.checkout.sessions.create_async(params)


async def test_a_session_opens_with_its_total_and_its_page(client: StripeClient, base: str) -> None:
    session = await create(client, locale="fr")
    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 3600)
    assert (session.currency, session.livemode, session.payment_intent) == ("eur", False, None)
    assert session.url == f"{base}/pay/{session.id}"
    assert session.metadata.to_dict() == {"order": "C-7Q4K2"}
    found: Any = await client.v1.checkout.sessions.retrieve_async(session.id, {"expand": ["line_items"]})
    assert found.line_items.data[0].description == "Mug bleu"
    lines = await client.v1.checkout.sessions.line_items.list_async(session.id)
    assert [(it.quantity, it.amount_total) for it in lines.data] == [(2, 3600)]


@pytest.mark.parametrize(
    ("changes", "param", "sentence"),
    [
        ({"colour": "blue"}, "colour", "Received unknown parameter: colour"),
        ({"line_items": [{"quantity": 1, "price_data": {"currency": "eur", "bogus": 1}}]},
         "line_items[0][price_data][bogus]", "Received unknown parameter"),
        ({"success_url": None}, "success_url", "Missing required param: success_url."),
        ({"success_url": "nowhere"}, "success_url", "Not a valid URL"),
        ({"mode": "gift"}, "mode", "Invalid mode: must be one of payment, setup, subscription"),
        ({"locale": "xx"}, "locale", "Invalid locale: must be one of auto"),
        ({"shipping_address_collection": {"allowed_countries": ["FR", "UK"]}},
         "shipping_address_collection[allowed_countries][1]", "must be one of"),
        ({"expires_at": "soon"}, "expires_at", "Invalid integer: soon"),
        ({"expires_at": int(time.time()) + 1700}, "expires_at", "at least 30 minutes"),
        ({"expires_at": int(time.time()) + 90_000}, "expires_at", "less than 24 hours"),
        ({"customer_email": "nobody"}, "customer_email", "Invalid email address"),
        ({"metadata": {"k": "x" * 501}}, "metadata[k]", "up to 500 characters"),
        ({"metadata": {str(n): "x" for n in range(51)}}, "metadata", "up to 50 keys"),
        ({"line_items": []}, "line_items", "Missing required param: line_items."),
        ({"line_items": [{"price": "price_1", "quantity": 1}]}, "line_items[0][price]", "No such price: 'price_1'"),
        ({"shipping_options": [rate("A", 1)] * 6}, "shipping_options", "up to 5 shipping options"),
        ({"shipping_options": [rate("A", 1, "usd")]}, "shipping_options[0]", "must match"),
        ({"client_reference_id": "x" * 201}, "client_reference_id", "at most 200"),
    ],
)  # fmt: skip
async def test_a_request_that_cannot_be_is_refused(
    client: StripeClient, changes: Mapping[str, Any], param: str, sentence: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await create(client, **changes)
    assert refused.value.http_status == 400
    assert refused.value.param == param
    assert sentence in str(refused.value)


@pytest.mark.parametrize(("unit", "currency", "code"), [
    (24, "eur", "amount_too_small"), (24, "usd", "amount_too_small"), (14, "gbp", "amount_too_small"),
    (50_000_000, "eur", "amount_too_large"),
])  # fmt: skip
async def test_an_amount_has_its_bounds(client: StripeClient, unit: int, currency: str, code: str) -> None:
    """F033."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.checkout.sessions.create_async(mugs(2, unit=unit, currency=currency))
    assert refused.value.code == code


async def test_an_unknown_currency_is_refused(client: StripeClient) -> None:
    """F033."""
    with pytest.raises(stripe.InvalidRequestError, match="Invalid currency: xyz"):
        await client.v1.checkout.sessions.create_async(mugs(currency="xyz"))


@pytest.mark.parametrize("key", ["", "pk_test_1", "sk_live_1", "nonsense"])
async def test_a_key_that_is_none_is_refused(base: str, key: str) -> None:
    """F032."""
    transport = stripe.AIOHTTPClient()
    client = StripeClient(key or " ", base_addresses={"api": f"{base}/stripe"}, http_client=transport)
    with pytest.raises(stripe.AuthenticationError):
        await client.v1.balance.retrieve_async()
    await closed(transport)


async def test_only_an_open_session_can_be_expired(client: StripeClient, control: Control) -> None:
    """F037."""
    session = await create(client)
    ended = await client.v1.checkout.sessions.expire_async(session.id)
    assert (ended.status, ended.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError, match="status of `expired`"):
        await client.v1.checkout.sessions.expire_async(session.id)
    paid = await create(client)
    await control.post(f"/stripe/sessions/{paid.id}/pay")
    with pytest.raises(stripe.InvalidRequestError, match="status of `complete`"):
        await client.v1.checkout.sessions.expire_async(paid.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.checkout.sessions.expire_async("cs_test_nothing")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


async def test_a_session_expires_by_itself_and_says_so(client: StripeClient, control: Control) -> None:
    session = await create(client)
    await control.post("/clock", forward=3601)
    assert (await client.v1.checkout.sessions.retrieve_async(session.id)).status == "expired"
    (event,) = (await client.v1.events.list_async()).data
    assert (event.type, event.data.object["id"]) == ("checkout.session.expired", session.id)
    again = await create(client)
    assert again.status == "open"


async def test_time_alone_ends_a_session() -> None:
    clock = [1_800_000_000.0]
    sandbox = Sandbox(now=lambda: clock[0])
    async with serving(sandbox) as base:
        transport = stripe.AIOHTTPClient()
        own = StripeClient("sk_test_x", base_addresses={"api": f"{base}/stripe"}, http_client=transport)
        await own.v1.checkout.sessions.create_async(mugs(expires_at=int(clock[0]) + 1800))
        clock[0] += 1800
        await until(lambda: bool(sandbox.stripe.events.book))
        await closed(transport)


async def test_sessions_are_listed_newest_first_and_by_page(client: StripeClient) -> None:
    """F029: a session whose answer was lost is found by its time and its metadata."""
    made = [(await create(client, metadata={"n": str(n)})).id for n in range(5)]
    first = await client.v1.checkout.sessions.list_async({"limit": 2})
    assert ([it.id for it in first.data], first.has_more) == (made[:2:-1], True)
    rest = await client.v1.checkout.sessions.list_async({"limit": 10, "starting_after": first.data[-1].id})
    assert ([it.id for it in rest.data], rest.has_more) == (made[2::-1], False)
    walked = [it.id async for it in (await client.v1.checkout.sessions.list_async({"limit": 2})).auto_paging_iter()]
    assert walked == made[::-1]
    now = int(time.time())
    assert (await client.v1.checkout.sessions.list_async({"created": {"gte": now + 60}})).data == []
    assert len((await client.v1.checkout.sessions.list_async({"created": {"gte": now - 60, "lt": now + 60}})).data) == 5
    assert len((await client.v1.checkout.sessions.list_async({"status": "open"})).data) == 5


async def test_an_address_that_stripe_does_not_know_is_a_404(control: Control) -> None:
    headers = {"authorization": "Bearer sk_test_x"}
    async with control.http.get(f"{control.base}/stripe/v1/nothing", headers=headers) as answer:
        assert answer.status == 404
        assert "Unrecognized request URL" in (await answer.json())["error"]["message"]
        assert answer.headers["request-id"].startswith("req_")

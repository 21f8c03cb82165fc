"""Idempotency keys of the sandbox."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import stripe
from stripe import StripeClient

from bot.sandbox.server import Sandbox
from tests.sandbox.conftest import Control
from tests.sandbox.ordering import mugs


async def test_the_same_key_gives_the_same_answer(client: StripeClient, sandbox: Sandbox) -> None:
    """F026."""
    params = mugs()
    one: Any = await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"})
    two: Any = await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"})
    assert one.id == two.id
    assert len(sandbox.stripe.sessions) == 1
    assert two.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in one.last_response.headers


async def test_the_same_key_for_something_else_is_an_error(client: StripeClient) -> None:
    """F030."""
    await client.v1.checkout.sessions.create_async(mugs(1), {"idempotency_key": "order-1"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        await client.v1.checkout.sessions.create_async(mugs(2), {"idempotency_key": "order-1"})
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        await client.v1.refunds.create_async({"charge": "ch_1"}, {"idempotency_key": "order-1"})


async def test_the_same_key_at_the_same_time_is_in_use(client: StripeClient, control: Control) -> None:
    """F028."""
    await control.post("/faults", service="stripe", kind="delay", seconds=0.4)
    params = mugs()
    first = asyncio.create_task(client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"}))
    await asyncio.sleep(0.1)
    with pytest.raises(stripe.APIError) as busy:
        await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"})
    assert busy.value.http_status == 409
    assert busy.value.error is not None
    assert busy.value.error.code == "idempotency_key_in_use"
    assert (await first).status == "open"


async def test_a_refused_parameter_does_not_use_the_key_up(client: StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.checkout.sessions.create_async(mugs(colour="blue"), {"idempotency_key": "order-1"})
    made = await client.v1.checkout.sessions.create_async(mugs(), {"idempotency_key": "order-1"})
    assert made.status == "open"


async def test_a_500_is_replayed_for_ever(client: StripeClient, control: Control, sandbox: Sandbox) -> None:
    """F029: the session was made, but this key never tells."""
    await control.post("/faults", service="stripe", method="POST /v1/checkout/sessions", kind="status", done=True)
    params = mugs()
    for _ in range(3):
        with pytest.raises(stripe.APIError) as failed:
            await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"})
        assert failed.value.http_status == 500
        assert failed.value.headers is not None
        assert failed.value.headers["stripe-should-retry"] == "false"
    assert len(sandbox.stripe.sessions) == 1
    made = await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1-2"})
    assert made.status == "open"


@pytest.mark.parametrize("code", [429, 503])
async def test_what_never_reached_the_endpoint_is_not_replayed(
    client: StripeClient, control: Control, code: int
) -> None:
    """F028."""
    await control.post("/faults", service="stripe", kind="status", code=code)
    params = mugs()
    with pytest.raises(stripe.StripeError) as failed:
        await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"})
    assert failed.value.http_status == code
    assert (await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"})).status == "open"


async def test_a_key_is_forgotten_after_a_day(client: StripeClient, control: Control) -> None:
    """F031."""
    params = mugs()
    one = await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"})
    await control.post("/clock", forward=86_401)
    two = await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"})
    assert one.id != two.id


async def test_an_answer_that_got_lost_is_given_to_the_retry(
    client: StripeClient, control: Control, sandbox: Sandbox
) -> None:
    """F026."""
    await control.post("/faults", service="stripe", kind="drop_after")
    params = mugs()
    with pytest.raises(stripe.APIConnectionError):
        await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"})
    (lost,) = sandbox.stripe.sessions
    found = await client.v1.checkout.sessions.create_async(params, {"idempotency_key": "order-1"})
    assert found.id == lost

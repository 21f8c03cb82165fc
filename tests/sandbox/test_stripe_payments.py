"""What follows from a session: payments, bank debits, refunds, disputes, and the books over them."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from stripe import StripeClient

from tests.sandbox.conftest import Control
from tests.sandbox.ordering import mugs, rate


async def told(client: StripeClient) -> list[str]:
    """The types of all events, oldest first."""
    return [str(event.type) for event in (await client.v1.events.list_async({"limit": 100})).data][::-1]


async def opened(client: StripeClient, **changes: Any) -> str:
    return (await client.v1.checkout.sessions.create_async(mugs(**changes))).id


async def test_a_paid_session_carries_everything_the_shop_needs(client: StripeClient, control: Control) -> None:
    session = await opened(
        client,
        shipping_address_collection={"allowed_countries": ["FR", "BE"]},
        shipping_options=[rate("Retrait", 0), rate("Colissimo", 490)],
    )
    await control.post(f"/stripe/sessions/{session}/pay", shipping=1, country="BE", email="zoe@example.com")
    paid: Any = await client.v1.checkout.sessions.retrieve_async(session, {"expand": ["payment_intent.latest_charge"]})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.amount_subtotal, paid.amount_total, paid.total_details.amount_shipping) == (3600, 4090, 490)
    chosen = await client.v1.shipping_rates.retrieve_async(paid.shipping_cost.shipping_rate)
    assert chosen.display_name == "Colissimo"
    assert paid.customer_details.email == "zoe@example.com"
    assert paid.collected_information.shipping_details.address.country == "BE"
    intent = paid.payment_intent
    assert (intent.status, intent.amount_received, intent.metadata["order"]) == ("succeeded", 4090, "C-7Q4K2")
    charge = intent.latest_charge
    assert (charge.paid, charge.amount_captured, charge.metadata["order"]) == (True, 4090, "C-7Q4K2")
    async with control.http.get(charge.receipt_url) as receipt:
        assert receipt.status == 200
        assert "40.90" in await receipt.text()
    assert await told(client) == ["payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"]
    assert (await client.v1.balance.retrieve_async()).available[0].amount == 4090


async def test_a_declined_card_leaves_the_session_open(client: StripeClient, control: Control) -> None:
    session = await opened(client)
    after = await control.post(f"/stripe/sessions/{session}/pay", outcome="decline")
    assert (after["status"], after["payment_status"]) == ("open", "unpaid")
    intent = await client.v1.payment_intents.retrieve_async(after["payment_intent"])
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error is not None
    await control.post(f"/stripe/sessions/{session}/pay")
    paid = await client.v1.checkout.sessions.retrieve_async(session)
    assert (paid.payment_status, paid.payment_intent) == ("paid", intent.id)
    charges = await client.v1.charges.list_async({"payment_intent": intent.id})
    assert [it.status for it in charges.data] == ["succeeded", "failed"]


@pytest.mark.parametrize(("outcome", "status", "last"), [
    ("succeed", "paid", "checkout.session.async_payment_succeeded"),
    ("decline", "unpaid", "checkout.session.async_payment_failed"),
])  # fmt: skip
async def test_a_bank_debit_completes_unpaid_and_settles_later(
    client: StripeClient, control: Control, outcome: str, status: str, last: str
) -> None:
    """F007, F008."""
    session = await opened(client)
    waiting = await control.post(f"/stripe/sessions/{session}/pay", outcome="unpaid")
    assert (waiting["status"], waiting["payment_status"]) == ("complete", "unpaid")
    await control.post("/clock", forward=80_000)
    settled = await control.post(f"/stripe/sessions/{session}/settle", outcome=outcome)
    assert settled["payment_status"] == status
    kinds = await told(client)
    assert kinds[2] == "checkout.session.completed"
    assert kinds[-1] == last
    await control.post(f"/stripe/sessions/{session}/settle", 409)


async def test_a_session_that_is_over_takes_no_payment(client: StripeClient, control: Control) -> None:
    session = await opened(client)
    await control.post(f"/stripe/sessions/{session}/pay")
    await control.post(f"/stripe/sessions/{session}/pay", 409)
    await control.post("/stripe/sessions/cs_test_none/pay", 404)


async def test_a_country_without_delivery_is_not_served(client: StripeClient, control: Control) -> None:
    session = await opened(client, shipping_address_collection={"allowed_countries": ["FR"]})
    await control.post(f"/stripe/sessions/{session}/pay", 409, country="US")


async def test_refunds_add_up_to_what_was_paid(client: StripeClient, control: Control) -> None:
    """F016."""
    paid = await control.post(f"/stripe/sessions/{await opened(client)}/pay")
    intent = paid["payment_intent"]
    one = await client.v1.refunds.create_async({"payment_intent": intent, "amount": 1000}, {"idempotency_key": "r1"})
    again = await client.v1.refunds.create_async({"payment_intent": intent, "amount": 1000}, {"idempotency_key": "r1"})
    assert (one.id, one.status) == (again.id, "succeeded")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        await client.v1.refunds.create_async({"payment_intent": intent, "amount": 2601})
    rest: Any = await client.v1.refunds.create_async({"payment_intent": intent, "metadata": {"order": "C-7Q4K2"}})
    assert (rest.amount, rest.metadata["order"]) == (2600, "C-7Q4K2")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.refunds.create_async({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    charge = (await client.v1.charges.list_async({"payment_intent": intent})).data[0]
    assert (charge.refunded, charge.amount_refunded) == (True, 3600)
    assert len((await client.v1.refunds.list_async({"payment_intent": intent})).data) == 2
    assert (await told(client))[3:6] == ["charge.refunded", "refund.created", "refund.updated"]
    assert (await client.v1.balance.retrieve_async()).available[0].amount == 0


async def test_a_refund_from_the_dashboard_can_bounce(client: StripeClient, control: Control) -> None:
    """F016."""
    paid = await control.post(f"/stripe/sessions/{await opened(client)}/pay")
    made = await control.post(f"/stripe/payments/{paid['payment_intent']}/refund", amount=600)
    failed = await control.post(f"/stripe/refunds/{made['id']}/fail")
    assert failed["status"] == "failed"
    charge = await client.v1.charges.retrieve_async(made["charge"])
    assert charge.amount_refunded == 0
    assert (await told(client))[-3:] == ["refund.failed", "refund.updated", "charge.refund.updated"]


@pytest.mark.parametrize(("won", "left"), [(True, 3600), (False, 0)])
async def test_a_dispute_takes_the_money_until_it_is_won(
    client: StripeClient, control: Control, won: bool, left: int
) -> None:
    """F017."""
    paid = await control.post(f"/stripe/sessions/{await opened(client)}/pay")
    made = await control.post(f"/stripe/payments/{paid['payment_intent']}/dispute")
    assert (made["status"], made["amount"]) == ("needs_response", 3600)
    assert (await client.v1.balance.retrieve_async()).available[0].amount == 0
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.refunds.create_async({"payment_intent": paid["payment_intent"]})
    assert refused.value.code == "charge_disputed"
    closed = await control.post(f"/stripe/charges/{made['charge']}/dispute/close", won=won)
    assert closed["status"] == ("won" if won else "lost")
    assert (await client.v1.balance.retrieve_async()).available[0].amount == left
    kinds = await told(client)
    assert kinds[3:5] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert ("charge.dispute.funds_reinstated" in kinds) is won


async def test_an_inquiry_takes_nothing(client: StripeClient, control: Control) -> None:
    """F017."""
    paid = await control.post(f"/stripe/sessions/{await opened(client)}/pay")
    intent = paid["payment_intent"]
    made = await control.post(f"/stripe/payments/{intent}/dispute", inquiry=True)
    assert made["status"] == "warning_needs_response"
    assert (await client.v1.balance.retrieve_async()).available[0].amount == 3600
    closed = await control.post(f"/stripe/payments/{intent}/dispute/close", won=True)
    assert closed["status"] == "warning_closed"


async def test_a_session_with_nothing_to_pay_completes(client: StripeClient, control: Control) -> None:
    session = await opened(client, unit=0)
    done = await control.post(f"/stripe/sessions/{session}/pay")
    assert (done["payment_status"], done["payment_intent"]) == ("no_payment_required", None)


async def test_a_session_is_found_by_its_reference(client: StripeClient, control: Control) -> None:
    session = await opened(client)
    assert [it["id"] for it in await control.get("/stripe/sessions?client_reference_id=C-7Q4K2")] == [session]
    assert await control.get("/stripe/sessions?client_reference_id=C-00000") == []


async def test_the_account_answers_for_its_mode(client: StripeClient) -> None:
    account = await client.v1.accounts.retrieve_current_async()
    assert account.charges_enabled
    assert not (await client.v1.balance.retrieve_async()).livemode

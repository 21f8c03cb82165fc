"""What no webhook told is asked for: the real Stripe client against the sandbox's account, and real books."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.orders import OrderStatus
from bot.domain.payments import PaymentStatus
from bot.errors import Temporary
from bot.payments.stripe import SignedEvents, StripeProvider
from bot.sandbox.faults import Rule
from bot.sandbox.server import Sandbox, serving
from bot.sandbox.stripe import aftermath, payments
from bot.sandbox.stripe.payments import Payer
from bot.service.crossing import Crossing
from bot.service.intake import Reception
from bot.service.reconcile import Found, Reconciler
from tests.dialogs.dialog import Dialog, opened_shop
from tests.payments.test_stripe import REQUEST


@dataclass
class Shop:
    """A shop whose pages are opened at the sandbox's Stripe, and whom no webhook reaches."""

    dialog: Dialog
    sandbox: Sandbox
    provider: StripeProvider
    reconciler: Reconciler
    sessions: dict[str, str] = field(default_factory=dict)

    async def buys(self, words: str = "un mug bleu svp", chat: str = "1001") -> str:
        """-> the order's reference, its page open."""
        shopper = self.dialog.other(chat)
        shopper.opens = False
        shopper.shopper(words)
        ref = str(next(row["ref"] for row in self.dialog.store.view("v_orders") if row["chat"] == chat))
        payment = self.dialog.store.write(lambda books: books.payments.of(ref)[0])
        checkout = await self.provider.open(payment)
        now = datetime.now(UTC)
        self.dialog.write(lambda books: self.dialog.perform._opened(books, payment.key, checkout, now))
        self.sessions[ref] = checkout.session
        return ref

    def pays(self, ref: str, outcome: payments.Outcome = "succeed") -> str:
        """-> the id of the payment intent."""
        wire = payments.pay(self.sandbox.stripe, self.sessions[ref], outcome, Payer())
        return str(wire["payment_intent"])

    async def looks(self) -> Found:
        return await self.reconciler.once()

    def status(self, ref: str) -> OrderStatus:
        return self.dialog.order(ref).status

    def payment(self, ref: str) -> PaymentStatus:
        return self.dialog.write(lambda books: books.payments.of(ref)[0]).status

    def alerts(self) -> list[object]:
        return [row["kind"] for row in self.dialog.store.view("v_alerts")]

    def said(self, kind: str) -> int:
        return sum(row["kind"] == kind for row in self.dialog.store.view("v_outbox"))


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    sandbox, dialog = Sandbox(seed=1), opened_shop()
    async with serving(sandbox) as address:
        provider = StripeProvider(
            "rk_test_shop",
            host=f"{address}/stripe",
            request=replace(REQUEST, shipping_countries=()),
            events=SignedEvents(["whsec_a"]),
            clock=lambda: datetime.now(UTC),
        )
        goods = replace(dialog.shop.counter.catalogue, shipping=())
        counter = replace(dialog.shop.counter, catalogue=goods)
        dialog.shop = replace(dialog.shop, provider=provider, counter=counter)
        dialog.perform = replace(dialog.perform, shop=dialog.shop, provider=provider)
        dialog.now = datetime.now(UTC)
        write = Crossing(dialog.store)
        reception = Reception(dialog.shop, write, lambda: datetime.now(UTC), lambda _word, _language: "")
        reconciler = Reconciler(
            dialog.shop,
            dialog.store,
            write,
            write,
            reception.settle,
            lambda: datetime.now(UTC),
            every=timedelta(minutes=5),
        )
        yield Shop(dialog, sandbox, provider, reconciler)
        await provider.stop()
    dialog.store.close()


async def test_payments_that_no_webhook_told_are_found(shop: Shop) -> None:
    """F018"""
    refs = [await shop.buys(chat=str(chat)) for chat in (1, 2, 3)]
    for ref in refs[:2]:
        shop.pays(ref)
    found = await shop.looks()
    assert [shop.status(ref) for ref in refs] == [OrderStatus.PAID, OrderStatus.PAID, OrderStatus.CREATED]
    assert found.missed >= 2
    assert shop.said("thanks") == 2
    again = await shop.looks()
    assert (again.missed, again.ended, again.orphans, again.drift) == (0, 0, (), ())
    assert shop.said("thanks") == 2


async def test_more_events_than_a_page_holds_are_all_found(shop: Shop) -> None:
    """F018"""
    ref = await shop.buys()
    shop.pays(ref)
    bulk = [("charge.succeeded", next(iter(shop.sandbox.stripe.charges.values())))] * 250
    shop.sandbox.stripe.events.tell(bulk)
    assert (await shop.looks()).missed >= 252
    assert shop.status(ref) is OrderStatus.PAID


async def test_refunds_and_disputes_without_an_event_are_found(shop: Shop) -> None:
    """F016, F017, F018"""
    ref = await shop.buys()
    intent = shop.pays(ref)
    await shop.looks()
    account = shop.sandbox.stripe
    charge = aftermath.charge_of(account, intent)
    refund = aftermath.refund(account, charge, 500)
    account.events.book.clear()
    await shop.looks()
    assert shop.payment(ref) is PaymentStatus.PARTIALLY_REFUNDED
    aftermath.open_dispute(account, charge)
    account.events.book.clear()
    await shop.looks()
    assert shop.payment(ref) is PaymentStatus.DISPUTED
    aftermath.close_dispute(account, charge, won=True)
    aftermath.bounce(account, refund["id"])
    account.events.book.clear()
    await shop.looks()
    assert shop.payment(ref) is PaymentStatus.SUCCEEDED
    assert "refund_failed" in shop.alerts()
    assert shop.said("thanks") == 1


async def test_a_charge_that_belongs_to_no_order_is_told_once(shop: Shop) -> None:
    """F014, F065"""
    ref = await shop.buys()
    intent = shop.pays(ref)
    charge = aftermath.charge_of(shop.sandbox.stripe, intent)
    shop.sandbox.stripe.charges["ch_foreign"] = charge | {
        "id": "ch_foreign",
        "payment_intent": "pi_foreign",
        "metadata": {},
    }
    assert (await shop.looks()).orphans == ("ch_foreign",)
    assert (await shop.looks()).orphans == ()
    assert shop.alerts().count("orphan") == 1
    assert shop.status(ref) is OrderStatus.PAID


async def test_a_page_whose_event_is_lost_for_ever_is_asked_about(shop: Shop) -> None:
    """F018: older than any event that Stripe still lists."""
    ref = await shop.buys()
    shop.pays(ref)
    shop.sandbox.stripe.events.book.clear()
    shop.sandbox.stripe.charges.clear()
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    shop.dialog.write(
        lambda _: (
            shop.dialog.store._connection.execute(
                "UPDATE payments SET created_at = ?", (long_ago.isoformat(timespec="milliseconds"),)
            ).rowcount
        )
    )
    assert (await shop.looks()).ended == 1
    assert shop.status(ref) is OrderStatus.PAID


async def test_where_stripe_cannot_be_asked_the_next_pass_begins_at_the_same_place(shop: Shop) -> None:
    """F018"""
    ref = await shop.buys()
    await shop.looks()
    before = shop.dialog.store.read(lambda books: books.ledger.cursor("reconciled"))
    shop.pays(ref)
    shop.sandbox.faults.add(Rule(service="stripe", kind="status", code=503, method="GET /v1/refunds", times=-1))
    with pytest.raises(Temporary):
        await shop.looks()
    assert shop.dialog.store.read(lambda books: books.ledger.cursor("reconciled")) == before
    shop.sandbox.faults.clear()
    await shop.looks()
    assert shop.status(ref) is OrderStatus.PAID


async def test_a_count_that_left_its_orders_is_told_and_not_mended(shop: Shop) -> None:
    """F048"""
    await shop.buys()
    shop.dialog.write(lambda _: shop.dialog.store._connection.execute("UPDATE stock SET held = 3").rowcount)
    assert re.match("mug-bleu: 3 held, orders keep 1", next(d for d in (await shop.looks()).drift if "bleu" in d))
    await shop.looks()
    assert shop.alerts().count("stock_drift") == 1
    assert shop.dialog.stock("mug-bleu") == (3, 0)
    shop.dialog.write(
        lambda _: shop.dialog.store._connection.execute("UPDATE stock SET held = sku = 'mug-bleu'").rowcount
    )
    assert (await shop.looks()).drift == ()


async def test_a_shop_without_orders_asks_for_nothing_old(shop: Shop) -> None:
    """What an account did before the shop had its first order is none of the shop's business."""
    shop.sandbox.stripe.now = lambda: datetime.now(UTC).timestamp() - 86_400
    shop.sandbox.stripe.events._now = shop.sandbox.stripe.now
    shop.sandbox.stripe.events.tell([("charge.succeeded", {"id": "ch_old", "created": 1, "payment_intent": "pi_old"})])
    assert (await shop.looks()).missed == 0
    assert shop.alerts() == []


async def test_a_pass_by_a_clock_that_was_ahead_hides_nothing_from_the_next(shop: Shop) -> None:
    """F098, F018"""
    ref = await shop.buys()
    ahead = datetime.now(UTC) + timedelta(days=1)
    shop.dialog.write(lambda books: books.ledger.move("reconciled", ahead.isoformat(), ahead))
    shop.pays(ref)
    await shop.looks()
    assert shop.status(ref) is OrderStatus.PAID

"""Payments of invoices of which the platform never told, found at the provider that took them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.invoices import Asked, InvoiceRequest, thawed
from bot.domain.messages import Inbound, Paid
from bot.domain.payments import PaymentStatus
from bot.payments.stripe import SignedEvents, StripeProvider
from bot.sandbox.server import Sandbox, serving
from bot.sandbox.stripe.payments import charge_for
from bot.service.cashier import agree
from bot.service.crossing import Crossing
from bot.service.intake import Reception
from bot.service.reconcile import SETTLED_WITHIN, Reconciler
from tests.dialogs.dialog import Dialog, opened_shop
from tests.payments.test_stripe import REQUEST


@dataclass
class Shop:
    """A shop paid by invoice, the Stripe account that its payments land on, and a clock to turn."""

    dialog: Dialog
    sandbox: Sandbox
    ahead: timedelta = timedelta()

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def is_charged(self) -> str:
        """A shopper's invoice is agreed to and their card charged; -> the charge, of which nobody tells."""
        self.dialog.now = self.clock()
        self.dialog.shopper("un mug noir svp")
        invoice = thawed(self.dialog.payments()[0].request)
        asked = Asked("q1", invoice.payload, "1001", "fr", "EUR", invoice.asks("colissimo") or 0, "colissimo", "FR")
        assert self.dialog.write(lambda books: agree(books, asked, self.clock())) is None
        return charge_for(self.sandbox.stripe, "eur", asked.amount)

    def orphans(self) -> list[str]:
        return [str(row["text"]) for row in self.dialog.store.view("v_alerts") if row["kind"] == "orphan"]


@pytest.fixture
async def parts() -> AsyncIterator[tuple[Shop, Reconciler]]:
    sandbox, dialog = Sandbox(seed=1), opened_shop()
    goods = dialog.shop.counter.catalogue
    dialog.shop = replace(dialog.shop, invoices={"telegram": InvoiceRequest(goods, ("FR",)).freeze})
    shop = Shop(dialog, sandbox)
    async with serving(sandbox) as address:
        provider = StripeProvider(
            "rk_test_x",
            host=f"{address}/stripe",
            request=REQUEST,
            events=SignedEvents(["whsec_x"]),
            clock=shop.clock,
        )
        rules = replace(dialog.shop, provider=provider)
        write = Crossing(dialog.store)
        reception = Reception(rules, write, shop.clock, dialog.renderer.word)
        yield (
            shop,
            Reconciler(rules, dialog.store, write, write, reception.settle, shop.clock, every=timedelta(minutes=5)),
        )
        await provider.stop()
    dialog.store.close()


async def test_a_charge_of_which_telegram_never_told_is_named_with_the_order_it_may_be_of(
    parts: tuple[Shop, Reconciler],
) -> None:
    """F065: Telegram forgets after a day; the provider does not."""
    shop, reconciler = parts
    charge = shop.is_charged()
    assert (await reconciler.once()).orphans == ()  # it may be on its way
    assert shop.orphans() == []
    shop.ahead = SETTLED_WITHIN + timedelta(seconds=1)
    assert (await reconciler.once()).orphans == (charge,)
    assert (await reconciler.once()).orphans == ()
    (told,) = shop.orphans()
    assert charge in told
    assert shop.dialog.order().ref in told


async def test_a_charge_of_which_telegram_told_is_no_orphan(parts: tuple[Shop, Reconciler]) -> None:
    """F065: known by the charge that the news names."""
    shop, reconciler = parts
    charge = shop.is_charged()
    payload = shop.dialog.payments()[0].key
    paid = Paid("tpc_1", charge, payload, "EUR", 1800 + 490, "colissimo")
    shop.dialog.does(Inbound("telegram", "paid:tpc_1", "telegram", "1001", "1001", paid=paid))
    assert shop.dialog.payments()[0].status is PaymentStatus.SUCCEEDED
    shop.ahead = SETTLED_WITHIN + timedelta(seconds=1)
    assert (await reconciler.once()).orphans == ()
    assert shop.orphans() == []


async def test_a_second_payment_is_refunded_by_the_charge_that_telegram_named(parts: tuple[Shop, Reconciler]) -> None:
    """F063: at the provider that took it."""
    shop, reconciler = parts
    charge = shop.is_charged()
    payment = replace(shop.dialog.payments()[0], intent=charge)
    (refund,) = await reconciler.shop.provider.give_back(payment, None, "refund")
    assert (refund.amount_minor, refund.failed) == (1800 + 490, False)
    assert shop.sandbox.stripe.charges[charge]["refunded"]
    (again,) = await reconciler.shop.provider.give_back(payment, None, "refund", again=True)
    assert again == refund

"""Payments in a platform's own sheet: agreed to before the money is taken, believed after, and what ends them."""

from __future__ import annotations

from datetime import datetime

from bot.domain.effects import Fact, GiveBack
from bot.domain.invoices import PLATFORMS, may_still_come, minor_units, thawed
from bot.domain.messages import Inbound, Paid, clean
from bot.domain.orders import CancelReason, Order, OrderStatus
from bot.domain.payments import Checkout, Payment, PaymentStatus
from bot.domain.privacy import is_alias
from bot.ports import Books, Receipt
from bot.service.desk import Desk, cancel
from bot.service.settle import apply_checkout
from bot.service.shop import Shop

LONGEST_LINE = 120


def paid(shop: Shop, books: Books, event: Inbound, it: Paid, now: datetime) -> Receipt:
    """A platform says that it took money on an invoice. Believed where every fact matches, like any proof (F064).

    One that is none of ours, or that somebody else paid, changes no order; one that was paid before is given back.
    """
    desk = Desk(shop, books, now)
    payment = books.payments.get(it.payload)
    order = books.orders.get(payment.ref) if payment is not None else None
    if payment is None or order is None or payment.provider != event.channel:
        desk.alert("orphan", f"{it.charge}: {it.amount} {it.currency} on an invoice that is none of ours", None)
        return desk.receipt
    if books.payments.by_session(it.charge) is not None:
        return desk.receipt
    foreign = event.user != order.chat and not is_alias(order.chat)  # who is forgotten may have paid before (F131)
    if foreign or payment.external_id is not None:
        payment = _one_more(books, payment, it, now)
    checkout = _checkout(shop, payment, it)
    if foreign:
        _not_the_buyers(desk, order, payment, checkout)
        return desk.receipt
    apply_checkout(desk, checkout)
    if it.ship_to:
        books.payments.ship_to(payment.key, _address(it.ship_to))
    return desk.receipt


def _one_more(books: Books, payment: Payment, it: Paid, now: datetime) -> Payment:
    """The same invoice was paid again: a payment of its own, with its own life."""
    another = payment.one_more(f"{payment.ref}-{it.charge}", now)
    books.payments.add(another)
    return another


def _checkout(shop: Shop, payment: Payment, it: Paid) -> Checkout:
    """What the platform says, as any provider's word is looked at. It does not tell test money from real."""
    way = thawed(payment.request).way(it.way)
    delivery = way.minor if way is not None else 0
    amount = minor_units(it.amount, it.currency)
    return Checkout(
        session=it.charge,
        state="complete",
        paid=True,
        reference=payment.ref,
        key=payment.key,
        amount_minor=amount,
        subtotal_minor=amount - delivery,
        shipping_minor=delivery,
        currency=it.currency,
        livemode=shop.livemode,
        intent=it.provider_charge or None,
    )


def _not_the_buyers(desk: Desk, order: Order, payment: Payment, checkout: Checkout) -> None:
    """Somebody paid an invoice that is not theirs, though it was not agreed to: it goes back, and nobody else's order
    is touched (F063)."""
    payments = desk.books.payments
    payments.link(payment.key, session=checkout.session, intent=checkout.intent, url=None, now=desk.now)
    payments.paid(payment.key, checkout.amount_minor or 0, desk.now)
    payments.owe(payment.key)
    payments.restand(payment.key, desk.now)
    desk.put(order, GiveBack(payment.key))
    desk.alert("refund_due", "its invoice was paid by somebody else", order.ref)


def _address(lines: str) -> str:
    return "\n".join(kept for line in lines.splitlines() if (kept := clean(line)[:LONGEST_LINE]))


def seconds_open(payment: Payment, now: datetime) -> float:
    """For how long a payment of this invoice may still come. A closing order is agreed to no more, so it only falls."""
    return may_still_come(payment, now).total_seconds()


def by_invoice(books: Books, ref: str) -> bool:
    return any(is_invoice(payment) for payment in books.payments.of(ref))


def end_invoice(shop: Shop, books: Books, key: str, now: datetime, *, unsaid: bool = False) -> Receipt:
    """No payment of this invoice can come any more: what it held is free again. One that comes all the same is late.

    `unsaid` says that it could not even be shown.
    """
    desk = Desk(shop, books, now)
    payment = books.payments.get(key)
    order = books.orders.get(payment.ref) if payment is not None else None
    if payment is None or order is None or order.status is not OrderStatus.CREATED:
        return desk.receipt
    if order.needs_review is None and books.payments.become(key, PaymentStatus.FAILED, now):
        if unsaid:
            support: dict[str, Fact] = {"support": shop.counter.rules.support}
            cancel(desk, order, CancelReason.PAYMENT_FAILED, "cannot_be_paid", support)
        else:
            cancel(desk, order, order.closing or CancelReason.EXPIRED)
    return desk.receipt


def is_invoice(payment: Payment | None) -> bool:
    return payment is not None and payment.provider in PLATFORMS

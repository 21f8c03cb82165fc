"""What the merchant does with orders and letters, as transactions like any other: the change and its message together.

Each raises Permanent, with the reason in a sentence, where it cannot be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.effects import Button, CloseCheckout, GiveBack
from bot.domain.orders import CancelReason, Order, OrderStatus
from bot.domain.payments import Payment, PaymentStatus
from bot.errors import Permanent
from bot.ports import Books, Receipt
from bot.service.desk import Desk, put_back
from bot.service.shop import Shop

LONGEST_TRACKING = 200
GIVEN_BACK = frozenset({PaymentStatus.REFUNDED, PaymentStatus.REFUND_DUE})


def ship(shop: Shop, books: Books, ref: str, tracking: str, now: datetime) -> Receipt:
    """Note a paid order as sent and say so in its thread; `tracking` is a number or a link, "" where there is none."""
    order = _order(books, ref)
    payments = [payment for payment in books.payments.of(order.ref) if payment.paid_minor]
    if any(payment.status is PaymentStatus.DISPUTED for payment in payments):
        raise Permanent(f"{order.ref} is in dispute: its goods stay here until the bank has decided")
    if payments and all(payment.status in GIVEN_BACK for payment in payments):
        raise Permanent(f"{order.ref} was given back: there is nothing to be sent for it")
    if not books.orders.become(order.ref, OrderStatus.FULFILLED, "shipped by the merchant", now):
        raise Permanent(f"{order.ref} is {order.status}: only a paid order can be shipped, once")
    desk = Desk(shop, books, now)
    page = Button("order_page", url=shop.page(order.token), facts={"ref": order.ref})
    desk.say(order, "shipped", {"tracking": tracking.strip()[:LONGEST_TRACKING]}, (page,))
    return desk.receipt


def cancel(shop: Shop, books: Books, ref: str, now: datetime) -> Receipt:
    """End an order. An unpaid one ends once its page is closed; a paid one is given back whole, and so is one whose
    payment was not believed."""
    order, desk = _order(books, ref), Desk(shop, books, now)
    if order.status is OrderStatus.CREATED:
        if not books.orders.begin_closing(order.ref, CancelReason.MERCHANT, now):
            raise Permanent(f"{order.ref} is being closed already")
        for payment in books.payments.of(order.ref):
            desk.put(order, CloseCheckout(payment.key))
        return desk.receipt
    if order.status is not OrderStatus.PAID:
        raise Permanent(f"{order.ref} is {order.status}: what was sent is returned, what is canceled stays so")
    books.orders.become(order.ref, OrderStatus.CANCELED, "canceled by the merchant", now, reason=CancelReason.MERCHANT)
    put_back(desk, order)
    desk.say(order, "called_off")
    _give_back_all(desk, order)
    return desk.receipt


def refund(shop: Shop, books: Books, ref: str, amount_minor: int | None, now: datetime) -> Receipt:
    """Give back what is left of an order's payments, or so many minor units of it."""
    order, desk = _order(books, ref), Desk(shop, books, now)
    if amount_minor is None:
        if not _give_back_all(desk, order):
            raise Permanent(f"{order.ref} has nothing left to be given back")
        return desk.receipt
    rich = [payment for payment in _paid(books, order) if 0 < amount_minor <= _left(payment)]
    if not rich:
        raise Permanent(f"{order.ref} was not paid so much: {sum(_left(p) for p in _paid(books, order))} are left")
    desk.put(order, GiveBack(rich[0].key, amount_minor, f"refund-{shop.token()}"))
    return desk.receipt


def take_back(shop: Shop, books: Books, ref: str, now: datetime) -> Receipt:
    """Note that what was sent has come back; its money is given back by `refund`."""
    order, desk = _order(books, ref), Desk(shop, books, now)
    if not books.orders.become(order.ref, OrderStatus.RETURNED, "returned to the merchant", now):
        raise Permanent(f"{order.ref} is {order.status}: only what was sent can come back, once")
    put_back(desk, order)
    desk.say(order, "returned")
    return desk.receipt


def retry(books: Books, rows: Sequence[int] | None, now: datetime) -> Receipt:
    """Queue dead letters anew, all of them without `rows` (F102)."""
    lanes = books.outbox.revive(rows, now)
    if not lanes:
        raise Permanent("there is no such dead letter" if rows else "there are no dead letters")
    return Receipt(lanes=lanes)


def _order(books: Books, ref: str) -> Order:
    order = books.orders.get(ref.upper())
    if order is None:
        raise Permanent(f"no order {ref}")
    return order


def _paid(books: Books, order: Order) -> list[Payment]:
    """The payments of which something could be given back and nothing is owed as a whole yet."""
    return [payment for payment in books.payments.of(order.ref) if _left(payment) > 0 and not payment.due]


def _left(payment: Payment) -> int:
    return payment.paid_minor - payment.refunded_minor


def _give_back_all(desk: Desk, order: Order) -> bool:
    payments = _paid(desk.books, order)
    for payment in payments:
        desk.books.payments.owe(payment.key)
        desk.books.payments.restand(payment.key, desk.now)
        desk.put(order, GiveBack(payment.key))
    return bool(payments)

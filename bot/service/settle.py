"""What a payment provider says, made true in the books in one transaction.

Each event has its row here; whether it applies is decided by guarded changes of status, so that events may come
twice, late and in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import structlog

from bot.domain.effects import Alert, Button, CloseCheckout, Fact, GiveBack, Retire
from bot.domain.invoices import PLATFORMS, terms_of
from bot.domain.orders import CancelReason, Order, OrderStatus
from bot.domain.payments import Checkout, News, NewsKind, Payment, PaymentStatus, Refund, Terms, mismatch
from bot.domain.privacy import is_alias
from bot.ports import Books, Receipt
from bot.service.desk import Desk, Foreign, NotYet, cancel, place_more, put_back
from bot.service.shop import Shop, later

log = structlog.get_logger(__name__)
UNDECIDED = frozenset({PaymentStatus.PENDING, PaymentStatus.PROCESSING})
"""A payment of which money may still come."""


def settle(shop: Shop, books: Books, news: News, now: datetime) -> Receipt:
    """Apply one verified event once. An event that is ahead of its time is set aside and looked at again (F004)."""
    if not books.inbox.accept(news.source, news.key, now):
        return Receipt(fresh=False)
    return look_again(shop, books, news, 0, now)


def set_aside(shop: Shop, books: Books, news: News, why: str, now: datetime) -> Receipt:
    """Keep an event that breaks its own handling, with its body, and tell the merchant."""
    log.error("event.set_aside", source=news.source, key=news.key, error=why)
    books.inbox.set_aside(news.source, news.key, news.body, why, again_at=later(shop, 0, now), now=now)
    books.alert(Alert("poison", f"{news.source} {news.key}: {why}"), None, now)
    return Receipt()


def look_again(shop: Shop, books: Books, news: News, attempts: int, now: datetime) -> Receipt:
    """Apply an event, for the first time or after `attempts` looks in vain; set aside again where it must wait.

    One that was kept and is done by now, by a copy of it, is left alone.
    """
    if attempts and books.inbox.body(news.source, news.key) is None:
        return Receipt(fresh=False)
    desk = Desk(shop, books, now, made_at=news.made_at)
    if news.livemode != shop.livemode:
        desk.alert("other_mode", f"an event with livemode={news.livemode} was ignored", None)
    elif news.account is not None:
        desk.alert("other_account", "an event of another account was ignored", None)
    else:
        try:
            APPLY[news.kind](desk, news)
        except NotYet as why:
            again = later(shop, attempts, now)
            books.inbox.set_aside(news.source, news.key, news.body, str(why), again_at=again, now=now)
            if attempts == shop.told_after:
                desk.alert("orphan", f"{news.kind}: {why}", None)
            return desk.receipt
    if attempts:
        books.inbox.settle(news.source, news.key)
    return desk.receipt


def apply_found(desk: Desk, news: News) -> None:
    """Act on what was found by asking. Raises Foreign where it is of no order here, NotYet where it is too early."""
    APPLY[news.kind](desk, news)


def apply_checkout(desk: Desk, checkout: Checkout) -> None:
    """Make the books agree with how a payment page stands, whoever told us: an event, a closing, a look."""
    payment, order = _found(desk, checkout)
    desk.books.payments.link(
        payment.key, session=checkout.session, intent=checkout.intent, url=checkout.url, now=desk.now
    )
    if checkout.state == "complete":
        desk.books.inbox.hurry(payment.provider, desk.now)
        (_proven if checkout.paid else _under_way)(desk, order, payment, checkout)
    elif checkout.state == "expired":
        _ran_out(desk, order, payment)


def _found(desk: Desk, checkout: Checkout) -> tuple[Payment, Order]:
    """By our own key, which stands in the page since it was opened, so also before its id came back (F023)."""
    payments = desk.books.payments
    payment = payments.by_session(checkout.session) or (payments.get(checkout.key) if checkout.key else None)
    order = desk.books.orders.get(payment.ref) if payment else None
    if payment is None or order is None:
        raise Foreign(f"no order of ours belongs to {checkout.session}")
    if checkout.reference not in (None, order.ref):
        desk.review(order, f"{checkout.session} names {checkout.reference}")
        raise NotYet(f"{checkout.session} does not belong to {order.ref}")
    if payment.external_id not in (None, checkout.session):
        payment = _another_page(desk, payment, checkout)
    return payment, order


def _another_page(desk: Desk, first: Payment, checkout: Checkout) -> Payment:
    """A page whose opening was not answered and that was opened anew, or one that an older copy of the books opened:
    what comes by it is a payment of its own (F031)."""
    again = first.one_more(f"{first.key}~{checkout.session[-12:]}", desk.now)
    desk.books.payments.add(again)
    return again


def _proven(desk: Desk, order: Order, payment: Payment, checkout: Checkout) -> None:
    """Money came. What is believed of it, and for what."""
    if payment.status not in (PaymentStatus.PENDING, PaymentStatus.PROCESSING, PaymentStatus.FAILED):
        return
    if (why := mismatch(payment, checkout, _terms(desk, payment))) is not None:
        if order.closing is CancelReason.MERCHANT:
            _called_off(desk, order, payment, checkout)
        else:
            desk.review(order, why)
        return
    assert checkout.amount_minor is not None
    desk.books.payments.paid(payment.key, checkout.amount_minor, desk.now)
    if order.status is OrderStatus.CREATED and _sell_held(desk, order):
        _paid(desk, order, payment, checkout, "paid")
        _added_since(desk, order)
    elif order.status is OrderStatus.CANCELED and _take_again(desk, order):
        _paid(desk, order, payment, checkout, "paid late")
    else:
        _owe_back(desk, order, payment)


def _terms(desk: Desk, payment: Payment) -> Terms:
    if payment.provider in PLATFORMS:
        return terms_of(payment, livemode=desk.shop.livemode)
    return desk.shop.provider.terms(payment)


def _sell_held(desk: Desk, order: Order) -> bool:
    if not desk.books.orders.end_hold(order.ref, "sold"):
        return False
    for line in order.lines:
        if not desk.books.shelf.sell(line.sku, line.quantity):
            desk.alert("stock_drift", f"{line.sku} held less than {order.ref} was promised", order.ref)
    return True


def _take_again(desk: Desk, order: Order) -> bool:
    """All lines or none: what was taken before one that is gone is put back."""
    shelf = desk.books.shelf
    if any(not shelf.get(line.sku).has(line.quantity) for line in order.lines):
        return False
    desk.books.orders.take_again(order.ref)
    return all(shelf.take(line.sku, line.quantity) for line in order.lines)


def _paid(desk: Desk, order: Order, payment: Payment, checkout: Checkout, cause: str) -> None:
    assert checkout.amount_minor is not None
    desk.books.payments.become(payment.key, PaymentStatus.SUCCEEDED, desk.now)
    desk.books.orders.add_extras(order.ref, checkout.amount_minor - order.items_minor)
    desk.books.orders.become(order.ref, OrderStatus.PAID, cause, desk.now)
    if is_alias(order.chat):
        desk.alert("paid_by_nobody", "its shopper was forgotten before it was paid, and is told nothing", order.ref)
    desk.put(order, Retire(order.ref))
    for other in desk.books.payments.of(order.ref):
        if other.key != payment.key and other.status is PaymentStatus.PENDING and other.external_id is not None:
            desk.put(order, CloseCheckout(other.key))
    page = Button("order_page", url=desk.shop.page(order.token), facts={"ref": order.ref})
    facts: dict[str, Fact] = {
        "total": checkout.amount_minor,
        "delivery": checkout.shipping_minor,
        "late": cause != "paid",
    }
    desk.say(order, "thanks", facts, (page,))


def _added_since(desk: Desk, order: Order) -> None:
    """It was paid as it was while it was being changed: what was added is an order of its own; what was taken out is
    a matter for a human."""
    had = {line.sku: line.quantity for line in order.lines}
    wanted = {line.sku: line.quantity for line in order.becomes}
    more = [
        replace(line, quantity=line.quantity - had.get(line.sku, 0))
        for line in order.becomes
        if line.quantity > had.get(line.sku, 0)
    ]
    fewer = order.closing is CancelReason.CHANGED and any(
        wanted.get(sku, 0) < quantity for sku, quantity in had.items()
    )
    if fewer or (more and not place_more(desk, order, more)):
        desk.say(order, "cancel_paid", {"support": desk.shop.counter.rules.support})


def _called_off(desk: Desk, order: Order, payment: Payment, checkout: Checkout) -> None:
    """The merchant has looked at what was not believed and ends it: whatever came in goes back."""
    desk.books.payments.paid(payment.key, checkout.amount_minor or 0, desk.now)
    desk.books.payments.owe(payment.key)
    desk.books.payments.restand(payment.key, desk.now)
    cancel(desk, order, CancelReason.MERCHANT)
    desk.put(order, GiveBack(payment.key))


def _owe_back(desk: Desk, order: Order, payment: Payment) -> None:
    """Paid for nothing that can be given: a second payment, or a sold-out order. One refund, one message."""
    if not desk.books.payments.owe(payment.key):
        return
    desk.books.payments.restand(payment.key, desk.now)
    twice = order.status in (OrderStatus.PAID, OrderStatus.FULFILLED, OrderStatus.RETURNED)
    desk.put(order, GiveBack(payment.key))
    desk.say(order, "refund_due", {"twice": twice})
    desk.alert("refund_due", "paid twice" if twice else "paid after it was sold out", order.ref)


def _under_way(desk: Desk, order: Order, payment: Payment, _checkout: Checkout) -> None:
    """A bank debit: the page is done, the money is not; the hold no longer runs out (F007)."""
    if desk.books.payments.become(payment.key, PaymentStatus.PROCESSING, desk.now):
        if order.closing:
            desk.books.orders.stop_closing(order.ref)
        desk.put(order, Retire(order.ref))
        desk.say(order, "payment_processing")


def _ran_out(desk: Desk, order: Order, payment: Payment) -> None:
    """The provider says that this page can no longer be paid: the one proof on which a hold is released."""
    if payment.status is not PaymentStatus.PENDING:
        return
    desk.books.payments.become(payment.key, PaymentStatus.FAILED, desk.now)
    others = (p.status for p in desk.books.payments.of(order.ref) if p.key != payment.key)
    if order.status is not OrderStatus.CREATED or any(status in UNDECIDED for status in others):
        return
    cancel(desk, order, order.closing or CancelReason.EXPIRED)


def _completed(desk: Desk, news: News) -> None:
    assert news.checkout is not None
    apply_checkout(desk, news.checkout)


def _failed(desk: Desk, news: News) -> None:
    """A bank debit came to nothing. After a success it is old news (F008)."""
    assert news.checkout is not None
    payment, order = _found(desk, news.checkout)
    if payment.status is PaymentStatus.PENDING:
        raise NotYet(f"{order.ref} was not completed yet")
    if desk.books.payments.become(payment.key, PaymentStatus.FAILED, desk.now):
        cancel(desk, order, CancelReason.PAYMENT_FAILED)


def _payment(desk: Desk, news: News) -> Payment:
    """By what Stripe calls it or, before we know that, by our own key, which a charge carries."""
    payments = desk.books.payments
    known = (payments.by_intent(name) for name in (news.intent, news.charge) if name)
    payment = next((payment for payment in known if payment is not None), None)
    if payment is None and news.payment is not None:
        payment = payments.get(news.payment)
        if payment is not None and news.intent is not None and payment.intent is not None:
            raise NotYet(f"{news.intent} is of another page of {payment.ref}")
    if payment is None:
        raise Foreign(f"no payment of ours is {news.intent}")
    return payment


def _of_intent(desk: Desk, news: News) -> tuple[Payment, Order]:
    payment = _payment(desk, news)
    order = desk.books.orders.get(payment.ref)
    if order is None:
        raise NotYet(f"no order of ours was paid by {news.intent}")
    if payment.status in (PaymentStatus.PENDING, PaymentStatus.PROCESSING, PaymentStatus.FAILED):
        raise NotYet(f"{order.ref} was not paid yet")
    return payment, order


def _refunded(desk: Desk, news: News) -> None:
    """The charge as a whole: all that went back of it so far, whoever sent it, us or the merchant at Stripe (F016)."""
    payment, order = _of_intent(desk, news)
    if news.receipt_url:
        desk.books.payments.receipt(payment.key, news.receipt_url)
    desk.books.payments.note_charge_refunded(payment.key, news.refunded_minor)
    _restand(desk, order, payment)


def _one_refund(desk: Desk, news: News) -> None:
    assert news.refund is not None
    payment, order = _of_intent(desk, news)
    note_refund(desk, order, payment, news.refund)


def note_refund(desk: Desk, order: Order, payment: Payment, refund: Refund) -> None:
    """Refunds are known by their ids, so that each counts once, however often and from wherever it is told."""
    desk.books.payments.note_refund(payment.key, refund, desk.now)
    _restand(desk, order, payment)


def _restand(desk: Desk, order: Order, payment: Payment) -> None:
    """What more went back is told to the shopper, what came back of it to the merchant."""
    grown = desk.books.payments.restand(payment.key, desk.now)
    if grown == 0:
        return
    now = desk.books.payments.get(payment.key)
    assert now is not None
    if grown > 0:
        desk.say(order, "refunded", {"refunded": grown, "whole": now.status is PaymentStatus.REFUNDED})
        end_refunded(desk, order)
    else:
        if order.status is OrderStatus.CANCELED and desk.books.payments.owe(payment.key):
            desk.books.payments.restand(payment.key, desk.now)
        desk.alert("refund_failed", f"a refund of {-grown} came back from the bank: pay it another way", order.ref)


def end_refunded(desk: Desk, order: Order) -> None:
    """A payment is not its order: a refund alone ends none. Where its products say that it does, a paid order whose
    whole money went back is over, and what it took goes back to the shelf (F047)."""
    payments = desk.books.payments.of(order.ref)
    if any(payment.paid_minor > payment.refunded_minor for payment in payments):
        return
    catalogue = desk.shop.counter.catalogue
    products = [catalogue.product(line.sku) for line in order.lines]
    if any(product is None or product.restock != "always" for product in products):
        return
    if order.status is OrderStatus.PAID and desk.books.orders.become(
        order.ref, OrderStatus.CANCELED, "refunded", desk.now, reason=CancelReason.MERCHANT
    ):
        put_back(desk, order)


def _disputed(desk: Desk, news: News) -> None:
    """The bank asks for the money; the order is as it was and is not sent meanwhile, the merchant must answer. Won: the
    payment stands as it stood before, without a second thank-you. Lost: it stays disputed (F017)."""
    assert news.dispute is not None
    payment, order = _of_intent(desk, news)
    if not desk.books.payments.note_dispute(payment.key, news.dispute, desk.now):
        return
    desk.books.payments.restand(payment.key, desk.now)
    desk.alert(*TOLD_OF_DISPUTE[news.dispute.state], order.ref)


TOLD_OF_DISPUTE: Mapping[str, tuple[str, str]] = {
    "inquiry": ("dispute", "the shopper's bank asks about this payment: answer it at Stripe"),
    "open": ("dispute", "the shopper's bank has opened a dispute: answer it at Stripe, and do not send the goods"),
    "won": ("dispute_closed", "the dispute was won"),
    "lost": ("dispute_closed", "the dispute was lost"),
}


def _receipt(desk: Desk, news: News) -> None:
    """The charge behind a payment: all it brings is the address of its receipt."""
    payment = _payment(desk, news)
    if news.receipt_url:
        desk.books.payments.receipt(payment.key, news.receipt_url)


def _unreadable(_desk: Desk, news: News) -> None:
    raise NotYet(f"{news.key} is not shaped as expected")


APPLY: Mapping[NewsKind, Callable[[Desk, News], None]] = {
    "completed": _completed,
    "settled": _completed,
    "failed": _failed,
    "expired": _completed,
    "charged": _receipt,
    "refunded": _refunded,
    "refund": _one_refund,
    "dispute": _disputed,
    "unreadable": _unreadable,
}

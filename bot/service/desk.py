"""One transaction's worth of dealing with an order: what it changes, says and tells the merchant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.domain.actions import Action, Verb
from bot.domain.conversation import Purchase
from bot.domain.conversation.sales import link_facts
from bot.domain.effects import Alert, Button, Effect, Fact, Retire, Say
from bot.domain.orders import CancelReason, Line, Order, OrderStatus
from bot.ports import Books, Receipt
from bot.service.asking import first_asked
from bot.service.placing import place
from bot.service.restoring import may_have_been_said
from bot.service.shop import Shop

log = structlog.get_logger(__name__)


class NotYet(Exception):
    """The event speaks of something that another event must tell first; it is looked at again."""


class Foreign(NotYet):
    """It belongs to nothing in these books."""


@dataclass(slots=True)
class Desk:
    """One transaction's worth of settling: the books, the moment, and what it puts into the outbox."""

    shop: Shop
    books: Books
    now: datetime
    receipt: Receipt = field(default_factory=Receipt)
    """What was put into the outbox so far."""
    made_at: datetime | None = None
    """When that happened outside which is dealt with; None where it is not known."""

    def put(self, order: Order, effect: Effect) -> None:
        """Queue an effect for an order's chat."""
        eager = not isinstance(effect, Say | Retire) or self.shop.instant(order.channel, order.chat)
        queued = self.books.outbox.put(
            effect, channel=order.channel, chat=order.chat, ref=order.ref, now=self.now, eager=eager
        )
        self.receipt = self.receipt.plus(queued)

    def say(
        self, order: Order, message: str, facts: Mapping[str, Fact] | None = None, *rows: tuple[Button, ...]
    ) -> None:
        if may_have_been_said(self.books, order.created_at, self.made_at):
            return
        about = link_facts(order.ref, order.lines, order.total_minor)
        owed = any(payment.paid_minor > 0 for payment in self.books.payments.of(order.ref))
        self.put(order, Say(message, order.language, about | dict(facts or {}), rows, owed=owed))

    def alert(self, kind: str, text: str, ref: str | None) -> None:
        log.warning("alert", kind=kind, ref=ref, text=text)
        self.books.alert(Alert(kind, text), ref, self.now)

    def review(self, order: Order, why: str) -> None:
        """Nothing is believed; a human looks."""
        self.books.orders.review(order.ref, why, self.now)
        self.alert("needs_review", why, order.ref)


MESSAGE_OF_CANCEL: Mapping[CancelReason, str] = {
    CancelReason.EXPIRED: "order_expired",
    CancelReason.SHOPPER: "order_canceled",
    CancelReason.MERCHANT: "order_canceled",
    CancelReason.PAYMENT_FAILED: "payment_failed",
    CancelReason.SOLD_OUT: "order_canceled",
    CancelReason.CHANGED: "order_canceled",
}


def cancel(
    desk: Desk, order: Order, reason: CancelReason, message: str | None = None, facts: Mapping[str, Fact] | None = None
) -> None:
    """End an unpaid order and give back what it held; once, whoever calls. `message` says it in other words."""
    if not desk.books.orders.become(order.ref, OrderStatus.CANCELED, str(reason), desk.now, reason=reason):
        return
    if desk.books.orders.end_hold(order.ref, "released"):
        for line in order.lines:
            if not desk.books.shelf.release(line.sku, line.quantity):
                desk.alert("stock_drift", f"{line.sku} held less than {order.ref} kept", order.ref)
    desk.put(order, Retire(order.ref))
    if reason is CancelReason.CHANGED and place_more(desk, order, order.becomes):
        return
    desk.say(order, message or MESSAGE_OF_CANCEL[reason], facts, *(() if message else _again_rows(order)))


def place_more(desk: Desk, order: Order, lines: Sequence[Line]) -> bool:
    """Place an order of these lines for the same shopper; False where they cannot be had (any more)."""
    shopper = desk.books.shoppers.get(order.channel, order.chat)
    if (
        not lines
        or shopper is None
        or shopper.quiet
        or not all(desk.books.shelf.get(it.sku).has(it.quantity) for it in lines)
    ):
        return False
    catalogue = desk.shop.counter.catalogue
    physical = any((p := catalogue.product(line.sku)) is not None and p.kind == "physical" for line in lines)
    fresh, payment = place(desk.shop, desk.books, Purchase(tuple(lines), physical), shopper, desk.now)
    desk.put(fresh, first_asked(desk.shop, desk.books, fresh, payment))
    return True


def put_back(desk: Desk, order: Order) -> None:
    """What was sold goes back to the shelf, once, where the product's policy says so (F047)."""
    if not desk.books.orders.end_hold(order.ref, "released", sold=True):
        return
    catalogue = desk.shop.counter.catalogue
    for line in order.lines:
        product = catalogue.product(line.sku)
        if product is not None and product.restock == "never":
            continue
        if not desk.books.shelf.put_back(line.sku, line.quantity):
            desk.alert("stock_drift", f"{line.sku} sold less than {order.ref} took", order.ref)


def _again_rows(order: Order) -> tuple[tuple[Button, ...], ...]:
    if len(order.lines) != 1:
        return ()
    line = order.lines[0]
    again = Button("order_again", str(Action(Verb.BUY, line.sku, line.quantity)), facts={"total": line.total_minor})
    return ((again,),)

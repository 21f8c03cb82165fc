"""What a shopper asks about orders they already placed; always and only their own."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.domain.actions import Action, Verb
from bot.domain.conversation.counter import Change, Counter, Decision, OpenOrder, Situation
from bot.domain.conversation.sales import again, link_facts
from bot.domain.effects import Button, Fact
from bot.domain.orders import OrderStatus

REF = re.compile(r"\bC-([0-9A-Z]{5})\b", re.IGNORECASE)
SHOWN = 3


def named_order(text: str, orders: tuple[OpenOrder, ...]) -> OpenOrder | None:
    """The order whose reference the text names; another shopper's is not found at all (F122)."""
    refs = {f"C-{match[1].upper()}" for match in REF.finditer(text)}
    return next((order for order in orders if order.ref in refs), None)


def status(situation: Situation, text: str) -> Decision:
    orders = situation.orders()
    one = named_order(text, orders)
    if one is None and (stranger := REF.search(text)) is not None:
        return _unknown_ref(situation, stranger[1])
    shown = (one,) if one else orders[:SHOWN]
    if not shown:
        return Decision((situation.say("no_orders", {}, (Button("browse", str(Action(Verb.BROWSE))),)),))
    rows: list[tuple[Button, ...]] = []
    for order in shown:
        if order.unpaid and order.url and not order.processing:
            rows.append((Button("pay_ref", url=order.url, facts={"ref": order.ref, "total": order.total_minor}),))
        if order.page:
            rows.append((Button("order_page", url=order.page, facts={"ref": order.ref}),))
    facts: list[Fact] = [
        link_facts(order.ref, order.lines, order.total_minor)
        | {
            "status": order.status.value,
            "processing": order.processing,
            "refunded": order.refunded,
            "at": order.at.isoformat(),
        }
        for order in shown
    ]
    return Decision((situation.say("orders", {"orders": facts}, *rows),))


def _unknown_ref(situation: Situation, digits: str) -> Decision:
    """A reference that is none of theirs: nothing is done to another order in its place."""
    return Decision((situation.say("unknown_ref", {"ref": f"C-{digits.upper()}"}),))


def cancel(counter: Counter, situation: Situation, text: str) -> Decision:
    """Close the one unpaid order there is, ask which of several, or say why there is nothing to cancel."""
    orders = situation.orders()
    named = named_order(text, orders)
    if named is not None:
        return _cancel_one(counter, situation, named)
    if (stranger := REF.search(text)) is not None:
        return _unknown_ref(situation, stranger[1])
    unpaid = [order for order in orders if order.unpaid or (order.changing and order.becomes)]
    if len(unpaid) == 1:
        return _cancel_one(counter, situation, unpaid[0])
    if unpaid:
        rows = [
            (
                Button(
                    "cancel_ref",
                    str(Action(Verb.CANCEL, o.ref)),
                    facts={"ref": o.ref, "total": o.total_minor},
                ),
            )
            for o in unpaid
        ]
        return Decision((situation.say("cancel_which", {}, *rows),))
    paid = next((order for order in orders if order.status is OrderStatus.PAID), None)
    if paid is not None:
        return _cancel_one(counter, situation, paid)
    return Decision((situation.say("nothing_to_cancel"),))


def _cancel_one(counter: Counter, situation: Situation, order: OpenOrder) -> Decision:
    facts: dict[str, Fact] = {"ref": order.ref, "support": counter.rules.support}
    if order.changing and order.becomes:
        return Decision(change=Change(order.ref, ()), notice="canceling")
    if order.status is OrderStatus.CANCELED or order.closing:
        return Decision((situation.say("already_canceled", facts),), notice="already_canceled")
    if order.status is not OrderStatus.CREATED or order.processing:
        return Decision((situation.say("cancel_paid", facts),))
    return Decision(close=order.ref, notice="canceling")


def checkout(situation: Situation) -> Decision:
    """The link of the newest unpaid order; the shop has no other cart yet."""
    newest = next((o for o in situation.orders() if o.unpaid or (o.changing and o.becomes)), None)
    if newest is None:
        return Decision((situation.say("empty_cart", {}, (Button("browse", str(Action(Verb.BROWSE))),)),))
    return Decision((again(situation, replace(newest, url=None, invoice=None) if newest.changing else newest),))

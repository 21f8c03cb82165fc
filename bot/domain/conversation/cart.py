"""The cart of a conversation: the order that waits for its payment, changed by words.

There is no other: what a shopper wants is held and has its link from the first message on, and whatever they add or
take out becomes a new order with one link for all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.conversation.counter import Change, Counter, Decision, OpenOrder, Situation
from bot.domain.conversation.sales import again, buy, hindrance, lines_of
from bot.domain.orders import Line, OrderStatus
from bot.domain.understanding import Intent, Understanding, Wanted

Amounts = Mapping[str, int]
"""How many of each SKU."""
DONE = (OrderStatus.PAID, OrderStatus.FULFILLED)


def cart(situation: Situation) -> OpenOrder | None:
    """The newest order that is not paid, nor being paid by a bank; None where that is being emptied."""
    newest = next((o for o in situation.orders() if (o.unpaid and not o.processing) or o.changing), None)
    return None if newest is not None and newest.changing and not newest.becomes else newest


def contents(order: OpenOrder) -> tuple[Line, ...]:
    return order.becomes or order.lines


def amounts(order: OpenOrder) -> dict[str, int]:
    return {line.sku: line.quantity for line in contents(order)}


def add(counter: Counter, situation: Situation, wanted: Sequence[Wanted]) -> Decision:
    """Put these into the cart; where there is none yet they are bought, which makes one."""
    order = cart(situation)
    if order is None:
        return buy(counter, situation, wanted)
    now = amounts(order)
    for line in wanted:
        now[line.sku] = now.get(line.sku, 0) + line.quantity
    return become(counter, situation, order, now)


def joins(counter: Counter, situation: Situation, meant: Understanding) -> Decision | None:
    """ "and a black mug too", where something was ordered a moment ago; None for a question, for a statement that has a
    verb of its own, or without a cart."""
    said = meant.intent is Intent.ASK and {"add", "bare"} <= meant.asides
    if not said or len(meant.about) != 1 or cart(situation) is None:
        return None
    return add(counter, situation, [Wanted(meant.about[0], meant.quantity or 1)])


def become(counter: Counter, situation: Situation, order: OpenOrder, now: Amounts) -> Decision:
    """Make the cart hold so many of each; nothing at all cancels it."""
    wanted = [Wanted(sku, quantity) for sku, quantity in now.items() if quantity > 0]
    if not wanted:
        empties = Change(order.ref, ()) if order.changing else None
        return Decision(change=empties, close=None if empties else order.ref, notice="canceling")
    held = {line.sku: line.quantity for line in order.lines}
    lines = lines_of(counter, situation, wanted)
    if said := hindrance(counter, situation, lines, held):
        return Decision((replace(said, buttons=()),))  # an offer would be an order beside it
    if len(lines) < len(wanted) or {line.sku: line.quantity for line in lines} == amounts(order):
        return shown(situation, order)  # what is no longer sold stays as it was ordered
    return Decision(change=Change(order.ref, lines))


def shown(situation: Situation, order: OpenOrder) -> Decision:
    """The cart as it stands, with its link: also where it is not clear what is to be changed."""
    return Decision((again(situation, replace(order, url=None, invoice=None) if order.changing else order),))


def remove(counter: Counter, situation: Situation, meant: Understanding) -> Decision | None:
    """Take out what was named, so many of it or all; None where the cart has nothing of it. Of several things nothing
    goes that was not named for certain: the cart is shown instead."""
    order = cart(situation)
    if order is None:
        return None
    named = {sku.casefold() for sku in (*meant.about, *meant.candidates, *(line.sku for line in meant.lines))}
    now = amounts(order)
    going = [sku for sku in now if sku.casefold() in named or _product(counter, sku) in named]
    if not going:
        return None
    unclear = len(going) > 1 and (meant.quantity or meant.candidates or len(going) == len(now))
    if "add" in meant.asides or (unclear and "empty" not in meant.asides):
        return shown(situation, order)
    for sku in going:
        now[sku] = max(0, now[sku] - meant.quantity) if meant.quantity and len(going) == 1 else 0
    return become(counter, situation, order, now)


def _product(counter: Counter, sku: str) -> str:
    product = counter.catalogue.product(sku)
    return product.sku.casefold() if product is not None else ""


def refers(counter: Counter, situation: Situation, meant: Understanding) -> Decision | None:
    """What a message without goods of its own changes: "make it two", "encore un", "same as last time".

    None where it refers to nothing, or to one of several things without saying which.
    """
    order = cart(situation)
    if {"again", "bare"} <= meant.asides:
        last = next((o for o in situation.orders() if o.status in DONE), None)
        sold = last is not None and all(counter.catalogue.variant(line.sku) for line in last.lines)
        return buy(counter, situation, _wanted(last.lines)) if last is not None and sold else None
    if order is None or len(contents(order)) != 1 or "plain" not in meant.asides:
        return None
    ((sku, quantity),) = amounts(order).items()
    if {"more", "bare"} <= meant.asides:
        return become(counter, situation, order, {sku: quantity + (meant.quantity or 1)})
    if meant.quantity is not None and (meant.intent is Intent.BUY or "correction" in meant.asides):
        return become(counter, situation, order, {sku: meant.quantity})
    return None


def correct(counter: Counter, situation: Situation, meant: Understanding) -> Decision | None:
    """ "sorry, the black one": what was ordered a moment ago gives way to what is meant; None where it is not clear
    what gives way."""
    order = cart(situation)
    if order is None:
        return None
    if len(contents(order)) != 1 or len(meant.lines) != 1:
        return shown(situation, order)
    ((_, quantity),) = amounts(order).items()
    (line,) = meant.lines
    return become(counter, situation, order, {line.sku: meant.quantity or quantity})


def _wanted(lines: Sequence[Line]) -> list[Wanted]:
    return [Wanted(line.sku, line.quantity) for line in lines]

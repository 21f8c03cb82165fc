"""From "I would like this" to an order, or to the plain reason why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from bot.domain.actions import Action, Verb
from bot.domain.catalogue import Variant
from bot.domain.conversation.counter import Counter, Decision, OpenOrder, Purchase, Situation
from bot.domain.conversation.offers import alternative_rows, named
from bot.domain.effects import Button, Fact, Say
from bot.domain.money import LARGEST_MINOR
from bot.domain.orders import Line
from bot.domain.understanding import Wanted


def buy(counter: Counter, situation: Situation, wanted: Sequence[Wanted]) -> Decision:
    """Place an order for these lines, or say what stands in its way; all of them or none."""
    lines = lines_of(counter, situation, wanted)
    if not lines:
        support: dict[str, Fact] = {"support": counter.rules.support}
        return Decision((situation.say("unknown", support, (Button("browse", str(Action(Verb.BROWSE))),)),))
    if said := hindrance(counter, situation, lines):
        return Decision((said,))
    orders = situation.orders()
    unpaid = [order for order in orders if order.unpaid]
    same = next(
        (o for o in orders if (o.unpaid or o.changing) and _amounts(o.becomes or o.lines) == _amounts(lines)), None
    )
    if same is not None:
        return Decision((again(situation, replace(same, url=None, invoice=None) if same.changing else same),))
    if situation.unpaid() >= counter.rules.max_open:
        return Decision((_too_many_open(counter, situation, unpaid),))
    products = [counter.catalogue.product(line.sku) for line in lines]
    physical = any(product is not None and product.kind == "physical" for product in products)
    return Decision(purchase=Purchase(lines, physical))


def hindrance(
    counter: Counter, situation: Situation, lines: Sequence[Line], held: Mapping[str, int] = MappingProxyType({})
) -> Say | None:
    """Why these lines cannot be had together, None where they can. `held` are those that the shopper keeps already."""
    for line in lines:
        if said := refusal(counter, situation, line, held.get(line.sku, 0)):
            return said
    if sum(line.total_minor for line in lines) > LARGEST_MINOR:
        return situation.say("too_much", {"support": counter.rules.support})
    return None


def lines_of(counter: Counter, situation: Situation, wanted: Sequence[Wanted]) -> tuple[Line, ...]:
    """One line a SKU, quantities added up, at today's price; SKUs that the shop no longer knows are left out."""
    quantities: dict[str, int] = {}
    for line in wanted:
        quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
    known = ((counter.catalogue.variant(sku), quantity) for sku, quantity in quantities.items())
    return tuple(
        Line(v.sku, named(counter.catalogue, v, situation.language), quantity, v.unit_minor)
        for v, quantity in known
        if v is not None
    )


def _amounts(lines: Sequence[Line]) -> dict[str, tuple[int, int]]:
    return {line.sku: (line.quantity, line.unit_minor) for line in lines}


def refusal(counter: Counter, situation: Situation, line: Line, held: int = 0) -> Say | None:
    """Why a line cannot be had, None where it can. `held` are those that the same shopper keeps already."""
    variant = counter.catalogue.variant(line.sku)
    assert variant is not None, line.sku
    most = counter.rules.max_quantity
    stock = situation.stock(variant.sku)
    available = None if stock.available is None else stock.available + held
    facts: dict[str, Fact] = {
        "name": line.name,
        "quantity": line.quantity,
        "most": most,
        "available": available,
        "support": counter.rules.support,
    }
    if available == 0:
        return _sold_out(counter, situation, variant, facts)
    if line.quantity > most:
        offer = most if available is None else min(most, available)
        return situation.say("too_many", facts, (_take(variant, offer),))
    if available is not None and line.quantity > available:
        return situation.say("not_enough", facts, (_take(variant, available),))
    return None


def _take(variant: Variant, quantity: int) -> Button:
    total = quantity * variant.unit_minor
    return Button("take", str(Action(Verb.BUY, variant.sku, quantity)), facts={"quantity": quantity, "total": total})


def _sold_out(counter: Counter, situation: Situation, variant: Variant, facts: dict[str, Fact]) -> Say:
    rows = alternative_rows(counter, situation, variant)
    return situation.say("sold_out", facts | {"alternatives": len(rows)}, *rows)


def again(situation: Situation, order: OpenOrder) -> Say:
    """The link of an order that already waits for its payment, instead of a second order for the same (F036)."""
    facts = link_facts(order.ref, order.lines, order.total_minor)
    if order.invoice is not None:
        said = situation.say("link_again", facts, *invoice_rows(order.ref, order.total_minor))
        return replace(said, replaces=None, pictured=False, invoice=order.invoice)
    if order.url is None:
        return situation.say("one_moment", facts)
    return situation.say("link_again", facts, *pay_rows(order.url, order.ref, order.total_minor))


def link_facts(ref: str, lines: Sequence[Line], total_minor: int) -> dict[str, Fact]:
    """What every message about an order may say of it."""
    return {
        "ref": ref,
        "total": total_minor,
        "lines": [
            {
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "unit": line.unit_minor,
                "total": line.total_minor,
            }
            for line in lines
        ],
    }


def pay_rows(url: str, ref: str, total_minor: int) -> tuple[tuple[Button, ...], ...]:
    return (
        (Button("pay", url=url, facts={"total": total_minor}),),
        (Button("cancel_order", str(Action(Verb.CANCEL, ref))),),
    )


def invoice_rows(ref: str, total_minor: int) -> tuple[tuple[Button, ...], ...]:
    """Its first button opens the platform's own payment sheet."""
    return (
        (Button("pay", facts={"total": total_minor}),),
        (Button("cancel_order", str(Action(Verb.CANCEL, ref))),),
    )


def _too_many_open(counter: Counter, situation: Situation, unpaid: Sequence[OpenOrder]) -> Say:
    rows: list[tuple[Button, ...]] = []
    for order in unpaid:
        cancel = Button("cancel_ref", str(Action(Verb.CANCEL, order.ref)), facts={"ref": order.ref})
        pay = (
            Button("pay_ref", url=order.url, facts={"ref": order.ref, "total": order.total_minor})
            if order.url
            else None
        )
        rows.append((pay, cancel) if pay else (cancel,))
    orders: list[Fact] = [{"ref": order.ref, "total": order.total_minor} for order in unpaid]
    return situation.say("too_many_open", {"orders": orders, "most": counter.rules.max_open}, *rows)

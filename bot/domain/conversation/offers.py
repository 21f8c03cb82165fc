"""How products are shown and how a shopper is helped to choose among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice

from bot.domain.actions import Action, Verb
from bot.domain.catalogue import Catalogue, Product, Variant
from bot.domain.conversation.counter import Counter, Situation
from bot.domain.effects import Button, Fact, Facts, Rows, Say

CHOICES_SHOWN = 8
ALTERNATIVES = 3
LOOKED_AT = 60
"""Neighbours on the shelf whose stock is looked at for them."""
PAGE = 6


def named(catalogue: Catalogue, variant: Variant, language: str) -> str:
    """The name on a line of an order: the product's, with what was chosen of its options."""
    product = catalogue.product(variant.sku)
    assert product is not None, variant.sku
    if not variant.options:
        return product.named(language)
    return f"{product.named(language)} ({worded(product, variant.options.values(), language)})"


def worded(product: Product, words: Iterable[str], language: str) -> str:
    return ", ".join(product.worded(word, language) for word in words)


def card(counter: Counter, situation: Situation, product: Product, quantity: int = 1, skus: Sequence[str] = ()) -> Say:
    """One product with its picture, price, stock and buttons; of its `skus` alone where some are named."""
    language = situation.language
    asked = [v for v in product.variants if v.sku in skus] or list(product.variants)
    facts = card_facts(counter, situation, product, asked, quantity)
    left = [v for v in asked if situation.stock(v.sku).available != 0]
    if len(asked) == 1:
        facts["name"] = named(counter.catalogue, asked[0], language)
        rows = _buy_rows(counter, situation, asked[0], quantity) or alternative_rows(counter, situation, asked[0])
    else:
        rows = _choices(product, left, quantity, language) if left else ()
    return situation.say("product", facts, *rows, picture=product.image)


def card_facts(
    counter: Counter, situation: Situation, product: Product, asked: Sequence[Variant], quantity: int
) -> dict[str, Fact]:
    stocks = [situation.stock(v.sku) for v in asked]
    best = max(stocks, key=lambda s: (1 << 62) if s.available is None else s.available)
    prices = {v.unit_minor for v in asked}
    return {
        "name": product.named(situation.language),
        "description": product.described(situation.language),
        "price": min(prices),
        "from": len(prices) > 1,
        "stock": best.wording,
        "available": best.available,
        "quantity": quantity,
        "delivery": cheapest_delivery(counter.catalogue, min(prices) * quantity)
        if product.kind == "physical"
        else None,
        "options": _options(product, asked, situation) if len(asked) > 1 else [],
    }


def _options(product: Product, asked: Sequence[Variant], situation: Situation) -> list[Fact]:
    language = situation.language
    open_variants = [v for v in asked if situation.stock(v.sku).available != 0]
    return [
        {
            "name": product.worded(option, language),
            "values": worded(product, dict.fromkeys(v.options[option] for v in open_variants), language),
        }
        for option in product.variants[0].options
        if open_variants
    ]


def cheapest_delivery(catalogue: Catalogue, subtotal_minor: int) -> int | None:
    """What a delivery of so much costs at least, in minor units; None where the shop names no way of delivery."""
    return min((way.cost(subtotal_minor) for way in catalogue.shipping), default=None)


def _buy_rows(counter: Counter, situation: Situation, variant: Variant, quantity: int) -> Rows:
    stock = situation.stock(variant.sku)
    most = counter.rules.max_quantity
    if stock.available is not None:
        most = min(most, stock.available)
    if most < 1:
        return ()
    quantity = min(quantity, most)
    buy = Button(
        "buy",
        str(Action(Verb.BUY, variant.sku, quantity)),
        facts={"total": quantity * variant.unit_minor, "quantity": quantity},
    )
    if most == 1:
        return ((buy,),)
    fewer = Button("fewer", str(Action(Verb.SHOW, variant.sku, max(1, quantity - 1))))
    count = Button("count", str(Action(Verb.SHOW, variant.sku, quantity)), facts={"quantity": quantity})
    more = Button("more", str(Action(Verb.SHOW, variant.sku, min(most, quantity + 1))))
    return ((fewer, count, more), (buy,))


def _alternatives(counter: Counter, situation: Situation, variant: Variant) -> list[Variant]:
    """What else a shopper may like who cannot have this: its siblings, then its category."""
    product = counter.catalogue.product(variant.sku)
    assert product is not None, variant.sku
    siblings = [v for v in product.variants if v.sku != variant.sku]
    near = (p.variants[0] for p in counter.catalogue.shelf(product.category) if p is not product)
    there = (v for v in chain(siblings, islice(near, LOOKED_AT)) if situation.stock(v.sku).available != 0)
    return list(islice(there, ALTERNATIVES))


def alternative_rows(counter: Counter, situation: Situation, variant: Variant) -> Rows:
    return tuple(
        (_choice(named(counter.catalogue, v, situation.language), Action(Verb.SHOW, v.sku), v.unit_minor),)
        for v in _alternatives(counter, situation, variant)
    )


def _choices(product: Product, left: Sequence[Variant], quantity: int, language: str) -> Rows:
    """A button for each value of the first option on which the variants left differ."""
    if len(left) == 1:
        label = worded(product, left[0].options.values(), language) or product.named(language)
        return ((_choice(label, Action(Verb.BUY, left[0].sku, quantity), left[0].unit_minor),),)
    names = list(left[0].options)
    place, option = next((i, n) for i, n in enumerate(names) if len({v.options[n] for v in left}) > 1)
    settled = sum(1 << i for i, n in enumerate(names) if len({v.options[n] for v in left}) == 1)
    buttons = []
    for value in dict.fromkeys(v.options[option] for v in left):
        those = [v for v in left if v.options[option] == value]
        if len(those) == 1:
            action = Action(Verb.BUY, those[0].sku, quantity)
        else:
            action = Action(Verb.NARROW, those[0].sku, quantity, settled | 1 << place)
        price = min(v.unit_minor for v in those)
        buttons.append(_choice(product.worded(value, language), action, price))
    return in_rows(buttons, 2)


def _choice(name: str, action: Action, price_minor: int | None) -> Button:
    return Button("choice", str(action), facts={"name": name, "price": price_minor})


def in_rows(buttons: Sequence[Button], width: int) -> Rows:
    return tuple(tuple(buttons[i : i + width]) for i in range(0, len(buttons), width))


def narrowed(product: Product, action: Action) -> list[Variant]:
    """The variants that agree with the one named on every option already settled."""
    model = next(v for v in product.variants if v.sku == action.subject)
    settled = [name for i, name in enumerate(model.options) if action.fixed >> i & 1]
    return [v for v in product.variants if all(v.options[n] == model.options[n] for n in settled)]


def ask_variant(situation: Situation, product: Product, variants: Sequence[Variant], quantity: int) -> Say:
    """Ask which of these variants is meant; sold-out ones are said, not offered."""
    language = situation.language
    left = [v for v in variants if situation.stock(v.sku).available != 0]
    facts: dict[str, Fact] = {"name": product.named(language), "quantity": quantity}
    if not left:
        return situation.say("sold_out", facts | {"alternatives": []}, (Button("browse", str(Action(Verb.BROWSE))),))
    names = [n for n in left[0].options if len({v.options[n] for v in left}) > 1] or list(left[0].options)
    gone = [worded(product, v.options.values(), language) for v in variants if v not in left]
    facts |= {"option": product.worded(names[0], language) if names else "", "gone": list[Fact](gone)}
    return situation.say("choose_option", facts, *_choices(product, left, quantity, language), picture=product.image)


def products_of(catalogue: Catalogue, skus: Sequence[str]) -> list[Product]:
    """The products of these SKUs, each once, in their order."""
    found = (catalogue.product(sku) for sku in skus)
    return list({product.sku: product for product in found if product is not None}.values())


def ask_product(counter: Counter, situation: Situation, skus: Sequence[str], *, buying: bool, quantity: int) -> Say:
    """Ask which of these is meant: several products, or one product's variants."""
    products = products_of(counter.catalogue, skus)
    if len(products) == 1 and len(skus) > 1:
        variants = [v for v in products[0].variants if v.sku in set(skus)]
        return ask_variant(situation, products[0], variants or products[0].variants, quantity)
    shown = products[:CHOICES_SHOWN]
    buttons = [product_choice(product, situation.language, buying=buying, quantity=quantity) for product in shown]
    return situation.say("choose_product", {"more": len(products) - len(shown)}, *in_rows(buttons, 1))


def product_choice(product: Product, language: str, *, buying: bool, quantity: int) -> Button:
    verb = Verb.SHOW
    if buying:
        verb = Verb.BUY if len(product.variants) == 1 else Verb.NARROW
    return _choice(product.named(language), Action(verb, product.variants[0].sku, quantity), product.from_minor)


def window(counter: Counter, situation: Situation, action: Action) -> Say:
    """The shop's window: a page of products, of one category where the action names one."""
    catalogue, language = counter.catalogue, situation.language
    wanted = catalogue.shelf(action.subject) if action.subject else catalogue.products
    pages = max(1, -(-len(wanted) // PAGE))
    page = min(max(action.number, 1), pages)
    shown = wanted[(page - 1) * PAGE : page * PAGE]
    items: list[Fact] = [
        {
            "name": p.named(language),
            "price": p.from_minor,
            "from": len({v.unit_minor for v in p.variants}) > 1,
        }
        for p in shown
    ]
    rows = list(in_rows([product_choice(p, language, buying=False, quantity=1) for p in shown], 2))
    turn = [
        Button(label, str(Action(Verb.BROWSE, action.subject, number)))
        for label, number, there in (("previous", page - 1, page > 1), ("next", page + 1, page < pages))
        if there
    ]
    facts: Facts = {"items": items, "page": page, "pages": pages, "category": action.subject}
    return situation.say("window", facts, *rows, *((tuple(turn),) if turn else ()))

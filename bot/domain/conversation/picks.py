"""What the shop puts forward when it is asked what is new, what sells best, what costs least."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.domain.catalogue import Product
from bot.domain.conversation.counter import Counter, Situation
from bot.domain.conversation.offers import PAGE, in_rows, product_choice, products_of
from bot.domain.effects import Say
from bot.domain.understanding import Understanding

Pick = Callable[[Counter, Situation], Sequence[Product]]


def _novelties(counter: Counter, _situation: Situation) -> Sequence[Product]:
    """Those that bot.toml calls new, else those that stand last in it."""
    return counter.catalogue.novelties[:PAGE] or counter.catalogue.products[: -PAGE - 1 : -1]


def _bestsellers(counter: Counter, situation: Situation) -> Sequence[Product]:
    return products_of(counter.catalogue, situation.bestsellers())[:PAGE]


def _cheapest(counter: Counter, _situation: Situation) -> Sequence[Product]:
    return counter.catalogue.by_price[:PAGE]


PICKS: Mapping[str, Pick] = {"novelties": _novelties, "bestsellers": _bestsellers, "cheapest": _cheapest}


def picks(counter: Counter, situation: Situation, meant: Understanding) -> Say | None:
    """A few products to choose from; None where nothing of the kind was asked, or there is nothing of it."""
    for why, pick in PICKS.items():
        if why in meant.asides and (shown := pick(counter, situation)):
            buttons = [product_choice(product, situation.language, buying=False, quantity=1) for product in shown]
            return situation.say("picks", {"why": why}, *in_rows(buttons, 1))
    return None


def cheapest_of(products: Sequence[Product], meant: Understanding) -> Sequence[Product]:
    """Of the products named the one that costs least, where that was asked for; all of them where two cost the same."""
    if "cheapest" not in meant.asides or len(products) < 2:
        return products
    least = min(product.from_minor for product in products)
    return [product for product in products if product.from_minor == least]

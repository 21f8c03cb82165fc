"""What is said for all to read: one reply with price, stock and delivery, and the way to a private conversation."""

from __future__ import annotations

import re

from bot.domain.catalogue import Catalogue, Product
from bot.domain.conversation import offers
from bot.domain.conversation.counter import Counter, Situation
from bot.domain.effects import Fact, Say
from bot.domain.understanding import Intent, Understanding
from bot.domain.understanding.tokens import fold
from bot.domain.understanding.words import small_words

NAMED = 3
"""Products named in one public reply; more would not fit."""

INVITED = frozenset(
    {
        Intent.BUY,
        Intent.BROWSE,
        Intent.SEARCH,
        Intent.CART,
        Intent.CHECKOUT,
        Intent.REMOVE,
        Intent.CANCEL,
        Intent.ORDER_STATUS,
        Intent.RETURN,
        Intent.HUMAN,
        Intent.HELP,
        Intent.ASK,
    }
)
"""What is worth an answer. The rest (thanks, praise, small talk) is left alone: nobody asked for a machine."""

HANDLES = re.compile(r"[@＠]\w{1,30}")
LINKS = re.compile(r"https?://\S+")


def spoken(text: str) -> str:
    """A post without the names it addresses and the links it carries: the shop's own name is no product."""
    return " ".join(LINKS.sub(" ", HANDLES.sub(" ", text)).split())


def without_names(text: str, catalogue: Catalogue, skus: tuple[str, ...]) -> str:
    """The text without the words of these products: what is left of praise asks for nothing."""
    words: set[str] = set()
    for product in offers.products_of(catalogue, skus):
        named = [product.name, *product.keywords]
        for translation in product.translations.values():
            named += [translation.name or "", *translation.keywords]
        words |= {word for name in named for word in _words(name)}
    kept = [word for word in text.split() if not set(_words(word)) & words and not _plural_of(word, words)]
    return " ".join(kept)


def only_names(rest: str) -> bool:
    """Whether nothing but small words and figures is left of a text without its product's names: "un … noir svp"."""
    small = small_words()
    return all(fold(word) in small or word.isdecimal() for word in _words(rest))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _plural_of(word: str, words: set[str]) -> bool:
    return any(part.removesuffix("s") in words or part.removesuffix("es") in words for part in _words(word))


def reply(counter: Counter, situation: Situation, meant: Understanding, facts: dict[str, Fact]) -> Say | None:
    """The one public reply to a post, or None where silence is the better answer. `facts` are who is spoken to."""
    if meant.intent not in INVITED:
        return None
    if not situation.shopper.reachable:
        return situation.say("public_open", facts)
    skus = tuple(line.sku for line in meant.lines) or meant.candidates or meant.about
    products = offers.products_of(counter.catalogue, skus)
    if not products or meant.intent in _PRIVATE:
        return situation.say("public_invite", facts)
    if len(products) == 1:
        wanted = meant.lines[0].quantity if len(meant.lines) == 1 else meant.quantity or 1
        quantity = wanted if wanted <= counter.rules.max_quantity else 1  # what cannot be had is said in private
        return situation.say("public_offer", facts | _offer(counter, situation, products[0], skus, quantity))
    items: list[Fact] = [
        {
            "name": p.named(situation.language),
            "price": p.from_minor,
            "from": len({v.unit_minor for v in p.variants}) > 1,
        }
        for p in products[:NAMED]
    ]
    every = len(meant.lines) == len(products)
    return situation.say("public_choice", facts | {"items": items, "more": len(products) - len(items), "every": every})


_PRIVATE = frozenset({Intent.ORDER_STATUS, Intent.CANCEL, Intent.RETURN, Intent.HUMAN, Intent.CART, Intent.CHECKOUT})
"""Matters between the shopper and the shop: nothing of them is said in public."""


def _offer(
    counter: Counter, situation: Situation, product: Product, skus: tuple[str, ...], quantity: int
) -> dict[str, Fact]:
    asked = [v for v in product.variants if v.sku in skus] or list(product.variants)
    facts = offers.card_facts(counter, situation, product, asked, quantity)
    if len(asked) == 1:
        facts["name"] = offers.named(counter.catalogue, asked[0], situation.language)
    options = [product.worded(name, situation.language) for name in product.variants[0].options]
    kept = {name: facts[name] for name in ("name", "price", "from", "stock", "available", "quantity", "delivery")}
    return kept | {"options": list[Fact](options) if len(asked) > 1 else []}


def open_question(counter: Counter, situation: Situation, meant: Understanding, text: str) -> str:
    """What the shopper's next private words are read together with: "oui" then orders what was asked for in public."""
    lines = [
        f"{line.quantity} {offers.named(counter.catalogue, variant, situation.language)}"
        for line in meant.lines
        if (variant := counter.catalogue.variant(line.sku)) is not None
    ]
    if len(lines) == 1:
        return lines[0]
    return text if meant.lines or meant.candidates or meant.about else ""

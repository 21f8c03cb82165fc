"""Turns what was named into lines that can be bought, or into what must still be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from bot.domain.catalogue import Catalogue
from bot.domain.money import exponent, to_decimal
from bot.domain.understanding.index import Index, Products
from bot.domain.understanding.intents import Signals
from bot.domain.understanding.limits import Limits
from bot.domain.understanding.meaning import Intent, Understanding, Wanted
from bot.domain.understanding.mentions import Mention
from bot.domain.understanding.options import narrowed
from bot.domain.understanding.prices import Prices
from bot.domain.understanding.reading import Item
from bot.domain.understanding.wishes import Wishes

MOST_CANDIDATES = 50
"""More than anybody can choose from in a chat."""
NARROWED = 8
"""Of so many it is looked up which of their variants are meant; a shopper must say more of a longer row first."""
LARGEST = Decimal(10**9)
"""A price beyond it bounds nothing."""
REPLIES = frozenset({Intent.UNKNOWN, Intent.NO, Intent.YES})
"""A number in one of these may answer what was asked before."""
SPEAKS_OF = frozenset({Intent.ASK, Intent.RETURN, Intent.REMOVE, Intent.CANCEL})


class Answers:
    def __init__(self, catalogue: Catalogue, index: Index) -> None:
        self._catalogue, self._index = catalogue, index
        self._prices = Prices(catalogue.products)

    def given(self, text: str, code: str, meant: Intent, signals: Signals, items: Sequence[Item]) -> Understanding:
        """What to say of the goods: lines only where everything is certain, else what must still be asked."""
        wishes = self._affordable(signals)
        if meant is Intent.BUY:
            return self._purchase(text, code, wishes, _prices(items))
        if meant is Intent.SEARCH:
            found = self._skus(wishes.mentions)
            if signals.limits and not signals.goods:
                found = self._listed(self._within(self._index.everything, signals.limits))
            return Understanding(text, code, meant, candidates=found)
        if meant not in SPEAKS_OF or not wishes.mentions:
            loose = wishes.loose.value if meant in REPLIES and wishes.loose.said else None
            return Understanding(text, code, meant, quantity=loose)
        sole = all(len(mention.products) == 1 or mention.plural for mention in wishes.mentions)
        asked = signals.has("ask", "help", "return", "complaint", "remove", "cancel")
        quantity = wishes.mentions[0].quantity
        said = quantity.value if quantity.said and len(wishes.mentions) == 1 else None
        if meant is Intent.REMOVE and said is None and len(wishes.mentions) == 1 and wishes.mentions[0].counted:
            said = 1  # "take out a mug"
        if sole and (asked or all(len(mention.products) == 1 for mention in wishes.mentions)):
            return Understanding(text, code, meant, about=self._skus(wishes.mentions), quantity=said)
        return Understanding(text, code, meant, candidates=self._skus(wishes.mentions), quantity=said)

    def _within(self, found: Products, limits: Limits) -> Products:
        least, most = (
            None if bound is None or bound > LARGEST else int(bound.scaleb(exponent(self._catalogue.currency)))
            for bound in (limits.least, limits.most)
        )
        return self._prices.within(found, least, most)

    def _affordable(self, signals: Signals) -> Wishes:
        """What was named, of it what costs as little or as much as was said."""
        if not signals.limits:
            return signals.wishes
        within = [replace(m, products=self._within(m.products, signals.limits)) for m in signals.wishes.mentions]
        return replace(signals.wishes, mentions=tuple(mention for mention in within if mention.products))

    def _listed(self, found: Products) -> tuple[str, ...]:
        """Of each product its only variant's SKU, or its own."""
        products = (self._catalogue.products[number] for number in islice(found, MOST_CANDIDATES))
        return tuple(p.variants[0].sku if len(p.variants) == 1 else p.sku for p in products)

    def _purchase(self, text: str, code: str, wishes: Wishes, prices: Sequence[str]) -> Understanding:
        lines: dict[str, int] = {}
        missing: dict[str, None] = {}
        certain = not wishes.rest
        new = tuple(mention for mention in wishes.mentions if not mention.owned)
        for mention in new or wishes.mentions:
            sku, gaps = self._settled(mention)
            if mention.quantity.value is None or (mention.plural and not mention.quantity.said and not mention.counted):
                gaps = (*gaps, "quantity")
            missing |= dict.fromkeys(gaps)
            count = mention.quantity.value or 1
            guess = gaps or mention.doubtful or mention.weak or mention.owned
            if sku is None or guess or (sku in lines and not mention.opened):  # twice in one breath: how many?
                certain = False
            else:
                lines[sku] = lines.get(sku, 0) + count
        certain = certain and self._priced(lines, prices)
        if wishes.loose.said and wishes.loose.value is None:
            certain, missing = False, missing | {"quantity": None}
        said = [m.quantity.value for m in wishes.mentions if m.quantity.said] or [
            wishes.loose.value if wishes.loose.said else None
        ]
        quantity = said[0] if len(said) == 1 else None
        if certain and lines:
            wanted = tuple(Wanted(sku, count) for sku, count in lines.items())
            return Understanding(text, code, Intent.BUY, lines=wanted, quantity=quantity)
        return Understanding(
            text,
            code,
            Intent.BUY,
            candidates=self._skus(wishes.mentions),
            missing=tuple(missing),
            quantity=quantity,
        )

    def _settled(self, mention: Mention) -> tuple[str | None, tuple[str, ...]]:
        """(the one SKU that is meant, the options that are open)."""
        if len(mention.products) != 1:
            return None, ()
        (number,) = mention.products
        exact = self._written(mention)
        if exact:
            return exact[0], ()
        left = narrowed(self._index.entry(number), mention.terms, mention.without)
        return (left.variants[0].sku if len(left.variants) == 1 else None), left.missing

    def _written(self, mention: Mention) -> tuple[str, ...]:
        """The variant whose SKU the shopper wrote out."""
        return tuple(t.variant for t in mention.terms if t.variant and self._catalogue.variant(t.variant) is not None)

    def _skus(self, mentions: Iterable[Mention]) -> tuple[str, ...]:
        """A lone product's variants that are left; of several products each one's SKU, or its only variant's."""
        skus: dict[str, None] = {}
        for mention in mentions:
            written = self._written(mention)
            several, told = len(mention.products) > 1, any(not term.heads for term in mention.terms) or mention.without
            for place, number in enumerate(islice(mention.products if not written else (), MOST_CANDIDATES)):
                product = self._catalogue.products[number]
                if len(product.variants) == 1:
                    skus[product.variants[0].sku] = None
                    continue
                if place >= NARROWED or (several and not told):
                    skus[product.sku] = None
                    continue
                entry = self._index.entry(number)
                left = narrowed(entry, mention.terms, mention.without).variants
                if len(mention.products) > 1 and len(left) > 1:
                    skus[entry.product.sku] = None
                else:
                    skus |= dict.fromkeys(variant.sku for variant in left)
            skus |= dict.fromkeys(written)
        return tuple(skus)[:MOST_CANDIDATES]

    def _priced(self, lines: Mapping[str, int], prices: Sequence[str]) -> bool:
        """Whether a price that was named is that of one of them, or of all; another is a bargain to talk about."""
        if not prices:
            return True
        sold = [(variant.unit_minor, n) for sku, n in lines.items() if (variant := self._catalogue.variant(sku))]
        minor = {unit * count for unit, n in sold for count in (1, n)} | {sum(unit * n for unit, n in sold)}
        right = {f"{to_decimal(value, self._catalogue.currency).normalize():f}" for value in minor}
        return right.issuperset(prices)


def _prices(items: Sequence[Item]) -> list[str]:
    """Amounts beside a currency, as plain decimals."""
    prices = []
    for at, item in enumerate(items):
        beside = [*items[max(0, at - 1) : at], *items[at + 1 : at + 2]]
        if item.kind == "number" and any("currency" in one.roles or one.text in "€$£" for one in beside):
            whole, _, cents = item.text.replace(",", ".").partition(".")
            prices.append(f"{whole}.{cents.rstrip('0')}".rstrip(".") if cents else whole)
    return prices

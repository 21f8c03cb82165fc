"""Which products cost no more, or no less, than so much: asked of a million without looking at each."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from bot.domain.catalogue import Product
from bot.domain.understanding.index import NOTHING, Products

BANDS = 64
SMALLEST_BAND = 1024


class Prices:
    """Products in the order of their prices, in minor units; a band's bitmap holds all that come before its end."""

    def __init__(self, products: Sequence[Product]) -> None:
        self._cheapest = _Ladder([product.from_minor for product in products])
        self._dearest = _Ladder([max(v.unit_minor for v in product.variants) for product in products])

    def within(self, found: Products, least: int | None, most: int | None) -> Products:
        """Those of them with a variant that may cost so much: its cheapest not above `most`, its dearest not below
        `least`; minor units, both included."""
        if most is not None:
            found = found & self._cheapest.first(bisect_right(self._cheapest.prices, most))
        if least is not None:
            found = found - self._dearest.first(bisect_left(self._dearest.prices, least))
        return found


class _Ladder:
    def __init__(self, prices: Sequence[int]) -> None:
        order = sorted(range(len(prices)), key=prices.__getitem__)
        self.prices = [prices[number] for number in order]
        self._order = array("I", order)
        self._size = max(SMALLEST_BAND, -(-len(order) // BANDS))
        self._bands = [NOTHING]
        for start in range(0, len(order), self._size):
            self._bands.append(self._bands[-1] | Products(self._order[start : start + self._size]))

    def first(self, count: int) -> Products:
        """The so many cheapest."""
        band, rest = divmod(count, self._size)
        start = band * self._size
        return self._bands[band] | Products(self._order[start : start + rest]) if rest else self._bands[band]

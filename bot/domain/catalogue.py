"""What the shop sells: products, their variants and their prices, frozen for the life of the process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from typing import Literal

Kind = Literal["physical", "digital", "service"]
Restock = Literal["asked", "always", "never"]
Level = Literal["counted", "unlimited", "limited", "out"]
FEW = 50


@dataclass(frozen=True, slots=True)
class Translation:
    """A product's words in one language; None falls back to the shop's own words."""

    name: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    """Option names and values in this language: {"couleur": "colour", "noir": "black"}."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What is bought and counted. A product without variants has exactly one, under the product's own SKU.

    `unit_minor` is in the minor unit of the catalogue's currency. `stock` is a count where `level` is "counted",
    else None.
    """

    sku: str
    product: str
    options: Mapping[str, str]
    unit_minor: int
    stock: int | None
    level: Level = "counted"


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str
    variants: tuple[Variant, ...]
    description: str = ""
    kind: Kind = "physical"
    category: str = ""
    new: bool = False
    keywords: tuple[str, ...] = ()
    image: str | None = None
    """A file's absolute path or an https address."""
    restock: Restock = "asked"
    """When what was sold is for sale again: "asked", where the merchant cancels or takes back; "always", also where its
    whole price went back before it was sent; "never"."""
    translations: Mapping[str, Translation] = field(default_factory=dict)

    def named(self, language: str) -> str:
        translation = self.translations.get(language)
        return (translation and translation.name) or self.name

    def described(self, language: str) -> str:
        translation = self.translations.get(language)
        return (translation and translation.description) or self.description

    def worded(self, word: str, language: str) -> str:
        """An option's name or value as a shopper of that language reads it."""
        translation = self.translations.get(language)
        return translation.options.get(word, word) if translation else word

    @property
    def from_minor(self) -> int:
        return min(variant.unit_minor for variant in self.variants)


@dataclass(frozen=True, slots=True)
class Shipping:
    """One way of delivery. `free_from_minor` is the order's value from which it costs nothing."""

    id: str
    name: str
    price_minor: int
    free_from_minor: int | None = None
    countries: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    """How long it takes, at least and at most, in working days."""

    def cost(self, subtotal_minor: int) -> int:
        free = self.free_from_minor is not None and subtotal_minor >= self.free_from_minor
        return 0 if free else self.price_minor


@dataclass(frozen=True)
class Catalogue:
    """All products, found by SKU without regard to case."""

    currency: str
    products: tuple[Product, ...]
    shipping: tuple[Shipping, ...] = ()
    _variants: Mapping[str, Variant] = field(init=False, repr=False)
    _products: Mapping[str, Product] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        variants = {v.sku.casefold(): v for p in self.products for v in p.variants}
        products = {v.sku.casefold(): p for p in self.products for v in p.variants}
        products |= {p.sku.casefold(): p for p in self.products}
        object.__setattr__(self, "_variants", variants)
        object.__setattr__(self, "_products", products)

    def variant(self, sku: str) -> Variant | None:
        return self._variants.get(sku.casefold())

    def product(self, sku: str) -> Product | None:
        """The product of this SKU, which may be its own or that of one of its variants."""
        return self._products.get(sku.casefold())

    def shelf(self, category: str) -> Sequence[Product]:
        """The products of this category, in the order of the file."""
        return self._shelves.get(category, ())

    @cached_property
    def _shelves(self) -> Mapping[str, Sequence[Product]]:
        shelves: dict[str, list[Product]] = {}
        for product in self.products:
            shelves.setdefault(product.category, []).append(product)
        return shelves

    @cached_property
    def novelties(self) -> Sequence[Product]:
        return [product for product in self.products if product.new]

    @cached_property
    def by_price(self) -> Sequence[Product]:
        """The cheapest few."""
        return nsmallest(FEW, self.products, key=lambda product: product.from_minor)

    def variants(self) -> Iterable[Variant]:
        return self._variants.values()

"""Turns what a merchant wrote about products and delivery into the catalogue that is sold from."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from bot.config.addresses import post_id
from bot.config.entries import File, ProductEntry, ShippingEntry, TranslationEntry, VariantEntry
from bot.domain.catalogue import Catalogue, Level, Product, Shipping, Translation, Variant
from bot.domain.money import to_minor


def catalogue(file: File) -> Catalogue:
    """The file has been validated: every price converts exactly, every SKU is unique."""
    currency = file.shop.currency
    return Catalogue(
        currency,
        tuple(_product(entry, currency) for entry in file.products),
        tuple(_shipping(entry, currency) for entry in file.shipping),
    )


def posts(file: File) -> Mapping[str, tuple[str, ...]]:
    """Post id -> SKUs that can be bought of the products that name the post, each once, in the file's order."""
    shown: dict[str, dict[str, None]] = {}
    for entry in file.products:
        skus = [each.sku for each in entry.variants or (entry,)]
        for address in entry.posts:
            shown.setdefault(post_id(address), {}).update(dict.fromkeys(skus))
    return MappingProxyType({post: tuple(skus) for post, skus in shown.items()})


def _product(entry: ProductEntry, currency: str) -> Product:
    return Product(
        sku=entry.sku,
        name=entry.name,
        variants=_variants(entry, currency),
        description=entry.description,
        kind=entry.kind,
        category=entry.category or "",
        new=entry.new,
        keywords=entry.keywords,
        image=entry.image,
        restock=entry.restock,
        translations=MappingProxyType({code: _translation(each) for code, each in entry.translations.items()}),
    )


def _variants(entry: ProductEntry, currency: str) -> tuple[Variant, ...]:
    if not entry.variants:
        return (_variant(entry, entry, currency),)
    return tuple(_variant(entry, variant, currency) for variant in entry.variants)


def _variant(product: ProductEntry, entry: ProductEntry | VariantEntry, currency: str) -> Variant:
    price = entry.price if entry.price is not None else product.price
    count, level = _stock(entry.stock)
    return Variant(
        sku=entry.sku,
        product=product.sku,
        options=MappingProxyType(entry.options if isinstance(entry, VariantEntry) else {}),
        unit_minor=to_minor(price or Decimal(0), currency),
        stock=count,
        level=level,
    )


def _stock(written: int | Level) -> tuple[int | None, Level]:
    return (written, "counted") if isinstance(written, int) else (None, written)


def _translation(entry: TranslationEntry) -> Translation:
    return Translation(entry.name, entry.description, entry.keywords, MappingProxyType(entry.options))


def _shipping(entry: ShippingEntry, currency: str) -> Shipping:
    free_from = None if entry.free_from is None else to_minor(entry.free_from, currency)
    return Shipping(entry.id, entry.name, to_minor(entry.price, currency), free_from, entry.countries, entry.days)

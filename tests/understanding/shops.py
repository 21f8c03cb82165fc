"""Small shops of all kinds to understand messages in, read from catalogues/, each with its words in the five other
languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import product as combinations
from pathlib import Path
from typing import Any, NamedTuple

from bot.domain.catalogue import Catalogue, Product, Translation, Variant
from bot.domain.understanding import Clerk

FOLDER = Path(__file__).with_name("catalogues")
IN_SKUS = str.maketrans({" ": "", "+": "", "é": "e", ",": "-"})
STOCK = 5


class Shop(NamedTuple):
    """What is sold, and the language in which it is named first."""

    catalogue: Catalogue
    language: str


def one(sku: str, name: str, minor: int, *keywords: str) -> Product:
    """A product without variants."""
    return Product(sku, name, (Variant(sku, sku, {}, minor, STOCK),), keywords=keywords)


def shop(name: str, *, otherwise: str = "") -> Shop:
    """The shop of catalogues/<name>.toml. A file of the same name in the folder `otherwise` translates it anew."""
    read = _toml(FOLDER / f"{name}.toml")
    anew = _toml(FOLDER / otherwise / f"{name}.toml") if otherwise else {}
    goods = tuple(_product(entry, anew.get(entry["sku"], {})) for entry in read["products"])
    return Shop(Catalogue(read["currency"], goods), read["language"])


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _product(entry: Mapping[str, Any], anew: Mapping[str, Any]) -> Product:
    words = {**entry.get("words", {}), **anew}
    return Product(
        entry["sku"],
        entry["name"],
        _variants(entry),
        entry.get("description", ""),
        category=entry.get("category", ""),
        keywords=tuple(entry.get("keywords", ())),
        translations={code: _translation(told) for code, told in words.items()},
    )


def _translation(told: Mapping[str, Any]) -> Translation:
    return Translation(told.get("name"), None, tuple(told.get("keywords", ())), told.get("options", {}))


def _variants(entry: Mapping[str, Any]) -> tuple[Variant, ...]:
    """Every combination of the options ("tee-noir-m", "schuhe-42-5") but those it is sold `without`; `prices` are
    those of a value, where it is not the product's."""
    sku, options, prices = entry["sku"], entry.get("options", {}), entry.get("prices", {})
    made = []
    for values in combinations(*options.values()):
        variant = "-".join([sku, *(value.casefold().translate(IN_SKUS) for value in values)])
        price = next((prices[value] for value in values if value in prices), entry["price"])
        made.append(Variant(variant, sku, dict(zip(options, values, strict=True)), price, STOCK))
    return tuple(variant for variant in made if variant.sku not in entry.get("without", ()))


SHOPS = {name: shop(name) for name in ("atelier", "corner", "rad", "epicerie", "velvet", "tech", "casa", "buch")}
EXAMINED = {name: shop(name, otherwise="examination") for name in ("atelier", "corner")} | {
    "dispensa": shop("dispensa")
}
"""The shops of the examination: it has a third of its own, and translates the other two in its own words."""
ATELIER, CORNER = SHOPS["atelier"].catalogue, SHOPS["corner"].catalogue


@cache
def clerk_of(name: str) -> Clerk:
    """The clerk of one of SHOPS, made where it is first asked: it takes a while."""
    catalogue, language = SHOPS[name]
    return Clerk(catalogue, language=language)

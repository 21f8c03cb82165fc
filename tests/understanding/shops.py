"""Two small shops to understand messages in: a French potter's, and an English one with sizes and model numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product as combinations

from bot.domain.catalogue import Catalogue, Product, Translation, Variant
from bot.domain.understanding import Clerk


def one(sku: str, name: str, minor: int, *keywords: str, en: str = "", fr: str = "", **more: str) -> Product:
    """A product without variants. `en` and `fr` are its translated name, with keywords behind a colon."""
    translations = {code: translated(text) for code, text in (("en", en), ("fr", fr)) if text}
    return Product(
        sku,
        name,
        (Variant(sku, sku, {}, minor, 5),),
        description=more.get("description", ""),
        category=more.get("category", ""),
        keywords=keywords,
        translations=translations,
    )


def translated(text: str, options: Mapping[str, str] | None = None) -> Translation:
    name, _, keywords = text.partition(":")
    return Translation(
        name.strip() or None, None, tuple(filter(None, map(str.strip, keywords.split(",")))), options or {}
    )


def many(
    sku: str,
    name: str,
    minor: int,
    options: Mapping[str, Iterable[str]],
    *keywords: str,
    translations: Mapping[str, Translation] | None = None,
    description: str = "",
    category: str = "",
    without: Iterable[str] = (),
) -> Product:
    """A product with every combination of its options but `without`, as SKUs "tee-noir-m"."""
    variants = []
    for values in combinations(*options.values()):
        variant = "-".join([sku, *(value.casefold().replace(" ", "").replace("é", "e") for value in values)])
        if variant not in without:
            variants.append(Variant(variant, sku, dict(zip(options, values, strict=True)), minor, 3))
    return Product(
        sku, name, tuple(variants), description, category=category, keywords=keywords, translations=translations or {}
    )


ATELIER = Catalogue(
    "EUR",
    (
        one(
            "mug-bleu",
            "Mug bleu",
            1800,
            "mug",
            "tasse",
            "café",
            en="Blue mug: mug, cup",
            category="Vaisselle",
            description="Grès tourné à la main, 30 cl.",
        ),
        one("mug-noir", "Mug noir", 1800, "mug", "tasse", "café", en="Black mug: mug, cup", category="Vaisselle"),
        one("bol-sable", "Bol sable", 1650, "bol", en="Sand bowl: bowl", category="Vaisselle"),
        one(
            "theiere",
            "Théière terracotta",
            6400,
            "théière",
            "thé",
            en="Terracotta teapot: teapot, tea",
            category="Vaisselle",
        ),
        one(
            "bougie-figuier",
            "Bougie Figuier",
            2200,
            "bougie",
            "figue",
            en="Fig tree candle: candle, fig",
            category="Bougies",
        ),
        one(
            "bougie-ambre",
            "Bougie Ambre",
            2200,
            "bougie",
            "santal",
            en="Amber candle: candle, sandalwood",
            category="Bougies",
        ),
        one(
            "bougeoir",
            "Bougeoir en laiton",
            3200,
            "bougeoir",
            en="Brass candlestick: candle holder",
            category="Bougies",
        ),
        one("sel", "Sel & poivre", 2900, "salière", en="Salt & pepper: shakers", category="Vaisselle"),
        one("verres", "Lot de 6 verres", 4200, "verres", en="Set of 6 glasses: tumblers", category="Vaisselle"),
        many(
            "tablier",
            "Tablier de potier",
            4800,
            {"couleur": ("bleu nuit", "sable")},
            "tablier",
            "lin",
            translations={
                "en": translated(
                    "Potter's apron: apron, linen", {"couleur": "colour", "bleu nuit": "midnight blue", "sable": "sand"}
                )
            },
            category="Vêtements",
        ),
        many(
            "tee",
            "T-shirt Lumière",
            2990,
            {"couleur": ("noir", "écru"), "taille": ("S", "M", "L")},
            "tee-shirt",
            "tshirt",
            translations={
                "en": translated(
                    "Lumière T-shirt: tee",
                    {"couleur": "colour", "noir": "black", "écru": "off-white", "taille": "size"},
                )
            },
            category="Vêtements",
        ),
        many(
            "affiche",
            "Affiche « Soleil »",
            1500,
            {"format": ("A4", "A3", "50x70")},
            "affiche",
            "poster",
            "soleil",
            translations={"en": translated("“Sun” poster: poster, print, sun")},
            category="Papeterie",
        ),
        one("boucles", "Boucles d'oreilles lune", 3900, "boucles", en="Moon earrings: earrings", category="Bijoux"),
        one(
            "coffret",
            "Coffret Lumière",
            3800,
            "coffret",
            "cadeau",
            en="Lumière gift box: gift box, gift set",
            category="Cadeaux",
        ),
        one(
            "carte-cadeau",
            "Carte cadeau",
            5000,
            "carte cadeau",
            "bon cadeau",
            en="Gift card: gift card, voucher",
            category="Cadeaux",
        ),
    ),
)

CORNER = Catalogue(
    "USD",
    (
        one(
            "xm5",
            "Sony WH-1000XM5",
            34900,
            "headphones",
            fr=": casque",
            category="Audio",
            description="Noise cancelling headphones.",
        ),
        one("xm4", "Sony WH-1000XM4", 24900, "headphones", fr=": casque", category="Audio"),
        many(
            "phone-15",
            "iPhone 15",
            79900,
            {"storage": ("128GB", "256GB"), "color": ("black", "pink")},
            "phone",
            "smartphone",
            translations={"fr": translated(": téléphone", {"storage": "stockage", "color": "couleur"})},
        ),
        many(
            "phone-15-pro",
            "iPhone 15 Pro",
            99900,
            {"storage": ("128GB", "256GB")},
            "phone",
            "smartphone",
            translations={"fr": translated(": téléphone")},
        ),
        many(
            "slides",
            "Beach slides",
            2500,
            {"size": ("8", "9", "10")},
            "slides",
            translations={"fr": translated(": claquettes")},
            category="Shoes",
        ),
        many(
            "runner",
            "Trail runner v6",
            12900,
            {"size": ("40", "41", "42", "43"), "color": ("white", "red")},
            "sneakers",
            "trainers",
            translations={
                "fr": translated(
                    ": baskets", {"size": "pointure", "color": "couleur", "white": "blanc", "red": "rouge"}
                )
            },
            category="Shoes",
        ),
        one("cap", "Logo cap", 1900, "cap", "hat", fr="Casquette: casquette", category="Accessories"),
        one(
            "lamp",
            "Desk lamp",
            5900,
            "lamp",
            fr="Lampe de bureau: lampe",
            category="Home",
            description="Black steel, 40 cm.",
        ),
        one("cable", "USB-C cable 2m", 1200, "cable", "charger cable", fr="Câble USB-C 2m: câble"),
        many(
            "hoodie",
            "Zip hoodie",
            5500,
            {"size": ("S", "M", "L", "XL"), "color": ("grey", "navy")},
            "hoodie",
            "sweatshirt",
            translations={"fr": translated(": sweat", {"size": "taille", "color": "couleur"})},
            without=("hoodie-xl-navy",),
            category="Clothes",
        ),
        one("speaker", "Mini speaker", 4500, "speaker", fr=": enceinte", category="Audio"),
        one("socks", "Wool socks", 1400, "socks", fr="Chaussettes en laine: chaussettes", category="Clothes"),
    ),
)

SHOPS = {"atelier": (ATELIER, "fr"), "corner": (CORNER, "en")}


@cache
def clerk_of(shop: str) -> Clerk:
    """The clerk of a shop, made where it is first asked: it takes a while."""
    catalogue, language = SHOPS[shop]
    return Clerk(catalogue, language=language)

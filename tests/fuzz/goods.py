"""What a shop may sell that its templates, buttons and platforms must all bear: hostile, but allowed by bot.toml."""

from __future__ import annotations

import random
from functools import cache

from bot.domain.catalogue import Catalogue, Level, Product, Shipping, Translation, Variant
from tests.dialogs.dialog import catalogue as plain_goods
from tests.fuzz.texts import Texts

LONGEST_NAME, LONGEST_DESCRIPTION = 200, 2000
PICTURE = "https://shop.example/picture.jpg"
MOST = 99_999_99


@cache
def hostile_goods(seed: int) -> Catalogue:
    """A catalogue with names, descriptions, options and categories of every kind that `check` lets through."""
    dice = random.Random(f"goods {seed}")
    texts = Texts(dice, ("mug", "T-shirt", "bougie"))
    products = [*plain_goods().products]
    for number in range(14):
        name = texts.line(LONGEST_NAME)
        if number % 3 == 0:
            name = f"{dice.choice(('Tasse', 'Bougie', 'Bol'))} {name}"[:LONGEST_NAME].strip()
        products.append(_product(dice, texts, f"h{number}", name))
    ways = tuple(
        Shipping(f"way-{n}", texts.line(90), dice.choice((0, 490)), dice.choice((None, 6000)), ("FR",))
        for n in range(5)
    )
    return Catalogue("EUR", tuple(products), ways)


def _product(dice: random.Random, texts: Texts, sku: str, name: str) -> Product:
    minor = dice.choice((1, 50, 1800, 2990, MOST))
    variants: tuple[Variant, ...] = (Variant(sku, sku, {}, minor, *_stock(dice)),)
    options = {
        texts.line(40): [texts.line(60) for _ in range(dice.choice((2, 4)))] for _ in range(dice.choice((0, 0, 1, 2)))
    }
    if options:
        names = list(options)
        rows = [[value] for value in dict.fromkeys(options[names[0]])]
        if len(names) > 1:
            rows = [[*row, other] for row in rows for other in dict.fromkeys(options[names[1]])]
        variants = tuple(
            Variant(f"{sku}-{n}", sku, dict(zip(names, row, strict=True)), minor + n, *_stock(dice))
            for n, row in enumerate(rows)
        )
    return Product(
        sku,
        name,
        variants,
        description=texts.line(LONGEST_DESCRIPTION) + dice.choice(("", "\n\n\n" + texts.line(900), " long" * 200)),
        kind=dice.choice(("physical", "digital", "service")),
        category=dice.choice(("Maison", "Textile", texts.line(40))),
        keywords=("tasse",) if dice.random() < 0.3 else (),
        image=dice.choice((None, PICTURE)),
        translations={"en": Translation(texts.line(LONGEST_NAME))} if dice.random() < 0.5 else {},
    )


STOCKS: tuple[tuple[int | None, Level], ...] = (
    *((count, "counted") for count in (0, 1, 3, 500)),
    *((None, level) for level in ("unlimited", "limited", "out")),
)


def _stock(dice: random.Random) -> tuple[int | None, Level]:
    return dice.choice(STOCKS)


def words_of(goods: Catalogue) -> list[str]:
    """The names, SKUs and options by which a shopper may call what is sold."""
    found = [word for product in goods.products for word in (product.name, product.sku, product.named("en"))]
    found += [
        f"{product.name} {value}"
        for product in goods.products
        for v in product.variants
        for value in v.options.values()
    ]
    return [
        *found,
        *("mug bleu", "mug noir", "blue mug", "théière", "carte cadeau", "tee-shirt noir en M", "t-shirt") * 6,
    ]

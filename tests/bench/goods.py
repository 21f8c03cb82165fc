"""A shop of any size with names that are as much alike as real ones, and what its shoppers write: seeded."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bot.domain.catalogue import Catalogue, Product, Translation, Variant

TOLD: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("goods.toml").read_text(encoding="utf-8"))
HOME = "fr"
LANGUAGES = tuple(TOLD["says"])
TRANSLATED = 0.3
"""The share of products that are named in every language; the others only in the shop's."""
WITH_OPTIONS = 0.25
SHAPES = {"colour": 45, "material": 20, "model": 20, "set": 8, "accessory": 7}
"""In a hundred names; the words of each are in goods.toml."""
ALIKE = 20
"""How many products share a series, so that only a colour or a material tells them apart."""
QUALIFIERS = ("", " Pro", " Mini", " Max", " 2")
LONG = 500
"""Characters of a long message."""
LONGEST = f"{LONG} characters"
"""The kind of message that is."""
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Make:
    """What a product's name is made of; it is said in any language."""

    shape: str
    thing: Words
    colour: Words
    material: Words
    series: str
    model: str
    pieces: int

    def named(self, language: str) -> str:
        shape: str = TOLD["names"][self.shape][language]
        name = shape.format(
            thing=self.thing[language],
            colour=self.colour[language],
            material=self.material[language],
            series=self.series,
            model=self.model,
            pieces=self.pieces,
        )
        return name[:1].upper() + name[1:]

    def called(self, language: str) -> str:
        """By its thing and series alone, as people write."""
        return f"{self.thing[language]} {self.model if self.shape == 'model' else self.series}".lower()


class Warehouse:
    """A catalogue of `count` products in French, and messages to it.

    Some things are sold far more than others, by Zipf's law: a quarter of all products have the same noun.
    """

    def __init__(self, count: int, *, seed: int = 1) -> None:
        self._dice = random.Random(seed)
        things = TOLD["things"]
        self._ranks = [1 / rank for rank in range(1, len(things) + 1)]
        self._series = sorted({self._word() for _ in range(max(50, count // ALIKE))})
        self.makes = [self._make(number) for number in range(count)]
        self.catalogue = Catalogue("EUR", tuple(self._product(number, make) for number, make in enumerate(self.makes)))
        self.kinds: Mapping[str, Callable[[str], str]] = {
            "full name": self._full,
            "short name": self._short,
            "slip of a key": self._slip,
            "common noun": self._common,
            "option": self._option,
            "two products": self._two,
            "price limits": self._limits,
            "manners": self._manners,
            LONGEST: self._long,
        }

    def messages(self, kind: str, count: int) -> Iterator[str]:
        """In each language by turns."""
        for number in range(count):
            yield self.kinds[kind](LANGUAGES[number % len(LANGUAGES)])

    # -- the shelves

    def _word(self) -> str:
        sounds = (self._dice.choice("bcdfglmnprstv") + self._dice.choice("aeiou") for _ in range(4))
        return "".join(islice(sounds, self._dice.choice((2, 3, 3, 4)))).capitalize()

    def _make(self, number: int) -> Make:
        dice = self._dice
        (shape,) = dice.choices(list(SHAPES), list(SHAPES.values()))
        (thing,) = dice.choices(TOLD["things"], self._ranks)
        family = number // len(QUALIFIERS)
        model = f"{'LXRKTVWP'[family % 8]}{'XSDM'[family // 8 % 4]}-{100 + family % 9900}{dice.choice(QUALIFIERS)}"
        colour, material = dice.choice(TOLD["colours"]), dice.choice(TOLD["materials"])
        return Make(shape, thing, colour, material, dice.choice(self._series), model, dice.choice((2, 4, 6, 12)))

    def _product(self, number: int, make: Make) -> Product:
        abroad = [code for code in LANGUAGES if code != HOME] if self._dice.random() < TRANSLATED else []
        return Product(
            f"p{number}",
            make.named(HOME),
            tuple(self._variants(f"p{number}")),
            category=make.thing[HOME],
            keywords=(make.thing[HOME],) if make.shape != "model" else (make.thing[HOME], make.model),
            translations={code: Translation(make.named(code), None, (make.thing[code],)) for code in abroad},
        )

    def _variants(self, sku: str) -> Iterator[Variant]:
        price = self._dice.randrange(500, 20_000, 50)
        if self._dice.random() >= WITH_OPTIONS:
            yield Variant(sku, sku, {}, price, 5)
            return
        option = self._dice.choice(list(TOLD["options"]))
        for value in TOLD["options"][option]:
            yield Variant(f"{sku}-{value}", sku, {option: value}, price, 5)

    # -- the shoppers

    def _said(self, language: str, what: str) -> str:
        return str(self._dice.choice(TOLD["says"][language][what]))

    def _asked(self, language: str, goods: str) -> str:
        return self._said(language, self._dice.choice(("wish", "wish", "question"))).replace("{}", goods)

    def _full(self, language: str) -> str:
        return self._asked(language, self._dice.choice(self.makes).named(language).lower())

    def _short(self, language: str) -> str:
        return self._asked(language, self._dice.choice(self.makes).called(language))

    def _slip(self, language: str) -> str:
        name = self._dice.choice(self.makes).named(language).lower()
        at = self._dice.randrange(1, len(name) - 1)
        return self._asked(language, name[:at] + name[at + 1 :])

    def _thing(self, language: str) -> str:
        (thing,) = self._dice.choices(TOLD["things"], self._ranks)
        return str(thing[language])

    def _common(self, language: str) -> str:
        goods = self._thing(language)
        if self._dice.random() < 0.5:
            goods = f"{goods} {self._dice.choice(TOLD['colours'])[language]}"
        return self._asked(language, goods)

    def _option(self, language: str) -> str:
        value = self._dice.choice([value for values in TOLD["options"].values() for value in values])
        return self._asked(language, f"{self._dice.choice(self.makes).called(language)} {value}")

    def _two(self, language: str) -> str:
        first, second = (self._dice.choice(self.makes).named(language).lower() for _ in range(2))
        return f"{self._asked(language, first)}, {second}"

    def _limits(self, language: str) -> str:
        price = str(self._dice.randrange(15, 200, 5))
        return self._said(language, "search").replace("{}", self._thing(language)).replace("{price}", price)

    def _manners(self, language: str) -> str:
        return self._said(language, "manners")

    def _long(self, language: str) -> str:
        """The wish stands somewhere between the sentences."""
        told = TOLD["says"][language]["chatter"]
        talk = self._dice.sample(told, len(told)) + self._dice.sample(told, len(told))
        talk.insert(self._dice.randrange(4), self._full(language))
        return ". ".join(talk)[:LONG]

"""The labelled sets: what shoppers write and what it means, one file a language in labelled/<set>."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bot.domain.understanding import Clerk, Understanding
from tests.understanding.shops import EXAMINED, SHOPS, Shop

FOLDER = Path(__file__).with_name("labelled")
LANGUAGES = ("fr", "en", "es", "de", "it", "pt")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is compared: every field of `comptoir understand` but the text, without the order of SKUs."""

    language: str
    intent: str
    lines: Mapping[str, int]
    candidates: frozenset[str]
    missing: frozenset[str]
    about: frozenset[str]

    @classmethod
    def of(cls, meant: Understanding) -> Meaning:
        lines = {line.sku: line.quantity for line in meant.lines}
        return cls(
            meant.language,
            meant.intent.value,
            lines,
            *(frozenset(names) for names in (meant.candidates, meant.missing, meant.about)),
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A message to the shop of this name, and what every sensible clerk would say that it means."""

    shop: str
    say: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Set:
    """`secret`: nobody is to look at its messages, and no failure says them."""

    name: str
    shops: Mapping[str, Shop] = field(hash=False)
    secret: bool = False

    def labels(self) -> tuple[Label, ...]:
        return tuple(label for code in LANGUAGES for label in _read(self.name, code))

    def clerks(self) -> dict[str, Clerk]:
        return {name: Clerk(catalogue, language=language) for name, (catalogue, language) in self.shops.items()}


STUDIED = Set("studied", SHOPS)
"""Looked at while the clerk was built."""
EXAMINATION = Set("examination", EXAMINED, secret=True)
"""Never looked at: how the clerk does with what it was not built for."""
SETS = (STUDIED, EXAMINATION)


@cache
def _read(name: str, code: str) -> tuple[Label, ...]:
    tables = tomllib.loads((FOLDER / name / f"{code}.toml").read_text(encoding="utf-8"))
    return tuple(
        Label(shop, entry["say"], _meaning(entry, code)) for shop, entries in tables.items() for entry in entries
    )


def _meaning(entry: Mapping[str, Any], code: str) -> Meaning:
    named = (frozenset(entry.get(field, ())) for field in ("candidates", "missing", "about"))
    return Meaning(code, entry["intent"], entry.get("lines", {}), *named)

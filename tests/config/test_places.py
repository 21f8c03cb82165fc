"""The line of every key, however the file is laid out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.config.places import Path as Place
from bot.config.places import Places

LAID_OUT = '''\
# [shop] name = "in a comment"
title = """
[[products]]
sku = "in a text"
\\""" still """
"quoted.key" = 1
[shop] # a comment ]
a.b.'c' = { d = 1, e = [ # inside
  1,
  { f = '#"' },
] }
[[products]]
sku = "one"
[[products]]
sku = "two"
  [[products.variants]]
  sku = "two-a"
  [[products.variants]]
  sku = "two-b"
  options = { taille = "M", "couleur" = 'noir' }
[[products]]
sku = "three"
  [[products.variants]]
  sku = "three-a"
  [[products.variants]]
  price = 1.0
  when = 2026-01-01 10:00:00
  last = true
[products.translations.en]
name = "Three"
'''
PLACES: list[tuple[Place, int]] = [
    (("title",), 2),
    (("quoted.key",), 6),
    (("shop",), 7),
    (("shop", "a", "b", "c"), 8),
    (("shop", "a", "b", "c", "e", 0), 9),
    (("shop", "a", "b", "c", "e", 1, "f"), 10),
    (("products", 0, "sku"), 13),
    (("products", 1), 14),
    (("products", 1, "variants", 1, "sku"), 19),
    (("products", 1, "variants", 1, "options", "couleur"), 20),
    (("products", 2, "variants", 1, "price"), 26),
    (("products", 2, "variants", 1, "last"), 28),
    (("products", 2, "translations", "en", "name"), 30),
]


@pytest.mark.parametrize(("path", "line"), PLACES)
def test_a_key_is_found_on_its_line(path: Place, line: int) -> None:
    assert Places(LAID_OUT).line(path) == line


def test_what_is_missing_is_placed_at_what_should_hold_it() -> None:
    places = Places(LAID_OUT)
    assert places.line(("products", 2, "variants", 1, "sku")) == 25
    assert places.line(("orders", "hold")) == 1


def paths(value: Any, path: Place = ()) -> Iterator[Place]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield (*path, step)
        yield from paths(child, (*path, step))


@pytest.mark.parametrize("text", [LAID_OUT, (Path(__file__).parents[2] / "bot.toml").read_text(encoding="utf-8")])
def test_everything_that_toml_reads_has_a_line_that_names_it(text: str) -> None:
    places, lines = Places(text), text.split("\n")
    for path in paths(tomllib.loads(text)):
        named = [step for step in path if isinstance(step, str)]
        around = "\n".join(lines[max(0, places.line(path) - 3) : places.line(path)])
        assert named[-1] in around or isinstance(path[-1], int)


def test_endless_nesting_does_not_break_the_search() -> None:
    assert Places("a = 1\nb = " + "[" * 5000).line(("a",)) == 1

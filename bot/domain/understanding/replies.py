"""Reads the short replies that point at one of the things just shown: "the second one", "le dernier"."""

from __future__ import annotations

import re

from bot.domain.understanding.numbers import amount
from bot.domain.understanding.tokens import fold, raw
from bot.domain.understanding.words import load

LAST = -1
_MARKED = re.compile(r"n(\d+)")
"""As folding leaves "n° 2"."""
MOST_WORDS = 5
SILENT = ("function", "one", "pronouns", "please", "choice", "greeting")


def pointed_at(text: str) -> int | None:
    """The place of the thing that is meant, counted from 1, LAST for the last: "the 2nd one", "n°2", "le 2 svp".

    None for anything else, a bare number too: that says how many.
    """
    words = load()
    tokens = [token for token in words.spelling.apply(raw(fold(text))) if token.kind in ("word", "number")]
    if not 0 < len(tokens) <= MOST_WORDS:
        return None
    silent = frozenset().union(*(words.either[name] for name in SILENT))
    points = words.either["definite"] | words.either["choice"]
    meant: list[int] = []
    pointing = False
    for token in tokens:
        place = words.ordinals.get(token.text)
        if place is None and (marked := _MARKED.fullmatch(token.text)):
            place = amount(marked[1])
        pointing = pointing or place is not None or token.text in points
        if place is None and token.kind == "number":
            place = amount(token.text)
        if place is not None:
            meant.append(place)
        elif token.text not in silent:
            return None
    return meant[0] if len(meant) == 1 and pointing else None

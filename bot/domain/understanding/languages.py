"""Tells the language of a short message by its own words; detectors of long texts call "tasse svp" German."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.domain.understanding.numbers import numeral
from bot.domain.understanding.reading import Tongue
from bot.domain.understanding.tokens import Token

GOODS = 0.4
"""What the language of a colour or material weighs, beside a word of the language itself."""


def spoken(tokens: Sequence[Token], tongues: Mapping[str, Tongue], names: Callable[[str], bool], hint: str) -> str:
    """The language with the most words that no other has; `hint` where none is ahead.

    Words of product names are left out, for a French sentence may ask for a "Blue mug".
    """
    scores = dict.fromkeys(tongues, 0.0)
    for token in tokens:
        text = token.text
        letter = len(text) < 2 and not any(text in tongue.language.lists["function"] for tongue in tongues.values())
        if token.kind != "word" or letter:
            continue
        own = [
            code
            for code, tongue in tongues.items()
            if text in tongue.evidence or numeral(text, tongue.language) or text in tongue.language.goods
        ]
        if len(own) != len(tongues):
            weak = names(text) or all(text in tongues[code].language.goods for code in own)
            for code in own:
                scores[code] += (0 if names(text) and text not in tongues[code].evidence else GOODS) if weak else 1.0
    best = max(scores.values())
    ahead = [code for code, score in scores.items() if score == best]
    return ahead[0] if len(ahead) == 1 else hint

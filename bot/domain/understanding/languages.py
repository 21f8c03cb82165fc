"""Tells the language of a short message by its own words; detectors of long texts call "tasse svp" German."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from bot.domain.understanding.tokens import Token
from bot.domain.understanding.tongues import Tongue

GOODS = 0.4
"""What the language of a colour or material weighs, beside a word of the language itself."""


def spoken(
    tokens: Sequence[Token],
    tongues: Mapping[str, Tongue],
    names: Callable[[str], Collection[str] | None],
    hint: str,
    speakers: Callable[[str], Sequence[str]],
) -> str:
    """The language with the most words that no other has; of several the one in which goods are named, or `hint`.

    `speakers` tells the languages that have a word. Words of product names are left out, for a French sentence may ask
    for a "Blue mug".
    """
    scores = dict.fromkeys(tongues, 0.0)
    named = dict.fromkeys(tongues, 0)
    for token in tokens:
        text = token.text
        letter = len(text) < 2 and not any(text in tongue.language.lists["function"] for tongue in tongues.values())
        if token.kind != "word" or letter or (token.glued and len(text) < 2):
            continue
        goods = names(text)
        if goods is not None and hint in goods and len(goods) < len(tongues):
            named[hint] += 1
            continue
        for code in goods or ():
            if code in named:
                named[code] += 1
        own = speakers(text)
        if len(own) == len(tongues):
            continue
        weak = goods is not None or all(text in tongues[code].language.goods for code in own)
        for code in own:
            silent = goods is not None and text not in tongues[code].evidence
            scores[code] += (0 if silent else GOODS) if weak else 1.0
    best = max(scores.values())
    ahead = [code for code, score in scores.items() if score == best]
    if best == 0 or hint in ahead:
        return ahead[0] if len(ahead) == 1 else hint
    most = max(named[code] for code in ahead)
    likely = [code for code in ahead if named[code] == most]
    return likely[0] if len(likely) == 1 else hint

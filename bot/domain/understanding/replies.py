"""Reads the short replies to a numbered question: "2", "the second one"."""

from __future__ import annotations

from bot.domain.understanding.numbers import amount
from bot.domain.understanding.tokens import fold, raw
from bot.domain.understanding.words import load


def reply_number(text: str, *, language: str = "fr") -> int | None:
    """The choice that a short reply names, counted from 1: "2", "n°2", "le deuxième"; None for anything else."""
    words = load()
    tongues = sorted(words.languages.values(), key=lambda tongue: tongue.code != language)
    tokens = [token for token in words.spelling.apply(raw(fold(text))) if token.kind in ("word", "number")]
    if len(tokens) > 4:
        return None
    silent = words.either["function"] | words.either["one"] | words.either["pronouns"] | words.either["please"]
    silent |= words.either["choice"]
    meant: list[int] = []
    for token in tokens:
        number = amount(token.text) if token.kind == "number" else None
        for tongue in tongues:
            number = number or tongue.ordinals.get(token.text)
        if number:
            meant.append(number)
        elif token.text not in silent:
            return None
    return meant[0] if len(meant) == 1 else None

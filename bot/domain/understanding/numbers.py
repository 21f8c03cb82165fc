"""Quantities: which of a message's numbers say how many, and which of those can be bought."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass
from functools import lru_cache

from text_to_num import text2num

from bot.domain.understanding.tokens import Token
from bot.domain.understanding.words import Language, load

LARGEST = 1_000_000
"""Above it nothing is a quantity that anybody means; up to it a number stands as it is, for the counter to refuse."""


def amount(text: str) -> int | None:
    """The quantity that digits stand for; None where it is impossible: 0, negative, broken, beyond all measure.

    Never converts what is longer than a quantity can be: int() of 5,000 digits raises (F118).
    """
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "").replace(".", "")
    text = text.lstrip("+")
    if not text.isdecimal() or len(text.lstrip("0")) > 7:
        return None
    value = int(text)
    return value if 0 < value <= LARGEST else None


_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,2}(?:\.\d{3})+")
_TIMES = re.compile(r"x(\d+)|(\d+)x")
_COUNTED = re.compile(r"(\d{1,4})([a-z]{2,})")
SCIENTIFIC = re.compile(r"\d+(?:\.\d+)?e\d+")


def with_digits(
    tokens: Sequence[Token], languages: Sequence[Language], *, known: Callable[[str], bool], own: Container[str]
) -> list[Token]:
    """The same tokens with numbers as digits: "vingt et un" -> 21, "x2" -> 2, "2mugs" -> 2 mugs, "1e9" as a number.

    `languages` are tried in turn, the message's own first, whose words (`own`) are no numbers of another. `known` tells
    a word of the catalogue, which stays as it is.
    """
    done: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind == "number" or token.kind != "word":
            thousand = token.kind == "number" and len(token.text) < 4 and token.text.isdecimal()
            if thousand and at + 1 < len(tokens) and tokens[at + 1].text == "000":
                token, at = Token(f"{token.text}000", "number", token.glued), at + 1
            done.append(token)
            at += 1
        elif token.text[0].isdecimal() or _TIMES.fullmatch(token.text):
            done += _cut(token, known, languages[0].lists["counters"])
            at += 1
        else:
            length, value = _said(tokens, at, languages, own)
            done.append(Token(str(value), "number", token.glued) if length else token)
            at += length or 1
    return _with_halves(done, languages[0])


def _with_halves(tokens: list[Token], language: Language) -> list[Token]:
    """ "six and a half" -> 6.5; what stands behind it may be a dozen, and is left alone."""
    halves = language.lists["half"]
    if halves.isdisjoint(token.text for token in tokens):
        return tokens
    done: list[Token] = []
    for token in tokens:
        back = 1 if done and done[-1].text in language.lists["one"] else 0
        if token.text in halves and len(done) > 1 + back and done[-1 - back].text in language.lists["links"]:
            number = done[-2 - back]
            if number.kind == "number" and number.text.isdecimal():
                done[-2 - back :] = [Token(f"{number.text}.5", "number", number.glued)]
                continue
        done.append(token)
    return done


def _cut(token: Token, known: Callable[[str], bool], counters: Collection[str]) -> list[Token]:
    times, counted = _TIMES.fullmatch(token.text), _COUNTED.fullmatch(token.text)
    if known(token.text):
        return [token]
    if times:
        return [Token(times[1] or times[2], "number", token.glued), Token("x", "word", glued=True)]
    if SCIENTIFIC.fullmatch(token.text):
        return [Token(token.text, "number", token.glued)]
    if counted and (counted[2] in counters or (len(counted[2]) > 2 and known(counted[2]))):
        return [Token(counted[1], "number", token.glued), Token(counted[2], "word", glued=True)]
    return [token]


def _said(tokens: Sequence[Token], at: int, languages: Sequence[Language], own: Container[str]) -> tuple[int, int]:
    for language in languages:
        length, value = _spoken(tokens, at, language)
        if length:
            return length, value
        if tokens[at].text in own:
            break
    return 0, 0


def _spoken(tokens: Sequence[Token], at: int, language: Language) -> tuple[int, int]:
    """(how many tokens from `at` say a number, the number); (0, 0) where none does."""
    if not numeral(tokens[at].text, language):
        return 0, 0
    end = at + 1
    while end < len(tokens) and end - at < 8 and tokens[end].kind == "word":
        linked = tokens[end].text in language.lists["links"] and end + 1 < len(tokens)
        if not _follows(tokens[end + 1 if linked else end].text, language):
            break
        end += 1
    while end > at:
        value = _value(" ".join(token.text for token in tokens[at:end]), language)
        if value is not None:
            return end - at, value
        end -= 1
    return 0, 0


def numeral(word: str, language: Language) -> bool:
    """Whether a number may begin with it."""
    return language.code in _numerals(word)


@lru_cache(maxsize=16_384)
def _numerals(word: str) -> frozenset[str]:
    """The languages in which it is a number, "one" aside."""
    known = load().languages.values() if len(word) > 1 else ()
    return frozenset(
        language.code for language in known if word not in language.lists["one"] and _value(word, language) is not None
    )


def _follows(word: str, language: Language) -> bool:
    """Whether a number may go on with it: "twenty one", "quatre vingts"."""
    return len(word) > 1 and (word in language.lists["only_follow"] or _value(word, language) is not None)


def _value(text: str, language: Language) -> int | None:
    return language.numbers.get(text, _text2num(text, language.code))


@lru_cache(maxsize=4096)
def _text2num(text: str, code: str) -> int | None:
    if any(char.isdigit() for char in text) or len(text) > 80:
        return None
    try:
        return int(text2num(text, code))
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Quantity:
    """How many of one thing were asked for. `value` None with `said` is an impossible or vague number."""

    value: int | None = 1
    said: bool = False


UNSAID = Quantity()
OPEN = Quantity(None, said=True)

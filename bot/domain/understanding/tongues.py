"""One language's way of reading: the roles of its words, its phrases, its likely slips of the pen.

Made once for a process: every shop speaks the same languages, but for the words that its merchant adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from bot.domain.understanding.numbers import numeral, with_digits
from bot.domain.understanding.phrases import Phrase, Phrasebook, compiled, literal
from bot.domain.understanding.stems import Spellings
from bot.domain.understanding.tokens import fold, raw
from bot.domain.understanding.words import Language, load

Own = tuple[tuple[str, tuple[str, ...]], ...]
"""A merchant's own phrases by what they mean."""
FIGURATIVE = frozenset({"idiom", "jest", "program"})
"""Phrases whose words say nothing by themselves: a towel beside a mug is one, though people throw it in."""


class Tongue:
    """One language's way of reading: the roles of its words, its phrases, its likely slips of the pen."""

    def __init__(self, language: Language, phrases: Sequence[Phrase], asides: Phrasebook) -> None:
        self.language, self.asides = language, asides
        self.book = book = Phrasebook(phrases)
        self.programs = Phrasebook(phrase for phrase in phrases if phrase.meaning == "program")
        roles: dict[str, set[str]] = {}
        for name, listed in language.lists.items():
            for word in listed if name != "ordinary" else listed - language.lists["things"]:
                roles.setdefault(word, set()).add(name)
        for name, table in (("multiple", language.multiples), ("ordinal", language.ordinals)):
            for word in table:
                roles.setdefault(word, set()).add(name)
        for meaning, spoken in book.words.items():
            for word in spoken if meaning not in FIGURATIVE else ():
                roles.setdefault(word, set()).add("cue")
        self.heard = frozenset[str]().union(*book.words.values())
        self.roles = {word: frozenset(names) for word, names in roles.items()}
        self.spellings = Spellings([*roles, *self.heard, *language.numbers])
        self.evidence = (
            frozenset(word for word, names in roles.items() if not names <= {"things", "counters"})
            | self.heard
            | {key[0] for key in language.shorthand.sequences if len(key) == 1}
        )

    def has(self, word: str) -> bool:
        """Whether it is a word of this language."""
        return word in self.evidence or word in self.language.goods or numeral(word, self.language)


@lru_cache(maxsize=64)
def tongue(code: str, own: Own = ()) -> Tongue:
    """The language with a merchant's own phrases added to its built-in ones."""
    language = load().languages[code]
    phrases, asides = _phrases(code)
    added = [
        literal(meaning, [word for word in _split(code, phrase) if word[0].isalnum()])
        for meaning, written in own
        for phrase in written
    ]
    return Tongue(language, [*phrases, *added], asides)


@cache
def _phrases(code: str) -> tuple[list[Phrase], Phrasebook]:
    language = load().languages[code]

    @cache
    def split(written: str) -> list[str]:
        return _split(code, written)

    phrases = [
        compiled(meaning, phrase, split)
        for table in (language.intents, language.cues)
        for meaning, written in table.items()
        for phrase in written
    ]
    asides = [compiled(name, phrase, split) for name, written in language.asides.items() for phrase in written]
    return phrases, Phrasebook(asides)


def _split(code: str, written: str) -> list[str]:
    """A phrase cut as messages are: "quoi de neuf" has a number in it."""
    words = load()
    language = words.languages[code]
    tokens = language.shorthand.apply(words.spelling.apply(raw(fold(written))))
    tokens = with_digits(tokens, [language], known=lambda _: False, own=())
    return [token.text for token in tokens if token.kind in ("word", "emoji", "mark", "number")]

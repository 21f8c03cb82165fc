"""Reads the words of every shipped language; a new language is one file beside the others.

The files are data of the package, read once when a Clerk is built.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from bot.domain.understanding.tokens import LIMIT, Expansions, fold

CONCEPTS = ("colours", "sizes", "materials")
"""Tables whose keys are the same in every language: "colours.blue" is "bleu" and "blue"."""


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language, folded; `lists` are its plain word lists, the phrases stand as they are written.

    Cues and intents share the words of a message between them; an aside takes none away."""

    code: str
    stemmer: str
    adjectives_before: bool
    compounds: bool
    """Whether nouns are written together, the last one being the thing: "Kaffeetasse"."""
    digraphs: tuple[str, ...]
    """Two letters that are also written for an accented one, whose first letter is the plain one: "ae" for "ä"."""
    alike: Expansions
    """What is the same in this language, also in names of goods: "tee" and "t-shirt"."""
    shorthand: Expansions
    lists: Mapping[str, frozenset[str]]
    intents: Mapping[str, tuple[str, ...]]
    cues: Mapping[str, tuple[str, ...]]
    asides: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, int]
    multiples: Mapping[str, int]
    ordinals: Mapping[str, int]
    commands: Mapping[str, str]
    """The intent of each word that may stand behind a slash."""
    goods: frozenset[str]
    """Its words for colours, sizes and materials."""


@dataclass(frozen=True, slots=True)
class Words:
    """All languages together. `concepts` maps a word to what it stands for in any of them ("bleue" -> "blue")."""

    languages: Mapping[str, Language]
    spelling: Expansions
    accents: Mapping[str, str]
    """What only its accent tells from a daily word: "té" beside "te"."""
    concepts: Mapping[str, str]
    kinds: Mapping[str, str]
    """The table a concept comes from: "=blue" -> "colours"."""
    units: Mapping[str, str]
    multiples: Mapping[str, int]
    ordinals: Mapping[str, int]
    plurals: tuple[tuple[str, str, frozenset[str]], ...]
    """(ending of many, ending of one, the languages that have it), the longest first: "oes" of "ao"."""
    diminutives: tuple[tuple[str, str, frozenset[str]], ...]
    """(ending of the little one, ending of the thing, languages), the longest first: "inha" of "a"."""
    either: Mapping[str, frozenset[str]]
    """Each word list, of all languages together."""

    def plain(self, text: str) -> str:
        """The text folded, words that need their accent kept apart from those they would become."""
        if not text.isascii():
            text = unicodedata.normalize("NFC", text[:LIMIT])
            text = _LETTERS.sub(lambda word: self.accents.get(word[0].casefold(), word[0]), text)
        return fold(text)


_LETTERS = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=1)
def load() -> Words:
    """Every language file of the package. Raises OSError or TOMLDecodeError where the package is damaged."""
    files = sorted(
        (file for file in resources.files("bot.domain.understanding").joinpath("words").iterdir()
         if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )  # fmt: skip
    tables = {file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8")) for file in files}
    languages = {code: _language(code, table) for code, table in tables.items()}
    spelling: dict[str, str] = {}
    elisions: dict[str, str] = {}
    accents: dict[str, str] = {}
    concepts: dict[str, str] = {}
    kinds: dict[str, str] = {}
    units: dict[str, str] = {}
    for table in tables.values():
        spelling |= table["spelling"]
        elisions |= table["elision"]
        accents |= table["accents"]
        for kind in CONCEPTS:
            for concept, words in table[kind].items():
                kinds[f"={concept}"] = kind
                concepts |= dict.fromkeys(fold(words).split(), f"={concept}")
        for unit, words in table["units"].items():
            units |= dict.fromkeys(fold(words).split(), unit)
    names = next(iter(languages.values())).lists
    multiples = {word: many for tongue in languages.values() for word, many in tongue.multiples.items()}
    ordinals = {word: place for tongue in languages.values() for word, place in tongue.ordinals.items()}
    either = {name: frozenset().union(*(tongue.lists[name] for tongue in languages.values())) for name in names}
    plurals, diminutives = _endings(tables, "plurals"), _endings(tables, "diminutives")
    spelt = Expansions.of(spelling, elisions)
    return Words(languages, spelt, accents, concepts, kinds, units, multiples, ordinals, plurals, diminutives, either)


@lru_cache(maxsize=1)
def small_words() -> frozenset[str]:
    """What may stand beside a product's name without making more of it than a wish: articles, and please in all its
    ways."""
    words = load()
    please = words.either["please"]
    spelt = [words.spelling, *(known.shorthand for known in words.languages.values())]
    ways = (" ".join(way).replace("'", " ").split() for one in spelt for way, meant in one.sequences.items()
            if please.issuperset(meant))  # fmt: skip
    return frozenset().union(please, words.either["one"], words.either["definite"], words.either["of"], *ways)


def _endings(tables: Mapping[str, dict[str, dict[str, str]]], name: str) -> tuple[tuple[str, str, frozenset[str]], ...]:
    found: dict[tuple[str, str], set[str]] = {}
    for code, table in tables.items():
        for said, ones in table[name].items():
            for one in ones.split() or ["_"]:
                found.setdefault((said, one.strip("_")), set()).add(code)
    pairs = sorted(found, key=lambda pair: (-len(pair[0]), pair))
    return tuple((said, one, frozenset(found[said, one])) for said, one in pairs)


def _language(code: str, table: dict[str, dict[str, object]]) -> Language:
    def numbers(name: str) -> dict[str, int]:
        return {fold(word): int(str(value)) for word, value in table[name].items()}

    def phrases(name: str) -> dict[str, tuple[str, ...]]:
        return {key: tuple(value) for key, value in table[name].items() if isinstance(value, list)}

    return Language(
        code=code,
        stemmer=str(table["stemmer"]),
        adjectives_before=str(table["adjectives"]) == "before",
        compounds=bool(table["compounds"]),
        digraphs=tuple(str(table["digraphs"]).split()),
        alike=Expansions.of({key: str(value) for key, value in table["alike"].items()}, {}),
        shorthand=Expansions.of({key: str(value) for key, value in table["shorthand"].items()}, {}),
        lists={name: frozenset(map(fold, str(words).split())) for name, words in table["words"].items()},
        intents=phrases("intents"),
        cues=phrases("cues"),
        asides=phrases("asides"),
        numbers=numbers("numbers"),
        multiples=numbers("multiples"),
        ordinals=numbers("ordinals"),
        commands={word: intent for intent, words in table["commands"].items() for word in fold(str(words)).split()},
        goods=frozenset(map(fold, " ".join(str(words) for kind in CONCEPTS for words in table[kind].values()).split())),
    )

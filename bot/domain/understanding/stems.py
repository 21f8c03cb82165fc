"""What two written forms of a word have in common: its stem in each language, or what colour or size it names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from threading import Lock

import snowballstemmer
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from bot.domain.understanding.words import Words


class Stems:
    """Keys of words: two words that share a key are forms of the same one. Safe to share between threads."""

    def __init__(self, words: Words) -> None:
        self._concepts = words.concepts
        self._stemmers = {code: snowballstemmer.stemmer(known.stemmer) for code, known in words.languages.items()}
        self._lock = Lock()
        self.keys = lru_cache(maxsize=65_536)(self._keys)

    def _keys(self, word: str, language: str = "") -> tuple[str, ...]:
        """`language` is the one that the word is of; where it is not known, it has every language's stem."""
        concept = self.concept(word)
        if concept:
            return (concept,)
        if len(word) < 3 or not word.isalpha():
            return (word,)
        with self._lock:  # a stemmer keeps the word it works on
            codes = (language,) if language in self._stemmers else self._stemmers
            stems = ((code, self._stemmers[code].stemWord(word)) for code in codes)
            return tuple({word, *(f"{code}:{stem}" for code, stem in stems if len(stem) > 2)})

    def concept(self, word: str) -> str | None:
        """ "=blue" for "bleues"; None for a word that is no colour, size or material."""
        found = self._concepts.get(word)
        if found is None and len(word) > 4 and word.endswith("s"):
            found = self._concepts.get(word[:-1]) or (self._concepts.get(word[:-2]) if word.endswith("es") else None)
        return found


class Spellings:
    """Finds the known word that a mistyped one stands for, among thousands in microseconds.

    Words of up to three letters must be right, of seven one slip is forgiven, then two. The first letter is nearly
    always typed right, and asking for it keeps "je passe" away from "tasse".
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._shelves: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in sorted(set(words)):
            if len(word) > 3 and word.isalpha():
                self._shelves[word[0], len(word)].append(word)

    def nearest(self, word: str) -> tuple[str, int] | None:
        """(the known word, how many slips apart), or None."""
        length = len(word)
        if length < 4 or not word.isalpha():
            return None
        slips = 1 if length < 8 else 2
        near = [
            known
            for first in {word[0], word[1]}
            for size in range(length - slips, length + slips + 1)
            for known in self._shelves.get((first, size), ())
            if first == word[0] or known[1] == word[0]
        ]
        best = extract(word, near, scorer=OSA.distance, score_cutoff=slips, limit=5)
        for known, distance, _ in best:
            if length > 4 or len(known) != length or sorted(known) == sorted(word):
                return str(known), int(distance)
        return None

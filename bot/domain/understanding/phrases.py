"""Finds the phrases of the word files in a message, in time linear in its length: no regular expressions (F117).

"a/b" is either word, "(a)" may be left out, "*" is up to six words of any kind, "^" the beginning of a sentence and
"$" its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter

GAP = 6
FIRST = frozenset({"stop"})
"""What wins over another phrase of the same length: it must be obeyed at once."""
BARRIERS = frozenset(".?!;\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """One word of a phrase, or a gap where `words` is empty."""

    words: frozenset[str]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    meaning: str
    pieces: tuple[Piece, ...]
    opens: bool
    closes: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a message; `at` are the positions of its words, gaps left out."""

    meaning: str
    at: tuple[int, ...]


Split = Callable[[str], Sequence[str]]
"""How a phrase's words are cut, the same way as messages are."""


def compiled(meaning: str, written: str, split: Split) -> Phrase:
    opens, closes = written.startswith("^"), written.endswith("$")
    pieces: list[Piece] = []
    optional = False
    for part in written.strip("^$ ").split():
        if part == "*":
            pieces.append(Piece(frozenset()))
            continue
        optional = optional or part.startswith("(")
        choices = [tuple(split(choice)) for choice in part.strip("()").split("/")]
        if len(choices) == 1:
            pieces += [Piece(frozenset({word}), optional) for word in choices[0]]
        else:
            pieces.append(Piece(frozenset(words[-1] for words in choices if words), optional))
        optional = optional and not part.endswith(")")
    while pieces and not pieces[-1].words:
        pieces.pop()
    if optional or all(piece.optional or not piece.words for piece in pieces):
        raise ValueError(f"the phrase {written!r} may be left out altogether")
    return Phrase(meaning, tuple(pieces), opens, closes)


def literal(meaning: str, words: Sequence[str]) -> Phrase:
    """A phrase in which no character means anything special: a merchant's own words."""
    return Phrase(meaning, tuple(Piece(frozenset({word})) for word in words), opens=False, closes=False)


class Phrasebook:
    """All phrases of one language."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._alone: dict[str, list[Phrase]] = defaultdict(list)
        """By their first word, those behind which anything may stand."""
        self._pairs: dict[tuple[str, str], list[Phrase]] = defaultdict(list)
        """All others, by their first two words."""
        self.words: dict[str, set[str]] = defaultdict(set)
        """By what they mean: every word of its phrases."""
        for phrase in phrases:
            for index, piece in enumerate(phrase.pieces):
                self.words[phrase.meaning] |= piece.words
                if any(not before.optional for before in phrase.pieces[:index]):
                    continue
                second = _second(phrase.pieces[index + 1 :])
                for word in piece.words:
                    if second is None:
                        self._alone[word].append(phrase)
                    for other in second or ():
                        self._pairs[word, other].append(phrase)

    def find(self, words: Sequence[str], opens: Collection[int], closes: Collection[int]) -> list[Found]:
        """Every phrase that stands in `words`, each word used once: the phrase with the most words takes them.

        `opens` and `closes` are the positions where a sentence begins, and those behind its last word.
        """
        alone, pairs = self._alone, self._pairs
        begun = [(start, phrases) for start, word in enumerate(words) if (phrases := alone.get(word))]
        begun += [(start, phrases) for start, pair in enumerate(pairwise(words)) if (phrases := pairs.get(pair))]
        if not begun:
            return []
        found = [
            (len(at) + (0.5 if phrase.meaning in FIRST else 0), -at[0], Found(phrase.meaning, at))
            for start, phrases in sorted(begun, key=itemgetter(0))
            for phrase in phrases
            if (not phrase.opens or start in opens) and (at := _match(phrase, words, start, closes))
        ]
        found.sort(key=lambda item: item[:2], reverse=True)
        taken: set[int] = set()
        kept: list[Found] = []
        meanings: dict[tuple[int, ...], set[str]] = defaultdict(set)
        for _, _, candidate in found:
            if taken.isdisjoint(candidate.at):
                taken |= set(candidate.at)
                kept.append(candidate)
            elif candidate.at in meanings and candidate.meaning not in meanings[candidate.at]:
                kept.append(candidate)  # the same words may carry two meanings
            else:
                continue
            meanings[candidate.at].add(candidate.meaning)
        return kept


def _second(pieces: Sequence[Piece]) -> frozenset[str] | None:
    """The words of which one must stand behind the first; None where any may."""
    words: frozenset[str] = frozenset()
    for piece in pieces:
        if not piece.words:
            return None
        words |= piece.words
        if not piece.optional:
            return words
    return None


def _match(phrase: Phrase, words: Sequence[str], start: int, closes: Collection[int]) -> tuple[int, ...] | None:
    """The positions of the phrase's words from `start`; gaps are as short as they can be."""
    at: list[int] = []
    here, gap = start, 0
    for piece in phrase.pieces:
        if not piece.words:
            gap = GAP
            continue
        place = _next(piece.words, words, here, gap)
        if place is None:
            if piece.optional:
                continue
            return None
        at.append(place)
        here, gap = place + 1, 0
    if not at or at[0] != start or (phrase.closes and here not in closes):
        return None
    return tuple(at)


def _next(wanted: frozenset[str], words: Sequence[str], here: int, gap: int) -> int | None:
    for place in range(here, min(here + gap + 1, len(words))):
        if words[place] in wanted:
            return place
        if words[place] in BARRIERS:
            return None
    return None

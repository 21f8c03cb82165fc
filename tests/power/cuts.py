"""Which images a power cut at one place may leave: all the telling ones, and seeded chance for the rest."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.power.disk import SECTOR, Change, Choice

BLOCK = 4096
"""Bytes that a file system writes back as one; a disk may tear them at its sectors."""
CHANCES = range(6)
"""The numbers of the images drawn by chance alone, of each kind, where something is uncertain."""
NOTHING, EVERYTHING = "nothing", "everything"

Kept = dict[int, frozenset[int] | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to lose writes. `numbers` says which images of this kind there are, `make` makes one of them."""

    numbers: Callable[[Sequence[Change]], Sequence[int]]
    make: Callable[[Sequence[Change], int, random.Random], tuple[str, Kept]]


def choices(
    changes: Sequence[Change], names: Mapping[str, int], chance: random.Random, most: int | None
) -> Iterator[Choice]:
    """What may be left of uncertain `changes` and `names` (path -> how many uncertain removals and creations).

    Nothing and everything always; then the kinds of KINDS in turn, at most `most` in all, or all of them where that is
    None.
    """
    first: list[tuple[str, Kept]] = [(NOTHING, {}), (EVERYTHING, dict.fromkeys(range(len(changes))))]
    for label, kept in first if changes else first[:1]:
        yield Choice(label, kept, {})
        if names:
            yield Choice(f"{label}, old names", kept, dict.fromkeys(names, 0))
    if changes:
        for label, kept in _in_turn(changes, chance, None if most is None else max(0, most - len(first))):
            yield Choice(label, kept, {path: chance.randint(0, count) for path, count in names.items()})


def _in_turn(changes: Sequence[Change], chance: random.Random, most: int | None) -> Iterator[tuple[str, Kept]]:
    """One of each kind after the other, each kind shuffled, so that a small number still has some of all."""
    piles = [(kind, list(kind.numbers(changes))) for kind in KINDS]
    for _, pile in piles:
        chance.shuffle(pile)
    count = 0
    while any(pile for _, pile in piles):
        for kind, pile in piles:
            if most is not None and count >= most:
                return
            if pile:
                count += 1
                yield kind.make(changes, pile.pop(), chance)


def _prefix(_changes: Sequence[Change], count: int, _chance: random.Random) -> tuple[str, Kept]:
    """All up to one: what a disk that keeps the order leaves."""
    return f"the first {count}", dict.fromkeys(range(count))


def _missing(changes: Sequence[Change], gone: int, _chance: random.Random) -> tuple[str, Kept]:
    return f"all but {gone}", dict.fromkeys(number for number in range(len(changes)) if number != gone)


def _alone(_changes: Sequence[Change], alone: int, _chance: random.Random) -> tuple[str, Kept]:
    """One without what was written before it: reordered."""
    return f"only {alone}", {alone: None}


def _torn(changes: Sequence[Change], torn: int, chance: random.Random) -> tuple[str, Kept]:
    """One cut through at a sector, now its head there, now its tail; around it all that came before, or simply all."""
    sectors = list(changes[torn].sectors())
    cut = chance.randrange(1, len(sectors))
    part = sectors[:cut] if chance.random() < 0.5 else sectors[cut:]
    others: Kept = dict.fromkeys(range(torn if chance.random() < 0.5 else len(changes)))
    return f"{torn} torn to {len(part)} of {len(sectors)} sectors", others | {torn: frozenset(part)}


def _subset(changes: Sequence[Change], number: int, chance: random.Random) -> tuple[str, Kept]:
    """Any writes, whole: none of them waits for another."""
    likely = chance.choice((0.1, 0.5, 0.9))
    return f"a subset {number}", {n: None for n in range(len(changes)) if chance.random() < likely}


def _ages(size: int, what: str) -> Callable[[Sequence[Change], int, random.Random], tuple[str, Kept]]:
    """Each piece of `size` bytes as it stood at some moment of its own: written back early, late or never."""

    def scattered(changes: Sequence[Change], number: int, chance: random.Random) -> tuple[str, Kept]:
        moments: dict[tuple[str, int], float] = {}
        kept: Kept = {}
        for place, change in enumerate(changes):
            if change.data is None:
                if chance.random() < 0.5:
                    kept[place] = None
                continue
            there = set()
            for sector in change.sectors():
                piece = (change.file, sector * SECTOR // size)
                if piece not in moments:
                    moments[piece] = _moment(chance, len(changes))
                if place < moments[piece]:
                    there.add(sector)
            if there:
                kept[place] = frozenset(there)
        return f"{what} of many ages {number}", kept

    return scattered


def _moment(chance: random.Random, changes: int) -> float:
    """How many of the changes a piece has seen: half of all pieces are up to date or untouched."""
    return chance.choice((0, changes, chance.random() * changes, chance.random() * changes))


def _tearable(changes: Sequence[Change]) -> Sequence[int]:
    return [number for number, change in enumerate(changes) if len(change.sectors()) > 1]


def _chances(_changes: Sequence[Change]) -> Sequence[int]:
    return CHANCES


KINDS: Sequence[Kind] = (
    Kind(lambda changes: range(1, len(changes)), _prefix),
    Kind(lambda changes: range(len(changes) - 1), _missing),
    Kind(lambda changes: range(1, len(changes)), _alone),
    Kind(_tearable, _torn),
    Kind(_chances, _ages(SECTOR, "sectors")),
    Kind(_chances, _ages(BLOCK, "blocks")),
    Kind(_chances, _subset),
)

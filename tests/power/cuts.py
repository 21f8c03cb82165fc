"""Which images a power cut at one place may leave: all the telling ones, and seeded chance for the rest."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.power.disk import SECTOR, Change, Choice

BLOCK = 4096
"""Bytes that a file system writes back as one; a disk may tear them at its sectors."""
CHANCES = 6
"""How often each kind of scattered image is drawn where there is something to scatter."""

NOTHING, EVERYTHING = "nothing", "everything"

Kept = dict[int, frozenset[int] | None]


def choices(
    changes: Sequence[Change], names: Mapping[str, int], chance: random.Random, most: int | None
) -> Iterator[Choice]:
    """What may be left of uncertain `changes` and `names` (path -> how many uncertain removals and creations).

    Nothing and everything always; then the kinds of KINDS in turn, at most `most` in all, or all of them where that is
    None.
    """
    everything: Kept = dict.fromkeys(range(len(changes)))
    first: list[tuple[str, Kept]] = [(NOTHING, {}), (EVERYTHING, everything)][: 2 if changes else 1]
    for label, kept in first:
        yield Choice(label, kept, {})
        if names:
            yield Choice(f"{label}, old names", kept, dict.fromkeys(names, 0))
    if not changes:
        return
    left = None if most is None else most - len(first)
    for label, kept in _in_turn([list(kind(changes, chance)) for kind in KINDS], chance, left):
        yield Choice(label, kept, {path: chance.randint(0, count) for path, count in names.items()})


def _in_turn(
    kinds: Sequence[list[tuple[str, Kept]]], chance: random.Random, most: int | None
) -> Iterator[tuple[str, Kept]]:
    """One of each kind after the other, each kind shuffled, so that a small number still has some of all."""
    for kind in kinds:
        chance.shuffle(kind)
    count = 0
    while any(kinds):
        for kind in kinds:
            if kind and (most is None or count < most):
                count += 1
                yield kind.pop()
        if most is not None and count >= most:
            return


def _prefixes(changes: Sequence[Change], _chance: random.Random) -> Iterator[tuple[str, Kept]]:
    """All up to one: what a disk that keeps the order leaves."""
    for count in range(1, len(changes)):
        yield f"the first {count}", dict.fromkeys(range(count))


def _missing(changes: Sequence[Change], _chance: random.Random) -> Iterator[tuple[str, Kept]]:
    for gone in range(len(changes) - 1):
        yield f"all but {gone}", dict.fromkeys(n for n in range(len(changes)) if n != gone)


def _alone(changes: Sequence[Change], _chance: random.Random) -> Iterator[tuple[str, Kept]]:
    """One without what was written before it: reordered."""
    for alone in range(1, len(changes)):
        yield f"only {alone}", {alone: None}


def _torn(changes: Sequence[Change], chance: random.Random) -> Iterator[tuple[str, Kept]]:
    """All up to one that was cut through at a sector; now its head is there, now its tail."""
    for torn, change in enumerate(changes):
        sectors = list(change.sectors())
        if len(sectors) > 1:
            cut = chance.randrange(1, len(sectors))
            part = sectors[:cut] if chance.random() < 0.5 else sectors[cut:]
            others: Kept = dict.fromkeys(range(torn if chance.random() < 0.5 else len(changes)))
            yield f"{torn} torn to {len(part)} of {len(sectors)} sectors", others | {torn: frozenset(part)}


def _versions(size: int, label: str) -> Callable[[Sequence[Change], random.Random], Iterator[tuple[str, Kept]]]:
    """Each piece of `size` bytes as it stood at some moment of its own: written back early, late or never."""

    def scattered(changes: Sequence[Change], chance: random.Random) -> Iterator[tuple[str, Kept]]:
        per_piece = size // SECTOR
        for number in range(CHANCES):
            moment: dict[tuple[str, int], float] = {}
            kept: Kept = {}
            for place, change in enumerate(changes):
                there = frozenset(
                    sector
                    for sector in change.sectors()
                    if place < moment.setdefault((change.file, sector // per_piece), _moment(chance, len(changes)))
                )
                if there or (change.data is None and chance.random() < 0.5):
                    kept[place] = there if change.data is not None else None
            yield f"{label} {number}", kept

    return scattered


def _moment(chance: random.Random, changes: int) -> float:
    """How many of the changes a piece has seen: half of all pieces are up to date or untouched."""
    return chance.choice((0.0, float(changes), chance.uniform(0, changes), chance.uniform(0, changes)))


def _subsets(changes: Sequence[Change], chance: random.Random) -> Iterator[tuple[str, Kept]]:
    """Any writes, whole: none of them waits for another."""
    for number in range(CHANCES):
        likely = chance.choice((0.1, 0.5, 0.9))
        yield f"a subset {number}", {n: None for n in range(len(changes)) if chance.random() < likely}


KINDS: Sequence[Callable[[Sequence[Change], random.Random], Iterator[tuple[str, Kept]]]] = (
    _prefixes,
    _missing,
    _alone,
    _torn,
    _versions(SECTOR, "sectors of many ages"),
    _versions(BLOCK, "blocks of many ages"),
    _subsets,
)

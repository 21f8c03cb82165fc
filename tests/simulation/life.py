"""One seed's life of a shop: step after step of what may happen, the books looked at after each."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.books import Bookkeeper
from tests.simulation.people import People
from tests.simulation.shop_file import Manner
from tests.simulation.steps import STEPS
from tests.simulation.trouble import Trouble
from tests.simulation.world import Violation, World

REMEMBERED = 40
"""Happenings that a violation tells."""
MANNERS: Sequence[Manner] = (
    Manner("polling", "polling", reconcile="5m"),
    Manner("webhook", "webhook"),
    Manner("polling", "webhook", hold="10m"),
    Manner("webhook", "webhook", hold="2h"),
)


def manner_of(seed: int) -> Manner:
    """Every seed has one of the ways of being told things."""
    return MANNERS[seed % len(MANNERS)]


@dataclass
class Life:
    """`happened` are the last things that did, in words."""

    world: World
    people: People
    trouble: Trouble
    books: Bookkeeper
    happened: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    steps: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    async def step(self) -> None:
        """One thing happens, a little time passes, the books are looked at. Raises Violation."""
        dice = self.world.dice
        while True:
            ((name, _, act),) = dice.choices(STEPS, _WEIGHTS)
            what = await act(self)
            if what is not None:
                break
        self.steps += 1
        self.counts[name] = self.counts.get(name, 0) + 1
        self.happened.append(f"{self.steps} +{self.world.loop.now:.3f} {what}")
        self.books.digest.update(f"{self.steps} {what}\n".encode())
        await self.world.passes(dice.choice((0.0, 0.01, 0.02, 0.05, 0.1, 0.3)))
        self.books.check()

    async def begins(self) -> None:
        """The shop's first start; it has looked at X once before anything happens there."""
        await self.world.starts()
        await self.world.passes(1.0)
        self.books.check()


def life_of(seed: int, folder: Path) -> Life:
    """A new life; two of one seed are the same."""
    world = World(seed, folder, manner_of(seed), limits=seed % 5 == 0)
    dice = world.dice
    people = People(
        world,
        telegram=[1001 + n for n in range(dice.randint(4, 20))],
        x=[501 + n for n in range(dice.randint(1, 8))],
    )
    return Life(world, people, Trouble(world), Bookkeeper(world))


_WEIGHTS = [weight for _, weight, _ in STEPS]


def told(life: Life, seed: int, why: Violation) -> str:
    """What is printed of a violation, with the command that shows it again."""
    happened = "\n  ".join(life.happened)
    again = f"python -m tests.simulation --seed {seed} --steps {life.steps + 1}"
    return f"seed {seed}, step {life.steps}: {why}\n  {happened}\nagain: {again}"

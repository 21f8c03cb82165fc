"""A piece of the sweep: points of one flow and mode, played one after another in the same world."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.sweep.flows import FLOWS
from tests.sweep.forking import executed
from tests.sweep.play import Played, census, play
from tests.sweep.points import Census, Point
from tests.sweep.shop import Mode
from tests.sweep.world import Died, Starter, Stuck, World, opened

EXECUTED_EVERY = 200
"""One restart in so many is of the true executable, so that both ways to start are known to be the same."""
LIVES = 4
"""Starts of a shop in one world: after three that ended badly it becomes careful (F127), and both ways are swept."""
SMALLEST = 10
"""Points of a piece at least, of flows whose world serves for fewer."""
IN_MEMORY = Path("/dev/shm")


def ground() -> str | None:
    """Where worlds lie: in memory where there is such a place; a killed process loses nothing of either."""
    return str(IN_MEMORY) if IN_MEMORY.is_dir() else None


@dataclass
class Sweep:
    """Plays pieces; `starter` forks, `guard` is passed to every start (see `forking.Start`)."""

    starter: Starter
    guard: str | None = None
    restarts: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @asynccontextmanager
    async def _world(self, name: str, mode: Mode) -> AsyncIterator[World]:
        flow = FLOWS[name]
        with tempfile.TemporaryDirectory(dir=ground(), prefix="comptoir-sweep-", ignore_cleanup_errors=True) as folder:
            async with opened(Path(folder), mode, starter=self.starter, hold=flow.hold, guard=self.guard) as world:
                if not flow.fresh:
                    await world.start()
                yield world

    async def census(self, name: str, mode: Mode) -> Census:
        """Raises Stuck or Died where the flow does not even come to its end undisturbed."""
        async with self._world(name, mode) as world:
            return await census(world, name)

    async def play(self, points: Sequence[Point]) -> Sequence[Played]:
        """Points of one flow and mode. After one that went wrong the next one gets a new world."""
        left, played = list(points), list[Played]()
        while left:
            try:
                await self._in_one_world(left, played)
            except (Stuck, Died, AssertionError, OSError, LookupError, sqlite3.Error) as broke:
                if left:
                    played.append(Played(left.pop(0), None, None, (f"{type(broke).__name__}: {broke}",)))
        return played

    async def _in_one_world(self, left: list[Point], played: list[Played]) -> None:
        """Move points from `left` to `played` until the world has served its time or something went wrong."""
        name, mode = left[0].flow, left[0].mode
        async with self._world(name, mode) as world:
            for _ in range(min(FLOWS[name].lasts, len(left))):
                if world.starts > LIVES:
                    return
                played.append(await play(world, left[0], by=self._by()))
                left.pop(0)
                if played[-1].wrong:
                    return

    def _by(self) -> Starter | None:
        return executed if next(self.restarts) % EXECUTED_EVERY == 0 else None


def pieces(points: Iterable[Point]) -> Iterator[Sequence[Point]]:
    """Points of one flow and mode in portions, in their order."""
    for (name, _), group in itertools.groupby(points, key=lambda point: (point.flow, point.mode)):
        size = max(FLOWS[name].lasts, SMALLEST)
        while portion := tuple(itertools.islice(group, size)):
            yield portion

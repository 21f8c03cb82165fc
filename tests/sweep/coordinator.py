"""Hands pieces of the sweep to worker processes, as many at once as they can bear, and collects what they find."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.sweep.forking import ROOT
from tests.sweep.play import Played
from tests.sweep.points import Census, Point
from tests.sweep.shop import Mode
from tests.sweep.tripwire import Moment

LONGEST_LINE = 1 << 26


class Workers:
    """Use `hired`. Each asks for the next piece as soon as it has room for one."""

    def __init__(self, room: int) -> None:
        self._room = asyncio.Semaphore(room)
        self._free: list[asyncio.subprocess.Process] = []
        self._numbers = itertools.count()
        self._asked: dict[int, tuple[asyncio.subprocess.Process, asyncio.Future[dict[str, Any]]]] = {}

    async def listen(self, worker: asyncio.subprocess.Process, slots: int) -> None:
        self._free += [worker] * slots
        assert worker.stdout is not None
        while line := await worker.stdout.readline():
            told = json.loads(line)
            self._asked.pop(told["id"])[1].set_result(told)
        for _, (whose, answer) in list(self._asked.items()):
            if whose is worker and not answer.done():
                answer.set_exception(RuntimeError("a worker of the sweep has ended"))

    async def _ask(self, **what: object) -> dict[str, Any]:
        async with self._room:
            worker, number = self._free.pop(0), next(self._numbers)
            answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
            self._asked[number] = worker, answer
            assert worker.stdin is not None
            worker.stdin.write(json.dumps({"id": number, **what}).encode() + b"\n")
            try:
                return await answer
            finally:
                self._free.append(worker)

    async def census(self, flow: str, mode: Mode) -> Census:
        """Raises RuntimeError where the flow does not come to its end undisturbed."""
        told = await self._ask(census=[flow, mode])
        if "broke" in told:
            raise RuntimeError(told["broke"])
        moments = {Moment(name): number for name, number in told["moments"].items()}
        return Census(moments, told["calls"], told["on_disk"])

    async def play(self, points: Sequence[Point]) -> Sequence[Played]:
        """A piece on which the sweep itself breaks counts as a point that went wrong."""
        told = await self._ask(points=[str(point) for point in points])
        if "broke" in told:
            return [Played(points[0], None, None, (f"the sweep itself broke: {told['broke']}",))]
        return [Played(Point.read(point), struck, code, tuple(wrong)) for point, struck, code, wrong in told["played"]]

    async def censuses(self, wanted: Iterable[tuple[str, Mode]]) -> Mapping[tuple[str, Mode], Census]:
        pairs = list(wanted)
        return dict(zip(pairs, await asyncio.gather(*(self.census(*pair) for pair in pairs)), strict=True))

    async def all(self, portions: Iterable[Sequence[Point]]) -> AsyncIterator[Sequence[Played]]:
        """What came of each portion, as it is done."""
        playing = [asyncio.ensure_future(self.play(portion)) for portion in portions]
        try:
            for done in asyncio.as_completed(playing):
                yield await done
        finally:
            for one in playing:
                one.cancel()


@asynccontextmanager
async def hired(jobs: int, slots: int, guard: str | None = None) -> AsyncIterator[Workers]:
    """So many processes, each playing so many pieces at once; ended on leaving."""
    workers = Workers(jobs * slots)
    command = [sys.executable, "-m", "tests.sweep.worker", *([guard] if guard else [])]
    processes = [
        await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=LONGEST_LINE,
            start_new_session=True,  # what ends this one ends them by the end of their stdin, in order
        )
        for _ in range(jobs)
    ]
    listening = [asyncio.create_task(workers.listen(process, slots)) for process in processes]
    try:
        yield workers
    finally:
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        await asyncio.gather(*listening)
        for process in processes:
            await process.wait()

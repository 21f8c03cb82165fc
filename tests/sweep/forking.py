"""Starts of the command: forked from a process that has loaded it, or of the true executable."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
PASSED_ON = ("PATH", "HOME", "LANG", "PYTHONPATH")


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the command: its arguments after the name, what it finds in its environment, its error log.

    `held` stops it before its first instruction until `Process.go`; `guard` names a callable `module:function`
    that it calls before all else (a product with a guard removed, in this process only).
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    held: bool = False
    guard: str | None = None


@dataclass(slots=True)
class Process:
    """A started command. `ended` resolves to its exit code; the negative number of the signal that killed it."""

    pid: int
    ended: asyncio.Future[int] = field(repr=False)

    @property
    def alive(self) -> bool:
        return not self.ended.done()

    def signal(self, number: int) -> None:
        """Never to a process that is known to have ended: its number may be somebody else's by now."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def go(self) -> None:
        """Let a held one run."""
        self.signal(signal.SIGCONT)


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    return {**{name: os.environ[name] for name in PASSED_ON if name in os.environ}, **environment}


class ForkServer:
    """The process of `tests.sweep.forked`; use as an async context manager. Its end ends its children."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._running: dict[int, Process] = {}

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.sweep.forked",
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reading is not None
        running = list(self._running.values())
        for one in running:
            one.kill()
        await asyncio.gather(*(one.ended for one in running))
        self._process.stdin.close()
        await self._reading
        await self._process.wait()

    async def start(self, start: Start) -> Process:
        assert self._process is not None
        assert self._process.stdin is not None
        number = next(self._numbers)
        pid: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked[number] = pid
        request = {
            "id": number,
            "argv": ["comptoir", *start.arguments],
            "env": surroundings(start.environment),
            "cwd": "/",
            "log": str(start.log),
            "hold": start.held,
            "guard": start.guard,
        }
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        return self._running[await pid]

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told: dict[str, int] = json.loads(line)
            if "id" in told:
                ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                self._running[told["pid"]] = Process(told["pid"], ended)
                self._asked.pop(told["id"]).set_result(told["pid"])
            else:
                self._running.pop(told["pid"]).ended.set_result(told["status"])


async def executed(start: Start) -> Process:
    """The true executable beside this Python, as a merchant starts it."""
    command = [str(Path(sys.executable).with_name("comptoir")), *start.arguments]
    with start.log.open("ab") as log:
        started = await asyncio.create_subprocess_exec(
            *command,
            cwd="/",
            env=surroundings(start.environment),
            stderr=log,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    return Process(started.pid, asyncio.ensure_future(started.wait()))

"""A traced shop: the installed command under strace against the sandbox, while shoppers do what they do."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.power.disk import events_of
from tests.power.flows import DM_LIMIT, command
from tests.power.on_x import promises_on_x
from tests.power.promises import promises
from tests.power.sweep import Evidence
from tests.power.trace import calls, ended, traced
from tests.power.wire import exchanges
from tests.process.on_x import XWorld
from tests.process.starts import ROOT, Process, installed, surroundings
from tests.process.world import World, until

STOCK = ("stock = 25", "stock = 5000")


@dataclass(frozen=True, slots=True)
class Run:
    """One traced run: `flows` are played one after the other in a shop on `channel`, whose news come by `mode`."""

    name: str
    flows: Sequence[Callable[[Any], None]]
    channel: str = "telegram"
    mode: str = "polling"
    hold: str = "30m"
    careless: bool = False
    """The negative control: the same command, told to sync only at checkpoints."""


def traced_shop(run: Run, folder: Path) -> Evidence:
    """Play a run in `folder`; -> what it left. An assertion error says what never happened."""
    trace = folder / "trace"
    with _opened(run, folder, _starter(trace, careless=run.careless)) as world:
        config = folder / "bot.toml"
        config.write_text(config.read_text().replace(*STOCK))
        world.start()
        if isinstance(world, XWorld) and run.mode == "webhook":
            command(world, "webhooks", "register")
        for flow in run.flows:
            flow(world)
        world.quiet()
        assert world.stop() == 0, world.log()[-2000:]
    until(lambda: ended(trace), what="the trace is whole")
    seen = list(calls(trace, folder))
    trace.unlink()
    database = str(folder / "shop.db")
    said = exchanges(seen)
    made = sorted([*promises(said), *promises_on_x(said)], key=lambda promise: promise.place)
    return Evidence(run.name, database, events_of(seen, database), made, syncs=not run.careless)


@contextlib.contextmanager
def _opened(run: Run, folder: Path, by: Callable[..., Process]) -> Iterator[World]:
    world: World
    if run.channel == "x":
        world = XWorld(folder, mode=run.mode, hold=run.hold, by=by)
        world.limits(DM_LIMIT, 100_000)
    else:
        world = World(folder, mode=run.mode, hold=run.hold, by=by)
    try:
        yield world
    finally:
        world.close()


def _starter(trace: Path, *, careless: bool) -> Callable[[Sequence[str], Mapping[str, str], Path], Process]:
    command = [sys.executable, "-m", "tests.power.careless"] if careless else installed()

    def start(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
        whole = surroundings(environment) | {"PYTHONPATH": str(ROOT)}
        with log.open("ab") as errors:
            return subprocess.Popen(
                traced([*command, *arguments], trace, wires=True), cwd="/", env=whole, stderr=errors
            )

    return start

"""Whole lives by their seeds: run, shown again, counted."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from tests.simulation.kept import kept_parts
from tests.simulation.life import life_of, told
from tests.simulation.quiet import checkpoint
from tests.simulation.virtual_time import VirtualLoop
from tests.simulation.world import Violation

CHECKPOINT_EVERY = 200
RAM = Path("/dev/shm")


@dataclass(frozen=True)
class Outcome:
    """What a seed came to. `violation` is its story, "" where nothing was wrong; `digest` tells two runs apart.
    `seconds` are of the processor."""

    seed: int
    steps: int
    violation: str
    digest: str
    seconds: float
    facts: dict[str, int] = field(default_factory=dict)


def lived(seed: int, steps: int, *, without: str = "") -> Outcome:
    """Live through so many steps of a seed; `without` names a function "module:function" that takes a guard away."""
    if without:
        module, _, name = without.partition(":")
        getattr(import_module(module), name)()
    began = time.process_time()
    random.seed(seed)
    with folder() as place, kept_parts(), seldom_collected(), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        steps_done, violation, digest, facts = runner.run(_lived(seed, steps, place))
    return Outcome(seed, steps_done, violation, digest, time.process_time() - began, facts)


async def _lived(seed: int, steps: int, place: Path) -> tuple[int, str, str, dict[str, int]]:
    life = life_of(seed, place)
    violation = ""
    with reasons(life.world.unanswered):
        try:
            await life.begins()
            while life.steps < steps:
                await life.step()
                if life.steps % CHECKPOINT_EVERY == 0 or life.steps == steps:
                    life.happened.append("-- all is well, time passes until all is quiet")
                    await checkpoint(life)
        except Violation as error:
            violation = told(life, seed, error)
        facts = {f"steps: {name}": count for name, count in sorted(life.counts.items())} | _facts(life)
        if life.world.process is not None:
            await life.world.crashes()
        await life.world.sandbox.outbound.close()
    return life.steps, violation, life.books.digest.hexdigest(), facts


def _facts(life: Any) -> dict[str, int]:
    stripe = life.world.sandbox.stripe
    kept = list(life.books.orders.values())
    return {
        "orders": len(kept),
        "orders paid": sum(life.books.paid_times.values()),
        "pages": len(stripe.sessions),
        "refunds": len(stripe.refunds),
        "disputes": len(stripe.disputes),
        "messages": sum(life.world.arrived.values()),
        "starts": life.world.processes,
    }


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Much is made and little is thrown away in circles: looking for those costs a sixth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder in memory where there is one."""
    with TemporaryDirectory(dir=RAM if RAM.is_dir() else None, prefix="comptoir-") as name:
        yield Path(name)


@contextmanager
def reasons(unanswered: set[str]) -> Iterator[None]:
    """Quiet logs, of which only one thing is kept: to whom the shop says that it does not answer, and why."""

    def keep(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if event.get("event") == "message.unanswered":
            unanswered.add(f"{event['channel']}:{event['chat']}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[keep],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        structlog.configure(**before)

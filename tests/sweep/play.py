"""One point played: the flow is led up to it, the shop is struck, started again, and the books are compared."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.sweep.books import broken, read, wrong
from tests.sweep.flows import FLOWS, Case, Flow
from tests.sweep.outside import look
from tests.sweep.points import Census, Point
from tests.sweep.tracing import (
    LASTING,
    SYNCS,
    TRACED,
    Blow,
    Injection,
    attached,
    counted,
    database,
    everything,
    held,
    injected,
)
from tests.sweep.world import PATIENCE, Died, Starter, Stuck, World

FULL_FOR = 0.3
"""Seconds for which the disk of a point of the kind `full` stays full once the shop has felt it."""
DISK_FAILED, FAILED = 74, 1
KILLED = -signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a point: how it was `struck`, None where the flow ended before; the shop's exit `code`, if any."""

    point: Point
    struck: str | None
    code: int | None
    wrong: tuple[str, ...]


async def play(world: World, point: Point, *, by: Starter | None = None) -> Played:
    """Play a point in a world whose shop runs; `by` starts it again where it was struck down."""
    flow, case = FLOWS[point.flow], Case()
    struck, code, found = None, None, list[str]()
    try:
        await flow.prepare(world, case)
        async with _armed(world, flow, point) as stroke:
            code = await _act(world, flow, case, point)
        struck = stroke() or await _late_stroke(world, point)
        if struck is not None and code is None and point.blow in (None, Blow.KILL, Blow.EIO):
            code = await _end_of(world, point)
        if code is None:
            code = await _seen_through(world, flow, case)
        found += _unexpected(flow, point, code, struck, world.tail(500))
        if code is not None:
            await world.start(by=by)
            if (then := await _seen_through(world, flow, case)) is not None:
                raise Died(then)
    except Stuck as stuck:
        found.append(f"stuck: {stuck}")
    except Died as died:
        found.append(f"the shop ended with {died.code} where nothing befell it")
    return Played(point, struck, code, (*found, *books_of(world)))


def books_of(world: World) -> list[str]:
    """What is wrong in the books and in the log since the last look."""
    outside = look(world.sandbox, world.mode.channel, world.chats)
    return [*wrong(read(world.folder / "shop.db"), outside), *broken(world.logged())]


async def _late_stroke(world: World, point: Point) -> str | None:
    """A kill that came with the very end of the flow: strace was let go before it could tell."""
    assert world.shop is not None
    if point.blow is not Blow.KILL:
        return None
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(world.shop.ended), 0.02)
        return "killed as the flow ended"
    return None


async def _end_of(world: World, point: Point) -> int | None:
    """The exit code of a shop that was struck as its flow came to an end; None where it may live on and does."""
    assert world.shop is not None
    patience = 1.0 if point.blow is Blow.EIO else PATIENCE
    with contextlib.suppress(TimeoutError):
        return await asyncio.wait_for(asyncio.shield(world.shop.ended), patience)
    return None


async def _act(world: World, flow: Flow, case: Case, point: Point) -> int | None:
    """Set the flow off and see it through, or leave it where its disk is full; -> as `_rest`."""
    try:
        await flow.act(world, case)
        if point.blow in LASTING:
            await _full(world, flow, case)
            return None
    except Died as died:
        return died.code
    return await _rest(world, flow, case)


def _over(world: World, flow: Flow, case: Case) -> bool:
    return flow.done(world, case) and world.quiet()


async def _seen_through(world: World, flow: Flow, case: Case) -> int | None:
    """Whoever saw that nothing came of what they did does it again; -> as `_rest`."""
    if flow.again is not None:
        await flow.again(world, case)
    return await _rest(world, flow, case)


async def _rest(world: World, flow: Flow, case: Case) -> int | None:
    """Wait for the flow's end, or the shop's; -> the shop's exit code, None where it lives on."""
    try:
        await world.until(lambda: _over(world, flow, case), "all has come about")
    except Died as died:
        return died.code
    return None


async def _full(world: World, flow: Flow, case: Case) -> None:
    """Wait until the disk is felt to be full, or never will be, and leave it so for a while."""
    trace = world.folder / "strace"
    await world.until(lambda: injected(trace) is not None or _over(world, flow, case), "the disk is full")
    assert world.shop is not None
    if (await asyncio.wait({world.shop.ended}, timeout=FULL_FOR))[0]:
        raise Died(world.shop.ended.result())


@contextlib.asynccontextmanager
async def _armed(world: World, flow: Flow, point: Point) -> AsyncIterator[Callable[[], str | None]]:
    """Within, the point strikes; yields what tells how, or None until it has. A flow that is a start begins here."""
    if point.blow is None:
        if flow.starts:
            await world.begin()
        world.wire.arm(point.moment, point.number, world.kill)
        wire = world.wire
        try:
            yield lambda: wire.struck
        finally:
            wire.disarm()
        return
    injection = Injection(point.blow, point.call, point.number, _paths(world, point.blow))
    async with _traced(world, flow, injection.options):
        yield lambda: injected(world.folder / "strace")


def _paths(world: World, blow: Blow) -> Sequence[Path]:
    match blow:
        case Blow.KILL:
            return ()
        case Blow.EIO | Blow.ENOSPC | Blow.FULL:
            return database(world.folder)
        case Blow.EVERYTHING:
            return everything(world.folder)


@contextlib.asynccontextmanager
async def _traced(world: World, flow: Flow, options: Sequence[str]) -> AsyncIterator[None]:
    if flow.starts:
        await world.begin(held=True)
    shop = world.shop
    assert shop is not None
    if flow.starts:
        await world.until(lambda: held(shop.pid), "the shop is held")
    async with attached(shop, options, world.folder / "strace"):
        if flow.starts:
            shop.go()
        yield


def _unexpected(flow: Flow, point: Point, code: int | None, stroke: str | None, tail: str) -> list[str]:
    """How the shop may end: killed where it is killed; by itself where its disk has failed; else not at all.

    It must end where the log of what is acknowledged could not be synced (F091).
    """
    if code is None or stroke is None:
        unsynced = point.blow is Blow.EIO and stroke is not None and point.call in SYNCS and "shop.db-wal>" in stroke
        fine = code is None and not unsynced
    elif point.blow in (None, Blow.KILL):
        fine = code == KILLED
    else:
        syncing = any(f" {call}(" in stroke for call in SYNCS)
        fine = (code == DISK_FAILED and (point.blow is Blow.EIO or syncing)) or (code == FAILED and flow.starts)
    return [] if fine else [f"the shop ended with {code}: {tail}"]


async def census(world: World, name: str) -> Census:
    """Run a flow undisturbed in a world whose shop runs, and count."""
    flow, case = FLOWS[name], Case()
    await flow.prepare(world, case)
    everything = ["--trace=" + ",".join(TRACED), "--decode-fds=path"]
    async with _traced(world, flow, everything):
        if not flow.starts:
            world.wire.arm()
        await flow.act(world, case)
        await world.until(lambda: _over(world, flow, case), "all has come about")
        moments = dict(world.wire.seen)
    output = world.folder / "strace"
    return Census(moments, counted(output), counted(output, only=database(world.folder)))

"""A process that plays pieces of the sweep, some at once: JSON lines in, JSON lines out.

In: `{"id", "census": [flow, mode]}` or `{"id", "points": ["flow/mode/what/number", …]}`.
Out: `{"id", "moments", "calls", "on_disk"}` or `{"id", "played": [[point, struck, code, [wrong, …]], …]}`, or
`{"id", "broke": "…"}` for a census that came to nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from typing import Any

import uvloop

from bot.sandbox import outbound
from tests.sweep.forking import ForkServer
from tests.sweep.piece import Sweep
from tests.sweep.points import Point
from tests.sweep.shop import Mode
from tests.sweep.world import Died, Stuck

SOON = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds after which the sandbox's Stripe, Telegram and X call again: the real ones wait minutes."""


async def _done(sweep: Sweep, asked: dict[str, Any]) -> dict[str, Any]:
    if "points" in asked:
        played = await sweep.play([Point.read(text) for text in asked["points"]])
        return {"played": [[str(one.point), one.struck, one.code, one.wrong] for one in played]}
    flow, mode = asked["census"]
    try:
        found = await sweep.census(flow, Mode(mode))
    except (Stuck, Died, AssertionError) as broke:
        return {"broke": f"{flow}/{mode}: {type(broke).__name__}: {broke}"}
    return {"moments": found.moments, "calls": found.calls, "on_disk": found.on_disk}


async def work(guard: str | None) -> None:
    setattr(outbound, "BACKOFF", SOON)  # noqa: B010 - a constant to everybody else
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    under_way: set[asyncio.Task[None]] = set()
    async with ForkServer() as server:
        sweep = Sweep(server.start, guard)

        async def one(asked: dict[str, Any]) -> None:
            try:
                done = await _done(sweep, asked)
            except Exception:  # noqa: BLE001 - whoever asked is told
                done = {"broke": traceback.format_exc()}
            answer = {"id": asked["id"], **done}
            os.write(1, json.dumps(answer).encode() + b"\n")

        while line := await lines.readline():
            task = asyncio.create_task(one(json.loads(line)))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        for task in under_way:  # whoever asked is gone
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


if __name__ == "__main__":
    uvloop.run(work(sys.argv[1] if len(sys.argv) > 1 else None))

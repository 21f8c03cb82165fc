"""The long form of the kill sweeps: `python -m tests.sweep`, every point of every flow, with a report at its end."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.sweep.coordinator import Workers, hired
from tests.sweep.flows import FLOWS
from tests.sweep.piece import pieces
from tests.sweep.play import Played
from tests.sweep.points import Point
from tests.sweep.report import PLACE, Report
from tests.sweep.shop import Mode
from tests.sweep.tracing import Blow, missing
from tests.sweep.tripwire import Moment

TELL_EVERY = 30.0
"""Seconds between two words on how far it is."""


def say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201 - a command's own words


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sweep", description=__doc__)
    parser.add_argument("--only", action="append", metavar="FLOW/MODE/WHAT/NUMBER", help="replay this point")
    parser.add_argument("--flows", default=",".join(FLOWS), help="some of: %(default)s")
    parser.add_argument("--modes", default=",".join(Mode), help="some of: %(default)s")
    parser.add_argument("--kinds", default=",".join((*Moment, *Blow)), help="some of: %(default)s")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every N-th point only")
    parser.add_argument("--every-call", type=int, default=1, metavar="N", help="of system calls every N-th only")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes")
    parser.add_argument("--slots", type=int, default=3, help="worlds at once in each")
    parser.add_argument("--guard", help="module:function that each start of the shop calls first")
    parser.add_argument("--report", type=Path, default=PLACE, help="where the report is written")
    return parser.parse_args()


async def wanted(asked: argparse.Namespace, workers: Workers) -> Sequence[Point]:
    """The points asked for; the flows are run once undisturbed to count them."""
    if asked.only:
        return [Point.read(text) for text in asked.only]
    modes, kinds = {Mode(mode) for mode in asked.modes.split(",")}, set(asked.kinds.split(","))
    pairs = [(name, mode) for name in asked.flows.split(",") for mode in sorted(FLOWS[name].modes & modes)]
    censuses = await workers.censuses(pairs)
    points = [point for pair, census in censuses.items() for point in census.points(*pair) if point.kind in kinds]
    calls = [point for point in points if point.blow is not None]
    left_out = set(calls) - set(calls[:: asked.every_call])
    return [point for point in points if point not in left_out][:: asked.every]


def tell(played: Sequence[Played]) -> None:
    for one in played:
        if one.wrong:
            say("\n  ".join((f"{one.point} (struck: {one.struck}; ended: {one.code})", *one.wrong)))


async def sweep(asked: argparse.Namespace) -> Report:
    report, began = Report(), time.monotonic()
    told = began
    async with hired(asked.jobs, asked.slots, asked.guard) as workers:
        points = await wanted(asked, workers)
        say(f"{len(points)} points")
        done = 0
        async for played in workers.all(pieces(points)):
            report.add(played)
            tell(played)
            done += len(played)
            if (now := time.monotonic()) - told > TELL_EVERY:
                say(f"{done} of {len(points)} after {now - began:.0f} s")
                told = now
    return report


def main() -> None:
    asked, began = arguments(), time.monotonic()
    if why := missing():
        sys.exit(f"the sweep needs strace: {why}")
    os.nice(5)
    report = asyncio.run(sweep(asked))
    seconds = time.monotonic() - began
    if not asked.only:
        report.write(seconds, asked.report)
    say(
        f"{report.points} points struck, {report.kills} of them kills, {report.beyond} beyond the end,"
        f" {len(report.violations)} violations, {seconds:.0f} s"
    )
    sys.exit(1 if report.violations else 0)


if __name__ == "__main__":
    main()

"""`make understanding`: how well the labelled messages are understood, and how long one takes in shops of any size.

Times are those of the processor, for this thread and message alone; each shop is built in a process of its own, and
what it is made of is out of the collector's sight, as in `comptoir run`.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bot.domain.understanding import Clerk
from tests.bench.goods import HOME, LONGEST, Warehouse
from tests.understanding.labels import SETS
from tests.understanding.scoring import Heard, Score, by_language, listen

SIZES = (100, 10_000, 1_000_000)
WARM = 100
"""Messages before the first that counts."""
ALL = "all"
EVERYDAY = "all but the long ones"


@dataclass(frozen=True, slots=True)
class Times:
    """Microseconds of one message."""

    p50: float
    p99: float

    @classmethod
    def of(cls, took: Sequence[float]) -> Times:
        ranked = sorted(took)
        return cls(ranked[len(ranked) // 2] * 1e6, ranked[int(len(ranked) * 0.99)] * 1e6)


@dataclass(frozen=True, slots=True)
class Speed:
    """Of a shop of so many products: what its clerk costs once, with the lists of words, and a message of each kind."""

    products: int
    build_seconds: float
    clerk_megabytes: float
    catalogue_megabytes: float
    kinds: Mapping[str, Times]
    slowest: Sequence[tuple[float, str]]


def resident() -> float:
    """Megabytes of this process in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(products: int, messages: int) -> Speed:
    """`messages` are of each kind, all of them shuffled."""
    empty = resident()
    warehouse = Warehouse(products)
    said = [(kind, text) for kind in warehouse.kinds for text in warehouse.messages(kind, messages)]
    random.Random(products).shuffle(said)
    before = resident()
    begun = time.process_time()
    clerk = Clerk(warehouse.catalogue, language=HOME)
    built = time.process_time() - begun
    after = resident()
    gc.freeze()
    took = timed(clerk, said)
    kinds = {kind: Times.of([spent for spent, of, _ in took if of == kind]) for kind in warehouse.kinds}
    kinds[EVERYDAY] = Times.of([spent for spent, of, _ in took if of != LONGEST])
    kinds[ALL] = Times.of([spent for spent, _, _ in took])
    slowest = sorted(((spent * 1e6, text) for spent, _, text in took), reverse=True)[:20]
    return Speed(products, built, after - before, before - empty, kinds, slowest)


def timed(clerk: Clerk, said: Sequence[tuple[str, str]]) -> list[tuple[float, str, str]]:
    """(seconds, kind, text) of each message but the first few, which fill what every clerk remembers."""
    for _, text in said[:WARM]:
        clerk.understand(text)
    took = []
    for kind, text in said[WARM:]:
        begun = time.thread_time()
        clerk.understand(text)
        took.append((time.thread_time() - begun, kind, text))
    return took


def alone(products: int, messages: int) -> Speed:
    """Measured in a new process, whose memory nothing else has touched."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, products, messages).result()


def scores(heard: Sequence[Heard]) -> dict[str, Score]:
    return {code: Score.of(ones) for code, ones in (by_language(heard) | {ALL: heard}).items()}


def table_of(name: str, found: Mapping[str, Score]) -> Table:
    table = Table(title=f"The labelled set “{name}”, %", box=SIMPLE, pad_edge=False, collapse_padding=True)
    table.add_column("in")
    table.add_column("messages", justify="right")
    for share in next(iter(found.values())).rates():
        table.add_column(share.replace("_", " "), justify="right")
    for code, score in found.items():
        table.add_row(code, str(score.messages), *(f"{100 * rate:.1f}" for rate in score.rates().values()))
    return table


def table_of_speeds(speeds: Sequence[Speed]) -> Table:
    table = Table(title="One message on one core, µs: p50 · p99", box=SIMPLE, pad_edge=False, collapse_padding=True)
    table.add_column("message")
    for speed in speeds:
        table.add_column(f"{speed.products:,} products", justify="right")
    for kind in speeds[0].kinds:
        table.add_row(kind, *(f"{one.p50:.0f} · {one.p99:.0f}" for one in (speed.kinds[kind] for speed in speeds)))
    table.add_section()
    table.add_row("clerk built in, s", *(f"{speed.build_seconds:.1f}" for speed in speeds))
    table.add_row("memory of the clerk, MB", *(f"{speed.clerk_megabytes:.0f}" for speed in speeds))
    table.add_row("memory of the catalogue, MB", *(f"{speed.catalogue_megabytes:.0f}" for speed in speeds))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="make understanding ARGS=…", description=__doc__)
    parser.add_argument("--products", default=",".join(map(str, SIZES)), help="sizes of shops, with commas")
    parser.add_argument("-n", type=int, default=400, help="messages of each kind")
    parser.add_argument("--failures", action="store_true", help="say what was not understood, but not of a secret set")
    parser.add_argument("--slowest", action="store_true", help="say which messages took longest")
    parser.add_argument("--report", type=Path, help="write all figures to this file")
    given = parser.parse_args()
    console = Console()
    found: dict[str, dict[str, Score]] = {}
    for labelled in SETS:
        heard = listen(labelled.labels(), labelled.clerks())
        found[labelled.name] = scores(heard)
        console.print(table_of(labelled.name, found[labelled.name]))
        if given.failures and not labelled.secret:
            console.print(*(one.difference() for one in heard if not one.exact), sep="\n", markup=False)
    speeds = [alone(int(size), given.n) for size in given.products.split(",") if size]
    if speeds:
        console.print(table_of_speeds(speeds))
    for speed in speeds if given.slowest else ():
        console.print(*(f"{spent:.0f} µs: {text[:60]}" for spent, text in speed.slowest), sep="\n", markup=False)
    if given.report:
        given.report.write_text(json.dumps(report(found, speeds), indent=1, ensure_ascii=False) + "\n", "utf-8")


def report(found: Mapping[str, Mapping[str, Score]], speeds: Sequence[Speed]) -> dict[str, object]:
    return {
        "sets": {
            name: {code: asdict(score) | {"rates": score.rates()} for code, score in languages.items()}
            for name, languages in found.items()
        },
        "speeds": [asdict(speed) for speed in speeds],
    }


if __name__ == "__main__":
    main()

"""What the clerk alone makes of hostile messages: never an error, never goods that are not sold, never a long wait.

`python -m tests.fuzz.hearing --messages 5000000 --jobs 2` writes tests/reports/hearing.json. Every crowd of 10,000
messages has a seed of its own, which a failure names: `--only SEED` hears it again. Times are processor time, for
others may use the machine too; what took long is measured once more.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bot.domain.catalogue import Catalogue
from bot.domain.understanding import Clerk, Understanding
from tests.fuzz.goods import hostile_goods, words_of
from tests.fuzz.texts import Texts

REPORT = Path(__file__).parents[1] / "reports" / "hearing.json"
A_CROWD = 10_000
SHOPS = 8
LANGUAGES = ("fr", "en", "es", "de", "it", "pt")
LONGEST_MS = 50.0
EVERY = 5
"""Of so many messages one is also heard as the rest of the one before it."""
SHOWN = 20


@dataclass
class Heard:
    """`crashes` and `slow` are (seed, number of the message, its text, the error or the milliseconds)."""

    messages: int = 0
    crashes: list[tuple[int, int, str, str]] = field(default_factory=list)
    slow: list[tuple[int, int, str, str]] = field(default_factory=list)
    slowest_ms: float = 0.0
    took: list[int] = field(default_factory=lambda: [0] * 1000)
    """How many took so many tenths of a millisecond."""

    def add(self, other: Heard) -> None:
        self.messages += other.messages
        self.crashes += other.crashes
        self.slow += other.slow
        self.slowest_ms = max(self.slowest_ms, other.slowest_ms)
        self.took = [one + two for one, two in zip(self.took, other.took, strict=True)]

    def within(self, share: float) -> float:
        """The milliseconds in which this share of the messages was understood."""
        left = share * self.messages
        for tenths, count in enumerate(self.took, 1):
            left -= count
            if left <= 0:
                return tenths / 10
        return self.slowest_ms


@cache
def shop(number: int) -> tuple[Catalogue, Clerk]:
    goods = hostile_goods(number)
    clerk = Clerk(goods, language=LANGUAGES[number % len(LANGUAGES)])
    gc.collect()
    gc.freeze()
    return goods, clerk


def heard(seed: int, count: int) -> Heard:
    """So many messages of one seed."""
    goods, clerk = shop(seed % SHOPS)
    texts, found, before = Texts(random.Random(seed), words_of(goods)), Heard(), ""
    for number in range(count):
        text = texts.text()
        begun = time.thread_time_ns()
        try:
            meant = clerk.understand(text, language=LANGUAGES[number % len(LANGUAGES)])
            more = clerk.follow(text, before) if number % EVERY == 0 else None
        except Exception as error:  # noqa: BLE001 - whatever it is, it is found
            found.crashes.append((seed, number, text, repr(error)))
            continue
        finally:
            before = text
        took = (time.thread_time_ns() - begun) / 1e6
        if took > LONGEST_MS:
            took = min(took, once_more(clerk, text))
        found.messages += 1
        found.slowest_ms = max(found.slowest_ms, took)
        found.took[min(int(took * 10), len(found.took) - 1)] += 1
        if took > LONGEST_MS:
            found.slow.append((seed, number, text, f"{took:.1f} ms"))
        for one in (meant, more):
            if one is not None and (wrong := nonsense(goods, one)):
                found.crashes.append((seed, number, text, wrong))
    return found


def once_more(clerk: Clerk, text: str) -> float:
    """The milliseconds that the message itself takes, without what else came in between at its first time."""
    begun = time.thread_time_ns()
    clerk.understand(text)
    return (time.thread_time_ns() - begun) / 1e6


def nonsense(goods: Catalogue, meant: Understanding) -> str:
    """What no clerk may answer: goods that there are not, none or half of them."""
    named = (*(line.sku for line in meant.lines), *meant.candidates, *meant.about)
    unknown = [sku for sku in named if goods.product(sku) is None]
    if unknown:
        return f"not sold here: {unknown}"
    if any(goods.variant(line.sku) is None or line.quantity < 1 for line in meant.lines):
        return f"cannot be bought: {meant.lines}"
    return ""


def main() -> int:
    """0 where nothing crashed and nothing took too long."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.hearing", description=__doc__)
    parser.add_argument("--messages", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, help="one crowd again, by the seed that a failure named")
    parser.add_argument("--report", type=Path, default=REPORT)
    asked = parser.parse_args()
    crowds = 1 if asked.only is not None else -(-asked.messages // A_CROWD)
    first = asked.only if asked.only is not None else asked.seed * 1_000_000
    whole = all_of(range(first, first + crowds), min(asked.jobs, crowds))
    written = {
        "seed": asked.seed,
        "messages": whole.messages,
        "crashes": len(whole.crashes),
        "over_50_ms": len(whole.slow),
        "slowest_cpu_ms": round(whole.slowest_ms, 1),
        "p50_cpu_ms": whole.within(0.5),
        "p99_cpu_ms": whole.within(0.99),
        "p9999_cpu_ms": whole.within(0.9999),
    }
    sys.stdout.write(json.dumps(written, indent=2) + "\n")
    if asked.only is None:
        asked.report.parent.mkdir(parents=True, exist_ok=True)
        asked.report.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    return 1 if whole.crashes or whole.slow else 0


def all_of(seeds: Sequence[int], jobs: int) -> Heard:
    whole = Heard()
    with ProcessPoolExecutor(jobs) as pool:
        for place, found in enumerate(pool.map(heard, seeds, [A_CROWD] * len(seeds)), 1):
            whole.add(found)
            for seed, number, text, why in (*found.crashes, *found.slow)[:SHOWN]:
                sys.stderr.write(f"\nseed {seed}, message {number}: {text[:300]!a} ({len(text)})\n  {why}\n")
            sys.stderr.write(f"\r{place}/{len(seeds)} crowds, {len(whole.crashes)} crashes, {len(whole.slow)} slow ")
    sys.stderr.write("\n")
    return whole


if __name__ == "__main__":
    sys.exit(main())

"""The long form: a million hostile messages and more, with a report.

`python -m tests.fuzz --messages 1000000 --seed 1 --jobs 2` writes tests/reports/fuzz.json. Each crowd of 4,000 messages
has a seed of its own, which a failure names: `--only SEED` lives it again.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import structlog

from bot.samples import SAMPLES
from tests.fuzz.crowd import crowded
from tests.fuzz.found import Found

REPORT = Path(__file__).parents[1] / "reports" / "fuzz.json"
A_CROWD = 4_000
SHOWN = 20


def quiet() -> None:
    """The shop's log would be longer than all that is looked for."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)


def report(found: Found, *, seed: int, seconds: float) -> dict[str, object]:
    """What was found, in plain values."""
    return {
        "seed": seed,
        "messages": found.messages,
        "replies": found.replies,
        "unanswered": found.silent,
        "crashes": len(found.crashes),
        "refused": len(found.refused),
        "sent": dict(found.sent.most_common()),
        "kept_back_by_the_gate": dict(found.kept_back),
        "templates": {
            name: {"in_conversation": found.said[name], "with_hostile_facts": found.rendered[name]} for name in SAMPLES
        },
        "templates_never_reached": [name for name in SAMPLES if not found.said[name] and not found.rendered[name]],
        "slowest_cpu_ms": round(found.slowest_ms, 1),
        "slowest": ascii(found.slowest),
        "seconds": round(seconds, 1),
    }


def lived(seeds: Sequence[int], jobs: int) -> Found:
    """All of these crowds, several at once."""
    whole = Found()
    with ProcessPoolExecutor(jobs, initializer=quiet) as pool:
        for place, found in enumerate(pool.map(crowded, seeds, [A_CROWD] * len(seeds)), 1):
            whole.add(found)
            sys.stdout.write(
                f"\r{place}/{len(seeds)} crowds, {whole.messages} messages, {whole.replies} replies,"
                f" {len(whole.crashes)} crashes, {len(whole.refused)} refused "
            )
            sys.stdout.flush()
    sys.stdout.write("\n")
    return whole


def main() -> int:
    """0 where nothing crashed and nothing was refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, help="one crowd again, by the seed that a failure named")
    parser.add_argument("--report", type=Path, default=REPORT)
    asked = parser.parse_args()
    crowds = 1 if asked.only is not None else -(-asked.messages // A_CROWD)
    first = asked.only if asked.only is not None else asked.seed * 1_000_000
    began = time.perf_counter()
    found = lived(range(first, first + crowds), min(asked.jobs, crowds))
    written = report(found, seed=asked.seed, seconds=time.perf_counter() - began)
    for kind, failures in (("crash", found.crashes), ("refused", found.refused)):
        for seed, number, text, why in failures[:SHOWN]:
            sys.stderr.write(f"{kind}: seed {seed}, message {number}: {text!a}\n  {why!a}\n")
    if asked.only is None:
        asked.report.parent.mkdir(parents=True, exist_ok=True)
        asked.report.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if found.crashes or found.refused or found.kept_back["too long"] else 0


if __name__ == "__main__":
    sys.exit(main())

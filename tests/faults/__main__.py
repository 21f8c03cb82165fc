"""The long form: every one of the 5,040 orders of each life's seven events, at every pace, with a report.

`python -m tests.faults` writes tests/reports/orders.json; `--orders N` takes N of them only, and `--first` the first
life at the first pace.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import random
import sys
import time
from pathlib import Path

import structlog

from tests.faults.lives import LIVES, Life
from tests.faults.orders_of_events import PACES, Bench, Pace, differences

REPORT = Path(__file__).parents[1] / "reports" / "orders.json"


def taken(life: Life, pace: Pace, most: int | None) -> dict[str, object]:
    """One life at one pace in every order, or in `most` of them; -> its line of the report."""
    began = time.perf_counter()
    orders = list(itertools.permutations(range(len(life.told))))
    if most is not None:
        orders = [orders[0], orders[-1], *random.Random(most).sample(orders, most)]
    bench = Bench(life, pace)
    states = bench.run(orders)
    bench.close()
    seconds = time.perf_counter() - began
    sys.stdout.write(f"{life.name}, {pace.name}: {len(orders)} orders, {len(states)} state(s), {seconds:.1f} s\n")
    sys.stdout.flush()
    if len(states) > 1:
        sys.stderr.write(differences(life, states) + "\n")
    return {
        "life": life.name,
        "pace": pace.name,
        "events": life.told,
        "orders": len(orders),
        "states": len(states),
        "seconds": round(seconds, 1),
    }


def main() -> int:
    """0 where every life has one state."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--orders", type=int, help="so many orders of each life instead of all 5,040")
    parser.add_argument("--first", action="store_true", help="only the first life, at the first pace")
    parser.add_argument("--report", type=Path, default=REPORT)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    lives, paces = (LIVES[:1], PACES[:1]) if asked.first else (LIVES, PACES)
    lines = [taken(life, pace, asked.orders) for life in lives for pace in paces]
    report = {
        "events": lives[0].told,
        "orders": max(int(str(line["orders"])) for line in lines),
        "states": max(int(str(line["states"])) for line in lines),
        "seconds": round(sum(float(str(line["seconds"])) for line in lines), 1),
        "lives": lines,
    }
    asked.report.parent.mkdir(parents=True, exist_ok=True)
    asked.report.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if report["states"] == 1 else 1


if __name__ == "__main__":
    sys.exit(main())

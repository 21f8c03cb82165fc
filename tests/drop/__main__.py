"""`python -m tests.drop`: the drop on many seeds, and a report of what each came to."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from tests.drop.drop import ITEMS, Outcome, dropped

REPORT = Path(__file__).parents[1] / "reports" / "drop.json"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drop", description=__doc__)
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--seeds", type=int, default=20, help="how many, from --first on")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    if given.seed is not None:
        outcome = dropped(given.seed)
        _tell(outcome.violation or str(outcome))
        return 1 if outcome.violation else 0
    outcomes = _all(range(given.first, given.first + given.seeds), given.jobs)
    _report(given.report, outcomes)
    return 1 if any(it.violation for it in outcomes) else 0


def _all(seeds: Sequence[int], jobs: int) -> list[Outcome]:
    gc.freeze()
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        coming = [pool.submit(dropped, seed) for seed in seeds]
        for done in as_completed(coming):
            outcomes.append(done.result())
            _tell(outcomes[-1].violation or str(outcomes[-1]))
    return sorted(outcomes, key=lambda it: it.seed)


def _report(path: Path, outcomes: Sequence[Outcome]) -> None:
    exact = [it for it in outcomes if not it.violation and it.sold == ITEMS]
    report = {
        "seeds": len(outcomes),
        "exact": len(exact),
        "shoppers": max(it.shoppers for it in outcomes),
        "items": ITEMS,
        "most_taken": max(it.most_taken for it in outcomes),
        "most_pages_a_second": max(it.most_pages_a_second for it in outcomes),
        "pages": sum(it.pages for it in outcomes),
        "never_paid": sum(it.never_paid for it in outcomes),
        "processor_seconds": round(sum(it.seconds for it in outcomes), 1),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "each": [asdict(it) for it in outcomes],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _tell(f"{len(exact)} of {len(outcomes)} drops were exact, told in {path.name}")


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets are walked in an order that a seed alone does not give
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.drop", *sys.argv[1:]])
    sys.exit(main())

"""`python -m tests.simulation`: many seeds on several processors, or one of them once more, and what it came to."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tests.simulation.run import Outcome, lived

REPORT = Path(__file__).parents[1] / "reports" / "simulation.json"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="only this one, and what went wrong in it")
    parser.add_argument("--seeds", type=int, default=200, help="how many, from --first on")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--steps", type=int, default=5000, help="of each seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--without", default="", metavar="MODULE:FUNCTION", help="take a guard away first")
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    if given.seed is not None:
        outcome = lived(given.seed, given.steps, without=given.without)
        _tell(outcome.violation or f"seed {given.seed}: {outcome.steps} steps without a violation, {outcome.digest}")
        return 1 if outcome.violation else 0
    seeds = range(given.first, given.first + given.seeds)
    outcomes = _all(seeds, given.steps, given.jobs, given.without)
    if not given.without:
        _report(given.report, outcomes)
    return 1 if any(it.violation for it in outcomes) else 0


def _all(seeds: Sequence[int], steps: int, jobs: int, without: str) -> list[Outcome]:
    gc.freeze()
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        coming = [pool.submit(lived, seed, steps, without=without) for seed in seeds]
        for done in as_completed(coming):
            outcome = done.result()
            outcomes.append(outcome)
            wrong = f"\n{outcome.violation}" if outcome.violation else ""
            pace = f"{outcome.seconds / max(1, outcome.steps) * 1000:.2f} ms a step"
            _tell(f"{len(outcomes)}/{len(seeds)} seed {outcome.seed}: {outcome.steps} steps, {pace}{wrong}")
    return sorted(outcomes, key=lambda it: it.seed)


def _report(path: Path, outcomes: Sequence[Outcome]) -> None:
    facts: Counter[str] = Counter()
    for outcome in outcomes:
        facts.update(outcome.facts)
    steps = {name.removeprefix("steps: "): count for name, count in facts.items() if name.startswith("steps: ")}
    report = {
        "seeds": len(outcomes),
        "steps": sum(it.steps for it in outcomes),
        "violations": [{"seed": it.seed, "step": it.steps, "story": it.violation} for it in outcomes if it.violation],
        "by_kind": dict(sorted(steps.items())),
        **{name: count for name, count in facts.items() if not name.startswith("steps: ")},
        "processor_seconds": round(sum(it.seconds for it in outcomes), 1),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _tell(f"{report['steps']} steps of {report['seeds']} seeds, {len(outcomes)} told in {path.name}")


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets are walked in an order that a seed alone does not give
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])
    sys.exit(main())

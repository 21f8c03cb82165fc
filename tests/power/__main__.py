"""The long form: `python -m tests.power [--jobs 2] [--seed 0]` traces every run, cuts the power everywhere and reports.

Writes tests/reports/power.json. Exit 1 where a promise was lost, an image would not open or showed half a commit, or
where the negative control, which syncs only at checkpoints, was not caught.
"""

# ruff: noqa: T201 - what it prints is its output

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.power.burst import traced_burst
from tests.power.flows import EVERYTHING, runs_out, sales, sales_on_x
from tests.power.shop import Run, traced_shop
from tests.power.sweep import Evidence, Tally, in_memory, swept
from tests.power.trace import unusable

REPORT = Path(__file__).parents[1] / "reports" / "power.json"
RUNS = (
    Run("telegram by polling", [sales(30), *EVERYTHING]),
    Run("telegram by webhook", [sales(30), *EVERYTHING], mode="webhook"),
    Run("holds that end", [sales(2), runs_out], hold="1s"),
    Run("x by polling", [sales_on_x(6)], channel="x"),
    Run("x by webhook", [sales_on_x(6)], channel="x", mode="webhook"),
)
CONTROL = Run("the control: synced at checkpoints only", [sales(12)], careless=True)
LIES = Run("telegram by polling", [sales(6)])
"""The run that is tried on a disk that answers a sync and does nothing."""
BURST = 400
"""Sales of a store under load, in groups: this many bring some eight checkpoints."""


def main(arguments: Sequence[str]) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.power", description=__doc__)
    asked.add_argument("--jobs", type=int, default=2, help="processes that open images at the same time")
    asked.add_argument("--seed", type=int, default=0, help="of the images that are drawn by chance")
    asked.add_argument("--most", type=int, default=40, help="images at one place of a run; 0: all there are")
    options = asked.parse_args(arguments)
    if (why := unusable()) is not None:
        print(f"nothing can be traced here: {why}", file=sys.stderr)
        return 1
    began = time.monotonic()
    runs: dict[str, dict[str, object]] = {}
    total, promised = Tally(), Counter[str]()

    def tried(evidence: Evidence, most: int, *, honest: bool = True) -> Tally:
        tally = swept(evidence, most=most or None, seed=options.seed, jobs=options.jobs, honest=honest)
        name = evidence.name if honest else f"{evidence.name}, on a disk that lies about its syncs"
        runs[name] = {**tally.figures(), "promises": dict(Counter(promise.kind for promise in evidence.promises))}
        print(f"{time.monotonic() - began:6.1f} s  {name}: {tally.figures()}", flush=True)
        return tally

    for run in RUNS:
        evidence = _traced(run)
        total.add(tried(evidence, options.most))
        promised.update(promise.kind for promise in evidence.promises)
    evidence = _burst()
    total.add(tried(evidence, options.most // 6))
    promised.update(promise.kind for promise in evidence.promises)
    controls = {
        "synchronous=NORMAL": tried(_traced(CONTROL), 6),
        "a disk that lies": tried(_traced(LIES), 2, honest=False),
    }
    seconds = round(time.monotonic() - began)
    _report(total, promised, runs, controls, seconds)
    for example in total.examples:
        print(example, file=sys.stderr)
    missed = [name for name, tally in controls.items() if not tally.spoiled]
    if missed:
        print(f"not caught: {', '.join(missed)}", file=sys.stderr)
    return 0 if total.clean and not missed else 1


def _traced(run: Run) -> Evidence:
    with tempfile.TemporaryDirectory(prefix="power-", dir=in_memory()) as folder:
        return traced_shop(run, Path(folder))


def _burst() -> Evidence:
    with tempfile.TemporaryDirectory(prefix="power-", dir=in_memory()) as folder:
        return traced_burst(Path(folder), BURST)


def _report(
    total: Tally,
    promised: Counter[str],
    runs: dict[str, dict[str, object]],
    controls: dict[str, Tally],
    seconds: int,
) -> None:
    report = {
        **total.figures(),
        "acknowledged_events": sum(promised.values()),
        "acknowledged_by_kind": dict(sorted(promised.items())),
        "controls": {
            name: {"images": tally.images, "images_with_losses": tally.spoiled} for name, tally in controls.items()
        },
        "runs": runs,
        "seconds": seconds,
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({name: value for name, value in report.items() if name != "runs"}, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m tests.controls`: every build that lacks a guard against the proof that must catch it; a report of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.controls.caught import CONTROLS, tried

REPORT = Path(__file__).parents[1] / "reports" / "controls.json"


def main() -> int:
    report: dict[str, object] = {}
    well = True
    for name, control in CONTROLS.items():
        verdict = tried(control)
        well = well and verdict.caught and verdict.whole_passes is True
        report[name] = {"proof": control.proof, "caught": verdict.caught, "whole_passes": verdict.whole_passes}
        print(f"{name}: caught {verdict.caught}, whole build passes {verdict.whole_passes}: {verdict.said}", flush=True)  # noqa: T201
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())

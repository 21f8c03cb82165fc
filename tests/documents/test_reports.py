"""The figures that the README gives of the guarantees are those of the last long runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REPORTS = ROOT / "tests" / "reports"
Report = Mapping[str, Any]


def _number(number: int) -> str:
    return f"{number:,}"


SETS = {"studied": "that were looked at", "examination": "that never were"}


def _scored(name: str, score: Report) -> str:
    parts = (f"{score['rates'][rate]:.1%}".replace("%", " %") for rate in ("exact", "false_sales", "wrong_products"))
    return f"| {_number(score['messages'])} {name} | {' | '.join(parts)} |"


def _milliseconds(microseconds: float) -> str:
    return f"{microseconds / 1e3:.1f} ms"


def _megabytes(megabytes: float) -> str:
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


QUOTED: Mapping[str, Callable[[Report], list[str]]] = {
    "orders": lambda it: [f"all {_number(it['orders'])} orders of arrival | {it['states']} |"],
    "power": lambda it: [
        f"under {_number(it['acknowledged_events'])} acknowledged events",
        f"| {_number(it['distinct_images'])}: {it['promises_lost']} |",
        "| {images_with_losses} of {images} |".format(**it["controls"]["synchronous=NORMAL"]),
    ],
    "kills": lambda it: [f"| {_number(it['kill_points'])}: {len(it['violations'])} |"],
    "simulation": lambda it: [
        f"steps of {_number(it['seeds'])} simulated lives",
        f"| {_number(it['steps'])}: {len(it['violations'])} |",
    ],
    "drop": lambda it: [f"at most {it['most_pages_a_second']} pages", f"| {it['exact']} of {it['seeds']} |"],
    "fuzz": lambda it: [f"| {_number(it['messages'])}: {it['crashes']}; {it['refused']} |"],
    "hearing": lambda it: [f"| {_number(it['messages'])}: {it['crashes']}; {it['over_50_ms']} |"],
    "understanding": lambda it: [
        *(_scored(SETS[name], it["sets"][name]["all"]) for name in ("studied", "examination")),
        " · ".join(_milliseconds(speed["kinds"]["all but the long ones"]["p99"]) for speed in it["speeds"]),
        " · ".join(_megabytes(speed["clerk_megabytes"]) for speed in it["speeds"]),
    ],
    "controls": lambda it: [f"| {sum(one['caught'] and one['whole_passes'] for one in it.values())} of {len(it)} |"],
}
"""What of each report stands in the README, in these words."""


@pytest.mark.parametrize("name", QUOTED)
def test_the_readme_says_what_the_report_says(name: str) -> None:
    report = json.loads((REPORTS / f"{name}.json").read_text(encoding="utf-8"))
    for words in QUOTED[name](report):
        assert words in README, words


def test_every_report_is_quoted() -> None:
    assert {path.stem for path in REPORTS.glob("*.json")} == set(QUOTED)

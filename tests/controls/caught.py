"""Which proof catches the build that lacks a guard: each a command that must fail, and does not on the whole build."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIXED = {"PYTHONHASHSEED": "0"}
"""Surroundings in which a seed gives the same life in every process."""
FAILED = 1
"""How a proof ends that has found something wrong; anything else is a fault of the proof."""


@dataclass(frozen=True)
class Control:
    """`{folder}` in a command stands for a fresh one. `guard` are the words that take the guard away."""

    command: tuple[str, ...]
    guard: tuple[str, ...]
    proof: str


def _simulated(name: str) -> Control:
    return Control(("-m", "tests.controls.hunted"), (name,), "simulation")


CONTROLS: Mapping[str, Control] = {
    "no inbox key": _simulated("no_inbox_key"),
    "release without asking Stripe": _simulated("release_without_asking"),
    "check-then-act stock": _simulated("check_then_act_stock"),
    "mark before send": _simulated("mark_before_send"),
    "deferred begin": Control(
        ("-m", "tests.controls.two_writers", "{folder}"), ("deferred_begin",), "a second writer beside the store"
    ),
}
"""Apart from `synchronous=NORMAL`, which the power-cut sweep holds against itself (tests/power)."""


@dataclass(frozen=True)
class Verdict:
    caught: bool
    whole_passes: bool | None
    """None where it was not tried."""
    said: str


def tried(control: Control, *, whole: bool = True) -> Verdict:
    """Run the proof on the build without the guard, and where asked on the whole one."""
    lacking = _run(control, *control.guard)
    passes = _run(control).returncode == 0 if whole else None
    said = next((line for line in lacking.stdout.splitlines() if line.strip()), "")
    return Verdict(lacking.returncode == FAILED, passes, said[:200])


def _run(control: Control, *guard: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        words = [word.format(folder=folder) for word in control.command]
        return subprocess.run(
            [sys.executable, *words, *guard],
            cwd=ROOT,
            env=os.environ | FIXED,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

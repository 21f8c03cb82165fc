"""What every test stands on: quiet logs, a library's coming types, and an order in which several workers end together.

`make test` gives whole files to its workers, so what a file shares (a started shop, a browser) is made once; the first
file is given first, so what is slow comes first. There are more workers than cores, for much of the suite waits.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
import structlog

TESTS = Path(__file__).parent

os.environ.setdefault("PTB_TIMEDELTA", "1")

structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
"""An error that a test provokes is told in plain lines: drawn with all its variables it takes a tenth of a second."""

SLOW = (
    "process/test_x_troubles",
    "browser",
    "process/test_x",
    "sweep",
    "power",
    "process/test_crashes",
    "process/test_backlog",
    "process",
    "controls",
    "faults",
    "fuzz",
    "drop",
    "simulation",
    "packaging",
    "cli",
    "channels",
    "sandbox",
    "service",
)
"""Beginnings of the paths of files that take many seconds, the slowest first."""


def pytest_configure(config: pytest.Config) -> None:
    """The order is ours: xdist would put files of many quick tests before files of a few slow ones.

    Collecting makes no garbage, and what it makes stays: looking it over for garbage took a quarter of its time.
    """
    gc.disable()
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(TESTS).as_posix()
        return next((number for number, slow in enumerate(SLOW) if path.startswith(slow)), len(SLOW))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()

"""What every test stands on: quiet logs, a library's coming types, and an order in which several workers end together.

`make test` gives whole files to its workers, so what a file shares (a started shop, a browser) is made once; the first
file is given first, so what is slow comes first.
"""

from __future__ import annotations

import gc
import os

import pytest

os.environ.setdefault("PTB_TIMEDELTA", "1")

SLOW = ("browser", "sweep", "power", "process", "faults", "fuzz", "controls", "drop", "simulation", "packaging", "cli")
"""Folders whose files take many seconds, the slowest first."""


def pytest_configure(config: pytest.Config) -> None:
    """The order is ours: xdist would put files of many quick tests before files of a few slow ones.

    Collecting makes no garbage, and what it makes stays: looking it over for garbage took a quarter of its time.
    """
    gc.disable()
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(config.rootpath).parts[1]
        return SLOW.index(folder) if folder in SLOW else len(SLOW)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()

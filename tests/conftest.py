"""What every test stands on: quiet logs, a library's coming types, and an order in which several workers end together.

Workers of pytest-xdist take what comes first first. So what is slow comes first, what shares something costly goes to
one worker, and quick tests go by the module, which spares most of the talk about who runs what.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence

import pytest

os.environ.setdefault("PTB_TIMEDELTA", "1")

SLOW = ("browser", "sweep", "power", "controls", "drop", "simulation", "faults", "fuzz", "process", "packaging", "cli")
"""Folders of tests that take seconds, the slowest first."""


def pytest_configure(config: pytest.Config) -> None:
    """The order is ours: xdist would put groups of many quick tests before a few slow ones.

    Collecting makes no garbage, and what it makes stays: looking it over for garbage took a quarter of its time.
    """
    gc.disable()
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("xdist_group") is None and (not _is_slow(item, config) or _shares(item)):
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(config.rootpath).as_posix()))
    items.sort(key=lambda item: _rank(item, config))


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()


def _rank(item: pytest.Item, config: pytest.Config) -> tuple[int, bool]:
    folder = _folder(item, config)
    return (SLOW.index(folder) if folder in SLOW else len(SLOW), not _shares(item))


def _is_slow(item: pytest.Item, config: pytest.Config) -> bool:
    return _folder(item, config) in SLOW


def _folder(item: pytest.Item, config: pytest.Config) -> str:
    return item.path.relative_to(config.rootpath).parts[1]


def _shares(item: pytest.Item) -> bool:
    """Whether the test uses what its module makes once: a started shop, a browser, a built wheel."""
    found = getattr(item, "_fixtureinfo", None)
    known: dict[str, Sequence[pytest.FixtureDef[object]]] = found.name2fixturedefs if found is not None else {}
    return any(each[-1].scope == "module" and each[-1].baseid for each in known.values())

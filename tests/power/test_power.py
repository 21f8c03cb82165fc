"""A power cut, in short: one small run of the command, cut at every telling place, and the twins that must fail."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.power.burst import traced_burst
from tests.power.flows import cancels, sales
from tests.power.shop import Run, traced_shop
from tests.power.sweep import Evidence, in_memory, swept
from tests.power.trace import unusable

pytestmark = [
    pytest.mark.process,
    pytest.mark.xdist_group("power cuts"),
    pytest.mark.skipif(unusable() is not None, reason=str(unusable())),
]


@pytest.fixture(scope="module")
def sold() -> Evidence:
    """What the installed command does to its disk, and promises, while it sells."""
    with tempfile.TemporaryDirectory(dir=in_memory()) as folder:
        return traced_shop(Run("short", [sales(2), cancels]), Path(folder))


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=in_memory()) as folder:
        yield Path(folder)


def test_no_power_cut_takes_back_what_was_acknowledged(sold: Evidence) -> None:
    """F094, F093: every image opens, shows whole commits, and keeps every promise made before the cut."""
    tally = swept(sold, most=4)
    assert tally.clean, tally.examples
    assert len(tally.hashes) > 80
    assert set(tally.kinds) >= {"event", "said", "ordered", "opening", "linked", "paid", "closing", "ended"}
    assert tally.lives > 2


def test_a_disk_that_lies_about_its_syncs_is_found_out(sold: Evidence) -> None:
    """F094: the same run and the same checks, and losses: the sweep can see them."""
    tally = swept(sold, most=1, honest=False, stride=6)
    assert tally.spoiled > 0


def test_a_shop_that_syncs_at_checkpoints_only_is_found_out(folder: Path) -> None:
    """F094: synchronous=NORMAL loses what it acknowledged, and nothing worse."""
    tally = swept(traced_burst(folder, 6, careless=True), most=2, stride=3)
    assert tally.spoiled > 0
    assert not tally.unsound
    assert not tally.refused

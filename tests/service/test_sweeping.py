"""The sweeper minds the machine's clock and tells the merchant, once, what ails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.domain.orders import OrderStatus
from bot.service.crossing import Crossing, waking
from bot.service.sweep import Sweeper
from bot.service.watch import LASTING, WELL
from tests.dialogs.dialog import Dialog, opened_shop


@dataclass
class Watchman:
    """A shop's sweeper, a wall clock that can be set, and a steady one that only runs."""

    dialog: Dialog
    steady: float = 1000.0
    ailing: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        write = Crossing(self.dialog.store)
        self.sweeper = Sweeper(
            self.dialog.shop,
            write,
            waking(write, lambda _receipt: None),
            lambda: self.dialog.now,
            every=0.5,
            steady=lambda: self.steady,
            ailing=lambda: self.ailing,
        )

    async def after(self, seconds: float, *, clock_set_by: timedelta = timedelta()) -> None:
        self.steady += seconds
        self.dialog.now += timedelta(seconds=seconds) + clock_set_by
        await self.sweeper.once()

    def alerts(self) -> list[object]:
        return [row["kind"] for row in reversed(self.dialog.store.view("v_alerts"))]

    def closing(self) -> bool:
        return self.dialog.order().closing is not None


@pytest.fixture
async def watchman() -> AsyncIterator[Watchman]:
    dialog = opened_shop()
    dialog.shopper("un mug bleu svp")
    yield Watchman(dialog)
    dialog.store.close()


async def test_holds_do_not_end_because_somebody_set_the_clock(watchman: Watchman) -> None:
    """F098"""
    await watchman.after(60, clock_set_by=timedelta(days=1))
    assert not watchman.closing()
    assert watchman.alerts() == ["clock"]
    await watchman.after(60, clock_set_by=-timedelta(days=1))
    await watchman.after(20 * 60)
    assert not watchman.closing()
    await watchman.after(10 * 60)
    assert watchman.closing()
    assert watchman.dialog.order().status is OrderStatus.CREATED


async def test_a_hold_ends_in_time_where_nobody_touched_the_clock(watchman: Watchman) -> None:
    """F098, the other way round: what is not a set clock is time that went by."""
    for _ in range(31):
        await watchman.after(60)
    assert watchman.closing()
    assert watchman.alerts() == []


async def test_a_clock_set_back_lengthens_no_hold(watchman: Watchman) -> None:
    """F098"""
    await watchman.after(60, clock_set_by=-timedelta(hours=1))
    await watchman.after(30 * 60)
    assert watchman.closing()


async def test_what_ails_is_told_once_and_again_after_it_was_well(watchman: Watchman) -> None:
    """F032"""
    watchman.ailing["stripe"] = "Stripe refuses the key"
    await watchman.after(1)
    assert watchman.alerts() == []
    for _ in range(3):
        await watchman.after(LASTING)
    assert watchman.alerts() == ["ailing"]
    watchman.ailing.clear()
    await watchman.after(WELL - 1)
    watchman.ailing["stripe"] = "Stripe refuses the key"
    await watchman.after(LASTING)
    assert watchman.alerts() == ["ailing"]
    watchman.ailing.clear()
    await watchman.after(WELL)
    watchman.ailing["stripe"] = "Stripe refuses the key"
    await watchman.after(1)
    await watchman.after(LASTING)
    assert watchman.alerts() == ["ailing", "ailing"]


async def test_a_restart_tells_nothing_twice(watchman: Watchman) -> None:
    """F032"""
    watchman.ailing["stripe"] = "Stripe refuses the key"
    await watchman.after(1)
    await watchman.after(LASTING)
    watchman.ailing.clear()
    watchman.__post_init__()
    await watchman.after(1)
    watchman.ailing["stripe"] = "Stripe refuses the key"
    await watchman.after(1)
    await watchman.after(LASTING)
    assert watchman.alerts() == ["ailing"]

"""The short form of the kill sweeps: a few points of every flow. The long one is `python -m tests.sweep`."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from bot.sandbox import outbound
from tests.sweep.flows import FLOWS
from tests.sweep.forking import ForkServer
from tests.sweep.piece import Sweep, pieces
from tests.sweep.play import Played, books_of
from tests.sweep.points import Point
from tests.sweep.shop import Mode
from tests.sweep.tracing import missing
from tests.sweep.worker import SOON
from tests.sweep.world import World, opened

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

AT_THE_DOORS = """
    buy/telegram-polling/asked/2 buy/telegram-polling/carried/3
    pay/telegram-webhook/unheard/3 pay/telegram-webhook/told/1
    debit/x-webhook/called/2
    refund/telegram-polling/heard/4
    owed/telegram-webhook/carried/1
    cancel/telegram-webhook/told/2
    ask/x-webhook/carried/1
    storm/telegram-webhook/heard/17
    start/telegram-polling/asked/6
"""
AT_SYSTEM_CALLS = """
    buy/x-webhook/kill:pwrite64/31 buy/x-webhook/enospc:pwrite64/12
    pay/telegram-polling/kill:fdatasync/2 pay/telegram-polling/full:pwrite64/9 pay/telegram-polling/eio:fdatasync/1
    refund/x-webhook/kill:write/3
    expire/telegram-polling/kill:pwrite64/40
    storm/x-webhook/kill:pwrite64/151
    ship/telegram-webhook/kill:fdatasync/1
    first/telegram-polling/kill:pwrite64/30
"""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "BACKOFF", SOON)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forking() -> AsyncIterator[ForkServer]:
    async with ForkServer() as server:
        yield server


async def played(forking: ForkServer, named: str) -> Sequence[Played]:
    """Each flow in a world of its own, all at once."""
    points = [Point.read(text) for text in named.split()]
    sweep = Sweep(forking.start)
    return [one for done in await asyncio.gather(*map(sweep.play, pieces(points))) for one in done]


def judge(done: Sequence[Played]) -> None:
    assert {str(one.point): one.wrong for one in done if one.wrong} == {}
    assert [str(one.point) for one in done if one.struck is None] == []


async def test_a_kill_at_any_request_loses_and_doubles_nothing(forking: ForkServer) -> None:
    """F027, F051, F066, F089, F101: the shop is killed around what it asks and is asked."""
    judge(await played(forking, AT_THE_DOORS))


async def test_a_kill_or_a_failing_disk_at_any_system_call_loses_and_doubles_nothing(forking: ForkServer) -> None:
    """F024, F089, F090, F091, F095: kill -9, ENOSPC and EIO at writes and syncs."""
    if why := missing():
        pytest.skip(why)
    judge(await played(forking, AT_SYSTEM_CALLS))


async def test_every_flow_is_swept_in_the_short_form() -> None:
    assert {Point.read(text).flow for text in (AT_THE_DOORS + AT_SYSTEM_CALLS).split()} == set(FLOWS)


async def test_a_world_whose_books_are_tampered_with_is_reported(forking: ForkServer, tmp_path: Path) -> None:
    """F048: what the oracle sees of a real shop is enough to find what is wrong in it."""
    async with opened(tmp_path, Mode.TELEGRAM_WEBHOOK, starter=forking.start) as world:
        await world.start()
        chat = world.somebody()
        world.says(chat, "je voudrais deux mugs bleus")
        await world.until(lambda: world.said(chat, "link") and world.quiet(), "the link is said")
        assert books_of(world) == []
        await world.down()
        assert "mug-bleu: 1 held" in tampered(world, "UPDATE stock SET held = 1 WHERE sku = 'mug-bleu'")
        assert "its history ends with created" in tampered(world, "UPDATE orders SET status = 'paid', hold = 'sold'")


def tampered(world: World, change: str) -> str:
    with sqlite3.connect(world.folder / "shop.db") as books:
        books.execute(change)
    return "; ".join(books_of(world))

"""Telegram's updates as they may come: twice, swapped, with numbers that fall, to two programs at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.channels.telegram import TelegramChannel, TelegramSettings, failures
from bot.domain.messages import Inbound
from bot.ports import Receipt
from bot.sandbox.server import Sandbox, serving
from bot.sandbox.telegram import shoppers
from tests.process.world import TOKEN, World, until

pytestmark = pytest.mark.process


def answered(world: World, chat: int, times: int) -> list[str]:
    """What was said in a chat once so many answers are there."""
    until(lambda: len(world.heard(chat)) >= times, what=f"{times} answers in {chat}")
    return [str(message["text"]) for message in world.heard(chat)]


def test_an_update_that_comes_again_orders_once(shared: World) -> None:
    """F050: also much later, and between others."""
    first = shared.says("je voudrais un mug bleu", chat=6001)
    shared.hears("gardée", chat=6001)
    shared.post("/telegram/redeliver", update_id=first, copies=5)
    shared.says("merci", chat=6001)
    shared.hears("plaisir", chat=6001)
    shared.post("/telegram/redeliver", update_id=first, copies=2)
    shared.says("merci", chat=6001)
    assert len(answered(shared, 6001, 3)) == 3
    assert len(shared.rows("v_orders", chat="6001")) == 1
    assert shared.stock("mug-bleu")[0] == 1


def test_numbers_that_fall_stop_nothing(shared: World) -> None:
    """F052: after a week without news Telegram begins anew wherever it likes."""
    highest = shared.says("bonjour", chat=6002)
    answered(shared, 6002, 1)
    for number, begins in enumerate((highest - 90_000_000, highest + 500_000, 7)):
        shared.post("/telegram/jump", next_update_id=begins)
        for _ in range(2):
            shared.says("merci", chat=6003 + number)
        assert len(answered(shared, 6003 + number, 2)) == 2
    assert shared.http.get(f"http://127.0.0.1:{shared.port}/readyz").status_code == 200


def test_updates_that_are_swapped_are_all_taken(shared: World) -> None:
    """F053: none is dropped because a later one came first; what belongs to another chat is not held up."""
    for kind in ("reorder", "duplicate", "reorder"):
        shared.breaks(service="updates", method="message", kind=kind, chat=6010, times=1)
    for text in ("bonjour", "je voudrais un mug bleu", "merci", "où est ma commande ?"):
        shared.says(text, chat=6010)
        shared.says("bonjour", chat=6011)
    assert len(answered(shared, 6010, 4)) == 4
    assert len(answered(shared, 6011, 4)) == 4
    assert len(shared.rows("v_orders", chat="6010")) == 1


@dataclass
class Taken:
    """An intake that keeps what it is given."""

    texts: list[str] = field(default_factory=list)

    async def __call__(self, events: Sequence[Inbound]) -> Sequence[Receipt]:
        self.texts += [event.text for event in events]
        return [Receipt() for _ in events]


async def test_another_program_with_the_same_token_is_told_and_outlived(monkeypatch: pytest.MonkeyPatch) -> None:
    """F070: who polled first rests, says why, and goes on once the other one is gone; nothing is taken twice by it."""
    monkeypatch.setattr(failures, "UNTIL_OTHER_POLLER_IS_GONE", 0.05)
    sandbox, taken = Sandbox(seed=1), Taken()
    async with serving(sandbox) as address:
        settings = TelegramSettings(TOKEN, f"{address}/telegram", 5, 1000, 1000, {})
        ours, rival = TelegramChannel(settings), TelegramChannel(settings)
        await ours.start(taken)
        await rival.start(Taken())
        listening = asyncio.create_task(ours.listen())
        async with asyncio.timeout(10):
            shoppers.say(sandbox.telegram, 1001, "one", name="Camille", language="fr")
            while taken.texts != ["one"]:  # noqa: ASYNC110 - the sandbox has no event for that
                await asyncio.sleep(0.01)
            while ours.healthy() is None:
                await rival._poll(None, seconds=0)
                await asyncio.sleep(0.01)
            assert "same token" in str(ours.healthy())
            shoppers.say(sandbox.telegram, 1001, "two", name="Camille", language="fr")
            while taken.texts != ["one", "two"] or ours.healthy() is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert not listening.done()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await ours.stop()
        await rival.stop()

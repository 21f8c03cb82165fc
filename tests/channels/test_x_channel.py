"""The channel's beginning and its health: who it is at X, what asking that costs, and what ails it until when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from bot.channels.x import XChannel
from bot.errors import Permanent, Temporary
from bot.ports import Envelope, Rendered
from tests.channels.door import CAMILLE, NOW, US, Reception, settings
from tests.channels.scripted import Answer, Scripted, page, problem, said, scripted
from tests.channels.tally import Tally

ME = said({"data": {"id": US, "username": "Shop"}})
REPLY = Envelope(CAMILLE, Rendered("un mug"), answers="500")
NOT_CONFIGURED = problem(403, "Your client app is not configured.", kind="client-forbidden")


@dataclass
class Line:
    script: Scripted
    channel: XChannel
    meter: Tally

    async def starts(self, answer: Answer) -> None:
        self.script.says(answer)
        await self.channel.start(Reception())

    async def sends(self, answer: Answer) -> None:
        self.script.says(answer)
        await self.channel.send(REPLY)


@asynccontextmanager
async def connected() -> AsyncIterator[Line]:
    async with scripted() as script:
        meter = Tally(lambda: NOW)
        channel = XChannel(settings(script.address), meter, lambda: NOW)
        yield Line(script, channel, meter)
        await channel.stop()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with connected() as opened:
        yield opened


async def test_asking_who_one_is_is_charged_to_nobody(line: Line) -> None:
    """X's price list charges a user that is returned, one's own too; twice in a day it is one charge."""
    for _ in range(2):
        await line.starts(ME)
    assert {key: cost.chat for key, cost in line.meter.costs.items()} == {("user_read", US): ""}


@pytest.mark.parametrize("answer", [said({}, 503), problem(401, "Unauthorized"), problem(402, "no credits")])
async def test_a_start_that_fails_is_not_charged_and_ails(line: Line, answer: Answer) -> None:
    with pytest.raises(Temporary):
        await line.starts(answer)
    assert line.meter.costs == {}
    assert line.channel.healthy()


async def test_a_channel_that_has_not_started_says_so(line: Line) -> None:
    assert line.channel.healthy() == "not started"
    await line.starts(ME)
    assert line.channel.healthy() is None


async def test_keys_of_another_account_are_named_and_nothing_is_sold_under_them(line: Line) -> None:
    with pytest.raises(Permanent, match="@other"):
        await line.starts(said({"data": {"id": US, "username": "other"}}))
    assert "@other" in str(line.channel.healthy())


async def test_a_refused_account_ails_until_x_takes_a_call_again(line: Line) -> None:
    """F083: a message that waits is not enough to see it by."""
    await line.starts(ME)
    with pytest.raises(Temporary):
        await line.sends(NOT_CONFIGURED)
    assert "X refuses the account" in str(line.channel.healthy())
    with pytest.raises(Permanent):
        await line.sends(problem(403, "You attempted to reply to a Tweet that is deleted."))
    assert "X refuses the account" in str(line.channel.healthy())
    await line.sends(said({"data": {"id": "9"}}, 201))
    assert line.channel.healthy() is None


async def test_what_ails_one_window_is_not_healed_by_the_other(line: Line) -> None:
    """Mentions that cannot be read stay named while messages are read well."""
    await line.starts(ME)
    listening = asyncio.create_task(line.channel.listen())
    try:
        line.script.says(problem(403, "Mentions are not for you."), page([]))
        async with asyncio.timeout(5):
            while len(line.script.asked) < 3 or line.meter.cursors == {}:  # noqa: ASYNC110 - the server has no event
                await asyncio.sleep(0.01)
        assert "not for you" in str(line.channel.healthy())
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

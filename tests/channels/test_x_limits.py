"""What X says of its limits, on the wire: told to the meter, waited for, and asked for nothing meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.channels.x.failures import (
    LONGEST_WINDOW,
    WITHOUT_A_RESET,
    NoCredits,
)
from bot.errors import Temporary
from bot.ports import Told
from tests.channels.scripted import Answer, html, problem, said
from tests.channels.wired import ME, NOW, RESET, Line, connected


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with connected() as opened:
        yield opened


async def test_an_answers_headers_tell_the_meter_what_is_left(line: Line) -> None:
    """F075"""
    told = {"x_rate_limit_limit": 300, "x_rate_limit_remaining": 7, "x_rate_limit_reset": int(RESET.timestamp())}
    await line.asks(said({"data": {}}, **told))
    assert line.meter.windows == {"mentions": Told(300, 7, RESET)}


@pytest.mark.parametrize("reset", ["soon", "", "-1e9", "9" * 40])
async def test_headers_that_cannot_be_read_tell_nothing(line: Line, reset: str) -> None:
    await line.asks(said({"data": {}}, x_rate_limit_limit=300, x_rate_limit_remaining=7, x_rate_limit_reset=reset))
    assert line.meter.windows == {}


async def test_a_429_waits_until_its_reset_and_asks_nothing_before(line: Line) -> None:
    """F075: the wait is kept by the meter, so that it outlives the process."""
    told = {"x_rate_limit_limit": 300, "x_rate_limit_remaining": 0, "x_rate_limit_reset": int(RESET.timestamp())}
    with pytest.raises(Temporary, match="slow down") as slow:
        await line.asks(said({"title": "Too Many Requests"}, 429, **told))
    assert slow.value.retry_after == 900
    assert not slow.value.uncertain
    assert line.meter.windows == {"mentions": Told(300, 0, RESET)}
    with pytest.raises(Temporary, match="used up") as kept:
        await line.asks()
    assert kept.value.retry_after == 900
    assert len(line.script.asked) == 1


TOMORROW = NOW + timedelta(hours=9)


@pytest.mark.parametrize("whose", ["x_user_limit_24hour", "x_app_limit_24hour"])
async def test_a_429_of_the_day_is_kept_as_the_days_and_asked_after_once_a_window(line: Line, whose: str) -> None:
    """F088: the quarter of an hour may have calls left; a day written under its name would shut it for a day, where the
    day has a row of its own. Where it has none, that is what it should do."""
    told = {
        "x_rate_limit_limit": 100,
        "x_rate_limit_remaining": 80,
        "x_rate_limit_reset": int(RESET.timestamp()),
        f"{whose}_limit": 1440,
        f"{whose}_remaining": 0,
        f"{whose}_reset": int(TOMORROW.timestamp()),
    }
    with pytest.raises(Temporary) as slow:
        await line.asks(said({}, 429, **told), limit="dm_sends")
    assert slow.value.retry_after == LONGEST_WINDOW == 901
    assert line.meter.windows == {"dm_sends_a_day": Told(1440, 0, TOMORROW)}
    with pytest.raises(Temporary):
        await line.posts(said({}, 429, **told))
    assert line.meter.windows["posts"] == Told(1440, 0, TOMORROW)


async def test_a_429_of_the_quarter_of_an_hour_is_not_the_days(line: Line) -> None:
    """The negative twin: a daily limit with calls left is not what X speaks of."""
    told = {
        "x_rate_limit_limit": 100,
        "x_rate_limit_remaining": 0,
        "x_rate_limit_reset": int(RESET.timestamp()),
        "x_user_limit_24hour_limit": 1440,
        "x_user_limit_24hour_remaining": 700,
        "x_user_limit_24hour_reset": int(TOMORROW.timestamp()),
    }
    with pytest.raises(Temporary) as slow:
        await line.posts(said({}, 429, **told))
    assert slow.value.retry_after == 900
    assert line.meter.windows == {"posts": Told(100, 0, RESET)}


async def test_a_reset_of_next_year_is_not_waited_for(line: Line) -> None:
    """A clock gone wrong, theirs or ours, must not silence the shop."""
    reset = int((NOW + timedelta(days=400)).timestamp())
    with pytest.raises(Temporary) as slow:
        await line.asks(said({}, 429, x_rate_limit_limit=1, x_rate_limit_remaining=0, x_rate_limit_reset=reset))
    assert slow.value.retry_after == LONGEST_WINDOW


async def test_a_reset_in_the_past_is_waited_for_a_moment(line: Line) -> None:
    past = int((NOW - timedelta(minutes=1)).timestamp())
    with pytest.raises(Temporary) as slow:
        await line.asks(said({}, 429, x_rate_limit_limit=1, x_rate_limit_remaining=0, x_rate_limit_reset=past))
    assert slow.value.retry_after == 1


@pytest.mark.parametrize("answer", [said({"title": "Too Many Requests"}, 429), html(429), (429, {}, b"")])
async def test_a_429_without_a_reset_waits_a_minute_and_asks_once(line: Line, answer: Answer) -> None:
    """F076: tweepy, told to wait by itself, would call itself for ever."""
    with pytest.raises(Temporary) as slow:
        await line.asks(answer)
    assert slow.value.retry_after == WITHOUT_A_RESET == 60
    assert len(line.script.asked) == 1
    assert line.meter.windows == {}


async def test_who_may_not_ask_does_not(line: Line) -> None:
    line.meter.windows["mentions"] = Told(300, 0, RESET)
    with pytest.raises(Temporary) as kept:
        await line.asks(ME)
    assert kept.value.retry_after == 900
    assert line.script.asked == []


# -- what X has done is done, whether it can be noted or not

NAMED = {"x_rate_limit_limit": 300, "x_rate_limit_remaining": 0, "x_rate_limit_reset": int(RESET.timestamp())}


async def test_a_post_that_stands_is_not_undone_by_a_store_that_cannot_write(line: Line) -> None:
    """F078: it would be made a second time."""
    line.meter.cannot_write = True
    assert await line.posts(said({"data": {"id": "9"}}, 201, **NAMED)) == {"data": {"id": "9"}}
    assert line.meter.windows == {}


async def test_what_x_refuses_is_heard_though_the_store_cannot_write(line: Line) -> None:
    """F075, F088"""
    line.meter.cannot_write = True
    with pytest.raises(Temporary, match="slow down") as slow:
        await line.posts(said({"title": "Too Many Requests"}, 429, **NAMED))
    assert slow.value.retry_after == 900
    with pytest.raises(NoCredits):
        await line.posts(problem(402, "no credits", title="CreditsDepleted"))
    assert line.wire.out_of_credits

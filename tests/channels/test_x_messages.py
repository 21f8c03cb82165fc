"""Windows of private messages: read back to the last one seen, whole or not at all, nothing answered twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.channels.x.polling import BACKFILL, FIRST_PAGE, LONGEST_GAP, MOST_PAGES, OVERLAP, PAGE
from bot.errors import Temporary
from tests.channels.polled import CAMILLE, JUNK, NOW, US, Line, ago, connected, id_at, message
from tests.channels.scripted import page, said


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with connected() as opened:
        yield opened


async def test_messages_are_read_back_to_the_last_one_seen(line: Line) -> None:
    """X knows no since_id here: who reads on pays for what was read before."""
    seen = ago(600)
    line.meter.cursors["messages"] = seen
    first = page([message(ago(10)), message(ago(20))], token="t2")
    second = page([message(ago(30)), message(seen), message(ago(700))], token="t3")
    assert await line.look(line.messages, first, second, page([message(ago(800))])) == 3
    assert len(line.script.asked) == 2
    assert line.asked[1]["pagination_token"] == "t2"
    assert line.desk.texts == [ago(20), ago(10), ago(30)]
    assert line.meter.cursors == {"messages": ago(10)}


async def test_where_a_page_of_messages_fails_the_cursor_stays(line: Line) -> None:
    """F074"""
    line.meter.cursors["messages"] = ago(600)
    first = page([message(ago(10))], token="t2")
    with pytest.raises(Temporary):
        await line.look(line.messages, first, said({}, 503))
    assert line.meter.cursors == {"messages": ago(600)}
    rest = page([message(ago(20)), message(ago(600))])
    await line.look(line.messages, first, rest)
    assert line.desk.texts == [ago(10), ago(20)]
    assert line.meter.cursors == {"messages": ago(10)}


async def test_what_was_seen_is_not_handed_on_again(line: Line) -> None:
    """F079"""
    for _ in range(2):
        await line.look(line.messages, page([message(ago(10)), message(ago(20))]))
    assert line.desk.texts == [ago(20), ago(10)]
    assert len(line.meter.costs) == 2


@pytest.mark.parametrize("cursor", [None, "corrupt", "9" * 40])
async def test_without_a_cursor_only_the_last_hour_of_messages_is_answered(line: Line, cursor: str | None) -> None:
    """F080"""
    if cursor is not None:
        line.meter.cursors["messages"] = cursor
    old = ago(BACKFILL.total_seconds() + 60)
    pages = page([message(ago(10)), message(old)], token="t2"), page([message(ago(90_000))])
    assert await line.look(line.messages, *pages) == 1
    assert line.desk.texts == [ago(10)]
    assert len(line.script.asked) == 1
    assert line.meter.cursors == {"messages": ago(10)}


async def test_after_a_long_silence_messages_of_two_days_are_answered_and_no_older_ones(line: Line) -> None:
    line.meter.cursors["messages"] = ago(10 * 86_400)
    recent, old = ago(86_400), ago(3 * 86_400)
    await line.look(line.messages, page([message(recent), message(old)], token="t2"))
    assert line.desk.texts == [recent]


async def test_the_shops_own_messages_are_charged_to_nobody_and_not_handed_on(line: Line) -> None:
    """F081"""
    await line.look(line.messages, page([message(ago(10), US), message(ago(20))]))
    assert line.desk.texts == [ago(20)]
    assert {key[1]: cost.chat for key, cost in line.meter.costs.items()} == {ago(10): "", ago(20): CAMILLE}
    assert line.meter.cursors == {"messages": ago(10)}


async def test_the_size_of_a_page_follows_what_comes(line: Line) -> None:
    """Each message that was seen before is charged again on the next day."""
    sizes: list[int] = []
    for fresh in (0, 20, 70, 1):
        events = [message(ago(1000 - 100 * len(sizes), number)) for number in range(fresh)][::-1]
        sizes.append(line.messages.size)
        await line.look(line.messages, page(events))
    sizes.append(line.messages.size)
    assert sizes == [25, FIRST_PAGE, 40, PAGE, FIRST_PAGE]
    assert [int(it["max_results"]) for it in line.asked] == sizes[:-1]


async def test_messages_that_never_end_are_given_up_and_the_merchant_is_told(line: Line) -> None:
    line.meter.cursors["messages"] = ago(3000)
    endless = [page([message(ago(number + 1))], token="more") for number in range(MOST_PAGES + 5)]
    assert await line.look(line.messages, *endless) == MOST_PAGES
    assert len(line.script.asked) == MOST_PAGES
    assert line.meter.alerts == ["messages_lost"]


async def test_a_group_and_what_is_no_message_are_passed_over(line: Line) -> None:
    group = {**message(ago(10)), "dm_conversation_id": "1585094756761149440"}
    joined = {**message(ago(20)), "event_type": "ParticipantsJoin"}
    assert await line.look(line.messages, page([group, joined, message(ago(30))])) == 1
    assert line.desk.texts == [ago(30)]


@pytest.mark.parametrize("junk", JUNK)
async def test_a_message_that_is_none_stops_no_other(line: Line, junk: Any) -> None:
    assert await line.look(line.messages, page([message(ago(10)), junk, message(ago(20))])) == 2


async def test_who_may_not_ask_reads_nothing_and_loses_nothing(line: Line) -> None:
    """F075"""
    told = {"x_rate_limit_limit": 15, "x_rate_limit_remaining": 0, "x_rate_limit_reset": int(NOW.timestamp()) + 300}
    limited = said({"data": [message(ago(10))], "meta": {"next_token": "t2"}}, **told)
    line.meter.cursors["messages"] = ago(600)
    with pytest.raises(Temporary) as kept:
        await line.look(line.messages, limited)
    assert kept.value.retry_after == 300
    assert len(line.script.asked) == 1
    assert line.meter.cursors == {"messages": ago(600)}

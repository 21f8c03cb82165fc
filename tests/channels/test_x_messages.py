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


def sizes(line: Line) -> list[int]:
    """Of the pages asked for."""
    return [int(it["max_results"]) for it in line.asked]


def tokens(line: Line) -> list[str | None]:
    return [it.get("pagination_token") for it in line.asked]


async def test_a_small_page_that_reaches_the_last_one_seen_is_enough(line: Line) -> None:
    """X knows no since_id here: who reads on pays for what was read before."""
    seen = ago(600)
    line.meter.cursors["messages"] = seen
    assert await line.look(line.messages, page([message(ago(10)), message(ago(20)), message(seen)], token="t2")) == 2
    assert sizes(line) == [25]
    assert line.desk.texts == [ago(20), ago(10)]
    assert line.meter.cursors == {"messages": ago(10)}


async def test_where_a_small_page_is_not_enough_large_ones_are_read_back_to_the_last_one_seen(line: Line) -> None:
    """From the newest on: X allows few calls, and what the small page held is not charged again within the day."""
    seen = ago(600)
    line.meter.cursors["messages"] = seen
    small = page([message(ago(10)), message(ago(20))], token="t2")
    first = page([message(ago(5)), message(ago(10)), message(ago(20))], token="b2")
    second = page([message(ago(30)), message(seen), message(ago(700))], token="b3")
    assert await line.look(line.messages, small, first, second, page([message(ago(800))])) == 4
    assert sizes(line) == [25, PAGE, PAGE]
    assert tokens(line) == [None, None, "b2"]
    assert line.desk.texts == [ago(30), ago(20), ago(10), ago(5)]
    assert line.desk.batches == 1
    assert line.meter.cursors == {"messages": ago(5)}
    assert len(line.meter.costs) == 6


async def test_where_a_page_of_messages_fails_nothing_is_taken_in_and_the_cursor_stays(line: Line) -> None:
    """F074"""
    line.meter.cursors["messages"] = ago(600)
    small, first = page([message(ago(10))], token="t2"), page([message(ago(10))], token="b2")
    with pytest.raises(Temporary):
        await line.look(line.messages, small, first, said({}, 503))
    assert line.meter.cursors == {"messages": ago(600)}
    assert line.desk.batches == 0
    rest = page([message(ago(20)), message(ago(600))])
    await line.look(line.messages, small, first, rest)
    assert line.desk.texts == [ago(20), ago(10)]
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


async def test_without_a_cursor_messages_are_read_from_the_last_look_on(line: Line) -> None:
    """F080: also what was written while the shop stood still, a day at most."""
    await line.look(line.messages, page([]))
    assert line.meter.cursors == {"messages_looked": NOW.isoformat(timespec="seconds")}
    line.meter.cursors["messages_looked"] = (NOW - timedelta(hours=3)).isoformat()
    within = ago((timedelta(hours=3) + OVERLAP).total_seconds() - 1)
    before = ago((timedelta(hours=3) + OVERLAP).total_seconds() + 1)
    await line.look(line.messages, page([message(within), message(before)]))
    assert line.desk.texts == [within]
    assert line.meter.cursors["messages"] == within


async def test_of_a_long_silence_without_a_cursor_only_a_day_of_messages_is_read(line: Line) -> None:
    line.meter.cursors["messages_looked"] = (NOW - timedelta(days=10)).isoformat()
    day = LONGEST_GAP.total_seconds()
    await line.look(line.messages, page([message(ago(day - 1)), message(ago(day + 1))]))
    assert line.desk.texts == [ago(day - 1)]


async def test_a_cursor_of_a_time_to_come_hides_no_message(line: Line) -> None:
    """F080"""
    line.meter.cursors["messages"] = id_at(NOW + timedelta(days=2))
    await line.look(line.messages, page([message(ago(10)), message(ago(90_000))]))
    assert line.desk.texts == [ago(10)]
    assert line.meter.cursors == {"messages": ago(10)}


async def test_what_was_written_long_ago_is_handed_on_with_its_time(line: Line) -> None:
    """Whether it is still answered is not the channel's to say: a "stop" is obeyed at any age."""
    line.meter.cursors["messages"] = ago(10 * 86_400)
    old, recent = ago(3 * 86_400), ago(86_400)
    own_time = {**message(ago(10)), "created_at": "2026-11-20T09:30:00.000Z"}
    await line.look(line.messages, page([own_time, message(recent), message(old)]))
    assert [(it.text, it.said_at) for it in line.desk.taken] == [
        (old, (NOW - timedelta(days=3)).isoformat()),
        (recent, (NOW - timedelta(days=1)).isoformat()),
        (ago(10), "2026-11-20T09:30:00+00:00"),
    ]


async def test_the_shops_own_messages_are_charged_to_nobody_and_not_handed_on(line: Line) -> None:
    """F081"""
    await line.look(line.messages, page([message(ago(10), US), message(ago(20))]))
    assert line.desk.texts == [ago(20)]
    assert {key[1]: cost.chat for key, cost in line.meter.costs.items()} == {ago(10): "", ago(20): CAMILLE}
    assert line.meter.cursors == {"messages": ago(10)}


async def test_the_size_of_a_page_follows_what_comes(line: Line) -> None:
    """Each message that was seen before is charged again on the next day."""
    for seconds, fresh in ((250, 0), (200, 20), (150, 70), (100, 1), (50, 0)):
        events = [message(ago(seconds, number)) for number in range(fresh)][::-1]
        await line.look(line.messages, page(events))
    assert sizes(line) == [25, FIRST_PAGE, 40, PAGE, FIRST_PAGE]


async def test_messages_that_never_end_are_given_up_and_the_merchant_is_told(line: Line) -> None:
    line.meter.cursors["messages"] = ago(3000)
    endless = [page([message(ago(number + 1))], token="more") for number in range(MOST_PAGES + 5)]
    assert await line.look(line.messages, *endless) == MOST_PAGES
    assert sizes(line) == [25, *[PAGE] * MOST_PAGES]
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

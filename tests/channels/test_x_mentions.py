"""Windows of mentions: whole or not at all, nothing lost, nothing answered twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.channels.x.polling import BACKFILL, LONGEST_GAP, MOST_MENTION_PAGES, NEWEST_ONLY, OVERLAP, PAGE
from bot.errors import Permanent, Temporary
from tests.channels.polled import CAMILLE, JUNK, NOW, US, ZOE, Json, Line, ago, connected, id_at, post, posts
from tests.channels.scripted import Answer, html, page, problem, said


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with connected() as opened:
        yield opened


async def test_three_pages_are_one_window(line: Line) -> None:
    """F074"""
    line.meter.cursors["mentions"] = "100"
    brought = await line.look(
        line.mentions,
        page(posts("500", "499"), token="t2", newest="500"),
        page(posts("450"), token="t3", newest="450"),
        page(posts("300"), newest="300"),
    )
    assert brought == 4
    assert [it.get("pagination_token") for it in line.asked] == [None, "t2", "t3"]
    assert {it["since_id"] for it in line.asked} == {"100"}
    assert all("start_time" not in it for it in line.asked)
    assert line.meter.cursors == {"mentions": "500"}
    assert line.meter.asked == ["mentions"] * 3


async def test_a_page_is_handed_on_from_the_oldest_to_the_newest(line: Line) -> None:
    await line.look(line.mentions, page(posts("502", "501", "500"), newest="502"))
    assert [it.key for it in line.desk.taken] == ["post:500", "post:501", "post:502"]


async def test_a_window_of_many_pages_is_taken_in_whole_from_the_oldest_on(line: Line) -> None:
    """Who corrects themselves on a newer page is not heard before what they correct."""
    await line.look(
        line.mentions, page(posts("501", "500"), token="t2", newest="501"), page(posts("400"), newest="400")
    )
    assert [it.key for it in line.desk.taken] == ["post:400", "post:500", "post:501"]
    assert line.desk.batches == 1


@pytest.mark.parametrize("failure", [said({}, 503), html(403), "cut", said({}, 429)])
async def test_where_page_two_fails_nothing_is_taken_in_and_the_window_is_read_anew(
    line: Line, failure: Answer
) -> None:
    """F074: a mention that came while paging is in no gap between two windows; what was read is paid for."""
    line.meter.cursors["mentions"] = "100"
    with pytest.raises(Temporary):
        await line.look(line.mentions, page(posts("500"), token="t2", newest="500"), failure)
    assert line.meter.cursors == {"mentions": "100"}
    assert line.desk.batches == 0
    assert [resource for _, resource in line.meter.costs] == ["500"]
    again = page(posts("501", "500"), token="t2", newest="501")
    await line.look(line.mentions, again, page(posts("400"), newest="400"))
    assert line.asked[-2]["since_id"] == "100"
    assert line.desk.texts == ["@shop 400", "@shop 500", "@shop 501"]
    assert line.meter.cursors == {"mentions": "501"}
    assert sorted(resource for _, resource in line.meter.costs) == ["400", "500", "501"]


async def test_the_cursor_stays_where_the_store_cannot_write(line: Line) -> None:
    """F074: the negative twin: what is not durable is not passed over, though X has charged it."""
    line.meter.cursors["mentions"] = "100"
    line.desk.fails = True
    with pytest.raises(Temporary, match="store"):
        await line.look(line.mentions, page(posts("500"), newest="500"))
    assert line.meter.cursors == {"mentions": "100"}
    assert [resource for _, resource in line.meter.costs] == ["500"]


async def test_a_window_without_news_moves_nothing(line: Line) -> None:
    line.meter.cursors["mentions"] = "100"
    assert await line.look(line.mentions, page([])) == 0
    assert line.meter.cursors == {"mentions": "100"}


async def test_an_older_newest_never_moves_the_cursor_back(line: Line) -> None:
    line.meter.cursors["mentions"] = ago(10)
    await line.look(line.mentions, page(posts("99"), newest="99"))
    assert line.meter.cursors == {"mentions": ago(10)}


def start(before: timedelta) -> str:
    """A `start_time` as tweepy writes it."""
    return (NOW - before).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_a_cursor_of_a_time_to_come_is_as_good_as_lost(line: Line) -> None:
    """F080: it would hide everything that is said until then. What a clock may differ by hides nothing."""
    line.meter.cursors["mentions"] = id_at(NOW + timedelta(days=2))
    await line.look(line.mentions, page(posts("500"), newest="500"))
    assert "since_id" not in line.asked[0]
    assert line.asked[0]["start_time"] == start(BACKFILL)
    assert line.meter.cursors == {"mentions": "500"}
    line.meter.cursors["mentions"] = tomorrow = id_at(NOW + timedelta(hours=1))
    await line.look(line.mentions, page([]))
    assert line.asked[1]["since_id"] == tomorrow


async def test_without_a_cursor_it_is_read_from_the_last_look_on(line: Line) -> None:
    """F080: a shop that nobody has mentioned yet has looked all the same; what came while it stood still is read."""
    await line.look(line.mentions, page([]))
    assert line.meter.cursors == {"mentions_looked": NOW.isoformat(timespec="seconds")}
    line.meter.cursors["mentions_looked"] = (NOW - timedelta(hours=3)).isoformat()
    await line.look(line.mentions, page(posts("500"), newest="500"))
    assert [it["start_time"] for it in line.asked] == [start(BACKFILL), start(timedelta(hours=3) + OVERLAP)]
    assert line.meter.cursors["mentions"] == "500"


async def test_of_a_long_silence_only_a_day_is_read(line: Line) -> None:
    line.meter.cursors["mentions_looked"] = (NOW - timedelta(days=10)).isoformat()
    await line.look(line.mentions, page([]))
    assert line.asked[0]["start_time"] == start(LONGEST_GAP)


async def test_a_look_of_a_time_to_come_was_noted_by_a_clock_that_was_wrong_and_all_of_a_day_is_read(
    line: Line,
) -> None:
    """F098: a shop whose clock ran a day ahead must not miss what was said before it was set."""
    line.meter.cursors["mentions_looked"] = (NOW + timedelta(days=1)).isoformat()
    await line.look(line.mentions, page([]))
    assert line.asked[0]["start_time"] == start(LONGEST_GAP)


@pytest.mark.parametrize("looked", ["", "corrupt", "2026-11-23T09:00:00"])
async def test_a_time_of_the_last_look_that_is_none_is_no_time(line: Line, looked: str) -> None:
    line.meter.cursors["mentions_looked"] = looked
    await line.look(line.mentions, page([]))
    assert line.asked[0]["start_time"] == start(BACKFILL)


@pytest.mark.parametrize("cursor", [None, "", "corrupt", "-5", "1e9", "9" * 40, "٣٣", "1; DROP TABLE"])
async def test_without_a_cursor_that_is_one_only_the_last_hour_is_read(line: Line, cursor: str | None) -> None:
    """F080: no mass of answers to what was said long ago."""
    if cursor is not None:
        line.meter.cursors["mentions"] = cursor
    await line.look(line.mentions, page(posts("500"), token="t2", newest="500"), page(posts("400")))
    assert [it.get("start_time") for it in line.asked] == [start(BACKFILL)] * 2
    assert all("since_id" not in it for it in line.asked)
    assert line.meter.cursors == {"mentions": "500"}


@pytest.mark.parametrize(
    "refusal",
    [
        problem(
            400,
            "One or more parameters to your request was invalid.",
            title="Invalid Request",
            messages=["'since_id' must be a tweet id created after 2026-11-16T12:00Z."],
        ),
        problem(400, "The `since_id` query parameter value [100] is not valid", title="Invalid Request"),
    ],
)
async def test_a_cursor_that_x_refuses_is_forgotten_and_the_last_hour_is_read(line: Line, refusal: Answer) -> None:
    """F080: too old for X, which names the parameter in `errors` and not in the detail."""
    line.meter.cursors["mentions"] = "100"
    assert await line.look(line.mentions, refusal, page(posts("500"), newest="500")) == 1
    assert "start_time" in line.asked[1]
    assert "since_id" not in line.asked[1]
    assert line.meter.cursors == {"mentions": "500"}


async def test_another_refusal_is_no_reason_to_forget_the_cursor(line: Line) -> None:
    """F080"""
    line.meter.cursors["mentions"] = "100"
    with pytest.raises(Permanent):
        await line.look(line.mentions, problem(403, "Your client app is not configured with the permissions."))
    assert line.meter.cursors == {"mentions": "100"}


async def test_where_x_lists_no_more_the_merchant_is_told(line: Line) -> None:
    pages = NEWEST_ONLY // PAGE
    answers = [
        page(
            posts(*(str(10_000 - PAGE * number - i) for i in range(PAGE))),
            token=f"t{number}" if number + 1 < pages else None,
            newest="10000",
        )
        for number in range(pages)
    ]
    assert await line.look(line.mentions, *answers) == NEWEST_ONLY
    assert line.meter.alerts == ["mentions_lost"]
    assert line.meter.cursors == {"mentions": "10000"}


async def test_fewer_than_x_lists_alarm_nobody(line: Line) -> None:
    await line.look(line.mentions, page(posts(*map(str, range(1000, 1100))), newest="1099"))
    assert line.meter.alerts == []


async def test_a_list_that_never_ends_is_given_up(line: Line) -> None:
    """X lists 800 at most; what names a next page for ever would be read and paid for for ever."""
    endless = [page(posts("500"), token="t2", newest="500") for _ in range(200)]
    await line.look(line.mentions, *endless)
    assert NEWEST_ONLY // PAGE < len(line.script.asked) == MOST_MENTION_PAGES
    assert line.meter.alerts == ["mentions_lost"]


async def test_an_unreadable_post_stops_no_other(line: Line) -> None:
    broken = {"text": "ma carte 4242", **post("501", "ma carte 4242"), "created_at": "yesterday"}
    with capture_logs() as written:
        brought = await line.look(line.mentions, page([*posts("502"), broken, *posts("500")], newest="502"))
    assert brought == 2
    assert "501" in str(written)
    assert "4242" not in str(written)
    assert line.meter.cursors == {"mentions": "502"}


@pytest.mark.parametrize("junk", JUNK)
async def test_a_post_that_is_none_stops_no_other(line: Line, junk: Any) -> None:
    assert await line.look(line.mentions, page([*posts("502"), junk, *posts("500")], newest="502")) == 2


@pytest.mark.parametrize(
    "body",
    [{"data": 5}, {"data": {"id": "5"}}, {"data": "text"}, {"meta": [1]}, {"meta": "x"}, {"data": [], "meta": 5}],
)
async def test_a_page_of_another_shape_is_asked_for_again_and_moves_nothing(line: Line, body: Json) -> None:
    for window in (line.mentions, line.messages):
        with pytest.raises(Temporary, match="shape"):
            await line.look(window, said(body))
    assert line.meter.cursors == {}


async def test_the_shops_own_posts_are_not_handed_on(line: Line) -> None:
    """F081"""
    assert await line.look(line.mentions, page([post("500", author=US)], newest="500")) == 0
    assert line.desk.taken == []


async def test_a_read_is_charged_to_its_author(line: Line) -> None:
    await line.look(line.mentions, page([post("500"), post("501", author=ZOE)], newest="501"))
    assert {key: cost.chat for key, cost in line.meter.costs.items()} == {
        ("mention_read", "500"): CAMILLE,
        ("mention_read", "501"): ZOE,
    }

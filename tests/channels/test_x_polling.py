"""Windows of mentions and messages: whole or not at all, nothing lost, nothing answered twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.channels.x.polling import (
    BACKFILL,
    FIRST_PAGE,
    MOST_MENTION_PAGES,
    MOST_PAGES,
    NEWEST_ONLY,
    PAGE,
    Mentions,
    Messages,
)
from bot.channels.x.reading import EPOCH_MS, Account
from bot.channels.x.wire import XKeys, XWire
from bot.domain.messages import Inbound
from bot.errors import Permanent, Temporary
from tests.channels.scripted import Answer, Scripted, html, page, problem, said, scripted
from tests.channels.tally import Tally

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
US, CAMILLE, ZOE = "1111111111111111111", "2222222222222222222", "3333333333333333333"
ACCOUNT = Account(US, "shop")
KEYS = XKeys("ck", "cs", f"{US}-at", "as", "bt")
JUNK: list[Any] = [5, "text", None, [], {}, {"id": None}, {"id": "x"}, {"id": {"a": 1}}]

Json = dict[str, Any]


def id_at(moment: datetime, number: int = 0) -> str:
    """An id as X makes it at that time."""
    return str(((int(moment.timestamp() * 1000) - EPOCH_MS) << 22) + number)


def ago(seconds: float, number: int = 0) -> str:
    return id_at(NOW - timedelta(seconds=seconds), number)


@dataclass
class Desk:
    """An intake that keeps what it is given, and forgets nothing by key."""

    taken: list[Inbound] = field(default_factory=list)
    batches: int = 0
    fails: bool = False

    async def __call__(self, events: Sequence[Inbound]) -> None:
        if self.fails:
            raise Temporary("the store cannot write")
        self.batches += 1
        known = {it.key for it in self.taken}
        self.taken += [it for it in events if it.key not in known]

    @property
    def texts(self) -> list[str]:
        return [it.text for it in self.taken]


@dataclass
class Line:
    script: Scripted
    wire: XWire
    meter: Tally
    desk: Desk
    mentions: Mentions
    messages: Messages

    async def look(self, window: Mentions | Messages, *answers: Answer) -> int:
        self.script.answers[:] = answers
        return await window.look()

    @property
    def asked(self) -> list[dict[str, str]]:
        return [it.query for it in self.script.asked]


@asynccontextmanager
async def connected() -> AsyncIterator[Line]:
    async with scripted() as script:
        wire, meter, desk = XWire(KEYS, script.address, lambda: NOW), Tally(lambda: NOW), Desk()
        of = (wire, meter, ACCOUNT, desk, lambda: NOW)
        yield Line(script, wire, meter, desk, Mentions(*of), Messages(*of))
        wire.close()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with connected() as opened:
        yield opened


def post(post_id: str, text: str = "@shop un mug", author: str = CAMILLE) -> Json:
    named = {"mentions": [{"start": 0, "end": 5, "username": "shop", "id": US}]}
    return {"id": post_id, "author_id": author, "text": text, "entities": named, "edit_history_tweet_ids": [post_id]}


def posts(*ids: str) -> list[Json]:
    return [post(it, f"@shop {it}") for it in ids]


def message(event_id: str, sender: str = CAMILLE, text: str = "") -> Json:
    return {
        "id": event_id,
        "event_type": "MessageCreate",
        "sender_id": sender,
        "dm_conversation_id": f"{CAMILLE}-{US}",
        "text": text or event_id,
    }


# -- mentions


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


@pytest.mark.parametrize("failure", [said({}, 503), html(403), "cut", said({}, 429)])
async def test_where_page_two_fails_the_cursor_stays_and_the_window_is_read_anew(line: Line, failure: Answer) -> None:
    """F074: a mention that came while paging is in no gap between two windows."""
    line.meter.cursors["mentions"] = "100"
    with pytest.raises(Temporary):
        await line.look(line.mentions, page(posts("500"), token="t2", newest="500"), failure)
    assert line.meter.cursors == {"mentions": "100"}
    assert line.desk.texts == ["@shop 500"]
    again = page(posts("501", "500"), token="t2", newest="501")
    await line.look(line.mentions, again, page(posts("400"), newest="400"))
    assert line.asked[-2]["since_id"] == "100"
    assert line.desk.texts == ["@shop 500", "@shop 501", "@shop 400"]
    assert line.meter.cursors == {"mentions": "501"}
    assert sorted(resource for _, resource in line.meter.costs) == ["400", "500", "501"]


async def test_the_cursor_stays_where_the_store_cannot_write(line: Line) -> None:
    """F074: the negative twin: what is not durable is not paid for and not passed over."""
    line.meter.cursors["mentions"] = "100"
    line.desk.fails = True
    with pytest.raises(Temporary, match="store"):
        await line.look(line.mentions, page(posts("500"), newest="500"))
    assert line.meter.cursors == {"mentions": "100"}
    assert line.meter.costs == {}


async def test_a_window_without_news_moves_nothing(line: Line) -> None:
    line.meter.cursors["mentions"] = "100"
    assert await line.look(line.mentions, page([])) == 0
    assert line.meter.cursors == {"mentions": "100"}


async def test_an_older_newest_never_moves_the_cursor_back(line: Line) -> None:
    line.meter.cursors["mentions"] = "9000000000000000000"
    await line.look(line.mentions, page(posts("99"), newest="99"))
    assert line.meter.cursors == {"mentions": "9000000000000000000"}


@pytest.mark.parametrize("cursor", [None, "", "corrupt", "-5", "1e9", "9" * 40, "٣٣", "1; DROP TABLE"])
async def test_without_a_cursor_that_is_one_only_the_last_hour_is_read(line: Line, cursor: str | None) -> None:
    """F080: no mass of answers to what was said long ago."""
    if cursor is not None:
        line.meter.cursors["mentions"] = cursor
    await line.look(line.mentions, page(posts("500"), token="t2", newest="500"), page(posts("400")))
    start = (NOW - BACKFILL).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [it.get("start_time") for it in line.asked] == [start, start]
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


# -- private messages


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

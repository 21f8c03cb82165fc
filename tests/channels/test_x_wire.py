"""The real client against a server that says anything: what each failure means, and what never leaves with a call."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
import requests
import structlog
from oauthlib.common import Request
from oauthlib.oauth1.rfc5849 import signature as oauth

from bot import logs
from bot.channels.x import wire as module
from bot.channels.x.failures import UNTIL_CREDITS_COME, UNTIL_KEYS_ARE_MENDED, WITHOUT_A_RESET, Duplicate, NoCredits
from bot.channels.x.sending import response
from bot.channels.x.wire import THREADS, Json, XKeys, XWire
from bot.errors import Permanent, Temporary, Unreachable
from bot.ports import Told
from tests.channels.scripted import Answer, Scripted, html, problem, said, scripted
from tests.channels.tally import Tally

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RESET = NOW + timedelta(seconds=900)
US = "1111111111111111111"
KEYS = XKeys(
    "ck_secretconsumerkey",
    "cs_secretconsumersecret",
    f"{US}-at_secretaccesstoken",
    "as_secretaccesssecret",
    "bt_secretbearertoken",
)
SECRETS = (
    KEYS.consumer_key,
    KEYS.consumer_secret,
    KEYS.access_token,
    KEYS.access_token_secret,
    str(KEYS.bearer_token),
)
ME = said({"data": {"id": US, "username": "shop"}})
SHORT = 0.3


@dataclass
class Line:
    script: Scripted
    wire: XWire
    meter: Tally

    async def asks(self, *answers: Answer, limit: str = "mentions") -> Json:
        """One call that reads."""
        self.script.says(*answers)
        return await self.wire.call(
            lambda: response(self.wire.client.get_me(user_auth=True)), meter=self.meter, limit=limit
        )

    async def posts(self, *answers: Answer) -> Json:
        """One call that writes."""
        self.script.says(*answers)
        client = self.wire.client
        return await self.wire.call(
            lambda: response(client.create_tweet(text="un mug", in_reply_to_tweet_id="5")),
            meter=self.meter,
            limit="posts",
            counted=True,
        )


@asynccontextmanager
async def connected(path: str = "") -> AsyncIterator[Line]:
    async with scripted() as script:
        wire = XWire(KEYS, f"{script.address}{path}", lambda: NOW)
        yield Line(script, wire, Tally(lambda: NOW))
        wire.close()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with connected() as opened:
        yield opened


# -- where a call goes, and under whose name


@pytest.mark.parametrize("path", ["", "/x", "/x/", "/deep/er"])
async def test_a_call_goes_to_the_base_address_with_its_path_and_question(path: str) -> None:
    async with connected(path) as line:
        line.script.says(said({"meta": {}}))
        client = line.wire.client
        await line.wire.call(lambda: response(client.get_users_mentions(US, since_id="7", user_auth=True)))
        (asked,) = line.script.asked
        assert asked.path == f"{path.rstrip('/')}/2/users/{US}/mentions"
        assert asked.query["since_id"] == "7"


def signed_for(line: Line, address: str) -> bool:
    """Whether the last call's signature is good for this address."""
    asked = line.script.asked[-1]
    query = asked.target.partition("?")[2]
    given = {"Authorization": asked.headers["authorization"]}
    with_signature = dict(oauth.collect_parameters(headers=given, exclude_oauth_signature=False))
    request = Request(f"{address}{asked.target}", http_method=asked.method)
    request.params = oauth.collect_parameters(uri_query=query, headers=given)
    request.signature = unquote(with_signature["oauth_signature"])
    return bool(oauth.verify_hmac_sha1(request, KEYS.consumer_secret, KEYS.access_token_secret))


async def test_a_signature_is_good_for_the_address_really_asked_and_for_no_other() -> None:
    """The base address is put in place before signing: X would answer 401 otherwise."""
    async with connected("/x") as line:
        line.script.says(said({"meta": {}}))
        client = line.wire.client
        await line.wire.call(
            lambda: response(client.get_users_mentions(US, since_id="7", tweet_fields=["text", "id"], user_auth=True))
        )
        assert signed_for(line, line.script.address)
        assert not signed_for(line, "https://api.twitter.com")


async def test_a_post_is_signed_and_carries_its_words(line: Line) -> None:
    await line.posts(said({"data": {"id": "9"}}, 201))
    (asked,) = line.script.asked
    assert asked.json == {"text": "un mug", "reply": {"in_reply_to_tweet_id": "5"}}
    assert signed_for(line, line.script.address)


async def test_the_bearer_token_is_used_where_it_is_asked_for_and_only_there(line: Line) -> None:
    line.script.says(said({"data": []}), said({"data": []}))
    await line.wire.json("GET", "/2/webhooks", bearer=True)
    await line.wire.json("GET", "/2/activity/subscriptions")
    first, second = line.script.asked
    assert first.headers["authorization"] == f"Bearer {KEYS.bearer_token}"
    assert second.headers["authorization"].startswith("OAuth ")


async def test_a_redirect_is_not_followed_with_the_shops_signature(line: Line) -> None:
    async with scripted(ME) as elsewhere:
        moved = (302, {"location": f"{elsewhere.address}/2/users/me", "content-type": "text/html"}, b"moved")
        with pytest.raises(Temporary, match="302"):
            await line.asks(moved)
        assert elsewhere.asked == []
    assert len(line.script.asked) == 1


async def test_every_call_has_its_time_outs(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """F087: tweepy sets none, and requests then waits for ever."""
    seen: list[object] = []
    really = requests.Session.send

    def send(self: requests.Session, request: requests.PreparedRequest, **options: object) -> requests.Response:
        seen.append(options["timeout"])
        return really(self, request, **options)

    monkeypatch.setattr(requests.Session, "send", send)
    await line.asks(ME)
    await line.posts(said({"data": {"id": "9"}}, 201))
    assert seen == [(module.CONNECT_SECONDS, module.READ_SECONDS)] * 2
    assert module.CONNECT_SECONDS + module.READ_SECONDS < module.PATIENCE <= 15


# -- limits


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


async def test_a_429_of_the_day_waits_until_the_day_is_over(line: Line) -> None:
    """F088: the quarter of an hour may have calls left."""
    tomorrow = NOW + timedelta(hours=9)
    told = {
        "x_rate_limit_limit": 100,
        "x_rate_limit_remaining": 80,
        "x_rate_limit_reset": int(RESET.timestamp()),
        "x_user_limit_24hour_limit": 1440,
        "x_user_limit_24hour_remaining": 0,
        "x_user_limit_24hour_reset": int(tomorrow.timestamp()),
    }
    with pytest.raises(Temporary) as slow:
        await line.posts(said({}, 429, **told))
    assert slow.value.retry_after == 9 * 3600
    assert line.meter.windows == {"posts": Told(1440, 0, tomorrow)}


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


# -- what a failure means

UNCERTAIN, CERTAIN = True, False


@pytest.mark.parametrize(
    ("answer", "uncertain"),
    [
        (said({"title": "Service Unavailable"}, 503), UNCERTAIN),
        (said({}, 500), UNCERTAIN),
        (html(502), UNCERTAIN),
        ((504, {}, b""), UNCERTAIN),
        (html(200), UNCERTAIN),
        ((200, {"content-type": "application/json"}, b""), UNCERTAIN),
        ((200, {"content-type": "application/json"}, b'{"data": '), UNCERTAIN),
        (said([{"data": {}}]), UNCERTAIN),
        (said("ok"), UNCERTAIN),
        (said(None), UNCERTAIN),
        (said([], 503), UNCERTAIN),
        ("cut", UNCERTAIN),
        ("half", UNCERTAIN),
        (html(403), CERTAIN),
        (html(404), CERTAIN),
        (html(400), CERTAIN),
        (html(401), CERTAIN),
        ((418, {"content-type": "application/json"}, b"{}"), CERTAIN),
    ],
)
async def test_what_may_pass_is_tried_again_and_says_whether_it_may_have_been_done(
    line: Line, answer: Answer, uncertain: bool
) -> None:
    """F076, F087: a page of somebody in between proves nothing, and what broke off may have arrived."""
    with pytest.raises(Temporary) as failed:
        await line.posts(answer)
    assert failed.value.uncertain is uncertain
    assert len(line.script.asked) == 1


async def test_a_connection_that_was_never_made_has_done_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    wire = XWire(KEYS, f"http://127.0.0.1:{port}", lambda: NOW)
    try:
        with pytest.raises(Temporary) as refused:
            await wire.json("GET", "/2/users/me")
        assert not refused.value.uncertain
    finally:
        wire.close()


async def test_a_hung_connection_is_given_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """F087"""
    monkeypatch.setattr(module, "READ_SECONDS", SHORT)
    began = time.monotonic()
    with pytest.raises(Temporary) as hung:
        await line.posts("hang")
    assert hung.value.uncertain
    assert time.monotonic() - began < 5
    assert (await line.asks(ME))["data"]["id"] == US


async def test_an_answer_that_drips_is_given_up_and_the_next_call_is_made(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F087: each byte is in time, the answer never; more of them than there are threads take none away."""
    monkeypatch.setattr(module, "PATIENCE", SHORT)
    drips: list[Answer] = ["drip" for _ in range(THREADS + 1)]
    line.script.says(*drips)
    calls = [asyncio.create_task(line.posts()) for _ in range(THREADS + 1)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(it, Temporary) and it.uncertain for it in outcomes)
    monkeypatch.setattr(module, "PATIENCE", 5.0)
    line.script.answers.clear()
    assert (await line.asks(ME))["data"]["id"] == US
    left = [thread for thread in threading.enumerate() if thread.name.startswith("x")]
    assert left
    assert all(thread.daemon for thread in left), "the process could not end before the answer does"


async def test_refused_keys_are_tried_again_later_and_named(line: Line) -> None:
    with pytest.raises(Temporary, match="X_CONSUMER_KEY") as refused:
        await line.asks(problem(401, "Unauthorized", title="Unauthorized"))
    assert refused.value.retry_after == UNTIL_KEYS_ARE_MENDED
    assert not refused.value.uncertain


async def test_without_credits_the_merchant_is_told_and_it_is_tried_much_later(line: Line) -> None:
    with pytest.raises(NoCredits) as out:
        await line.asks(problem(402, "no credits", title="CreditsDepleted"))
    assert out.value.retry_after == UNTIL_CREDITS_COME
    assert line.meter.alerts == ["no_credits"]
    out_then = line.wire.out_of_credits
    await line.asks(ME)
    assert (out_then, line.wire.out_of_credits) == (True, False)
    assert line.meter.alerts == ["no_credits"]


async def test_a_broken_connection_does_not_bring_credits_back(line: Line) -> None:
    with pytest.raises(NoCredits):
        await line.asks(problem(402, "no credits", title="CreditsDepleted"))
    with pytest.raises(Temporary):
        await line.asks("cut")
    assert line.wire.out_of_credits


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (
            problem(403, "You are not allowed to create a Tweet with duplicate content."),
            Duplicate,
            "Forbidden: You are not allowed to create a Tweet with duplicate content.",
        ),
        (problem(403, "You cannot send messages to this user."), Unreachable, "cannot send messages to this user"),
        (
            problem(403, "You do not have permission to DM one or more participants."),
            Unreachable,
            "permission to DM",
        ),
        (problem(403, "User has been suspended: [2001]."), Unreachable, "suspended"),
        (problem(404, "Could not find user with id: [2001].", title="Not Found Error"), Unreachable, "find user"),
        (
            problem(403, "Reply to this conversation is not allowed because you have not been mentioned."),
            Permanent,
            "not allowed because",
        ),
        (
            problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you."),
            Permanent,
            "deleted",
        ),
        (problem(404, "Could not find tweet with id: [5].", title="Not Found Error"), Permanent, "find tweet"),
        (
            problem(
                400, "One or more parameters to your request was invalid.", messages=["Your media IDs are invalid"]
            ),
            Permanent,
            "media IDs are invalid",
        ),
        (said({"errors": [{"code": 186, "message": "Tweet needs to be a bit shorter."}]}, 403), Permanent, "shorter"),
        (said({}, 403), Permanent, "403"),
    ],
)
async def test_a_refusal_of_xs_own_is_final(line: Line, answer: Answer, kind: type[Permanent], sentence: str) -> None:
    """F077, F078, F083: told by X's sentence, with what is wrong with which parameter."""
    with pytest.raises(Permanent) as refused:
        await line.posts(answer)
    assert type(refused.value) is kind
    assert sentence in str(refused.value)
    assert len(line.script.asked) == 1


async def test_a_refusal_of_another_shape_is_no_verdict(line: Line) -> None:
    """JSON, but not X's: a list of nothing."""
    with pytest.raises(Temporary):
        await line.posts(said([], 403))


async def test_two_calls_are_made_at_once(line: Line) -> None:
    """F075: nobody waits for a slow answer but who asked for it."""
    line.script.says("hang", ME)
    slow = asyncio.create_task(line.posts())
    while not line.script.asked:  # noqa: ASYNC110 - the server has no event to wait for
        await asyncio.sleep(0.01)
    assert (await asyncio.wait_for(line.asks(), 5))["data"]["id"] == US
    slow.cancel()
    await line.script.end()


# -- logs


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What our own logging, told to say everything, writes; the loggers are as before afterwards."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    noisy = {name: logging.getLogger(name).level for name in logs.NOISY}
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure(level=logging.DEBUG, json=True)
    yield stream
    root.handlers[:], root.level = handlers, level
    for name, before in noisy.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


async def test_no_key_or_token_is_ever_logged(line: Line, written: io.StringIO) -> None:
    """F120: tweepy prints its headers at DEBUG, and requests-oauthlib whom it signs for."""
    logging.getLogger("bot").debug("at DEBUG")
    await line.asks(ME)
    line.script.says(said({"data": []}))
    await line.wire.json("GET", "/2/webhooks", bearer=True)
    with pytest.raises(Temporary):
        await line.posts("cut")
    text = written.getvalue()
    assert "at DEBUG" in text
    assert [secret for secret in SECRETS if secret in text] == []


def test_keys_do_not_show_themselves() -> None:
    assert [secret for secret in SECRETS if secret in repr(KEYS)] == []
    assert KEYS.user_id == US

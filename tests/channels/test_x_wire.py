"""The real client and its wire: where a call goes, under whose name, and what never leaves with it."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from urllib.parse import unquote

import pytest
import requests
import structlog
from oauthlib.common import Request
from oauthlib.oauth1.rfc5849 import signature as oauth

from bot import logs
from bot.channels.x import wire as module
from bot.channels.x.sending import response
from bot.errors import Temporary
from tests.channels.scripted import said, scripted
from tests.channels.wired import KEYS, ME, SECRETS, US, Line, connected


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
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    noisy = {name: logging.getLogger(name).level for name in logs.NOISY}
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure(level=logging.DEBUG, json=True)
    yield stream
    root.handlers[:], root.level = handlers, level
    for name, before in noisy.items():
        logging.getLogger(name).setLevel(before)
    structlog.configure(**configured)


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

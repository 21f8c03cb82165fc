"""How often the sandbox's X may be called, what that costs, and how it fails on a bad day."""

from __future__ import annotations

import asyncio
import time

import pytest
import requests
import tweepy

from bot.sandbox.server import Sandbox, serving
from tests.sandbox.conftest import Control
from tests.sandbox.x_client import X

MIDNIGHT = 1_800_057_600.0
"""A midnight of UTC."""
MESSAGES = "POST /2/dm_conversations/with/:participant_id/messages"


@pytest.fixture
def x(base: str) -> X:
    return X(base)


async def total(control: Control) -> int:
    return int((await control.get("/x/bill"))["total_micro"])


async def lines(control: Control) -> dict[str, int]:
    return {kind: line["count"] for kind, line in (await control.get("/x/bill"))["lines"].items()}


async def test_every_answer_tells_of_its_limit(x: X) -> None:
    begun = time.time()
    first, second = await x.mentions(), await x.mentions(max_results=1)
    assert (first.status, second.status) == (200, 400)
    assert [it.headers["x-rate-limit-limit"] for it in (first, second)] == ["300", "300"]
    assert [it.headers["x-rate-limit-remaining"] for it in (first, second)] == ["299", "298"]
    assert 890 < int(first.headers["x-rate-limit-reset"]) - begun < 902


async def test_a_limit_that_is_used_up_refuses_until_its_window_ends() -> None:
    clock = [MIDNIGHT]
    sandbox = Sandbox(now=lambda: clock[0])
    async with serving(sandbox) as base:
        x = X(base)
        for _ in range(15):
            assert (await x.messages()).status == 200
        refused = await x.messages()
        assert refused.status == 429
        assert refused.headers["x-rate-limit-remaining"] == "0"
        assert int(refused.headers["x-rate-limit-reset"]) == MIDNIGHT + 900
        clock[0] += 901
        assert (await x.messages()).status == 200


async def test_the_day_s_limit_of_messages_is_told_and_kept() -> None:
    clock = [MIDNIGHT]
    sandbox = Sandbox(now=lambda: clock[0])
    async with serving(sandbox) as base:
        x = X(base)
        sandbox.x.dm(1001, "bonjour")
        sent = await x.dm(1001, "0")
        assert sent.headers["x-user-limit-24hour-limit"] == "1440"
        assert sent.headers["x-user-limit-24hour-remaining"] == "1439"
        assert sent.headers["x-app-limit-24hour-remaining"] == "1439"
        sandbox.x.limits.change(MESSAGES, 2_000)
        for _ in range(1_439):
            sandbox.x.limits.spend(MESSAGES, "user")
        refused = await x.dm(1001, "de trop")
        assert refused.status == 429
        assert refused.headers["x-user-limit-24hour-remaining"] == "0"
        assert int(refused.headers["x-user-limit-24hour-reset"]) == MIDNIGHT + 86_400
        clock[0] += 86_401
        assert (await x.dm(1001, "demain")).status == 201


async def test_the_app_and_the_user_have_limits_of_their_own(x: X, control: Control) -> None:
    await control.post("/x/limits", endpoint="GET /2/users/:id/mentions", limit=1)
    assert (await x.mentions()).status == 200
    assert (await x.mentions()).status == 429
    assert (await x.mentions(user_auth=False)).status == 200


async def test_limits_can_be_changed_and_switched_off(x: X, control: Control) -> None:
    await control.post("/x/limits", endpoint="GET /2/users/me", limit=2)
    statuses = [(await x.raw("GET", "/2/users/me")).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    await control.post("/x/limits", on=False)
    assert (await x.raw("GET", "/2/users/me")).status == 200
    await control.post("/x/limits", 404, endpoint="GET /2/nothing", limit=2)


async def test_tweepy_reads_when_a_limit_ends(x: X, control: Control) -> None:
    await control.post("/x/limits", endpoint="GET /2/users/me", limit=0)
    with pytest.raises(tweepy.TooManyRequests) as refused:
        await asyncio.to_thread(x.client.get_me)
    assert refused.value.reset_time is not None
    assert 890 < refused.value.reset_time - time.time() < 902


async def test_what_is_read_is_charged_once_a_day() -> None:
    clock = [MIDNIGHT + 3600]
    sandbox = Sandbox(now=lambda: clock[0])
    async with serving(sandbox) as base:
        x = X(base)
        sandbox.x.post(1001, "@atelier_lumiere un")
        sandbox.x.dm(1001, "deux")
        for _ in range(2):
            await x.mentions()
            await x.messages()
        assert sandbox.x.bill.total == 1_000 + 10_000
        clock[0] += 23 * 3600
        await x.mentions()
        assert sandbox.x.bill.total == 2_000 + 10_000


async def test_what_stands_beside_is_charged_too(x: X, control: Control) -> None:
    ours = (await control.post("/x/shop_post", text="Le mug"))["id"]
    await control.post("/x/post", user=1001, text="@atelier_lumiere combien ?", reply_to=ours)
    await x.mentions(expansions=["author_id", "referenced_tweets.id"])
    assert await total(control) == 1_000 + 10_000 + 5_000


async def test_a_read_by_the_app_is_no_owned_read(x: X, control: Control) -> None:
    await control.post("/x/post", user=1001, text="@atelier_lumiere combien ?")
    await x.mentions(user_auth=False)
    assert await total(control) == 5_000


async def test_reading_oneself_costs_a_user_once_a_day_and_nothing_costs_nothing(x: X, control: Control) -> None:
    await x.raw("GET", "/2/users/me")
    await x.raw("GET", "/2/users/me")
    assert await total(control) == 10_000
    await x.mentions()
    await x.messages()
    await x.raw("GET", "/2/usage/tweets", bearer=True)
    assert await total(control) == 10_000


async def test_what_is_written_is_charged_by_its_kind(x: X, control: Control) -> None:
    asked = (await control.post("/x/post", user=1001, text="@atelier_lumiere combien ?"))["id"]
    await control.post("/x/dm", user=1001, text="bonjour")
    await x.post("Bonjour")
    assert await total(control) == 15_000
    await x.post("Voir example.com")
    assert await total(control) == 215_000
    await x.reply("12 €", asked)
    assert await total(control) == 225_000
    await x.dm(1001, "Bonjour")
    assert await total(control) == 240_000
    await x.reply("12 €", asked)
    assert await total(control) == 240_000
    assert await lines(control) == {"post": 1, "post_with_url": 1, "summoned_reply": 1, "dm_sent": 1}


async def test_without_credits_nothing_is_answered_until_some_are_bought(x: X, control: Control) -> None:
    await control.post("/x/credits", usd=0.02)
    assert (await x.post("un")).status == 201
    assert (await x.post("deux")).status == 201
    refused = await x.post("trois")
    assert (refused.status, refused.body["title"]) == (402, "CreditsDepleted")
    assert (await x.raw("GET", "/2/usage/tweets", bearer=True)).status == 402
    await control.post("/x/credits", usd=None)
    assert (await x.post("trois")).status == 201


async def test_the_usage_can_be_asked_for(x: X) -> None:
    told = await x.raw("GET", "/2/usage/tweets", bearer=True)
    assert {"project_usage", "project_cap"} <= set(told.data)
    assert (await x.raw("GET", "/2/usage/tweets")).status == 403


async def test_a_429_can_come_with_and_without_its_headers(x: X, control: Control) -> None:
    asked = {"service": "x", "kind": "status", "code": 429, "method": "GET /2/users/:id/mentions"}
    await control.post("/faults", **asked, reset_in=900)
    told = await x.mentions()
    assert told.status == 429
    assert 890 < int(told.headers["x-rate-limit-reset"]) - time.time() < 902
    assert told.headers["x-rate-limit-remaining"] == "0"
    await control.post("/faults", **asked, header=False)
    bare = await x.mentions()
    assert bare.status == 429
    assert [name for name in bare.headers if name.lower().startswith("x-rate-limit")] == []
    assert (await x.mentions()).status == 200


async def test_an_error_may_come_though_the_post_was_made(x: X, control: Control) -> None:
    await control.post("/faults", service="x", kind="status", code=503, done=True, method="POST /2/tweets")
    assert (await x.post("Bonjour")).status == 503
    again = await x.post("Bonjour")
    assert (again.status, again.detail) == (403, "You are not allowed to create a Tweet with duplicate content.")


async def test_a_proxy_in_between_may_answer_with_a_page(x: X, control: Control) -> None:
    await control.post("/faults", service="x", kind="status", code=503, body="<h1>no</h1>", method="GET /2/users/me")
    with pytest.raises(tweepy.TwitterServerError) as failed:
        await asyncio.to_thread(x.client.get_me)
    assert "html" in failed.value.response.headers["content-type"]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_a_connection_may_break_before_or_after_the_post(x: X, control: Control, kind: str) -> None:
    await control.post("/faults", service="x", kind=kind, method="POST /2/tweets")
    with pytest.raises(requests.ConnectionError):
        await asyncio.to_thread(x.client.create_tweet, text="Bonjour")
    posts = (await control.get("/x/timeline"))["posts"]
    assert len(posts) == (1 if kind == "drop_after" else 0)


async def test_a_connection_may_hang(x: X, control: Control) -> None:
    await control.post("/faults", service="x", kind="hang", seconds=30, method="POST /2/tweets")
    x.session.patience = 0.3
    begun = time.monotonic()
    with pytest.raises(requests.ReadTimeout):
        await asyncio.to_thread(x.client.create_tweet, text="x")
    assert time.monotonic() - begun < 3
    assert (await control.get("/x/timeline"))["posts"] == []


async def test_the_journal_knows_what_was_asked(x: X, sandbox: Sandbox) -> None:
    await x.mentions(max_results=7)
    await x.post("Bonjour")
    read, written = sandbox.journal.of("x")
    assert (read.method, read.params["max_results"], read.status) == ("GET /2/users/:id/mentions", "7", 200)
    assert (written.method, written.params["text"], written.status) == ("POST /2/tweets", "Bonjour", 201)

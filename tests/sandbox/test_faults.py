"""Faults on order, as a real client meets them."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest
import stripe
from stripe import StripeClient
from telegram import Bot
from telegram.error import Conflict, Forbidden, NetworkError, RetryAfter, TelegramError

from bot.sandbox.faults import Faults, Rule
from bot.sandbox.server import Sandbox
from tests.sandbox.conftest import TOKEN, Control
from tests.sandbox.ordering import mugs


@pytest.fixture
async def chat(control: Control) -> int:
    await control.say(1001, "bonjour")
    return 1001


def sent(sandbox: Sandbox, chat: int) -> int:
    known = sandbox.telegram.chats.peek(chat)
    return 0 if known is None else sum(message.by_shop for message in known.messages.values())


@pytest.mark.parametrize(("kind", "messages"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_cut_connection_is_one(
    bot: Bot, chat: int, control: Control, sandbox: Sandbox, kind: str, messages: int
) -> None:
    """F066, F067: not a byte of answer comes; whether it was done, the client cannot know."""
    await control.post("/faults", service="telegram", method="sendMessage", kind=kind)
    with pytest.raises(NetworkError, match=r"(?i)remoteprotocolerror|readerror"):
        await bot.send_message(chat, "x")
    assert sent(sandbox, chat) == messages
    await bot.send_message(chat, "y")
    assert [it["status"] for it in await control.get("/requests?method=sendMessage")] == [0, 200]


async def test_a_cut_connection_shows_in_aiohttp_too(control: Control, chat: int) -> None:
    await control.post("/faults", service="telegram", kind="drop_before", times=-1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await control.http.post(f"{control.base}/telegram/bot{TOKEN}/getMe")


async def test_a_rule_counts_what_it_skips_and_hits(bot: Bot, chat: int, control: Control) -> None:
    rule = {"service": "telegram", "method": "send*", "kind": "status", "code": 500, "skip": 1, "times": 2}
    await control.post("/faults", **rule)
    outcomes = []
    for _ in range(4):
        try:
            await bot.send_message(chat, "x")
            outcomes.append("sent")
        except NetworkError:
            outcomes.append("failed")
    assert outcomes == ["sent", "failed", "failed", "sent"]
    assert await control.get("/faults") == []


async def test_a_rule_may_concern_one_chat(bot: Bot, chat: int, control: Control) -> None:
    """F106."""
    await control.say(2002, "hello")
    await control.post("/faults", service="telegram", method="sendMessage", kind="status", code=403, chat=chat)
    await bot.send_message(2002, "x")
    with pytest.raises(Forbidden):
        await bot.send_message(chat, "x")


@pytest.mark.parametrize(("code", "error"), [(429, RetryAfter), (403, Forbidden), (409, Conflict), (502, NetworkError)])
async def test_telegram_answers_with_any_status(
    bot: Bot, chat: int, control: Control, code: int, error: type[TelegramError]
) -> None:
    """F054."""
    await control.post("/faults", service="telegram", kind="status", code=code, retry_after=7)
    with pytest.raises(error) as failed:
        await bot.send_message(chat, "x")
    if isinstance(failed.value, RetryAfter):
        seconds = failed.value.retry_after
        assert (seconds if isinstance(seconds, int) else seconds.total_seconds()) == 7


async def test_a_proxy_in_between_speaks_html(client: StripeClient, control: Control) -> None:
    """F076."""
    await control.post("/faults", service="stripe", kind="status", code=503, body="<h1>Bad gateway</h1>")
    with pytest.raises(stripe.APIError, match="Bad gateway") as failed:
        await client.v1.balance.retrieve_async()
    assert failed.value.http_status == 503


@pytest.mark.parametrize(("header", "shown"), [(True, "3"), (False, None)])
async def test_a_429_comes_with_and_without_its_header(
    client: StripeClient, control: Control, header: bool, shown: str | None
) -> None:
    """F028."""
    await control.post("/faults", service="stripe", kind="status", code=429, retry_after=3, header=header)
    with pytest.raises(stripe.RateLimitError) as limited:
        await client.v1.balance.retrieve_async()
    assert limited.value.headers is not None
    assert limited.value.headers.get("Retry-After") == shown


@pytest.mark.parametrize("code", [401, 403])
async def test_a_key_may_lose_its_rights(client: StripeClient, control: Control, code: int) -> None:
    """F032."""
    await control.post("/faults", service="stripe", kind="status", code=code, times=-1)
    with pytest.raises((stripe.AuthenticationError, stripe.PermissionError)):
        await client.v1.balance.retrieve_async()
    await control.delete("/faults")
    await client.v1.balance.retrieve_async()


async def test_a_call_can_be_late(client: StripeClient, control: Control) -> None:
    """F023."""
    await control.post("/faults", service="stripe", kind="delay", seconds=0.3)
    begun = time.monotonic()
    await client.v1.balance.retrieve_async()
    assert time.monotonic() - begun > 0.29


async def test_a_call_can_be_carried_out_twice(bot: Bot, chat: int, control: Control, sandbox: Sandbox) -> None:
    await control.post("/faults", service="telegram", method="sendMessage", kind="duplicate")
    await bot.send_message(chat, "x")
    assert sent(sandbox, chat) == 2


async def test_a_call_can_be_overtaken(bot: Bot, chat: int, control: Control) -> None:
    await control.post("/faults", service="telegram", method="sendMessage", kind="reorder")
    slow = asyncio.create_task(bot.send_message(chat, "un"))
    await asyncio.sleep(0.1)
    fast = await bot.send_message(chat, "deux")
    assert (await slow).message_id > fast.message_id


async def test_with_an_idempotency_key_twice_is_once(client: StripeClient, control: Control, sandbox: Sandbox) -> None:
    await control.post("/faults", service="stripe", kind="duplicate")
    await client.v1.checkout.sessions.create_async(mugs(), {"idempotency_key": "order-1"})
    assert len(sandbox.stripe.sessions) == 1


async def test_a_rule_that_makes_no_sense_is_refused(control: Control) -> None:
    await control.post("/faults", 400, service="telegram", kind="earthquake")
    await control.post("/faults", 400, service="telegram", kind="status", colour="red")


def test_the_first_rule_that_concerns_a_call_takes_it() -> None:
    faults = Faults()
    faults.add(Rule(service="telegram", kind="delay", method="get*"))
    faults.add(Rule(service="telegram", kind="drop_before", times=-1))
    hit = [faults.take("telegram", name) for name in ("getMe", "getMe", "sendMessage")]
    assert [it.kind if it else None for it in hit] == ["delay", "drop_before", "drop_before"]
    assert faults.take("stripe", "getMe") is None

"""Updates that the sandbox carries to a bot's webhook."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from telegram import Bot
from telegram.error import BadRequest, Conflict

from tests.sandbox.conftest import Control, Receiver
from tests.sandbox.waiting import until


def ids(receiver: Receiver) -> list[int]:
    return [orjson.loads(body)["update_id"] for _, body in receiver.got]


async def test_updates_come_with_the_secret(bot: Bot, control: Control, receiver: Receiver) -> None:
    """F069."""
    before = await control.say(1001, "un")
    await bot.set_webhook(receiver.url, secret_token="s3cret-_", max_connections=5)
    after = await control.say(1001, "deux")
    await until(lambda: len(receiver.got) == 2)
    assert ids(receiver) == [before["update_id"], after["update_id"]]
    assert {headers["X-Telegram-Bot-Api-Secret-Token"] for headers, _ in receiver.got} == {"s3cret-_"}
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.max_connections) == (receiver.url, 0, 5)


async def test_a_refused_update_holds_up_its_own_chat_only(bot: Bot, control: Control, receiver: Receiver) -> None:
    """F072."""
    receiver.statuses = [500]
    await bot.set_webhook(receiver.url)
    first = await control.say(1001, "un")
    await until(lambda: len(receiver.got) == 1)
    second = await control.say(1001, "deux")
    other = await control.say(2002, "un")
    await until(lambda: len(receiver.got) == 4)
    assert ids(receiver) == [
        first["update_id"],
        other["update_id"],
        first["update_id"],
        second["update_id"],
    ]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500"


async def test_updates_wait_while_the_webhook_is_away(bot: Bot, control: Control, receiver: Receiver) -> None:
    await bot.set_webhook("http://127.0.0.1:9/nobody")
    await control.say(1001, "un")
    await asyncio.sleep(0.05)
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await bot.set_webhook(receiver.url)
    await until(lambda: len(receiver.got) == 1)


async def test_polling_and_a_webhook_exclude_each_other(bot: Bot, control: Control, receiver: Receiver) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.05)
    await bot.set_webhook(receiver.url)
    with pytest.raises(Conflict):
        await poll
    with pytest.raises(Conflict, match=r"(?i)can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    await control.say(1001, "un")
    assert len(await bot.get_updates()) == 1
    assert receiver.got == []


async def test_what_waits_can_be_dropped(bot: Bot, control: Control, receiver: Receiver) -> None:
    """F073."""
    await control.say(1001, "un")
    await bot.set_webhook(receiver.url, drop_pending_updates=True)
    await control.say(1001, "deux")
    await until(lambda: len(receiver.got) == 1)
    assert orjson.loads(receiver.got[0][1])["message"]["text"] == "deux"


async def test_an_answer_may_carry_a_call(bot: Bot, control: Control, receiver: Receiver) -> None:
    receiver.body = orjson.dumps({"method": "sendMessage", "chat_id": 1001, "text": "reçu"})
    await bot.set_webhook(receiver.url)
    before = await control.say(1001, "un")
    view = await control.get(f"/telegram/chats/1001?after={before['message_id']}&wait=5")
    assert view["messages"][-1]["text"] == "reçu"


@pytest.mark.parametrize(("kind", "times"), [("drop_before", 1), ("drop_after", 2), ("status", 1), ("delay", 1)])
async def test_faults_on_the_way_out(bot: Bot, control: Control, receiver: Receiver, kind: str, times: int) -> None:
    """F050: an update whose answer was lost comes again, under its old id."""
    await control.post("/faults", service="updates", kind=kind, seconds=0.05)
    await bot.set_webhook(receiver.url)
    await control.say(1001, "un")
    await until(lambda: len(receiver.got) == times)
    await asyncio.sleep(0.3)
    assert len(receiver.got) == times
    assert len(set(ids(receiver))) == 1


async def test_an_update_can_come_again_by_webhook(bot: Bot, control: Control, receiver: Receiver) -> None:
    """F050."""
    await bot.set_webhook(receiver.url)
    said = await control.say(1001, "un")
    await control.post("/telegram/redeliver", update_id=said["update_id"], copies=3)
    await until(lambda: len(receiver.got) == 4)
    assert set(ids(receiver)) == {said["update_id"]}


@pytest.mark.parametrize(
    ("url", "secret"), [("https://example.com/hook", None), ("http://127.0.0.1:9/", "no spaces allowed")]
)
async def test_a_webhook_elsewhere_or_with_a_bad_secret_is_refused(bot: Bot, url: str, secret: str | None) -> None:
    with pytest.raises(BadRequest):
        await bot.set_webhook(url, secret_token=secret)

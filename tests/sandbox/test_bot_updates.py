"""How a bot gets its updates from the sandbox: by long polling, as from Telegram."""

from __future__ import annotations

import asyncio
import time

import pytest
from telegram import Bot
from telegram.error import Conflict, InvalidToken

from bot.sandbox.server import Sandbox, serving
from tests.sandbox.conftest import TOKEN, Control, bot_of


async def test_a_message_comes_with_its_command_marked(bot: Bot, control: Control) -> None:
    said = await control.say(1001, "/start p_mug-bleu", name="Zoé", language="en")
    (update,) = await bot.get_updates()
    assert update.update_id == said["update_id"]
    assert update.message is not None
    assert update.message.text == "/start p_mug-bleu"
    assert [(it.type, it.length) for it in update.message.entities] == [("bot_command", 6)]
    assert update.effective_user is not None
    assert (update.effective_user.first_name, update.effective_user.language_code) == ("Zoé", "en")


async def test_an_update_stays_until_a_higher_offset_confirms_it(bot: Bot, control: Control) -> None:
    """F051."""
    first = (await control.say(1001, "un"))["update_id"]
    second = (await control.say(1001, "deux"))["update_id"]
    assert second == first + 1
    assert [it.update_id for it in await bot.get_updates()] == [first, second]
    assert [it.update_id for it in await bot.get_updates(limit=1)] == [first]
    assert [it.update_id for it in await bot.get_updates(offset=second)] == [second]
    assert [it.update_id for it in await bot.get_updates()] == [second]


async def test_a_negative_offset_forgets_all_but_the_last(bot: Bot, control: Control) -> None:
    """F073."""
    for text in ("un", "deux", "trois"):
        await control.say(1001, text)
    (last,) = await bot.get_updates(offset=-1)
    assert last.message is not None
    assert last.message.text == "trois"
    assert len(await bot.get_updates()) == 1


async def test_a_poll_waits_for_the_next_message(bot: Bot, control: Control) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.05)
    assert not poll.done()
    await control.say(1001, "bonjour")
    assert len(await poll) == 1


async def test_a_poll_in_vain_ends_with_its_seconds(bot: Bot) -> None:
    begun = time.monotonic()
    assert await bot.get_updates(timeout=1) == ()
    assert 0.9 < time.monotonic() - begun < 3


async def test_a_second_poller_displaces_the_first(bot: Bot, control: Control) -> None:
    """F070."""
    first = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(bot.get_updates(timeout=10))
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await first
    await control.say(1001, "bonjour")
    assert len(await second) == 1


async def test_an_offset_far_ahead_of_the_queue_reads_from_its_head(bot: Bot, control: Control) -> None:
    """F052: after a jump to lower ids, the old offset confirms nothing and hides nothing."""
    await control.say(1001, "un")
    (update,) = await bot.get_updates()
    assert await bot.get_updates(offset=update.update_id + 1) == ()
    await control.post("/telegram/jump", next_update_id=500)
    await control.say(1001, "deux")
    (lower,) = await bot.get_updates(offset=update.update_id + 1)
    assert lower.update_id == 500
    assert await bot.get_updates(offset=501) == ()


async def test_a_confirmed_update_can_come_again(bot: Bot, control: Control) -> None:
    """F050."""
    said = await control.say(1001, "un")
    assert await bot.get_updates(offset=said["update_id"] + 1) == ()
    await control.post("/telegram/redeliver", update_id=said["update_id"], copies=2)
    again = await bot.get_updates(offset=said["update_id"] + 1)
    assert [it.update_id for it in again] == [said["update_id"]] * 2
    assert await bot.get_updates(offset=said["update_id"] + 1) == ()


async def test_updates_come_twice_or_swapped_where_a_fault_says_so(bot: Bot, control: Control) -> None:
    """F050, F053."""
    await control.post("/faults", service="updates", kind="duplicate", method="message")
    said = await control.say(1001, "un")
    assert [it.update_id for it in await bot.get_updates()].count(said["update_id"]) == 2
    await bot.get_updates(offset=said["update_id"] + 1)
    await control.post("/faults", service="updates", kind="reorder", method="message")
    late = (await control.say(1001, "deux"))["update_id"]
    early = (await control.say(1001, "trois"))["update_id"]
    assert [it.update_id for it in await bot.get_updates(offset=said["update_id"] + 1)] == [early, late]


async def test_only_the_kinds_asked_for_are_queued(bot: Bot, control: Control) -> None:
    await bot.get_updates(allowed_updates=["message"])
    said = await control.say(1001, "bonjour")
    edited = await control.post("/telegram/edit", chat=1001, message_id=said["message_id"], text="bonsoir")
    assert edited["update_id"] is None
    (only,) = await bot.get_updates()
    assert only.message is not None
    await bot.get_updates(allowed_updates=[])
    assert (await control.post("/telegram/edit", chat=1001, message_id=1, text="salut"))["update_id"]


async def test_an_edit_comes_as_an_edited_message(bot: Bot, control: Control) -> None:
    """F059."""
    said = await control.say(1001, "buy 1 mug")
    await control.post("/telegram/edit", chat=1001, message_id=said["message_id"], text="buy 100 mugs")
    _, edited = await bot.get_updates()
    assert edited.edited_message is not None
    assert edited.edited_message.text == "buy 100 mugs"
    assert edited.edited_message.edit_date is not None


async def test_any_update_can_be_pushed_as_it_stands(bot: Bot, control: Control) -> None:
    chat = {"id": -100777, "type": "channel", "title": "Nouvelles"}
    pushed = await control.post(
        "/telegram/update", update_id=42, channel_post={"message_id": 5, "date": 1, "chat": chat, "text": "hop"}
    )
    assert pushed == {"update_id": 42}
    (update,) = await bot.get_updates()
    assert update.channel_post is not None
    assert update.channel_post.chat.type == "channel"


async def test_a_group_message_has_its_own_sender(bot: Bot, control: Control) -> None:
    await control.say(-55, "bonjour tous", type="group", user=9)
    (update,) = await bot.get_updates()
    assert update.effective_chat is not None
    assert update.effective_user is not None
    assert (update.effective_chat.type, update.effective_user.id) == ("group", 9)


async def test_a_token_that_is_none_is_refused() -> None:
    async with serving(Sandbox(tokens=[TOKEN])) as base:
        with pytest.raises(InvalidToken):
            async with bot_of(base, "123456:another"):
                pass
        async with bot_of(base) as accepted:
            assert accepted.id == 123456

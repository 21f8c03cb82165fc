"""Telegram's channel: the real Bot over a real wire to the sandbox, and what it makes of every failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.constants import MessageLimit
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)

from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.telegram.failures import translated
from bot.channels.telegram.sending import parts, plain, units
from bot.channels.telegram.updates import Me, read_update
from bot.channels.telegram.wire import NotSent
from bot.domain.messages import Inbound
from bot.errors import Moved, Permanent, Temporary, Unreachable
from bot.ports import Envelope, Receipt, Rendered
from bot.sandbox.faults import Rule
from bot.sandbox.server import Sandbox, serving
from bot.sandbox.telegram import shoppers

TOKEN = "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok"
ME = Me(7, "atelier_bot")
PICTURE = Path(__file__).parents[2] / "images" / "mug-bleu.jpg"
CHAT = {"id": 1001, "type": "private", "first_name": "Camille"}
PERSON = {"id": 1001, "is_bot": False, "first_name": "Camille", "language_code": "fr-FR"}


@dataclass
class Counter:
    """An intake that keeps what it is given."""

    taken: list[Inbound] = field(default_factory=list)
    fails: bool = False

    async def __call__(self, events: Sequence[Inbound]) -> Sequence[Receipt]:
        if self.fails:
            raise Temporary("the store cannot write")
        self.taken.extend(events)
        return [Receipt(notice="ok") for _ in events]


@dataclass
class Line:
    sandbox: Sandbox
    channel: TelegramChannel
    counter: Counter


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    sandbox = Sandbox(seed=1)
    async with serving(sandbox) as address:
        settings = TelegramSettings(TOKEN, f"{address}/telegram", 1, 1000, 1000, {"": [("start", "Begin")]})
        channel, counter = TelegramChannel(settings), Counter()
        await channel.start(counter)
        shoppers.say(sandbox.telegram, 1001, "bonjour", name="Camille", language="fr")
        await channel.take(await channel._poll(None))
        yield Line(sandbox, channel, counter)
        await channel.stop()


def said(line: Line) -> list[tuple[str, dict[str, object]]]:
    return [
        (entry.method, dict(entry.params))
        for entry in line.sandbox.journal.of("telegram")
        if entry.method.startswith(("send", "edit"))
    ]


def text(words: str, **more: object) -> Envelope:
    return Envelope("1001", Rendered(words), **more)  # type: ignore[arg-type]


async def test_a_picture_is_uploaded_once_and_known_by_its_id_after(line: Line) -> None:
    body = Rendered("<b>Mug</b>", (((("Payer", None, "https://pay.example/1")),),), str(PICTURE))
    first = await line.channel.send(Envelope("1001", body))
    second = await line.channel.send(Envelope("1001", body))
    assert first != second
    photos = [params.get("photo") for method, params in said(line) if method == "sendPhoto"]
    assert len(photos) == 2
    assert isinstance(photos[1], str)
    assert len(photos[1]) < 200


async def test_a_message_is_edited_in_place_and_the_same_twice_is_no_failure(line: Line) -> None:
    sent = await line.channel.send(text("un"))
    assert await line.channel.send(text("deux", replaces=sent)) == sent
    assert await line.channel.send(text("deux", replaces=sent)) == sent
    assert [method for method, _ in said(line)] == ["sendMessage", "editMessageText", "editMessageText"]


async def test_a_picture_takes_the_place_of_a_picture_and_words_of_its_caption(line: Line) -> None:
    picture = Rendered("un", (), str(PICTURE))
    sent = await line.channel.send(Envelope("1001", picture))
    assert await line.channel.send(Envelope("1001", Rendered("deux", (), str(PICTURE)), sent, pictured=True)) == sent
    assert await line.channel.send(Envelope("1001", Rendered("trois"), sent, pictured=True)) == sent
    assert [method for method, _ in said(line)] == ["sendPhoto", "editMessageMedia", "editMessageCaption"]


async def test_what_can_no_longer_be_edited_is_said_anew(line: Line) -> None:
    assert await line.channel.send(text("deux", replaces="999")) != "999"


async def test_markup_that_telegram_cannot_read_is_sent_as_plain_words_once(line: Line) -> None:
    """F057"""
    assert await line.channel.send(text("<b>deux <mugs></b> &amp; un"))
    assert said(line)[-1][1].get("parse_mode") is None


async def test_a_long_text_is_split_and_nothing_is_dropped(line: Line) -> None:
    """F056"""
    await line.channel.send(text("\n".join(f"ligne {i} 💡" for i in range(1000))))
    whole = "\n".join(str(params["text"]) for method, params in said(line) if method == "sendMessage")
    assert "ligne 0 " in whole
    assert "ligne 999 " in whole
    assert all(units(str(p["text"])) <= MessageLimit.MAX_TEXT_LENGTH for m, p in said(line) if m == "sendMessage")


@given(st.text(alphabet=st.sampled_from("ab \n💡é<>&;"), max_size=300), st.integers(5, 50))
def test_parts_fit_and_keep_every_word(words: str, most: int) -> None:
    """F056"""
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    pieces = parts(escaped, most)
    assert all(units(piece) <= most for piece in pieces)
    strip = str.maketrans("", "", "\n ")
    assert "".join(map(plain, pieces)).translate(strip) == words.translate(strip)


@pytest.mark.parametrize(
    ("rule", "kind", "uncertain", "retry_after"),
    [
        ({"kind": "status", "code": 429, "retry_after": 7}, Temporary, False, 7),
        ({"kind": "status", "code": 502}, Temporary, True, None),
        ({"kind": "status", "code": 502, "body": "<html>Bad gateway</html>"}, Temporary, True, None),
        ({"kind": "drop_after"}, Temporary, True, None),
        ({"kind": "drop_before"}, Temporary, True, None),
    ],
)
async def test_a_bad_day_at_telegram_is_temporary(
    line: Line, rule: dict[str, object], kind: type[Exception], uncertain: bool, retry_after: float | None
) -> None:
    """F054, F066"""
    line.sandbox.faults.add(Rule(service="telegram", method="sendMessage", **rule))
    with pytest.raises(kind) as failed:
        await line.channel.send(text("bonjour"))
    assert isinstance(failed.value, Temporary)
    assert failed.value.uncertain is uncertain
    assert failed.value.retry_after == retry_after


async def test_where_nobody_listens_nothing_was_sent() -> None:
    """F067"""
    channel = TelegramChannel(TelegramSettings(TOKEN, "http://127.0.0.1:9", 1, 30, 1, {}))
    await channel.bot._request[1].initialize()
    with pytest.raises(Temporary) as failed:
        await channel.send(text("bonjour"))
    assert not failed.value.uncertain
    await channel.bot._request[1].shutdown()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), Unreachable),
        (Forbidden("Forbidden: user is deactivated"), Unreachable),
        (BadRequest("Chat not found"), Unreachable),
        (BadRequest("Bad Request: PEER_ID_INVALID"), Unreachable),
        (BadRequest("Bad Request: message is too long"), Permanent),
        (ChatMigrated(-100), Moved),
        (RetryAfter(3), Temporary),
        (TimedOut(), Temporary),
        (NotSent("no connection"), Temporary),
        (Conflict("terminated by other getUpdates request"), Temporary),
        (InvalidToken("Unauthorized"), Temporary),
        (NetworkError("Bad Gateway"), Temporary),
    ],
    ids=lambda value: getattr(value, "message", value.__name__ if isinstance(value, type) else value),
)
def test_every_failure_has_its_kind(error: NetworkError, kind: type[Exception]) -> None:
    """F055"""
    assert type(translated(error)) is kind


async def test_an_update_is_confirmed_only_once_it_is_durable(line: Line) -> None:
    """F051"""
    line.counter.taken.clear()
    line.counter.fails = True
    listening = asyncio.create_task(line.channel.listen())
    line.sandbox.telegram.publish(
        "message", {"message_id": 2, "date": 1, "chat": CHAT, "from": PERSON, "text": "un mug"}
    )
    await asyncio.sleep(0.5)
    assert line.counter.taken == []
    line.counter.fails = False
    for _ in range(100):
        if line.counter.taken:
            break
        await asyncio.sleep(0.05)
    listening.cancel()
    assert [event.text for event in line.counter.taken if event.text == "un mug"]


async def test_a_pressed_button_is_always_answered(line: Line) -> None:
    line.sandbox.telegram.publish(
        "callback_query",
        {
            "id": "77",
            "from": PERSON,
            "chat_instance": "1",
            "data": "1.0",
            "message": {"message_id": 1, "date": 1, "chat": CHAT},
        },
    )
    await line.channel.take(await line.channel._poll(None))
    await asyncio.wait(line.channel._answers, timeout=2)
    assert [e.params["callback_query_id"] for e in line.sandbox.journal.of("telegram", "answerCallbackQuery")] == ["77"]


def update(**message: object) -> dict[str, object]:
    return {"update_id": 5, "message": {"message_id": 1, "date": 1, "chat": CHAT, "from": PERSON, **message}}


GROUP = {"id": -5, "type": "supergroup", "title": "Amis"}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (update(text="un mug"), ("un mug", True)),
        (update(caption="un mug", photo=[{}]), ("un mug", True)),
        (update(sticker={}), ("", True)),
        (update(chat=GROUP, text="un mug"), None),
        (update(chat=GROUP, text="@Atelier_Bot un mug"), ("un mug", False)),
        (update(chat=GROUP, text="un mug", reply_to_message={"from": {"id": 7}}), ("un mug", False)),
        (update(chat=GROUP, text="/shop@atelier_bot"), ("/shop", False)),
        (update(text="un mug", via_bot={"id": 3}), None),
        (update(text="un mug", sender_chat=GROUP), None),
        (update(**{"from": {"id": 1, "is_bot": True}}, text="un mug"), None),
        (update(new_chat_members=[PERSON]), None),
        ({"update_id": 5, "edited_message": update(text="dix mugs")["message"]}, None),
        ({"update_id": 5, "channel_post": update(text="un mug")["message"]}, None),
        ({"update_id": 5, "poll": {}}, None),
    ],
)
def test_only_a_person_who_speaks_to_the_shop_is_a_shopper(
    given: dict[str, object], read: tuple[str, bool] | None
) -> None:
    """F059, F060"""
    found = read_update(given, ME)
    assert (None if found is None else (found[0].text, found[0].private)) == read


def test_a_deep_link_names_its_product() -> None:
    found = read_update(update(text="/start p_mug-bleu"), ME)
    assert found is not None
    assert (found[0].text, found[0].product) == ("/start", "mug-bleu")


def test_a_shopper_who_blocks_the_shop_cannot_be_reached() -> None:
    """F055"""
    member = {"chat": CHAT, "from": PERSON, "new_chat_member": {"status": "kicked"}}
    found = read_update({"update_id": 5, "my_chat_member": member}, ME)
    assert found is not None
    assert found[0].can_reach is False


async def test_a_picture_that_telegram_refuses_costs_no_pay_button(line: Line) -> None:
    """F057: the words and the button are said without it."""
    line.sandbox.faults.add(Rule(service="telegram", kind="status", method="sendPhoto", code=400))
    pay = (("Payer", None, "https://pay.example/1"),)
    assert await line.channel.send(Envelope("1001", Rendered("Mug", (pay,), str(PICTURE))))
    method, params = said(line)[-1]
    assert method == "sendMessage"
    assert "pay.example" in str(params["reply_markup"])


async def test_a_picture_that_is_not_there_costs_no_pay_button(line: Line) -> None:
    assert await line.channel.send(Envelope("1001", Rendered("Mug", (), "/nowhere/mug.jpg")))
    assert said(line)[-1][0] == "sendMessage"


@pytest.mark.parametrize(
    "body", ['{"ok":true}', '{"ok":true,"result":{}}', '{"ok":true,"result":[1]}', "[]", "<html>", ""]
)
async def test_an_answer_of_no_sense_is_temporary(line: Line, body: str) -> None:
    """F072: the poller goes on asking."""
    line.sandbox.faults.add(Rule(service="telegram", kind="status", method="getUpdates", code=400, body=body))
    with pytest.raises((Temporary, Permanent)):
        await line.channel._poll(None)

"""What the sandbox lets a bot send, and in which words it refuses, as Telegram does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LabeledPrice,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter

from bot.sandbox.server import Sandbox, serving
from bot.sandbox.telegram import shoppers
from bot.sandbox.telegram.markup import parse_html
from bot.sandbox.telegram.refusals import Refused
from tests.sandbox.conftest import TOKEN, Control, bot_of
from tests.sandbox.pictures import picture


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([buttons])


@pytest.fixture
async def chat(control: Control) -> int:
    await control.say(1001, "bonjour")
    return 1001


async def test_html_becomes_text_and_entities(bot: Bot, chat: int) -> None:
    sent = await bot.send_message(
        chat,
        'Prix&nbsp;: <b>18 €</b> 😀 <a href="http://127.0.0.1:1/o">voir</a> &lt;3 '
        '<pre><code class="language-py">x</code></pre>',
        parse_mode="HTML",
    )
    assert sent.text == "Prix&nbsp;: 18 € 😀 voir <3 x"
    assert [(it.type, sent.parse_entity(it)) for it in sent.entities] == [
        (MessageEntity.BOLD, "18 €"),
        (MessageEntity.TEXT_LINK, "voir"),
        (MessageEntity.PRE, "x"),
    ]
    assert sent.entities[2].language == "py"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("é <b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("é <b>x</i>", 'Unmatched end tag at byte offset 7, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("1 <", "Unclosed start tag at byte offset 2"),
        ("<a href='x", 'Unclosed start tag "a" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<{x}>y", 'Unsupported start tag "{x}" at byte offset 0'),
    ],
)
async def test_broken_html_is_refused_with_its_place(bot: Bot, chat: int, source: str, sentence: str) -> None:
    """F057."""
    with pytest.raises(BadRequest) as refused:
        await bot.send_message(chat, source, parse_mode="HTML")
    assert refused.value.message.lower() == f"can't parse entities: {sentence}".lower()


@pytest.mark.parametrize("piece", ["<", "<b", "<a href='", "</", "&", "<b>", "<a x=1 ", "<b>x</b>", "<a>x</a>"])
def test_reading_html_takes_time_in_proportion(piece: str) -> None:
    """F114: a second is a hundred times what one pass over this length needs."""
    begun = time.process_time()
    with contextlib.suppress(Refused):
        parse_html(piece * (60_000 // len(piece)))
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("mode", ["Markdown", "MarkdownV2"])
async def test_markdown_is_refused_clearly(bot: Bot, chat: int, mode: str) -> None:
    with pytest.raises(BadRequest, match=r"(?i)the sandbox reads HTML only"):
        await bot.send_message(chat, "*x*", parse_mode=mode)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("   ", "Message text is empty"), ("x" * 4097, "Message is too long"), ("😀" * 2049, "Message is too long")],
)
async def test_a_text_has_1_to_4096_units(bot: Bot, chat: int, text: str, sentence: str) -> None:
    """F056."""
    with pytest.raises(BadRequest, match=sentence):
        await bot.send_message(chat, text)


async def test_tags_do_not_count(bot: Bot, chat: int) -> None:
    sent = await bot.send_message(chat, "<b>" + "😀" * 2048 + "</b>", parse_mode="HTML")
    assert sent.entities[0].length == 4096


@pytest.mark.parametrize(
    ("button", "sentence"),
    [
        ({"text": "ok", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "ok", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "", "callback_data": "x"}, "inline keyboard button text must be non-empty"),
        ({"text": "ok"}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "ok", "url": "ftp://x.example"}, "Unsupported URL protocol"),
        ({"text": "ok", "url": "nowhere"}, "Wrong HTTP URL"),
        ({"callback_data": "x"}, 'Can\'t find field "text"'),
    ],
)
async def test_a_button_that_cannot_be_is_refused(
    control: Control, chat: int, button: dict[str, str], sentence: str
) -> None:
    """F056. Sent bare, for the library refuses some of them by itself."""
    call = {"chat_id": chat, "text": "x", "reply_markup": {"inline_keyboard": [[button]]}}
    async with control.http.post(f"{control.base}/telegram/bot{TOKEN}/sendMessage", json=call) as answer:
        assert answer.status == 400
        assert sentence in (await answer.json())["description"]


async def test_a_keyboard_has_100_buttons_at_most(bot: Bot, chat: int) -> None:
    rows = [[InlineKeyboardButton("x", callback_data="x")]] * 101
    with pytest.raises(BadRequest, match=r"(?i)reply_markup_too_long"):
        await bot.send_message(chat, "x", reply_markup=InlineKeyboardMarkup(rows))
    sent = await bot.send_message(chat, "x", reply_markup=InlineKeyboardMarkup(rows[1:]))
    assert sent.reply_markup is not None
    assert len(sent.reply_markup.inline_keyboard) == 100


async def test_message_ids_rise_by_one_in_each_chat(bot: Bot, chat: int, control: Control) -> None:
    await control.say(2002, "hello")
    ids = [(await bot.send_message(to, "x")).message_id for to in (chat, chat, 2002)]
    assert ids == [2, 3, 2]


async def test_a_photo_comes_back_byte_for_byte(bot: Bot, chat: int, control: Control) -> None:
    data = picture("JPEG", (1600, 1200))
    sent = await bot.send_photo(chat, data, caption="<i>Mug</i>", parse_mode="HTML")
    assert [(it.width, it.height) for it in sent.photo] == [(90, 67), (320, 240), (800, 600), (1280, 960)]
    assert sent.caption == "Mug"
    file = await bot.get_file(sent.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == data
    again = await bot.send_photo(chat, sent.photo[-1].file_id)
    assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id
    view = await control.get(f"/telegram/chats/{chat}")
    async with control.http.get(control.base + view["messages"][-1]["photo"]) as shown:
        assert (shown.content_type, await shown.read()) == ("image/jpeg", data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_the_size_of_a_picture_is_read_from_it(bot: Bot, chat: int, kind: str) -> None:
    sent = await bot.send_photo(chat, picture(kind, (64, 48)))
    assert (sent.photo[-1].width, sent.photo[-1].height) == (64, 48)


async def test_an_address_is_taken_for_a_photo_without_a_look(bot: Bot, chat: int, control: Control) -> None:
    await bot.send_photo(chat, "https://shop.example/mug.jpg")
    view = await control.get(f"/telegram/chats/{chat}")
    assert view["messages"][-1]["photo"] == "https://shop.example/mug.jpg"


@pytest.mark.parametrize(
    ("photo", "sentence"),
    [(b"not a picture", "(?i)image_process_failed"), ("AgACnothing", "Wrong file identifier/(?i:http url) specified")],
)
async def test_what_is_no_picture_is_refused(bot: Bot, chat: int, photo: Any, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        await bot.send_photo(chat, photo)


async def test_a_caption_has_1024_units_at_most(bot: Bot, chat: int) -> None:
    """F056."""
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(chat, picture(), caption="x" * 1025)
    assert (await bot.send_photo(chat, picture(), caption="x" * 1024)).caption == "x" * 1024


async def test_editing_replaces_and_refuses_what_changes_nothing(bot: Bot, chat: int) -> None:
    sent = await bot.send_message(chat, "un", reply_markup=keyboard(InlineKeyboardButton("ok", callback_data="a")))
    edited = await bot.edit_message_text("deux", chat, sent.message_id)
    assert not isinstance(edited, bool)
    assert (edited.text, edited.reply_markup) == ("deux", None)
    assert edited.edit_date is not None
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("deux", chat, sent.message_id)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("trois", chat, 999)
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("trois", chat, 1)
    buttons = keyboard(InlineKeyboardButton("ok", callback_data="b"))
    await bot.edit_message_reply_markup(chat, sent.message_id, reply_markup=buttons)
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_reply_markup(chat, sent.message_id, reply_markup=buttons)


async def test_a_photo_has_a_caption_to_edit_and_no_text(bot: Bot, chat: int) -> None:
    photo = await bot.send_photo(chat, picture(), caption="un")
    text = await bot.send_message(chat, "un")
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await bot.edit_message_text("deux", chat, photo.message_id)
    with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
        await bot.edit_message_caption(chat, text.message_id, caption="deux")
    edited = await bot.edit_message_caption(chat, photo.message_id, caption="deux")
    assert not isinstance(edited, bool)
    assert (edited.caption, len(edited.photo)) == ("deux", len(photo.photo))
    other = await bot.edit_message_media(InputMediaPhoto(picture(size=(100, 50)), "trois"), chat, photo.message_id)
    assert not isinstance(other, bool)
    assert (other.caption, other.photo[-1].width) == ("trois", 100)


async def test_a_deleted_message_is_gone(bot: Bot, chat: int, control: Control) -> None:
    sent = await bot.send_message(chat, "un")
    assert await bot.delete_message(chat, sent.message_id)
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(chat, sent.message_id)
    assert [it["message_id"] for it in (await control.get(f"/telegram/chats/{chat}"))["messages"]] == [1]


async def test_an_answer_names_what_it_answers(bot: Bot, chat: int) -> None:
    sent = await bot.send_message(chat, "oui", reply_parameters=ReplyParameters(1))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "bonjour"
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(chat, "oui", reply_parameters=ReplyParameters(99))
    await bot.send_message(chat, "oui", reply_parameters=ReplyParameters(99, allow_sending_without_reply=True))


async def test_a_pressed_button_is_answered_once_it_is_known(bot: Bot, chat: int, control: Control) -> None:
    """F071."""
    sent = await bot.send_message(chat, "x", reply_markup=keyboard(InlineKeyboardButton("ok", callback_data="a:1")))
    pressed = await control.post("/telegram/press", chat=chat, message_id=sent.message_id, data="a:1")
    *_, update = await bot.get_updates()
    assert update.callback_query is not None
    assert (update.callback_query.data, update.callback_query.id) == ("a:1", pressed["callback_id"])
    await bot.answer_callback_query(pressed["callback_id"], "noté", show_alert=True)
    (notice,) = (await control.get(f"/telegram/chats/{chat}"))["notices"]
    assert (notice["text"], notice["alert"]) == ("noté", True)
    with pytest.raises(BadRequest, match="Query is too old and response timeout expired or query id is invalid"):
        await bot.answer_callback_query("1")


async def test_a_button_pressed_long_ago_is_not_answered(bot: Bot, chat: int, control: Control) -> None:
    """F071."""
    sent = await bot.send_message(chat, "x")
    pressed = await control.post("/telegram/press", chat=chat, message_id=sent.message_id, data="a")
    await control.post("/clock", forward=200)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(pressed["callback_id"])


async def test_a_button_of_a_deleted_message_can_still_be_pressed(bot: Bot, chat: int, control: Control) -> None:
    sent = await bot.send_message(chat, "x")
    await bot.delete_message(chat, sent.message_id)
    await control.post("/telegram/press", chat=chat, message_id=sent.message_id, data="a")
    *_, update = await bot.get_updates()
    assert update.callback_query is not None
    assert update.callback_query.message is not None
    assert not update.callback_query.message.is_accessible


async def test_nobody_who_has_not_written_can_be_written_to(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(31337, "bonjour")


@pytest.mark.parametrize(
    ("who", "kind", "sentence"),
    [
        (1001, "blocked", "bot was blocked by the user"),
        (1001, "deactivated", "user is deactivated"),
        (-5, "kicked", "bot was kicked from the group chat"),
    ],
)
async def test_a_closed_chat_is_forbidden(bot: Bot, control: Control, who: int, kind: str, sentence: str) -> None:
    """F055."""
    await control.say(who, "bonjour")
    await control.post("/telegram/block", chat=who, kind=kind)
    with pytest.raises(Forbidden, match=sentence):
        await bot.send_message(who, "x")


async def test_one_who_writes_again_has_unblocked_the_bot(bot: Bot, chat: int, control: Control) -> None:
    """F055."""
    await control.post("/telegram/block", chat=chat)
    *_, left = await bot.get_updates()
    assert left.my_chat_member is not None
    assert left.my_chat_member.new_chat_member.status == "kicked"
    await control.say(chat, "me revoilà")
    await bot.send_message(chat, "bonjour")


async def test_a_migrated_group_names_its_new_id(bot: Bot, control: Control) -> None:
    """F058."""
    await control.say(-5, "bonjour")
    await control.post("/telegram/block", chat=-5, kind="migrated", to=-100500)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(-5, "x")
    assert moved.value.new_chat_id == -100500
    await bot.send_message(-100500, "x")


async def test_limits_hold_only_where_they_are_switched_on(bot: Bot, chat: int, control: Control) -> None:
    """F054."""
    for _ in range(10):
        await bot.send_message(chat, "x")
    await control.post("/telegram/limits", on=True)
    for _ in range(3):
        await bot.send_message(chat, "x")
    with pytest.raises(RetryAfter) as wait:
        await bot.send_message(chat, "x")
    seconds = wait.value.retry_after
    assert (seconds if isinstance(seconds, int) else seconds.total_seconds()) == 1


async def test_all_chats_together_have_a_limit_too() -> None:
    """F054. The clock stands still, so that nothing is refilled meanwhile."""
    sandbox = Sandbox(limits=True, now=lambda: 1_800_000_000.0)
    for chat in range(1, 41):
        shoppers.say(sandbox.telegram, chat, "bonjour")
    outcomes = []
    async with serving(sandbox) as base, bot_of(base) as bot:
        for chat in range(1, 41):
            try:
                await bot.send_message(chat, "x")
                outcomes.append("sent")
            except RetryAfter:
                outcomes.append("limited")
    assert outcomes == ["sent"] * 30 + ["limited"] * 10


async def test_typing_shows_until_the_message_comes(bot: Bot, chat: int, control: Control) -> None:
    await bot.send_chat_action(chat, "typing")
    assert (await control.get(f"/telegram/chats/{chat}"))["typing"] is True
    await bot.send_message(chat, "x")
    assert (await control.get(f"/telegram/chats/{chat}"))["typing"] is False
    with pytest.raises(BadRequest, match="Wrong parameter action in request"):
        await bot.send_chat_action(chat, "dancing")


async def test_commands_are_kept_by_scope_and_language(bot: Bot, control: Control) -> None:
    await bot.set_my_commands([("aide", "Obtenir de l'aide")], language_code="fr")
    await bot.set_my_commands([("help", "Get help")])
    assert [it.command for it in await bot.get_my_commands(language_code="fr")] == ["aide"]
    assert {it["language_code"] for it in await control.get("/telegram/commands")} == {"", "fr"}
    await bot.delete_my_commands(language_code="fr")
    assert await bot.get_my_commands(language_code="fr") == ()
    with pytest.raises(BadRequest, match=r"(?i)bot_command_invalid"):
        await bot.set_my_commands([("No Good", "x")])


async def test_the_descriptions_fall_back_to_the_one_for_all(bot: Bot) -> None:
    await bot.set_my_description("Une boutique")
    await bot.set_my_short_description("A shop", language_code="en")
    assert (await bot.get_my_description("en")).description == "Une boutique"
    assert (await bot.get_my_short_description("en")).short_description == "A shop"
    assert await bot.set_chat_menu_button()


async def test_a_method_that_is_none_is_not_found(bot: Bot, control: Control) -> None:
    async with control.http.post(f"{control.base}/telegram/bot{TOKEN}/sendNothing") as answer:
        assert answer.status == 404
        assert (await answer.json())["description"] == "Not Found"


@pytest.mark.parametrize("way", ["query", "form", "json", "multipart"])
async def test_parameters_come_in_any_of_four_ways(control: Control, chat: int, way: str) -> None:
    url, given = f"{control.base}/telegram/bot{TOKEN}/sendMessage", {"chat_id": str(chat), "text": "été & 😀"}
    ways: dict[str, Any] = {"query": {"params": given}, "form": {"data": given}, "json": {"json": given}}
    ways["multipart"] = {"data": aiohttp.FormData(given, default_to_multipart=True)}
    request = control.http.get if way == "query" else control.http.post
    async with request(url, **ways[way]) as answer:
        assert (await answer.json())["result"]["text"] == "été & 😀"


async def test_the_shop_sees_in_the_page_what_the_shopper_sees(bot: Bot, chat: int, control: Control) -> None:
    before = (await control.get(f"/telegram/chats/{chat}"))["revision"]
    waiting = asyncio.create_task(control.get(f"/telegram/chats/{chat}?after={before}&wait=10"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    rows: Sequence[Sequence[InlineKeyboardButton]] = [
        [InlineKeyboardButton("Payer", url="http://127.0.0.1:1/pay"), InlineKeyboardButton("+", callback_data="q")]
    ]
    await bot.send_message(
        chat, "<b>a &lt;i&gt; <i>b</i></b>\n<u>c", parse_mode=None, reply_markup=InlineKeyboardMarkup(rows)
    )
    await bot.send_message(chat, "<b>a &lt;script&gt; <i>b</i></b>\n<code>c</code>", parse_mode="HTML")
    await waiting
    view = await control.get(f"/telegram/chats/{chat}?after={before}")
    plain, rich = view["messages"][1:]
    assert plain["html"].startswith("&lt;b&gt;a")
    assert plain["buttons"] == [[{"text": "Payer", "url": "http://127.0.0.1:1/pay"}, {"text": "+", "data": "q"}]]
    assert rich["html"] == "<b>a &lt;script&gt; <i>b</i></b>\n<code>c</code>"
    assert view["revision"] > before


async def test_an_invoice_is_paid_once_the_shop_agrees(bot: Bot, chat: int, control: Control) -> None:
    """F061, F062."""
    sent = await bot.send_invoice(
        chat, "Mug", "Un mug bleu", "order-1", "EUR", [LabeledPrice("Mug", 1800)], provider_token="p:TEST:x"
    )
    for agrees in (False, True):
        paying = asyncio.create_task(control.post("/telegram/invoice", chat=chat, message_id=sent.message_id))
        while not (found := [it for it in await bot.get_updates(timeout=5) if it.pre_checkout_query]):
            pass
        query = found[-1].pre_checkout_query
        assert query is not None
        assert (query.invoice_payload, query.total_amount) == ("order-1", 1800)
        await bot.get_updates(offset=found[-1].update_id + 1)
        await bot.answer_pre_checkout_query(query.id, agrees, error_message=None if agrees else "épuisé")
        assert (outcome := await paying)["paid"] is agrees
        assert (outcome["why"], outcome["waited"] < 5) == (None if agrees else "épuisé", True)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.successful_payment is not None
    assert update.message.successful_payment.telegram_payment_charge_id.startswith("tpc_")

"""Sending, editing and deleting messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.telegram.keyboards import inline_keyboard
from bot.sandbox.telegram.markup import Formatted
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.people import Chat, Message
from bot.sandbox.telegram.refusals import NOT_MODIFIED, QUERY_TOO_OLD, bad_request
from bot.sandbox.telegram.texts import caption, message_text
from bot.sandbox.wire import Json

if TYPE_CHECKING:
    from bot.sandbox.telegram.side import TelegramSide

ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note".split()
)
CALLBACK_SECONDS = 150.0
"""How long a pressed button waits for its answer."""


def send_message(side: TelegramSide, params: Params) -> Json:
    """sendMessage."""
    return send(side, params, _texts("text", "entities", message_text(params)))


def send_photo(side: TelegramSide, params: Params) -> Json:
    """sendPhoto."""
    picture = side.pictures.sent(params, params.text("photo"))
    return send(side, params, {"photo": picture.sizes(), **_caption(params)})


def send(side: TelegramSide, params: Params, content: Json) -> Json:
    """A new message of the bot with this content. Raises Refused."""
    markup = inline_keyboard(params)
    chat = target_chat(side, params)
    answered = _answered(params, chat)
    side.limits.check(chat.id)
    wire: Json = {
        "message_id": chat.next_id(),
        "from": side.bot,
        "chat": chat.wire,
        "date": int(side.now()),
        **answered,
        **content,
    }
    if markup is not None:
        wire["reply_markup"] = markup
    if params.flag("protect_content"):
        wire["has_protected_content"] = True
    chat.keep(Message(wire, by_shop=True))
    return wire


def target_chat(side: TelegramSide, params: Params) -> Chat:
    """The chat of `chat_id`. Raises Refused where it is empty, unknown or barred."""
    value = params.text("chat_id")
    if not value:
        raise bad_request("chat_id is empty")
    try:
        chat = int(value)
    except ValueError as error:
        raise bad_request("chat not found") from error
    return side.chats.find(chat)


def edit_text(side: TelegramSide, params: Params) -> Json:
    """editMessageText: the keyboard goes unless it is sent again."""
    formatted = message_text(params)
    chat, message = _to_edit(side, params)
    if "text" not in message.wire:
        raise bad_request("there is no text in the message to edit")
    return _replace(side, chat, message, params, _texts("text", "entities", formatted))


def edit_caption(side: TelegramSide, params: Params) -> Json:
    """editMessageCaption."""
    content = _caption(params)
    chat, message = _to_edit(side, params)
    if "photo" not in message.wire:
        raise bad_request("there is no caption in the message to edit")
    return _replace(side, chat, message, params, {"photo": message.wire["photo"], **content})


def edit_media(side: TelegramSide, params: Params) -> Json:
    """editMessageMedia, for photos; a text message may become one."""
    media = params.nested("media", "InputMedia")
    if not isinstance(media, dict) or media.get("type") != "photo":
        raise bad_request("can't parse InputMedia: the sandbox knows photos only")
    chat, message = _to_edit(side, params)
    picture = side.pictures.sent(params, str(media.get("media", "")))
    return _replace(side, chat, message, params, {"photo": picture.sizes(), **_caption(Params(media))})


def edit_markup(side: TelegramSide, params: Params) -> Json:
    """editMessageReplyMarkup."""
    chat, message = _to_edit(side, params)
    return _replace(side, chat, message, params, _content(message.wire))


def delete_message(side: TelegramSide, params: Params) -> bool:
    """deleteMessage: any message of the last 48 hours in a private chat."""
    chat = target_chat(side, params)
    message = chat.messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if side.now() - message.wire["date"] > 48 * 3600:
        raise bad_request("message can't be deleted")
    del chat.messages[message.wire["message_id"]]
    chat.revision.changed()
    return True


def send_chat_action(side: TelegramSide, params: Params) -> bool:
    """sendChatAction."""
    if params.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    side.chats.typing(target_chat(side, params))
    return True


def answer_callback(side: TelegramSide, params: Params) -> bool:
    """answerCallbackQuery."""
    if len(params.text("text") or "") > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    callback = params.text("callback_query_id") or ""
    pressed = side.callbacks.get(callback)
    if pressed is None or side.now() - pressed[1] > CALLBACK_SECONDS:
        raise bad_request(QUERY_TOO_OLD)
    chat = side.chats.peek(pressed[0])
    if chat is not None:
        chat.notices.append(
            {
                "callback_id": callback,
                "text": params.text("text") or "",
                "alert": params.flag("show_alert"),
                "url": params.text("url"),
            }
        )
        chat.revision.changed()
    return True


def _answered(params: Params, chat: Chat) -> Json:
    """`reply_to_message`, where the call answers one. Raises Refused where that one is gone."""
    given: Any = params.nested("reply_parameters", "reply parameters")
    if not isinstance(given, dict):
        return {}
    message = chat.messages.get(int(given.get("message_id", 0)))
    if message is not None:
        return {"reply_to_message": {k: v for k, v in message.wire.items() if k != "reply_to_message"}}
    if given.get("allow_sending_without_reply"):
        return {}
    raise bad_request("message to be replied not found")


def _to_edit(side: TelegramSide, params: Params) -> tuple[Chat, Message]:
    if params.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = target_chat(side, params)
    message = chat.messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.by_shop:
        raise bad_request("message can't be edited")
    return chat, message


def _replace(side: TelegramSide, chat: Chat, message: Message, params: Params, content: Json) -> Json:
    old = message.wire
    markup = inline_keyboard(params)
    if _content(old) == content and old.get("reply_markup") == markup:
        raise bad_request(NOT_MODIFIED)
    kept: Json = {name: old[name] for name in ("message_id", "from", "chat", "date", "reply_to_message") if name in old}
    wire: Json = {**kept, "edit_date": int(side.now()), **content}
    if markup is not None:
        wire["reply_markup"] = markup
    message.wire, message.edited = wire, True
    chat.revision.changed()
    return wire


def _content(wire: Json) -> Json:
    names = ("text", "entities", "photo", "caption", "caption_entities", "invoice")
    return {name: wire[name] for name in names if name in wire}


def _caption(params: Params) -> Json:
    formatted = caption(params)
    return _texts("caption", "caption_entities", formatted) if formatted.text else {}


def _texts(text: str, entities: str, formatted: Formatted) -> Json:
    return {text: formatted.text, entities: formatted.entities} if formatted.entities else {text: formatted.text}

"""A chat as the person in it sees it, for the demo's page and for tests that read a conversation."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.telegram.display import to_html
from bot.sandbox.telegram.people import Chat, Message
from bot.sandbox.telegram.pictures import Pictures
from bot.sandbox.wire import Json

FILES = "/sandbox/telegram/files/"


def chat_view(chat: Chat, pictures: Pictures, now: Callable[[], float], *, prefix: str = "") -> Json:
    """The chat's messages, notices and whether the shop is typing, with the revision they belong to.

    `prefix` is where the sandbox is mounted, for the addresses of pictures.
    """
    return {
        "revision": chat.revision.number,
        "messages": [message_view(message, pictures, prefix) for message in chat.messages.values()],
        "notices": list(chat.notices),
        "typing": now() < chat.typing_until,
    }


def message_view(message: Message, pictures: Pictures, prefix: str = "") -> Json:
    """One message: plain text, safe HTML, picture and buttons."""
    wire = message.wire
    name = "text" if "text" in wire else "caption"
    text = wire.get(name, "")
    entities = wire.get("entities" if name == "text" else "caption_entities", [])
    return {
        "message_id": wire["message_id"],
        "from": "shop" if message.by_shop else "shopper",
        "name": (wire.get("from") or wire["chat"]).get("first_name", ""),
        "text": text,
        "html": to_html(text, entities),
        "photo": _photo(wire, pictures, prefix),
        "invoice": wire.get("invoice"),
        "buttons": [
            [_button(button) for button in row] for row in wire.get("reply_markup", {}).get("inline_keyboard", [])
        ],
        "reply_to": wire.get("reply_to_message", {}).get("message_id"),
        "edited": message.edited,
        "date": wire["date"],
    }


def _photo(wire: Json, pictures: Pictures, prefix: str) -> str | None:
    if not wire.get("photo"):
        return None
    file_id = str(wire["photo"][-1]["file_id"])
    picture = pictures.of(file_id)
    return picture.url if picture is not None and picture.url else f"{prefix}{FILES}{file_id}"


def _button(button: Json) -> Json:
    shown = {"text": button["text"]}
    if "url" in button:
        shown["url"] = button["url"]
    if "callback_data" in button:
        shown["data"] = button["callback_data"]
    if button.get("pay"):
        shown["pay"] = True
    return shown

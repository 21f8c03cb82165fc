"""Telegram's updates in our words, read from plain JSON: only what is looked at is parsed.

https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels.telegram.invoices import TIMED, read_paid
from bot.domain.messages import Inbound

SOURCE = "telegram"
ALLOWED = ("message", "callback_query", "my_chat_member", *TIMED)
"""Edited messages are not asked for: an edit never changes an order (F059)."""
_GONE = frozenset({"kicked", "left"})
_WORTH_AN_ANSWER = (
    "text caption photo voice audio video video_note document sticker animation location contact venue poll".split()
)
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself, as getMe tells."""

    id: int
    username: str


def read_update(update: Json, me: Me) -> tuple[Inbound, str | None] | None:
    """(what a shopper did, the callback query to answer or None); None where there is nothing to answer.

    Raises KeyError, TypeError or ValueError where the update is not shaped as documented.
    """
    key = str(int(update["update_id"]))
    if (message := update.get("message")) is not None:
        inbound = _message(key, message, me)
        return None if inbound is None else (inbound, None)
    if (query := update.get("callback_query")) is not None:
        return _press(key, query), str(query["id"])
    if (member := update.get("my_chat_member")) is not None and member["chat"]["type"] == "private":
        reach = member["new_chat_member"]["status"] not in _GONE
        return Inbound(SOURCE, key, SOURCE, str(member["chat"]["id"]), can_reach=reach), None
    return None


def _message(key: str, message: Json, me: Me) -> Inbound | None:
    """Only a person is a shopper: no bot, no channel, no anonymous admin, no inline bot's result (F060)."""
    sender, chat = message.get("from"), message["chat"]
    if (payment := message.get("successful_payment")) is not None and sender is not None:
        it = read_paid(payment)  # known by the payment, not by the update that tells of it (F064)
        user, name = str(sender["id"]), str(sender.get("first_name") or "")
        return Inbound(SOURCE, f"paid:{it.charge}", SOURCE, str(chat["id"]), user, name, paid=it)
    if sender is None or sender.get("is_bot") or "sender_chat" in message or "via_bot" in message:
        return None
    if not any(kind in message for kind in _WORTH_AN_ANSWER):
        return None
    text = str(message.get("text") or message.get("caption") or "")
    private = chat["type"] == "private"
    if not private and not _addressed(text, message, me):
        return None
    command, product = _command(_unaddressed(text, me))
    return Inbound(
        source=SOURCE,
        key=key,
        channel=SOURCE,
        chat=str(chat["id"]),
        user=str(sender["id"]),
        name=str(sender.get("first_name") or ""),
        language=sender.get("language_code"),
        text=command,
        private=private,
        product=product,
    )


def _addressed(text: str, message: Json, me: Me) -> bool:
    """In a group: a mention of the bot, or a reply to what it said."""
    if f"@{me.username}".casefold() in text.casefold():
        return True
    answered = (message.get("reply_to_message") or {}).get("from") or {}
    return answered.get("id") == me.id


def _unaddressed(text: str, me: Me) -> str:
    if "@" not in text:
        return text
    return re.sub(rf"@{re.escape(me.username)}\b", "", text, flags=re.IGNORECASE).strip()


def _command(text: str) -> tuple[str, str | None]:
    """(text, SKU of a `?start=p_<sku>` link or None)."""
    if text.startswith("/start "):
        payload = text.removeprefix("/start ").strip()
        return "/start", payload.removeprefix("p_") if payload.startswith("p_") else None
    return text, None


def _press(key: str, query: Json) -> Inbound:
    message = query.get("message") or {}
    chat = message.get("chat") or {"id": query["from"]["id"], "type": "private"}
    return Inbound(
        source=SOURCE,
        key=key,
        channel=SOURCE,
        chat=str(chat["id"]),
        user=str(query["from"]["id"]),
        name=str(query["from"].get("first_name") or ""),
        language=query["from"].get("language_code"),
        press=str(query.get("data") or ""),
        message_id=str(message["message_id"]) if "message_id" in message else None,
        pictured="photo" in message,
        private=chat["type"] == "private",
    )

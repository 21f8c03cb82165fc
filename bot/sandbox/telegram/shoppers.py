"""The people on the other side: what a shopper does in a chat, turned into the updates a bot gets."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from bot.sandbox.telegram.automatic import with_automatic
from bot.sandbox.telegram.markup import Formatted
from bot.sandbox.telegram.people import Barrier, Chat, Message, person
from bot.sandbox.telegram.side import TelegramSide
from bot.sandbox.wire import Json

_callbacks = itertools.count(4_200_000_000_000_001)


def say(
    side: TelegramSide,
    chat: int,
    text: str,
    *,
    name: str = "Camille",
    language: str = "fr",
    kind: str | None = None,
    user: int | None = None,
    reply_to: int | None = None,
    entities: Sequence[Json] | None = None,
) -> Json:
    """Somebody writes: `{"update_id", "message_id"}`. Whoever had blocked the bot no longer does.

    `kind` is private, group or supergroup; without it, negative chat ids are groups. Entities are found as Telegram
    finds them unless they are given.
    """
    kind = kind or ("private" if chat > 0 else "group")
    place = side.chats.open(chat, name=name, language=language, kind=kind)
    if place.barrier == "blocked":
        place.barrier = None
    if kind == "private":
        place.person = person(user or chat, name, language)
    sender = place.person if kind == "private" else person(user or abs(chat), name, language)
    given = list(entities) if entities is not None else with_automatic(Formatted(text, [])).entities
    wire: Json = {
        "message_id": place.next_id(),
        "from": sender,
        "chat": place.wire,
        "date": int(side.now()),
        "text": text,
    }
    if given:
        wire["entities"] = given
    if reply_to is not None and (answered := place.messages.get(reply_to)) is not None:
        wire["reply_to_message"] = {k: v for k, v in answered.wire.items() if k != "reply_to_message"}
    place.keep(Message(wire, by_shop=False))
    return {"update_id": side.publish("message", wire), "message_id": wire["message_id"]}


def edit(side: TelegramSide, chat: int, message_id: int, text: str) -> Json:
    """Somebody changes what they wrote. Raises LookupError."""
    place = _place(side, chat)
    message = _message(place, message_id)
    wire = {name: value for name, value in message.wire.items() if name != "entities"}
    wire |= {"edit_date": int(side.now()), "text": text}
    if found := with_automatic(Formatted(text, [])).entities:
        wire["entities"] = found
    message.wire, message.edited = wire, True
    place.revision.changed()
    return {"update_id": side.publish("edited_message", wire), "message_id": message_id}


def press(side: TelegramSide, chat: int, message_id: int, data: str, *, user: int | None = None) -> Json:
    """Somebody taps a button: `{"callback_id", "update_id"}`. A deleted message comes as an inaccessible one."""
    place = _place(side, chat)
    callback = str(next(_callbacks))
    side.callbacks[callback] = (chat, side.now())
    if len(side.callbacks) > 10_000:
        del side.callbacks[next(iter(side.callbacks))]
    message = place.messages.get(message_id)
    shown = {"message_id": message_id, "chat": place.wire, "date": 0} if message is None else message.wire
    sender = place.person if user is None else {**place.person, "id": user}
    query = {"id": callback, "from": sender, "message": shown, "chat_instance": str(chat), "data": data}
    return {"callback_id": callback, "update_id": side.publish("callback_query", query)}


def raw(side: TelegramSide, update: Json) -> Json:
    """Any update as it stands, numbered unless it has an `update_id` already."""
    kind = next((name for name in update if name != "update_id"), None)
    if kind is None:
        raise LookupError("an update needs something in it")
    payload = update[kind]
    chat = payload.get("chat") if isinstance(payload, dict) else None
    if isinstance(chat, dict):
        _remember(side, chat, payload)
    given = {"update_id": int(update["update_id"])} if "update_id" in update else {}
    return {"update_id": side.publish(kind, payload, **given)}


def _remember(side: TelegramSide, chat: Json, payload: Json) -> None:
    sender = payload.get("from") or {}
    place = side.chats.open(
        int(chat["id"]),
        name=sender.get("first_name") or chat.get("title", "Camille"),
        language=sender.get("language_code", "fr"),
        kind=chat.get("type", "private"),
    )
    place.last_id = max(place.last_id, int(payload.get("message_id", 0)))
    if "message_id" in payload:
        place.keep(Message(payload, by_shop=False))


def bar(side: TelegramSide, chat: int, barrier: Barrier | None, *, to: int = 0) -> Json:
    """Somebody blocks or leaves: the bot cannot write any more, and learns it when it tries. None lifts it.

    `migrated` moves a group to the supergroup `to`.
    """
    place = side.chats.open(chat, name="Camille", language="fr", kind="private" if chat > 0 else "group")
    place.barrier, place.moved_to = barrier, to
    if barrier == "migrated":
        _migrate(side, place, to)
    elif barrier in ("blocked", "kicked"):
        _left(side, place)
    return {"chat": chat, "kind": barrier}


def _migrate(side: TelegramSide, place: Chat, to: int) -> None:
    title = place.wire.get("title", "Camille")
    there = side.chats.open(to, name=title, language="fr", kind="supergroup")
    for chat, note in ((place, {"migrate_to_chat_id": to}), (there, {"migrate_from_chat_id": place.id})):
        wire = {"message_id": chat.next_id(), "chat": chat.wire, "date": int(side.now()), **note}
        side.publish("message", wire)


def _left(side: TelegramSide, place: Chat) -> None:
    change = {
        "chat": place.wire,
        "from": place.person,
        "date": int(side.now()),
        "old_chat_member": {"user": side.bot, "status": "member"},
        "new_chat_member": {"user": side.bot, "status": "kicked", "until_date": 0},
    }
    side.publish("my_chat_member", change)


def _place(side: TelegramSide, chat: int) -> Chat:
    place = side.chats.peek(chat)
    if place is None:
        raise LookupError(f"nobody has written in chat {chat}")
    return place


def _message(place: Chat, message_id: int) -> Message:
    message = place.messages.get(message_id)
    if message is None or message.by_shop:
        raise LookupError(f"chat {place.id} has no message {message_id} of a shopper")
    return message

"""The chats of the sandbox and who is in them: their messages, and whether they can still be written to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.sandbox.revisions import Revision
from bot.sandbox.telegram.refusals import Refused, bad_request, forbidden
from bot.sandbox.wire import Json

Barrier = Literal["blocked", "deactivated", "kicked", "not_found", "migrated"]
"""Why a chat cannot be written to."""

KEPT_MESSAGES = 500
"""Messages remembered in one chat; the oldest are forgotten beyond."""

TYPING_SECONDS = 5.0
"""How long Telegram shows one chat action."""


@dataclass(slots=True)
class Message:
    """One message in the API's own shape, and whose it is."""

    wire: Json
    by_shop: bool
    edited: bool = False


@dataclass(slots=True)
class Chat:
    """A chat: its messages by id, and a revision that counts every change somebody may wait for."""

    id: int
    wire: Json
    person: Json
    messages: dict[int, Message] = field(default_factory=dict)
    notices: deque[Json] = field(default_factory=lambda: deque(maxlen=50))
    last_id: int = 0
    revision: Revision = field(default_factory=Revision)
    barrier: Barrier | None = None
    moved_to: int = 0
    typing_until: float = 0.0

    def next_id(self) -> int:
        """Message ids rise by one in each chat."""
        self.last_id += 1
        return self.last_id

    def keep(self, message: Message) -> None:
        """Store a new message; it also ends "typing"."""
        self.messages[message.wire["message_id"]] = message
        if len(self.messages) > KEPT_MESSAGES:
            del self.messages[next(iter(self.messages))]
        if message.by_shop:
            self.typing_until = 0.0
        self.revision.changed()

    def refusal(self) -> Refused | None:
        """What Telegram answers to one who writes here, where it refuses."""
        match self.barrier:
            case None:
                return None
            case "blocked":
                return forbidden("bot was blocked by the user")
            case "deactivated":
                return forbidden("user is deactivated")
            case "kicked":
                return forbidden(f"bot was kicked from the {self._group_word()} chat")
            case "not_found":
                return bad_request("chat not found")
            case "migrated":
                return bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=self.moved_to)

    def _group_word(self) -> str:
        return "supergroup" if self.wire["type"] == "supergroup" else "group"


def person(user: int, name: str, language: str) -> Json:
    """A User who is no bot."""
    return {"id": user, "is_bot": False, "first_name": name, "language_code": language}


def chat_object(chat: int, kind: str, name: str) -> Json:
    """A Chat: a private one has a first name, any other a title."""
    named = {"first_name": name} if kind == "private" else {"title": name}
    return {"id": chat, "type": kind, **named}


class Chats:
    """Every chat the bot could know: those in which somebody has written first."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._chats: dict[int, Chat] = {}
        self._now = now

    def find(self, chat: int) -> Chat:
        """A chat for a call of the bot. Raises Refused."""
        known = self._chats.get(chat)
        if known is None:
            raise bad_request("chat not found")
        if known.barrier is not None and (refusal := known.refusal()) is not None:
            raise refusal
        return known

    def peek(self, chat: int) -> Chat | None:
        """A chat as the sandbox sees it, whatever bars the bot."""
        return self._chats.get(chat)

    def open(self, chat: int, *, name: str, language: str, kind: str = "private") -> Chat:
        """The chat, made where it is new."""
        known = self._chats.get(chat)
        if known is None:
            known = Chat(chat, chat_object(chat, kind, name), person(abs(chat), name, language))
            self._chats[chat] = known
        return known

    def typing(self, chat: Chat) -> None:
        """Show "typing" for as long as Telegram does."""
        chat.typing_until = self._now() + TYPING_SECONDS
        chat.revision.changed()

    def wake(self) -> None:
        """End every wait: the sandbox is about to stop."""
        for chat in self._chats.values():
            chat.revision.wake()

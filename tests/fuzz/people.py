"""Hostile shoppers, as their platforms tell of them: Telegram's updates in JSON, X's posts and messages in our words.

Nothing here lies about what the platform itself vouches for (a message's own picture, a person's id).
"""

from __future__ import annotations

import itertools
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from bot.channels.x.reading import Account, read_message, read_post
from bot.domain.messages import Inbound
from bot.ports import Receipt
from bot.sandbox.telegram.side import TelegramSide
from tests.fuzz.texts import Texts

Json = dict[str, Any]
CHATS = 12
STAY = 300
"""Messages after which other people come: those who said "stop" would fall silent for good."""
US = Account("77", "atelier_lumiere", {"500": ("mug-bleu",), "501": ("h0", "h3"), "502": ("nothing",)})
LANGUAGES = ("fr", "en", "en-GB", "de", "xx", None)
HANDLES = ("camille", "a" * 15, "x_1", "bad handle", "")
BUTTONS = 60


class People:
    """Those who write: `update` brings what Telegram tells, `take` what X tells. `text` is what was typed last."""

    def __init__(
        self,
        dice: random.Random,
        texts: Texts,
        side: TelegramSide,
        *,
        update: Callable[[Sequence[Json]], Awaitable[None]],
        take: Callable[[Sequence[Inbound]], Awaitable[Sequence[Receipt]]],
    ) -> None:
        self._dice, self._texts, self._side, self._update, self._take = dice, texts, side, update, take
        self._numbers = itertools.count(1)
        self._shown: deque[tuple[int, str, int]] = deque(maxlen=BUTTONS)
        self.text = ""

    def sees(self, chat: str, token: str, message_id: str) -> None:
        """A button was shown to somebody on Telegram."""
        self._shown.append((int(chat), token, int(message_id)))

    async def one_does_something(self, turn: int, now: datetime) -> None:
        """Somebody writes, presses, blocks or comes back."""
        self.text = self._texts.text()
        chat = 1001 + turn // STAY * CHATS + self._dice.randrange(CHATS)
        roll = self._dice.random()
        if roll < 0.46:
            await self._update([self._message(chat, self.text)])
        elif roll < 0.50:
            await self._update([self._message(-chat, f"@{self._side.bot['username']} {self.text}")])
        elif roll < 0.60:
            await self._update([self._press(chat, now)])
        elif roll < 0.61:
            await self._update([self._member(chat)])
        else:
            event = self._private(chat, now) if roll < 0.79 else self._public(chat, now)
            await self._take([event] if event is not None else [])

    # -- Telegram

    def greeting(self, chat: int) -> Json:
        """What opens a chat."""
        return self._message(chat, "/start")

    def _person(self, chat: int) -> Json:
        user: Json = {"id": abs(chat), "is_bot": False, "first_name": self._texts.name()}
        language = self._dice.choice(LANGUAGES)
        return user if language is None else user | {"language_code": language}

    def _home(self, chat: int) -> Json:
        kind = "private" if chat > 0 else "group"
        self._side.chats.open(chat, name="Camille", language="fr", kind=kind)
        return {"id": chat, "type": kind}

    def _message(self, chat: int, text: str) -> Json:
        message: Json = {"message_id": next(self._numbers), "from": self._person(chat), "chat": self._home(chat)}
        pictured = self._dice.random() < 0.1
        message |= {"caption": text, "photo": []} if pictured else {"text": text}
        return {"update_id": next(self._numbers), "message": message}

    def _press(self, chat: int, now: datetime) -> Json:
        """A button that was shown, in its own chat or copied into another, or something that never was one."""
        where, data, message_id = chat, f"{self._dice.randrange(10**6)}.0", 1
        if self._shown and self._dice.random() < 0.85:
            home, data, message_id = self._dice.choice(self._shown)
            where = home if self._dice.random() < 0.95 else chat
        elif self._dice.random() < 0.5:
            data = self.text[:64]
        message: Json = {"message_id": message_id, "chat": self._home(where)}
        known = self._side.chats.find(where).messages.get(message_id)
        if known is not None and "photo" in known.wire:
            message["photo"] = known.wire["photo"]
        query = str(next(self._numbers))
        self._side.callbacks[query] = (where, now.timestamp())
        press = {"id": query, "from": self._person(where), "message": message, "data": data}
        return {"update_id": next(self._numbers), "callback_query": press}

    def _member(self, chat: int) -> Json:
        status = self._dice.choice(("kicked", "member"))
        member = {"chat": {"id": chat, "type": "private"}, "new_chat_member": {"status": status}}
        return {"update_id": next(self._numbers), "my_chat_member": member}

    # -- X

    def _private(self, chat: int, now: datetime) -> Inbound | None:
        sent = {"id": str(next(self._numbers)), "event_type": "MessageCreate", "sender_id": str(chat)}
        sent |= {"text": self.text, "dm_conversation_id": f"{chat}-{US.id}", "created_at": now.isoformat()}
        return read_message(sent, US)

    def _public(self, chat: int, now: datetime) -> Inbound | None:
        post: Json = {"id": str(next(self._numbers)), "author_id": str(chat), "created_at": now.isoformat()}
        post["text"] = self.text
        if self._dice.random() < 0.9:
            post["text"] = f"@{US.name} {self.text}"
            post["entities"] = {"mentions": [{"start": 0, "end": len(US.name) + 1, "username": US.name, "id": US.id}]}
        if self._dice.random() < 0.3:
            shown = self._dice.choice((*US.posts, "503"))
            post["referenced_tweets"] = [{"type": self._dice.choice(("quoted", "replied_to")), "id": shown}]
        users = {str(chat): {"id": str(chat), "name": self._texts.name(), "username": self._dice.choice(HANDLES)}}
        return read_post(post, US, users)

"""Private messages: one thread for each shopper, in X's events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.sandbox.revisions import Revision
from bot.sandbox.wire import Json
from bot.sandbox.x.ids import iso, seconds
from bot.sandbox.x.people import User
from bot.sandbox.x.texts import shortened

KEPT = 2_000
"""Messages remembered in one thread; the oldest are forgotten beyond."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `said` is what was written, X shows its links as t.co."""

    id: int
    sender: int
    recipient: int
    said: str
    media: str | None = None

    @property
    def conversation(self) -> str:
        """The two ids, the smaller one first."""
        low, high = sorted((self.sender, self.recipient))
        return f"{low}-{high}"

    def wire(self) -> Json:
        """Every field that X may show of it, in the words of `dm_event.fields`."""
        text, addresses = shortened(self.said)
        shown: Json = {
            "id": str(self.id),
            "event_type": "MessageCreate",
            "text": text,
            "sender_id": str(self.sender),
            "dm_conversation_id": self.conversation,
            "created_at": iso(seconds(self.id)),
        }
        if addresses:
            shown["entities"] = {
                "urls": [
                    {"start": start, "end": end, "url": short, "expanded_url": long, "display_url": long}
                    for start, end, short, long in addresses
                ]
            }
        if self.media is not None:
            shown["attachments"] = {"media_keys": [self.media]}
        return shown


@dataclass(slots=True)
class Thread:
    """What one shopper and the shop have written to each other, oldest first."""

    user: User
    revision: Revision = field(default_factory=Revision)
    messages: list[Message] = field(default_factory=list)


class Threads:
    """Every thread, by the shopper's id."""

    def __init__(self) -> None:
        self._by_user: dict[int, Thread] = {}

    def of(self, user: User) -> Thread:
        """The thread with this shopper."""
        return self._by_user.setdefault(user.id, Thread(user))

    def get(self, user: int) -> Thread | None:
        """The thread with this shopper, where there is one."""
        return self._by_user.get(user)

    def __iter__(self) -> Iterator[Thread]:
        return iter(list(self._by_user.values()))

    def add(self, user: User, message: Message) -> None:
        """Put a message at the end of a thread."""
        thread = self.of(user)
        thread.messages.append(message)
        del thread.messages[:-KEPT]
        thread.revision.changed()

    def newest_first(self) -> list[Message]:
        """The messages of all threads."""
        return sorted((it for thread in self for it in thread.messages), key=lambda it: -it.id)

    def wake(self) -> None:
        """End every wait."""
        for thread in self:
            thread.revision.wake()

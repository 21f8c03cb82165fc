"""The queue of updates and both ways to get them, long polling here and webhooks beside it.

Behaves as the queue of tdlib/telegram-bot-api: an offset forgets what is older, a negative one counts from the end,
and one that lies more than ten ahead of the queue is not an offset at all but reads from the head.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.sandbox.telegram.refusals import other_poller
from bot.sandbox.wire import Json

LONGEST_POLL = 50
"""Seconds at most that one getUpdates waits."""

NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds of update that a bot gets only when it names them."""


class UpdateQueue:
    """Updates not yet confirmed, oldest first."""

    def __init__(self, first_id: int) -> None:
        self.next_id = first_id
        self.pending: dict[int, Json] = {}
        self.allowed: frozenset[str] | None = None
        self._again: list[Json] = []
        self._jumped = self._overtaken = False
        self._waiting: asyncio.Future[bool] | None = None

    def allow(self, kinds: Iterable[str] | None) -> None:
        """Set which kinds are queued from now on. None keeps the last choice, an empty list is the default one."""
        if kinds is not None:
            self.allowed = frozenset(kinds) or None

    def wants(self, kind: str) -> bool:
        """Whether the bot asked for updates of this kind."""
        return kind not in NOT_BY_DEFAULT if self.allowed is None else kind in self.allowed

    def jump(self, next_id: int) -> None:
        """The next update has this id: after a week without any, Telegram picks a new one."""
        self.next_id = next_id
        self._jumped = True

    def number(self, payload: Json) -> Json:
        """An update with the next id in front."""
        update = {"update_id": self.next_id, **payload}
        self.next_id = update["update_id"] + 1
        return update

    def put(self, update: Json) -> None:
        """Queue an update and wake the poller."""
        if self.pending and update["update_id"] < next(reversed(self.pending)):
            self._overtaken = True
        self.pending[update["update_id"]] = update
        self._wake(new=True)

    def repeat(self, update: Json) -> None:
        """Hand an update out once more, whatever offset the bot has confirmed since."""
        self._again.append(update)
        self._wake(new=True)

    def forget(self, update_id: int) -> None:
        """Drop one update that was delivered."""
        self.pending.pop(update_id, None)

    def displace(self) -> None:
        """End the wait of a poller with 409: somebody else gets the updates now."""
        self._wake(new=False)

    def stop(self) -> None:
        """End the wait of a poller: the sandbox is about to stop."""
        self._wake(new=True)

    async def poll(self, offset: int, limit: int, seconds: int) -> list[Json]:
        """What getUpdates answers. Raises Refused (409) in the poll that another one displaces."""
        self.displace()
        self._apply(offset)
        if not self.pending and not self._again and seconds > 0:
            self._waiting = waiting = asyncio.get_running_loop().create_future()
            try:
                new = await asyncio.wait_for(waiting, min(seconds, LONGEST_POLL))
            except TimeoutError:
                return []
            finally:
                if self._waiting is waiting:
                    self._waiting = None
            if not new:
                raise other_poller()
        batch, self._again = self._again[:limit], self._again[limit:]
        for update in self.pending.values():
            if len(batch) == limit:
                break
            batch.append(update)
        return batch

    def _apply(self, offset: int) -> None:
        if offset < 0:
            for update_id in list(self.pending)[:offset]:
                del self.pending[update_id]
            return
        if not offset or offset > self.next_id + 10:
            return
        if self._jumped or self._overtaken:
            self.pending = {key: update for key, update in self.pending.items() if key >= offset}
            return
        while self.pending and (oldest := next(iter(self.pending))) < offset:
            del self.pending[oldest]

    def _wake(self, *, new: bool) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(new)

"""Telegram's side of the sandbox put together: who the bot is, its chats, its updates and what it may call."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from bot.sandbox.faults import Faults
from bot.sandbox.outbound import Outbound
from bot.sandbox.telegram.invoices import Invoices
from bot.sandbox.telegram.limits import Limits
from bot.sandbox.telegram.methods import FOLDED, METHODS
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.people import Chats
from bot.sandbox.telegram.pictures import Pictures
from bot.sandbox.telegram.profile import Profile
from bot.sandbox.telegram.refusals import Refused, not_found, unauthorized, webhook_is_set
from bot.sandbox.telegram.updates import UpdateQueue
from bot.sandbox.telegram.webhook import Delivery
from bot.sandbox.wire import Json

WELL_FORMED = re.compile(r"(\d{1,16}):[A-Za-z0-9_-]{1,128}")
FIRST_UPDATE = 100_000_001
KEPT_UPDATES = 10_000
"""Updates remembered so that they can be sent again."""


class TelegramSide:
    """One bot at Telegram. `tokens` are those accepted; none named means any that is well formed."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        outbound: Outbound,
        faults: Faults,
        tokens: Collection[str] = (),
        name: str = "Atelier Lumière",
        username: str = "atelier_lumiere_bot",
        first_update: int = FIRST_UPDATE,
        limits: bool = False,
    ) -> None:
        self.now = now
        self.faults = faults
        self.chats = Chats(now)
        self.queue = UpdateQueue(first_update)
        self.delivery = Delivery(self.queue, outbound, faults, now, self.reply)
        self.pictures = Pictures()
        self.limits = Limits(now, on=limits)
        self.profile: Profile = Profile()
        self.invoices = Invoices()
        self.history: dict[int, Json] = {}
        self.callbacks: dict[str, tuple[int, float]] = {}
        self.bot: Json = {"id": 7_000_000_001, "is_bot": True, "first_name": name, "username": username}
        self._tokens = frozenset(tokens)
        self._held: Json | None = None

    def admit(self, token: str) -> None:
        """Let a call with this token in. Raises Refused. The bot's id is the token's first half."""
        found = WELL_FORMED.fullmatch(token)
        if found is None or (self._tokens and token not in self._tokens):
            raise unauthorized()
        bot_id = int(found[1])
        if self.bot["id"] != bot_id:
            self.bot = {**self.bot, "id": bot_id}

    def publish(self, kind: str, payload: Json, **numbered: int) -> int | None:
        """Make an update and hand it to whichever way the bot gets them; None where the bot wants no such kind.

        `update_id=` gives it a number of its own.
        """
        if not self.queue.wants(kind):
            return None
        update_id = numbered.get("update_id")
        update: Json = {"update_id": update_id, kind: payload}
        if update_id is None:
            update = self.queue.number({kind: payload})
        rule = self.faults.take("updates", kind, payload.get("chat", {}).get("id"), kinds=("duplicate", "reorder"))
        if rule is not None and rule.kind == "reorder" and self._held is None:
            self._held = update
            return int(update["update_id"])
        self.put(update)
        if rule is not None and rule.kind == "duplicate":
            self.repeat(update)
        if self._held is not None:
            held, self._held = self._held, None
            self.put(held)
        return int(update["update_id"])

    def put(self, update: Json) -> None:
        """Queue a finished update, and send it where a webhook is set."""
        self.history[update["update_id"]] = update
        if len(self.history) > KEPT_UPDATES:
            del self.history[next(iter(self.history))]
        self.queue.put(update)
        self.delivery.offer(update)

    def repeat(self, update: Json) -> None:
        """Send an update once more under its old id, as Telegram may."""
        if self.delivery.target is None:
            self.queue.repeat(update)
        else:
            self.delivery.offer(update)

    async def call(self, method: str, params: Params) -> Any:
        """Carry out one method of the Bot API; its result. Raises Refused."""
        name = method if method in METHODS else method.lower()
        if name.lower() == "getupdates":
            return await self._get_updates(params)
        act = METHODS.get(name) or FOLDED.get(name)
        if act is None:
            raise not_found()
        return act(self, params)

    async def _get_updates(self, params: Params) -> list[Json]:
        if self.delivery.target is not None:
            raise webhook_is_set()
        self.queue.allow(params.nested("allowed_updates", "allowed updates"))
        return await self.queue.poll(
            params.integer("offset"),
            min(max(params.integer("limit", 100), 1), 100),
            params.integer("timeout"),
        )

    async def reply(self, method: str, values: Json) -> None:
        """A call that came as a webhook's answer; nobody learns whether it failed."""
        with suppress(Refused):
            await self.call(method, Params(values))

    def stop(self) -> None:
        """End every wait."""
        self.queue.stop()
        self.chats.wake()

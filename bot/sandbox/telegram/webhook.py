"""Updates carried to the bot's webhook: one at a time in a chat, many chats at once, again until it says 2xx."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
import orjson

from bot.sandbox.faults import Faults, Rule
from bot.sandbox.outbound import Outbound, pause
from bot.sandbox.telegram.updates import UpdateQueue
from bot.sandbox.wire import Json

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


@dataclass(slots=True)
class Target:
    """Where updates go, as setWebhook said."""

    url: str
    secret: str | None
    connections: int
    slots: asyncio.Semaphore
    last_error_at: int = 0
    last_error: str = ""


@dataclass(slots=True)
class Lane:
    """The updates of one chat that wait for their turn."""

    waiting: deque[Json] = field(default_factory=deque)
    running: bool = False


class Delivery:
    """Carries queued updates to the webhook while there is one; without one they stay for getUpdates."""

    def __init__(
        self,
        queue: UpdateQueue,
        outbound: Outbound,
        faults: Faults,
        now: Callable[[], float],
        reply: Callable[[str, Json], Awaitable[object]],
    ) -> None:
        self.target: Target | None = None
        self._queue = queue
        self._outbound = outbound
        self._faults = faults
        self._now = now
        self._reply = reply
        self._lanes: dict[int, Lane] = {}

    def aim(self, url: str, secret: str | None, connections: int) -> None:
        """Deliver to `url` from now on, first what is queued already."""
        if self.target is not None and (self.target.url, self.target.secret, self.target.connections) == (
            url,
            secret,
            connections,
        ):
            return
        self.target = Target(url, secret, connections, asyncio.Semaphore(connections))
        self._lanes = {}
        for update in self._queue.pending.values():
            self.offer(update)

    def stop(self) -> None:
        """Deliver no more; what is not yet delivered stays queued."""
        self.target = None
        self._lanes = {}

    def offer(self, update: Json) -> None:
        """Put an update into its chat's lane."""
        if self.target is None:
            return
        lane = self._lanes.setdefault(chat_of(update), Lane())
        lane.waiting.append(update)
        if not lane.running:
            lane.running = True
            self._outbound.spawn(self._run(self.target, lane))

    async def _run(self, target: Target, lane: Lane) -> None:
        while lane.waiting and self.target is target:
            await self._until_taken(target, lane.waiting[0])
            lane.waiting.popleft()
        lane.running = False

    async def _until_taken(self, target: Target, update: Json) -> None:
        attempt = 0
        while self.target is target:
            async with target.slots:
                taken = await self._try(target, update)
            if taken:
                self._queue.forget(update["update_id"])
                return
            await asyncio.sleep(pause(attempt))
            attempt += 1

    async def _try(self, target: Target, update: Json) -> bool:
        kind = next(name for name in update if name != "update_id")
        rule = self._faults.take(
            "updates", kind, chat_of(update), kinds=("delay", "status", "drop_before", "drop_after")
        )
        if rule is not None and not await self._through(rule):
            self._failed(target, "Connection reset by peer")
            return False
        headers = {} if target.secret is None else {SECRET_HEADER: target.secret}
        try:
            status, body = await self._outbound.post(target.url, orjson.dumps(update), headers)
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            self._failed(target, f"Connection failed: {type(error).__name__}")
            return False
        if not 200 <= status < 300:
            self._failed(target, f"Wrong response from the webhook: {status}")
            return False
        if rule is not None and rule.kind == "drop_after":
            self._failed(target, "Read timeout expired")
            return False
        await self._carry_out(body)
        return True

    @staticmethod
    async def _through(rule: Rule) -> bool:
        """Whether the update is sent at all under this fault."""
        if rule.kind == "delay":
            await asyncio.sleep(rule.seconds or 0)
        return rule.kind in ("delay", "drop_after")

    async def _carry_out(self, body: bytes) -> None:
        """A webhook may answer with one call of a method; its result is not told."""
        try:
            call = orjson.loads(body or b"null")
        except orjson.JSONDecodeError:
            return
        if isinstance(call, dict) and isinstance(call.get("method"), str):
            method = call.pop("method")
            await self._reply(method, call)

    def _failed(self, target: Target, why: str) -> None:
        target.last_error_at, target.last_error = int(self._now()), why


def chat_of(update: Json) -> int:
    """The chat, or else the user, an update belongs to; 0 where it names neither."""
    for payload in update.values():
        if isinstance(payload, dict):
            message = payload.get("message", payload)
            place = message.get("chat") if isinstance(message, dict) else None
            place = place or payload.get("chat") or payload.get("from")
            if isinstance(place, dict):
                return int(place.get("id", 0))
    return 0

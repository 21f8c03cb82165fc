"""The channel itself: who the shop is at X, when X is asked, what its events bring, and the way out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot.channels.x import doorbell
from bot.channels.x.account import examined, registered
from bot.channels.x.polling import Mentions, Messages
from bot.channels.x.reading import ENCRYPTED_EVENT, SOURCE, Account, read_event
from bot.channels.x.sending import Sender, response
from bot.channels.x.wire import XKeys, XWire
from bot.domain.costs import Charge, Cost, until_tomorrow
from bot.domain.messages import Inbound
from bot.domain.pace import pause
from bot.domain.policy import Thrift
from bot.errors import Permanent, Slowed, Temporary
from bot.ports import Clock, Envelope, Intake, Meter, Receipt

log = structlog.get_logger(__name__)
CATCHING_UP = timedelta(minutes=30)
"""How often what a webhook may have missed is asked for."""
LONGEST_BACKOFF = 300.0


@dataclass(frozen=True)
class XSettings:
    """`posts` are the SKUs that the shop's posts show; `webhook` says that X calls, None that it is asked."""

    keys: XKeys
    account: str
    api_base: str
    mentions_every: timedelta
    messages_every: timedelta
    posts: Mapping[str, tuple[str, ...]]
    zone: ZoneInfo
    webhook: str | None = None


class Window(Protocol):
    async def look(self) -> int: ...


class XChannel:
    name = SOURCE

    def __init__(
        self,
        settings: XSettings,
        meter: Meter,
        clock: Clock,
        wire: Callable[[XKeys, str, Clock], XWire] = XWire,
    ) -> None:
        self._settings, self._meter, self._clock = settings, meter, clock
        self._wire = wire(settings.keys, settings.api_base, clock)
        self._sender = Sender(self._wire, meter)
        self._account = Account(settings.keys.user_id, settings.account, settings.posts)
        self._intake: Intake | None = None
        self._ailing: dict[str, str] = {"start": "not started"}
        self._last_event: datetime | None = None
        self._heard = asyncio.Event()

    # -- coming and going

    async def start(self, intake: Intake) -> None:
        try:
            me = (await self._wire.call(lambda: response(self._wire.client.get_me()))).get("data") or {}
        except (Temporary, Permanent) as error:
            self._ailing["start"] = str(error)
            raise
        if str(me.get("username", "")).lower() != self._settings.account.lower():
            why = f"the keys belong to @{me.get('username')}, not to @{self._settings.account}"
            self._ailing["start"] = why
            raise Permanent(why)
        self._account = Account(str(me["id"]), str(me["username"]), self._settings.posts)
        await self._meter.charge([Cost(Charge.USER_READ, self._account.id)])
        self._intake, self._ailing = intake, {}
        log.info("x.started", account=self._account.name, webhook=bool(self._settings.webhook))

    async def examine(self) -> Sequence[tuple[str, str]]:
        return await examined(self._wire, self._settings.account, self._settings.webhook)

    async def register(self) -> Sequence[str]:
        if not self._settings.webhook:
            return ["mentions and messages are asked for (mode = polling): nothing to register"]
        return await registered(self._wire, self._settings.webhook)

    async def stop(self) -> None:
        self._wire.close()

    def healthy(self) -> str | None:
        if self._wire.out_of_credits:
            return "the account's X credits are used up"
        return self._wire.ails or next(iter(self._ailing.values()), None)

    # -- in

    async def listen(self) -> None:
        """Ask for mentions and messages until cancelled; with a webhook only for what it may have missed."""
        every = self._settings
        mentions = Mentions(self._wire, self._meter, self._account, self._take, self._clock)
        messages = Messages(self._wire, self._meter, self._account, self._take, self._clock)
        both = [
            asyncio.create_task(self._ask(mentions, every.mentions_every, "mentions")),
            asyncio.create_task(self._ask(messages, every.messages_every, "dm_reads")),
        ]
        try:
            await asyncio.gather(*both)
        finally:
            for asking in both:
                asking.cancel()

    async def _ask(self, window: Window, every: timedelta, limit: str) -> None:
        failures = 0
        while True:
            thrift = await self._meter.thrift()
            if thrift >= Thrift.OWED:
                await asyncio.sleep(min(until_tomorrow(self._clock()), 3600))
                continue
            try:
                if await window.look():
                    self._heard_of_somebody()
            except Permanent as error:
                failures += 1
                await self._rest(limit, str(error), _backoff(failures))
                continue
            except Temporary as error:
                failures += 1
                seconds = error.retry_after or _backoff(failures)
                await self._rest(limit, str(error), seconds, slowed=isinstance(error, Slowed))
                continue
            failures = 0
            self._ailing.pop(limit, None)
            await self._until_next(every, limit, thrift)

    async def _rest(self, limit: str, why: str, seconds: float, *, slowed: bool = False) -> None:
        if not slowed:
            self._ailing[limit] = why
        log.warning("x.look_failed", error=why, seconds=round(seconds, 1))
        await asyncio.sleep(seconds)

    async def _until_next(self, every: timedelta, limit: str, thrift: Thrift) -> None:
        """Wait for the next look; somebody's first word on the other side of X makes it come sooner."""
        if self._settings.webhook:
            await asyncio.sleep(CATCHING_UP.total_seconds())
            return
        began = self._clock()
        self._heard.clear()
        while (left := await self._left(began, every, limit, thrift)) > 0:
            try:
                async with asyncio.timeout(left):  # wait_for of Python 3.11 can swallow the shop's goodbye
                    await self._heard.wait()
            except TimeoutError:
                return
            self._heard.clear()

    async def _left(self, began: datetime, every: timedelta, limit: str, thrift: Thrift) -> float:
        now = self._clock()
        wait = pause(
            every,
            now=now,
            hour=now.astimezone(self._settings.zone).hour,
            last_event=self._last_event,
            quota=await self._meter.quota(limit),
            thrift=thrift,
        )
        due: datetime = began + wait
        return (due - now).total_seconds()

    def _heard_of_somebody(self) -> None:
        self._last_event = self._clock()
        self._heard.set()

    async def _take(self, events: Sequence[Inbound]) -> Sequence[Receipt]:
        if self._intake is None:
            raise Temporary("the channel is not started yet", retry_after=1)
        return await self._intake(events) if events else ()

    def answer(self, challenge: str) -> str:
        """The answer to X's challenge. Raises ValueError where it is none."""
        return doorbell.answer(challenge, self._settings.keys.consumer_secret)

    async def ring(self, body: bytes, signature: str | None) -> None:
        """Make what an event brings durable; returns only then.

        Raises Forged, ValueError where it is not an event, and Temporary where the store cannot write.
        """
        parsed = doorbell.verified(body, signature, self._settings.keys.consumer_secret)
        try:
            event = read_event(parsed, self._account)  # type: ignore[arg-type] # what is no object is refused there
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not an event") from error
        await self._take(event.said)
        charge = doorbell.PRICED.get(event.kind)
        if charge is not None and event.resource:
            await self._meter.charge([Cost(charge, event.resource, event.said[0].chat if event.said else "")])
        if event.kind == ENCRYPTED_EVENT:
            text = "somebody wrote an encrypted message, which cannot be read here: switch encrypted chats off at X"
            await self._meter.tell("encrypted_chat", text)
        if event.said:
            self._heard_of_somebody()

    # -- out

    async def ready(self, chat: str) -> None:
        """The gate knows X's limits and says how long a message has to wait."""

    def free(self, chat: str) -> bool:
        return False

    async def send(self, envelope: Envelope) -> str | None:
        if envelope.keyboard_only:  # nothing said on X can be taken back
            return envelope.replaces
        return await (self._sender.message(envelope) if envelope.answers is None else self._sender.reply(envelope))


def _backoff(failures: int) -> float:
    return min(float(1 << min(failures, 9)), LONGEST_BACKOFF)

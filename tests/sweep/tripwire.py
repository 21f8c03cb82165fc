"""A wire at the sandbox's doors: it counts what the shop asks and is asked, and kills it at one moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum

import aiohttp
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.outbound import Outbound
from bot.sandbox.wire import cut

APIS = ("/telegram/", "/stripe/", "/x/")


class Moment(StrEnum):
    """Where between the shop and its neighbours it is killed.

    Of a request of the shop's: `asked`, it has come and is never carried out; `carried`, it was carried out and its
    answer never leaves; `told`, its answer has just left. Of a webhook: `called`, it was sent and not answered;
    `heard`, it has just been answered; `unheard`, it was answered and the answer is lost, so that it comes again.
    """

    ASKED = "asked"
    CARRIED = "carried"
    TOLD = "told"
    CALLED = "called"
    HEARD = "heard"
    UNHEARD = "unheard"


class Tripwire:
    """An ASGI application around the sandbox's, and a way out in place of the sandbox's own.

    `arm` counts from 1; `kill` is called once, when moment and number come together.
    """

    def __init__(self, sandbox: ASGIApp, outbound: Outbound) -> None:
        self._sandbox = sandbox
        self._post = outbound.post
        outbound.post = self._called  # type: ignore[method-assign] # the sandbox has one way out, and this is it
        outbound._session = _watched(self._sent)
        self._moment: Moment | None = None
        self._number = 0
        self._kill: Callable[[], None] | None = None
        self.struck: str | None = None
        """What the shop was killed at, since the last `arm`."""
        self.seen: Counter[Moment] = Counter()
        self.paths: Counter[str] = Counter()
        """How often each method of an API was asked, since the last `arm`."""
        self.changed = asyncio.Event()

    def arm(self, moment: Moment | None = None, number: int = 0, kill: Callable[[], None] | None = None) -> None:
        """Count anew; without a moment only count."""
        self._moment, self._number, self._kill, self.struck = moment, number, kill, None
        self.seen.clear()
        self.paths.clear()

    def disarm(self) -> None:
        """Kill no more; what it was struck at stays known."""
        self._moment = None

    def _passes(self, moment: Moment) -> bool:
        """Note a moment; whether it is the one, and the shop was killed."""
        self.seen[moment] += 1
        if moment is not self._moment or self.seen[moment] != self._number or self._kill is None:
            return False
        self.struck = f"{moment} {self._number}"
        self._kill()
        return True

    # -- what the shop asks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(APIS):
            await self._sandbox(scope, receive, send)
            return
        self.paths[scope["path"].rpartition("/")[2]] += 1
        self.changed.set()
        if self._passes(Moment.ASKED):
            await cut(receive)
            return
        await self._sandbox(scope, receive, self._answering(receive, send))

    def _answering(self, receive: Receive, send: Send) -> Send:
        waiting: list[Message] = []

        async def answer(message: Message) -> None:
            waiting.append(message)
            if message.get("more_body") or message["type"] == "http.response.start":
                return
            if self._passes(Moment.CARRIED):
                await cut(receive)
                return
            for part in waiting:
                await send(part)
            self._passes(Moment.TOLD)

        return answer

    # -- what the shop is asked

    async def _called(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        status, answer = await self._post(url, body, headers)
        if self._passes(Moment.UNHEARD):
            raise ConnectionResetError("the answer is lost")
        self._passes(Moment.HEARD)
        return status, answer

    async def _sent(self) -> None:
        self._passes(Moment.CALLED)


def _watched(sent: Callable[[], object]) -> aiohttp.ClientSession:
    """The sandbox's way out, which tells when a request's body has left."""
    trace = aiohttp.TraceConfig()

    async def chunk(*_: object) -> None:
        found = sent()
        if asyncio.iscoroutine(found):
            await found

    trace.on_request_chunk_sent.append(chunk)
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=10), connector=aiohttp.TCPConnector(limit=0), trace_configs=[trace]
    )

"""The sandbox as one value, and the application that serves it on one port of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from functools import partial
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from bot.sandbox import control, hosted
from bot.sandbox.faults import Faults
from bot.sandbox.journal import Journal
from bot.sandbox.outbound import Outbound
from bot.sandbox.stripe import checkout
from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.api import StripeApi
from bot.sandbox.stripe.events import Endpoint, Events
from bot.sandbox.stripe.idempotency import Keys
from bot.sandbox.stripe.payments import charge_for
from bot.sandbox.telegram.api import TelegramApi, TelegramFiles
from bot.sandbox.telegram.side import FIRST_UPDATE, TelegramSide
from bot.sandbox.x.account import X_KEYS, XKeys
from bot.sandbox.x.api import XApi
from bot.sandbox.x.side import XSide
from bot.sandbox.x.state import HANDLE

LOOPBACK = "127.0.0.1"
JOURNAL_SIZE = 20_000
EXPIRY_EVERY = 0.25
"""Seconds between two looks for sessions whose time is up."""
GRACE = 1
"""Seconds that answers under way may take once the server stops."""

CONTROL_ENDPOINT = "we_1SandboxControl"
"""The webhook endpoint that the constructor and the control API set."""


class Sandbox:
    """Telegram, Stripe and X on this machine, in memory.

    `now` is the clock (seconds since 1970), `journal` how many requests are remembered (0: none), `limits` switches
    Telegram's rate limits (X's hold until its control lifts them), `seed` makes ids and shuffles repeat themselves.
    The shop's account at X has the keys `x_keys`, the handle `x_account` and the name `x_name`, else the shop's.
    `outbound` is how the sandbox calls others, by HTTP unless another way is given.
    Use it as an async context manager, or serve `app(sandbox)`, whose lifespan does so.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        shop: str = "Atelier Lumière",
        tokens: Collection[str] = (),
        stripe_webhook: str | None = None,
        stripe_secret: str = "whsec_sandbox",  # noqa: S107 - opens nothing
        journal: int = JOURNAL_SIZE,
        limits: bool = False,
        first_update: int = FIRST_UPDATE,
        seed: int | None = None,
        x_keys: XKeys = X_KEYS,
        x_account: str = HANDLE,
        x_name: str | None = None,
        outbound: Outbound | None = None,
    ) -> None:
        dice = random.Random(seed)  # noqa: S311 - ids of a sandbox guard nothing
        self.now = now
        self.faults = Faults()
        self.journal = Journal(journal, now)
        self.outbound = outbound or Outbound()
        self.telegram = TelegramSide(
            now=now,
            outbound=self.outbound,
            faults=self.faults,
            tokens=tokens,
            name=shop,
            first_update=first_update,
            limits=limits,
        )
        self.x = XSide(
            now=now,
            outbound=self.outbound,
            faults=self.faults,
            keys=x_keys,
            handle=x_account,
            name=x_name or shop,
            seed=seed,
        )
        events = Events(now=now, outbound=self.outbound, faults=self.faults, dice=dice)
        self.stripe = Account(now, events, dice, shop)
        self.telegram.invoices.charged = partial(charge_for, self.stripe)
        self.keys = Keys(now)
        if stripe_webhook is not None:
            self.aim_stripe(stripe_webhook, stripe_secret)

    def aim_stripe(self, url: str | None, secrets: str) -> None:
        """Send Stripe's events to `url`, signed with each of the comma-separated `secrets`; None stops it."""
        if url is None:
            self.stripe.events.endpoints.pop(CONTROL_ENDPOINT, None)
            return
        signing = tuple(secret.strip() for secret in secrets.split(",") if secret.strip())
        created = int(self.now())
        self.stripe.events.endpoints[CONTROL_ENDPOINT] = Endpoint(CONTROL_ENDPOINT, url, signing, created=created)

    def age(self, seconds: float) -> None:
        """Let time pass for what exists: open sessions, idempotency keys, pressed buttons. The clock stays.

        A clock that ran ahead of the shop's would refuse each new session for ending too soon.
        """
        for one in self.stripe.sessions.values():
            if one.wire["status"] == "open":
                one.wire["created"] -= int(seconds)
                one.wire["expires_at"] -= int(seconds)
        checkout.expire_due(self.stripe)
        self.keys.age(seconds)
        pressed = self.telegram.callbacks
        for callback, (chat, at) in pressed.items():
            pressed[callback] = (chat, at - seconds)

    def stop_waiting(self) -> None:
        """End every long poll, so that a server can stop at once."""
        self.telegram.stop()
        self.x.stop()
        self.faults.stop()

    async def __aenter__(self) -> Self:
        """Sessions expire by themselves from here on."""
        self.outbound.spawn(self._expire())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every delivery and wait."""
        self.stop_waiting()
        await self.outbound.close()

    async def _expire(self) -> None:
        while True:
            checkout.expire_due(self.stripe)
            await asyncio.sleep(EXPIRY_EVERY)


def app(sandbox: Sandbox) -> Starlette:
    """The sandbox over HTTP.

    The Bot API's base is `/telegram`, Stripe's `/stripe`, X's `/x`, payment pages are at `/pay/…`, what a person or a
    test does on the other side at `/sandbox/…`. Mounted in another application, the sandbox must be entered by its
    owner, for Starlette runs no lifespan of what is mounted.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with sandbox:
            yield

    methods = ["GET", "POST"]
    telegram = TelegramApi(sandbox.telegram, sandbox.faults, sandbox.journal)
    stripe = StripeApi(sandbox.stripe, sandbox.keys, sandbox.faults, sandbox.journal)
    x = XApi(sandbox.x, sandbox.faults, sandbox.journal)
    return Starlette(
        routes=[
            Route("/telegram/bot{token}/{method}", telegram, methods=methods),
            Route("/telegram/file/bot{token}/{path:path}", TelegramFiles(sandbox.telegram)),
            Route("/stripe/{path:path}", stripe, methods=[*methods, "DELETE"]),
            Route("/x/{path:path}", x, methods=[*methods, "PUT", "DELETE"]),
            *hosted.routes(sandbox.stripe),
            *control.routes(sandbox),
        ],
        lifespan=lifespan,
    )


class LoopbackServer(uvicorn.Server):
    """A uvicorn that leaves the process's signals alone and wakes the sandbox's long polls before it stops."""

    def __init__(self, sandbox: Sandbox, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._sandbox = sandbox
        self._leaving = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: the owner of the process decides."""
        yield

    async def ready(self, task: asyncio.Task[None]) -> None:
        """Wait until it listens, or has failed."""
        while not self.started and not task.done():  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.005)

    def leave(self) -> None:
        """Stop serving, now and not at the next tenth of a second."""
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        """What uvicorn does every tenth of a second, until it is told to leave."""
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864_000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), 0.1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop at once; uvicorn's own way sleeps a tenth of a second whatever there is to wait for."""
        self._sandbox.stop_waiting()
        for door in (*self.servers, *(sockets or ())):
            door.close()
        open_ones, answering = self.server_state.connections, self.server_state.tasks
        for connection in list(open_ones):
            connection.shutdown()
        end = time.monotonic() + GRACE
        while (open_ones or answering) and time.monotonic() < end:  # noqa: ASYNC110 - nothing tells when they are gone
            await asyncio.sleep(0.002)
        for task in answering:
            task.cancel()
        await self.lifespan.shutdown()


def settings(sandbox: Sandbox) -> uvicorn.Config:
    """How uvicorn serves it: quiet, fast, with connections kept open for clients that pool them."""
    return uvicorn.Config(
        app(sandbox),
        http="httptools",
        ws="none",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
    )


@contextlib.asynccontextmanager
async def serving(sandbox: Sandbox, port: int = 0) -> AsyncIterator[str]:
    """Serve on a port of this machine (0: a free one) within the running loop; yields `http://127.0.0.1:PORT`."""
    with socket.create_server((LOOPBACK, port), backlog=1024) as listening:
        # asyncio does so only for sockets that name TCP as their protocol; an answer in two parts waited 40 ms without
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = LoopbackServer(sandbox, settings(sandbox))
        task = asyncio.get_running_loop().create_task(server.serve(sockets=[listening]))
        try:
            await server.ready(task)
            yield f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        finally:
            server.leave()
            await task

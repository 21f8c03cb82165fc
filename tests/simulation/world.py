"""The shop and everybody outside it in one process and one virtual time; the shop may end at any moment.

Real on both sides above the wires: the composition `bot.app.opened`, the vendors' clients, SQLite on a file, the
sandbox's applications.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Coroutine, Mapping
from contextlib import closing
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from bot import parts
from bot.app import Running, Surroundings, opened
from bot.config import Settings
from bot.sandbox.outbound import Outbound
from bot.sandbox.server import Sandbox, app
from bot.sandbox.stripe import checkout
from bot.sandbox.x.calling import Subscription, Webhook
from bot.service.careful import MOST_LIVES
from bot.service.shop import ALPHABET
from bot.web.site import application
from tests.simulation.arrivals import watched
from tests.simulation.disk import Change, Disk
from tests.simulation.lines import Ended, Line, Reply, StripeLine, TelegramLine, asked
from tests.simulation.shop_file import ADDRESS, STRIPE_SECRET, Manner, settings_of
from tests.simulation.virtual_time import VirtualLoop
from tests.simulation.x_line import XLine

NEVER = 1_000_000
"""Lives that no seed has: every other one shows the shop as it is on good days, whatever befalls it."""
BEGIN = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROCESS: ContextVar[int] = ContextVar("process", default=0)
"""Which process of the shop something belongs to; 0 is the world outside."""
GRACE = 3.0
"""Seconds that a server leaves to the requests under way when it stops."""
LONGEST_STOP = 10.0
"""Seconds within which a shop that is asked to stop has stopped."""
ROW_OF_LANE = "SELECT id FROM outbox WHERE lane = ? AND state = 'sending' ORDER BY id LIMIT 1"


class Violation(AssertionError):
    """A guarantee did not hold."""


class _Calls(Outbound):
    """How the sandbox calls the shop: in the same process, while there is a shop."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        reply = await self._world.knock("POST", url, [(b"content-type", b"application/json"), *sent], body)
        return reply.status, reply.body

    async def get(self, url: str) -> tuple[int, bytes]:
        reply = await self._world.knock("GET", url, (), b"")
        return reply.status, reply.body


@dataclass
class Process:
    """One life of the shop, from its start to its end."""

    number: int
    settings: Settings
    line: Line
    disk: Disk
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: dict[asyncio.Task[Any], None] = field(default_factory=dict)
    running: Running | None = None
    site: Any = None
    main: asyncio.Task[None] | None = None
    answering: set[asyncio.Task[Reply]] = field(default_factory=set)
    """Requests under way."""

    async def hangs_up(self) -> None:
        """As its server does when it stops: requests are given a moment to end, and are cut."""
        if self.answering:
            await asyncio.wait(set(self.answering), timeout=GRACE)
        for request in set(self.answering):
            request.cancel()
        await asyncio.gather(*self.answering, return_exceptions=True)


class World:
    """One seed's world. `arrived` counts the copies of each outbox row outside, in the order of the first ones."""

    def __init__(
        self, seed: int, folder: Path, manner: Manner, *, limits: bool = False, goods: str | None = None
    ) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.loop, self.folder, self.manner = loop, folder, manner
        self.dice = random.Random(seed)
        self.careful = seed % 2 == 0
        self._names = random.Random(seed + 1)
        self.skew = 0.0
        self.settings = settings_of(folder, manner) if goods is None else settings_of(folder, manner, goods)
        self.sandbox = Sandbox(
            now=self.time,
            tokens=(),
            stripe_webhook=f"{ADDRESS}/stripe/webhook",
            stripe_secret=STRIPE_SECRET,
            journal=0,
            limits=limits,
            seed=seed,
            outbound=_Calls(self),
        )
        self.outside = app(self.sandbox).router
        self.home: Context = copy_context()
        self.process: Process | None = None
        self.processes = 0
        self._ended: list[Disk] = []
        self.creations: list[float] = []
        """When pages were asked for."""
        self.unanswered: set[str] = set()
        self.broken: list[str] = []
        self.up = {"telegram", "stripe", "x"}
        self._turn = 0
        loop.set_task_factory(self._born)  # type: ignore[arg-type] # typeshed does not know the keyword `context`
        loop.set_exception_handler(self._unheard)
        self.arrived, self.edited = watched(self.sandbox)
        if manner.x == "webhook":
            self._subscribed()

    # -- time

    def time(self) -> float:
        return BEGIN.timestamp() + self.loop.now

    def clock(self) -> datetime:
        """The shop's own clock, which may be wrong."""
        return BEGIN + timedelta(seconds=self.loop.now + self.skew)

    async def passes(self, seconds: float) -> None:
        """Everybody does what they do in so many seconds."""
        await asyncio.sleep(seconds)
        if self.sandbox.stripe.open:
            checkout.expire_due(self.sandbox.stripe)

    async def skips(self, seconds: float) -> None:
        """So much time passes at once, as on a machine that sleeps."""
        self.loop.jump(seconds)
        await self.passes(0.001)

    # -- the shop's lives

    async def starts(self) -> None:
        """Start the shop and wait until it serves. Raises what its start raised."""
        assert self.process is None
        self.processes += 1
        disk = Disk(self.folder / "shop.db", self.broken.append, self._turn)
        line = Line(self.outside, self.home, lambda lane: self._row(disk, lane), self.up, tell=self._asked)
        process = self.process = Process(self.processes, self.settings, line, disk)
        context = self.home.copy()
        context.run(PROCESS.set, process.number)
        ready = asyncio.Event()
        process.main = self.loop.create_task(self._lives(process, ready), context=context)
        waiting = self.loop.create_task(ready.wait())
        await asyncio.wait({process.main, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if process.main.done():
            self.process = None
            disk.close()
            await process.main

    async def _lives(self, process: Process, ready: asyncio.Event) -> None:
        here = Surroundings(
            clock=self.clock,
            steady=self.loop.time,
            store=lambda _settings: process.disk,
            channels={
                "telegram": partial(parts.telegram_of, request=partial(TelegramLine, process.line)),
                "x": partial(parts.x_of, wire=partial(XLine, process.line)),
            },
            provider=partial(parts.provider_of, http=lambda: StripeLine(process.line)),
            most_lives=MOST_LIVES if self.careful else NEVER,
            ref=lambda: "C-" + "".join(self._names.choices(ALPHABET, k=5)),
            token=lambda: f"{self._names.getrandbits(144):036x}",
        )
        try:
            async with opened(process.settings, here) as running:
                process.running, process.site = running, application(running.site)
                ready.set()
                await process.stop.wait()
                await running.wind_down()
                process.site = None
                await process.hangs_up()
        except Ended:
            pass
        finally:
            process.site = None

    async def crashes(self) -> None:
        """As a power cut would: nothing is said in parting, what was not committed is lost."""
        process = self.process
        assert process is not None
        self._turn = process.disk.writer.turn
        process.line.gone, self.process = True, None
        process.disk.die()
        self._ended.append(process.disk)
        for _ in range(50):
            left = [task for task in process.tasks if not task.done()]
            if not left:
                break
            for task in left:
                task.cancel()
            await asyncio.sleep(0)
        for task in process.tasks:  # what still waits for something of the world's will not hear of it any more
            task._log_destroy_pending = False  # type: ignore[attr-defined]

    async def stops(self) -> None:
        """As on SIGTERM: begun things are finished, within ten seconds. Raises Violation where they are not."""
        process = self.process
        assert process is not None
        assert process.main is not None
        process.stop.set()
        await asyncio.wait({process.main}, timeout=LONGEST_STOP)
        if not process.main.done():
            raise Violation(f"the shop has not stopped within {LONGEST_STOP:.0f} s")
        self._turn = process.disk.writer.turn
        self._ended.append(process.disk)
        self.process = None
        await process.main

    async def knock(self, method: str, url: str, headers: Any, body: bytes) -> Reply:
        """A request to the shop. Raises ConnectionError where nobody answers."""
        process = self.process
        if process is None or process.site is None:
            raise ConnectionRefusedError
        context = self.home.copy()
        context.run(PROCESS.set, process.number)
        answering = self.loop.create_task(asked(process.site, method, url, headers, body), context=context)
        process.answering.add(answering)
        answering.add_done_callback(process.answering.discard)
        try:
            return await asyncio.shield(answering)
        except (asyncio.CancelledError, Ended) as error:
            if answering.done():
                raise ConnectionResetError from error
            raise

    async def wishes(self, wish: str, **asked_for: str) -> int:
        """What the merchant's command asks of the running shop; -> the status."""
        assert self.process is not None
        assert self.process.running is not None
        token = self.process.running.site.hatch.token
        headers = ((b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json"))
        return (await self.knock("POST", f"{ADDRESS}/hatch/{wish}", headers, orjson.dumps(asked_for))).status

    # -- who watches

    def _asked(self, service: str, method: str, url: str) -> None:
        if service == "stripe" and method == "POST" and url.endswith("/v1/checkout/sessions"):
            self.creations.append(self.loop.now)

    def changes(self) -> list[Change]:
        """What the shop has written since the last call, in its order."""
        ended, self._ended = self._ended, []
        found = [change for disk in ended for change in disk.changes()]
        if self.process is not None:
            found += self.process.disk.changes()
        return found

    def look(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What the database says, whether the shop runs or not."""
        if self.process is not None:
            return self.process.disk.look(query, *values)
        with closing(sqlite3.connect(self.folder / "shop.db")) as reader:
            return reader.execute(query, values).fetchall()

    def _born(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, context=context)
        number = PROCESS.get() if context is None else context.get(PROCESS, 0)
        if number and self.process is not None and self.process.number == number:
            tasks = self.process.tasks
            tasks[task] = None
            task.add_done_callback(tasks.pop)
        return task

    def _unheard(self, _loop: asyncio.AbstractEventLoop, what: dict[str, Any]) -> None:
        error = what.get("exception")
        if not isinstance(error, Ended | asyncio.CancelledError):
            self.broken.append(f"{what.get('message')}: {error!r} {what.get('task') or what.get('future')}")

    @staticmethod
    def _row(disk: Disk, lane: str) -> int:
        found = [] if disk.gone else disk.look(ROW_OF_LANE, lane)
        return int(str(found[0][0])) if found else 0

    def _subscribed(self) -> None:
        """The merchant has run `webhooks register`."""
        calls, now = self.sandbox.x.callbacks, self.time()
        calls.webhooks[1] = Webhook(1, f"{ADDRESS}/x/webhook", now, now, valid=True)
        for number, kind in enumerate(("post.mention.create", "dm.received"), 1):
            calls.subscriptions[number] = Subscription(number, kind, self.sandbox.x.shop.id, now, now, webhook=1)

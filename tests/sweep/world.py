"""One shop of the sweeps with its sandbox: started and killed as often as wanted, spoken to, and read from outside.

Everything here runs in one event loop: the sandbox, the tripwire around it and the sweep itself; the shop is a
process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.sandbox import server
from bot.sandbox.server import Sandbox
from bot.sandbox.stripe import payments
from bot.sandbox.stripe.payments import Outcome, Payer
from bot.sandbox.telegram import shoppers
from bot.sandbox.x.calling import Subscription, Webhook
from tests.sweep.forking import Process, Start
from tests.sweep.outside import Said, telegram_thread, x_thread
from tests.sweep.shop import LISTENS, STRIPE_SECRET, Described, Mode
from tests.sweep.tripwire import Tripwire

PATIENCE = 60.0
SHORTEST_LOOK, LONGEST_LOOK = 0.004, 0.04
"""Seconds between two looks at the books: soon at first, then less often."""
LIMITS = (
    "GET /2/users/:id/mentions",
    "GET /2/dm_events",
    "POST /2/dm_conversations/with/:participant_id/messages",
    "POST /2/tweets",
)
STANDING = {
    "outbox": "SELECT id, chat, kind, state, attempts, ambiguous FROM v_outbox ORDER BY id DESC LIMIT 8",
    "inbox": "SELECT source, key, state, attempts FROM v_inbox WHERE state != 'done'",
    "orders": "SELECT ref, chat, status FROM v_orders ORDER BY created_at DESC LIMIT 3",
}
Starter = Callable[[Start], Awaitable[Process]]


class Stuck(Exception):
    """Something that must come about never did; the message says what."""


class Died(Exception):
    """The shop ended while something was waited for; `code` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the shop ended with {code}")
        self.code = code


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class World:
    """Use `opened`. `guard` names what every start of the shop calls first (see `Start`)."""

    def __init__(self, folder: Path, mode: Mode, *, starter: Starter, hold: str = "30m", guard: str | None = None):
        self.folder, self.mode, self.guard = folder, mode, guard
        self.port = free_port()
        self.sandbox = Sandbox(
            stripe_webhook=f"http://127.0.0.1:{self.port}/stripe/webhook", stripe_secret=STRIPE_SECRET, journal=0
        )
        self.shop: Process | None = None
        self.log = folder / "shop.log"
        self.chats: list[int] = []
        self.starts = 0
        self._starter, self._hold = starter, hold
        self._numbers = itertools.count(5001)
        self._logs_seen = 0
        self._reader: sqlite3.Connection | None = None
        self._keeps = False

    async def open(self, stack: contextlib.AsyncExitStack) -> None:
        config = server.settings(self.sandbox)
        self.wire = Tripwire(config.app, self.sandbox.outbound)  # type: ignore[arg-type] # an application, not its name
        config.app = self.wire
        address = await stack.enter_async_context(_served(self.sandbox, config))
        self.described = Described(self.mode, address, self.port, self._hold)
        (self.folder / "bot.toml").write_text(self.described.text, encoding="utf-8")
        self.log.touch()
        if self.mode.channel == "x":
            for endpoint in LIMITS:
                self.sandbox.x.change_limits(endpoint=endpoint, limit=1_000_000)
        if self.mode is Mode.X_WEBHOOK:
            self._subscribe()

    def _subscribe(self) -> None:
        """As `comptoir webhooks register` leaves it."""
        x, now = self.sandbox.x, time.time()
        hook = Webhook(x.ids.next(), f"http://127.0.0.1:{self.port}/x/webhook", now, proved=now, valid=True)
        x.callbacks.webhooks[hook.id] = hook
        for kind in ("post.mention.create", "post.reply.create", "dm.received"):
            made = Subscription(x.ids.next(), kind, x.shop.id, now, now, webhook=hook.id)
            x.callbacks.subscriptions[made.id] = made

    # -- the process

    def start_of(self, *arguments: str, held: bool = False) -> Start:
        return Start(
            ("-c", str(self.folder / "bot.toml"), *arguments), self.described.environment, self.log, held, self.guard
        )

    async def begin(self, *, held: bool = False, by: Starter | None = None) -> Process:
        """Start the shop and do not wait for it."""
        self.starts += 1
        self.wire.arm()
        self.shop = await (by or self._starter)(self.start_of("run", held=held))
        return self.shop

    async def start(self, *, by: Starter | None = None) -> None:
        """Start the shop and wait until it listens. Raises Died where it does not stay."""
        await self.begin(by=by)
        await self.until(self.listens, "the shop listens")

    async def command(self, *arguments: str) -> int:
        """Run another command on the same folder; -> its exit code."""
        return await (await self._starter(self.start_of(*arguments))).ended

    def listens(self) -> bool:
        return all(self.wire.paths[path] for path in LISTENS[self.mode])

    def kill(self) -> None:
        if self.shop is not None:
            self.shop.kill()

    async def down(self) -> None:
        """Kill the shop and wait for its end."""
        assert self.shop is not None
        self.kill()
        await self.shop.ended

    def logged(self) -> str:
        """What stands in the log since the last look."""
        with self.log.open("rb") as file:
            file.seek(self._logs_seen)
            found = file.read()
        self._logs_seen += len(found)
        return found.decode(errors="replace")

    def tail(self, size: int = 1500) -> str:
        """The end of the log."""
        return self.log.read_bytes()[-size:].decode(errors="replace")

    # -- waiting

    async def until(self, true: Callable[[], Any], what: str, *, seconds: float = PATIENCE) -> None:
        """Wait until something holds. Raises Stuck, and Died where the shop ends before."""
        end, pause = time.monotonic() + seconds, SHORTEST_LOOK
        with self._kept_open():
            while True:
                with contextlib.suppress(sqlite3.OperationalError):
                    if true():
                        return
                if self.shop is not None and not self.shop.alive:
                    raise Died(self.shop.ended.result())
                if time.monotonic() > end:
                    raise Stuck(f"never happened: {what}; {self.standing()}")
                await asyncio.sleep(pause)
                pause = min(1.3 * pause, LONGEST_LOOK)

    @contextlib.contextmanager
    def _kept_open(self) -> Iterator[None]:
        """Within, one connection reads the books; it is closed before a shop that has ended is started again."""
        self._keeps = True
        try:
            yield
        finally:
            self._keeps = False
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Read the books through a connection that cannot write."""
        reader = self._reader
        if reader is None:
            reader = sqlite3.connect(f"file:{self.folder / 'shop.db'}?mode=ro", uri=True, timeout=1)
            reader.row_factory = sqlite3.Row
        try:
            return reader.execute(query, values).fetchall()
        finally:
            if self._keeps:
                self._reader = reader
            else:
                reader.close()

    def quiet(self) -> bool:
        """Nothing is under way: no row, no event on its way to the shop."""
        if len(self.sandbox.outbound._tasks) > 1:  # one looks for sessions whose time is up
            return False
        return not self.rows(
            "SELECT 1 FROM v_outbox WHERE state IN ('queued', 'sending')"
            " UNION ALL SELECT 1 FROM v_inbox WHERE state = 'new' LIMIT 1"
        )

    def standing(self) -> str:
        """What is under way, and the end of the log, for somebody who must find out why."""
        rows = {}
        for name, query in STANDING.items():
            try:
                rows[name] = [tuple(row) for row in self.rows(query)]
            except sqlite3.Error as error:
                rows[name] = [(str(error),)]
        calls = len(self.sandbox.outbound._tasks) - 1
        return f"{rows}; {calls} calls under way; asked {dict(self.wire.paths)}; log: {self.tail()}"

    # -- the people outside

    def somebody(self) -> int:
        """A shopper whom the shop has never met."""
        self.chats.append(next(self._numbers))
        return self.chats[-1]

    def says(self, chat: int, text: str) -> None:
        if self.mode.channel == "telegram":
            shoppers.say(self.sandbox.telegram, chat, text)
        else:
            self.sandbox.x.dm(chat, text, name="Camille")

    def thread(self, chat: int) -> Sequence[Said]:
        """What one shopper and the shop have said to each other."""
        return (telegram_thread if self.mode.channel == "telegram" else x_thread)(self.sandbox, chat)

    def session(self, ref: str) -> str:
        """The id of an order's one payment page."""
        found = [one for one in self.sandbox.stripe.sessions.values() if one.wire["client_reference_id"] == ref]
        assert len(found) == 1, found
        return str(found[0].wire["id"])

    def pays(self, ref: str, outcome: Outcome = "succeed") -> None:
        payments.pay(self.sandbox.stripe, self.session(ref), outcome, Payer())

    def ref(self, chat: int) -> str:
        (row,) = self.rows("SELECT ref FROM v_orders WHERE chat = ?", str(chat))
        return str(row["ref"])

    def said(self, chat: int, kind: str) -> bool:
        """Whether the books say that a message of this kind has left for a chat."""
        return bool(self.rows("SELECT 1 FROM v_outbox WHERE chat = ? AND kind = ? AND state = 'sent'", str(chat), kind))

    def said_in_public(self, chat: int) -> bool:
        """Whether the books say that a post of a shopper's was answered."""
        query = "SELECT 1 FROM v_outbox v JOIN outbox USING (id) WHERE lane = ? AND v.state = 'sent'"
        return bool(self.rows(query, f"public:{chat}"))

    def order_is(self, chat: int, status: str, payment: str) -> bool:
        found = self.rows(
            "SELECT o.status, p.status FROM v_orders o JOIN v_payments p USING (ref) WHERE o.chat = ?", str(chat)
        )
        return [tuple(row) for row in found] == [(status, payment)]


@contextlib.asynccontextmanager
async def _served(sandbox: Sandbox, config: Any) -> AsyncIterator[str]:
    """As the sandbox serves itself, with another application around it."""
    with socket.create_server((server.LOOPBACK, 0), backlog=1024) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        serving = server.LoopbackServer(sandbox, config)
        task = asyncio.get_running_loop().create_task(serving.serve(sockets=[listening]))
        try:
            await serving.ready(task)
            yield f"http://{server.LOOPBACK}:{listening.getsockname()[1]}"
        finally:
            serving.leave()
            await task


@contextlib.asynccontextmanager
async def opened(
    folder: Path, mode: Mode, *, starter: Starter, hold: str = "30m", guard: str | None = None
) -> AsyncIterator[World]:
    """A world with an open sandbox and no shop yet; both are ended on leaving."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - a folder in memory or on a disk of this machine
    async with contextlib.AsyncExitStack() as stack:
        world = World(folder, mode, starter=starter, hold=hold, guard=guard)
        await world.open(stack)
        try:
            yield world
        finally:
            if world.shop is not None and world.shop.alive:
                await world.down()

"""The sandbox beside a test: a server of its own thread and loop, reached over HTTP like any other."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TypeVar

from bot.sandbox.server import Sandbox, serving

T = TypeVar("T")


class Neighbour:
    """Telegram, X and Stripe for one shop, on a port of this machine until closed."""

    def __init__(
        self, *, port: int = 0, webhook: str | None = None, secret: str = "", now: Callable[[], float] = time.time
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox", daemon=True)
        self._thread.start()
        self._stack = AsyncExitStack()
        opening = self._open(port, webhook, secret, now)
        self.address: str = asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)

    async def _open(self, port: int, webhook: str | None, secret: str, now: Callable[[], float]) -> str:
        self._sandbox = Sandbox(stripe_webhook=webhook, stripe_secret=secret, now=now)
        return await self._stack.enter_async_context(serving(self._sandbox, port))

    def within(self, work: Callable[[Sandbox], T]) -> T:
        """Do what would be a thousand calls over HTTP in one, in the sandbox's own loop."""

        async def done() -> T:
            return work(self._sandbox)

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(30)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stack.aclose(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

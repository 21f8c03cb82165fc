"""The one place where async code hands work to the store's thread and gets its result back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bot.ports import Books, Store

T = TypeVar("T")


class Crossing:
    """Results of one commit wake the event loop once, however many wait for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._landed: deque[tuple[asyncio.Future[Any], Any, Exception | None]] = deque()

    def __call__(self, work: Callable[[Books], T]) -> Awaitable[T]:
        """Awaits the COMMIT of `work`; raises what it raised, or Temporary where the store could not write."""
        future: asyncio.Future[T] = self._loop.create_future()

        def done(result: T | None, error: Exception | None) -> None:
            self._landed.append((future, result, error))
            if len(self._landed) == 1:
                self._loop.call_soon_threadsafe(self._resolve)

        self._store.submit(work, done)
        return future

    def _resolve(self) -> None:
        while self._landed:
            future, result, error = self._landed[0]
            if not future.done():
                future.set_exception(error) if error else future.set_result(result)
            self._landed.popleft()  # after its turn: an append meanwhile must not believe the deque was idle

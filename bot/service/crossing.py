"""The one place where async code hands work to the store's thread and gets its result back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bot.ports import Books, Receipt, Store

T = TypeVar("T")


def waking(
    write: Callable[[Callable[[Books], Receipt]], Awaitable[Receipt]], wake: Callable[[Receipt], None]
) -> Callable[[Callable[[Books], Receipt]], Awaitable[Receipt]]:
    """A writer that wakes the deliverer for what a commit has claimed, whether or not its caller still waits for it.

    A caller that is cancelled, or that gives up a batch at its first failure, leaves no claimed row behind.
    """

    def landed(future: asyncio.Future[Receipt]) -> None:
        if not future.cancelled() and future.exception() is None:
            wake(future.result())

    def submit(work: Callable[[Books], Receipt]) -> Awaitable[Receipt]:
        future = asyncio.ensure_future(write(work))
        future.add_done_callback(landed)
        return asyncio.shield(future)

    return submit


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

"""A count of changes that others can wait for: what makes a page's look at posts and threads a long poll."""

from __future__ import annotations

import asyncio


class Revision:
    """Rises with every change and wakes those who wait for one."""

    def __init__(self) -> None:
        self.number = 0
        self._waiting: list[asyncio.Future[None]] = []

    def changed(self) -> None:
        """Count a change."""
        self.number += 1
        self.wake()

    def wake(self) -> None:
        """End every wait, changed or not."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def later_than(self, revision: int, seconds: float) -> None:
        """Wait until the number is higher, or the seconds are over."""
        if self.number > revision or seconds <= 0:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            self._waiting.remove(future)

"""An event loop whose time is nobody's: where nothing is left to do it is the next timer's moment at once.

No sockets, no threads: what asks for a thread is done on the spot, so that a seed always gives the same run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


A_TURN = 1e-6
"""Seconds that a turn of the loop takes: a timer that is set for this very moment again and again comes to an end."""


class Stuck(Exception):
    """Nothing is ready and no timer is set: whoever waits would wait for ever."""


class _Jump:
    """Stands where asyncio expects a selector: its wait is a jump of the clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> Sequence[object]:
        if timeout is None:
            raise Stuck
        self._loop.now += max(timeout, A_TURN)
        return ()


class VirtualLoop(asyncio.BaseEventLoop):
    """`now` is in seconds and begins at 0. `wait`s cost no real time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._selector = _Jump(self)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self.now

    def jump(self, seconds: float) -> None:
        """Time passes while nobody can do anything, as on a machine that is suspended: what was due is late."""
        self.now += seconds

    def run_in_executor(self, executor: object, func: Callable[..., T], *args: object) -> asyncio.Future[T]:
        """Done at once, on the spot."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            done.set_exception(error)
        return done

    def _process_events(self, event_list: Sequence[object]) -> None:
        """There are none: nothing is connected."""

    def _write_to_self(self) -> None:
        """Nobody calls from another thread, so that nobody needs waking."""

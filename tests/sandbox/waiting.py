"""Waiting for what happens beside the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(happened: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until it is true. Fails after the seconds."""
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110 - what happens is no event of ours
            await asyncio.sleep(0.01)

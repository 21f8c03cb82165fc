"""What the sandbox sends by itself: webhooks, from tasks that end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import aiohttp

PATIENCE = 10.0
"""Seconds that a webhook may take to answer; Stripe and Telegram are of that order."""

LARGEST_ANSWER = 64 * 1024
"""Bytes that are read of what was asked for."""

BACKOFF = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try; the last one goes on. The real ones wait minutes and hours."""


def pause(attempt: int) -> float:
    """Seconds to wait after the failed attempt of that number, from 0."""
    return BACKOFF[min(attempt, len(BACKOFF) - 1)]


class Outbound:
    """One HTTP client and the tasks that use it; both are made when first needed and ended by `close`."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it beside everything else."""
        if self._closed:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """POST JSON; status and body of the answer. Raises OSError, aiohttp.ClientError or TimeoutError."""
        sent = {"Content-Type": "application/json", **headers}
        async with self._client().post(url, data=body, headers=sent, allow_redirects=False) as answer:
            return answer.status, await answer.read()

    async def get(self, url: str) -> tuple[int, bytes]:
        """GET; status and body of the answer, a redirection as it stands. Raises as `post` does."""
        async with self._client().get(url, allow_redirects=False) as answer:
            return answer.status, await answer.content.read(LARGEST_ANSWER)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=PATIENCE), connector=aiohttp.TCPConnector(limit=0)
            )
        return self._session

    async def close(self) -> None:
        """End every task and the client."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

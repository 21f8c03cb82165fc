"""tweepy's wire, cut out: its calls cannot wait, so that what takes time is asked for twice, once it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar, cast

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from bot.channels.x import XKeys, XWire
from bot.channels.x.wire import PATIENCE, READ_SECONDS
from bot.ports import Clock
from tests.simulation.lines import Ended, Line, Reply, unheard

T = TypeVar("T")


class _Waits(BaseException):
    """tweepy cannot wait: whoever called it does, and calls it again once the answer is there."""

    def __init__(self, answer: asyncio.Task[Reply]) -> None:
        super().__init__()
        self.answer = answer


class _Adapter(BaseAdapter):
    """requests' way to the sandbox."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self.ready: Reply | None = None

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        answer, self.ready = self.ready, None
        if answer is None:
            headers = [(_bytes(name).lower(), _bytes(value)) for name, value in request.headers.items()]
            try:
                body = _bytes(cast("str | bytes", request.body or b""))
                begun = self._line.begin("x", str(request.method), str(request.url), headers, body)
            except ConnectionRefusedError as error:
                raise requests.ConnectionError("NewConnectionError: refused") from error
            except ConnectionError as error:
                raise requests.ConnectionError("Connection aborted.") from error
            if isinstance(begun, asyncio.Task):
                raise _Waits(begun)
            answer = begun
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status, str(request.url), request
        response.headers = CaseInsensitiveDict({name.decode(): value.decode() for name, value in answer.headers})
        response._content, response.encoding = answer.body, "utf-8"
        return response

    def close(self) -> None:
        """Nothing is connected."""


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


class XLine(XWire):
    """tweepy's way to the sandbox, in the loop's own thread."""

    def __init__(self, line: Line, keys: XKeys, base: str, clock: Clock) -> None:
        super().__init__(keys, base, clock)
        self._adapter = _Adapter(line)
        self._line = line
        self.client.session.mount("http://", self._adapter)

    async def _in_thread(self, act: Callable[[], T]) -> T:
        async with self._turns, asyncio.timeout(PATIENCE):
            try:
                return act()
            except _Waits as waits:
                pending = waits.answer
            try:
                async with asyncio.timeout(READ_SECONDS):
                    answer = await asyncio.shield(unheard(pending))
            except TimeoutError as error:
                raise requests.ReadTimeout("read timed out") from error
            except ConnectionError as error:
                raise requests.ConnectionError("Connection aborted.") from error
            if self._line.gone:
                raise Ended
            self._adapter.ready = answer
            return act()

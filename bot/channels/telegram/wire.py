"""The HTTP side of python-telegram-bot on aiohttp.

Its own httpx transport slows down as requests run side by side; and only here can be told what certainly was not
sent (no connection) from what may have arrived (no answer).
"""

from __future__ import annotations

import json
import os
from typing import Any

import aiohttp
import orjson
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECT = 5.0
READ = 15.0
CONNECTIONS = 128


class NotSent(NetworkError):
    """No connection was made: the other side has seen nothing."""


class AiohttpRequest(BaseRequest):
    """`read_seconds` is how long an answer may take once the request is out; a long poll needs its own."""

    def __init__(self, *, connections: int = CONNECTIONS, read_seconds: float = READ) -> None:
        os.environ.setdefault("PTB_TIMEDELTA", "1")  # else the library warns at every RetryAfter it makes itself
        self._connections, self._read = connections, read_seconds
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._read

    async def initialize(self) -> None:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=60)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise NotSent("the channel is not started")
        read = read_timeout if isinstance(read_timeout, int | float) else self._read
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=read)
        try:
            async with self._session.request(method, url, data=_body(request_data), timeout=timeout) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError) as error:
            if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
                raise NotSent("no connection to Telegram") from error
            raise TimedOut("no answer from Telegram") from error
        except TimeoutError as error:
            raise TimedOut("no answer from Telegram") from error
        except aiohttp.ClientError as error:
            raise NetworkError(f"the connection broke: {type(error).__name__}") from error

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Raises TelegramError where a proxy's page came instead of Telegram's JSON; what it said is not logged."""
        try:
            parsed = loads(payload)
        except ValueError as error:
            raise NetworkError("the answer is not JSON") from error
        if not isinstance(parsed, dict):
            raise NetworkError("the answer is no object")
        return parsed


def loads(payload: bytes) -> Any:
    """JSON, with lone surrogates where the strict parser refuses the whole; they are taken out at the door (F115)."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return json.loads(payload.decode("utf-8", "replace"))


def _body(data: RequestData | None) -> Any:
    if data is None:
        return None
    if not data.contains_files:
        return data.json_parameters
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, file in data.multipart_data.items():
        filename, content, mime = file
        form.add_field(name, content, filename=filename, content_type=mime)
    return form

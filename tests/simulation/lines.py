"""The wires of a shop, cut out: the vendors' real clients call the sandbox's applications in the same process.

What a wire can do to a request is all here: no connection, a broken one, no answer in time. The rest is the sandbox's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from urllib.parse import unquote, urlencode, urlsplit

import stripe
from starlette.types import ASGIApp, Message
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.channels.telegram.wire import READ, AiohttpRequest, NotSent

T = TypeVar("T")
Headers = Sequence[tuple[bytes, bytes]]
ROW: ContextVar[int] = ContextVar("row", default=0)
"""The outbox row for whose sake the world is asked."""
FORM = "application/x-www-form-urlencoded"


class Ended(BaseException):
    """The process that does this is no more: nothing of it may have an effect, not even what it says in parting."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. A connection that was cut has none: it raises ConnectionResetError."""

    status: int
    headers: Headers
    body: bytes


class _Exchange:
    """One request's way into an ASGI application and its answer's way out."""

    __slots__ = ("body", "headers", "parts", "status")

    def __init__(self, body: bytes) -> None:
        self.body: bytes | None = body
        self.status = 0
        self.headers: Headers = ()
        self.parts: list[bytes] = []

    async def receive(self) -> Message:
        if self.body is None:
            return {"type": "http.disconnect"}
        body, self.body = self.body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message["headers"]
        else:
            self.parts.append(message.get("body", b""))


async def asked(app: ASGIApp, method: str, url: str, headers: Headers, body: bytes = b"") -> Reply:
    """One request to an application, without a socket. Raises ConnectionResetError where the other side cuts it."""
    parts = urlsplit(url)
    exchange = _Exchange(body)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(b"host", parts.netloc.encode()), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", parts.port),
    }
    await app(scope, exchange.receive, exchange.send)
    return Reply(exchange.status, exchange.headers, b"".join(exchange.parts))


class _Rest:
    """A coroutine that was begun elsewhere and waits: whoever awaits this goes on with it."""

    def __init__(self, begun: Coroutine[Any, Any, T], waits_for: object) -> None:
        self._begun, self._waits_for = begun, waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        waits_for = self._waits_for
        try:
            while True:
                try:
                    told = yield waits_for
                except BaseException as error:  # noqa: BLE001 - a cancellation too is handed on
                    waits_for = self._begun.throw(error)
                else:
                    waits_for = self._begun.send(told)
        except StopIteration as end:
            return end.value


async def _finished(rest: _Rest) -> Any:
    return await rest


@dataclass
class Line:
    """What one process of the shop has of the outside. Its calls live in the world's own context, not in the shop's.

    `up` is whether connections are made; `gone` says that the process has ended. `row` names the outbox row that a
    lane's worker has in hand, from the name of its task. `tell` is told each request.
    """

    world: ASGIApp
    home: Context
    row: Callable[[str], int] = lambda _lane: 0
    up: set[str] = field(default_factory=lambda: {"telegram", "stripe", "x"})
    gone: bool = False
    tell: Callable[[str, str, str], None] = lambda _service, _method, _url: None

    def begin(self, service: str, method: str, url: str, headers: Headers, body: bytes) -> Reply | asyncio.Task[Reply]:
        """Make a request; -> its answer where it comes at once. Raises ConnectionRefusedError, ConnectionResetError.

        What has to wait goes on in a task of the world's: a shop that ends meanwhile does not take it back.
        """
        if self.gone:
            raise Ended
        if service not in self.up:
            raise ConnectionRefusedError(service)
        self.tell(service, method, url)
        context = self.home.copy()
        context.run(ROW.set, self._row())
        call = asked(self.world, method, url, headers, body)
        try:
            waits_for = context.run(call.send, None)
        except StopIteration as end:
            return cast("Reply", end.value)
        return asyncio.get_running_loop().create_task(_finished(_Rest(call, waits_for)), context=context)

    async def call(self, service: str, method: str, url: str, headers: Headers, body: bytes, seconds: float) -> Reply:
        """The answer. Raises TimeoutError after so many seconds, and as `begin` does."""
        begun = self.begin(service, method, url, headers, body)
        if isinstance(begun, asyncio.Task):
            async with asyncio.timeout(seconds):
                begun = await asyncio.shield(unheard(begun))
        if self.gone:
            raise Ended
        return begun

    def _row(self) -> int:
        task = asyncio.current_task()
        name = task.get_name() if task is not None else ""
        return self.row(name[5:]) if name.startswith("lane ") else 0


def unheard(task: asyncio.Task[T]) -> asyncio.Task[T]:
    """A task whose failure may stay unheard: who asked may have gone."""
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


class TelegramLine(BaseRequest):
    """python-telegram-bot's way to the sandbox."""

    def __init__(self, line: Line, *, connections: int = 0, read_seconds: float = READ) -> None:
        self._line, self._read, self._connections = line, read_seconds, connections

    @property
    def read_timeout(self) -> float:
        return self._read

    async def initialize(self) -> None:
        """Nothing is connected."""

    async def shutdown(self) -> None:
        """Nothing is connected."""

    parse_json_payload = staticmethod(AiohttpRequest.parse_json_payload)

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        seconds = read_timeout if isinstance(read_timeout, int | float) else self._read
        body = b"" if request_data is None else urlencode(request_data.json_parameters).encode()
        try:
            answer = await self._line.call("telegram", method, url, _OF_A_FORM, body, seconds)
        except ConnectionRefusedError as error:
            raise NotSent("no connection to Telegram") from error
        except TimeoutError as error:
            raise TimedOut("no answer from Telegram") from error
        except ConnectionError as error:
            raise NetworkError("the connection broke: ServerDisconnectedError") from error
        return answer.status, answer.body


_OF_A_FORM = ((b"content-type", FORM.encode()),)


class StripeLine(stripe.HTTPClient):
    """stripe's way to the sandbox."""

    name = "simulated"

    def __init__(self, line: Line, seconds: float = 15.0) -> None:
        super().__init__()
        self._line, self._seconds = line, seconds

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        body = post_data.encode() if isinstance(post_data, str) else post_data or b""
        try:
            answer = await self._line.call("stripe", method.upper(), url, sent, body, self._seconds)
        except (OSError, TimeoutError) as error:
            broken = stripe.APIConnectionError(f"no answer: {type(error).__name__}", should_retry=True)  # type: ignore[no-untyped-call]
            raise broken from error
        told = {name.decode().lower(): value.decode() for name, value in answer.headers}
        return answer.body, answer.status, told

    def sleep_async(self, secs: float) -> Any:
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        """Nothing is connected."""

"""A server on loopback that says what a test tells it to, in that order, and remembers what it was asked.

It stands where X does, so that the real client is tested with answers that no well-meaning server gives.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit

Answer: TypeAlias = "tuple[int, Mapping[str, str], bytes] | Literal['hang', 'cut', 'half', 'drip']"
"""(status, headers, body); or say nothing at all, break off, break off within the body, or a byte now and then."""

JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json"
UNSCRIPTED = 599
BETWEEN_DRIPS = 0.05
"""Seconds between two bytes: less than any time-out for reading."""


def said(body: object, status: int = 200, **headers: object) -> Answer:
    """An answer in JSON; headers by keyword, "_" for "-"."""
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return status, {"content-type": JSON, **named}, json.dumps(body).encode()


def page(data: Sequence[object], *, token: str | None = None, newest: str | None = None) -> Answer:
    """One page of a list, as X gives it: without `data` where there is nothing."""
    meta = {"result_count": len(data), "next_token": token, "newest_id": newest}
    return said({**({"data": data} if data else {}), "meta": {name: it for name, it in meta.items() if it is not None}})


def problem(
    status: int, detail: str, *, title: str = "Forbidden", messages: Sequence[str] = (), kind: str = ""
) -> Answer:
    """A refusal as X words it: a problem object, with what is wrong in `errors` where a parameter is."""
    named = f"https://api.twitter.com/2/problems/{kind}" if kind else "about:blank"
    body: dict[str, Any] = {"title": title, "detail": detail, "type": named, "status": status}
    if messages:
        body["errors"] = [{"message": it, "parameters": {}} for it in messages]
    return status, {"content-type": PROBLEM}, json.dumps(body).encode()


def html(status: int) -> Answer:
    """A page of somebody in between."""
    return status, {"content-type": "text/html"}, b"<html><body><h1>Access denied</h1></body></html>"


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass
class Scripted:
    """`answers` are given one after another; what is asked beyond them is answered with 599."""

    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    address: str = ""
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    def says(self, *answers: Answer) -> None:
        self.answers.extend(answers)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                self.asked.append(await _request(reader))
                answer = self.answers.pop(0) if self.answers else said({"title": "not scripted"}, UNSCRIPTED)
                await _given(answer, writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def end(self) -> None:
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rows = head.strip().split("\r\n")
    method, target, _ = line.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
    return Asked(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))


async def _given(answer: Answer, writer: asyncio.StreamWriter) -> None:
    match answer:
        case "hang":
            await asyncio.Event().wait()
        case "cut":
            writer.transport.abort()
        case "half":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n" + b'{"da')
            await writer.drain()
        case "drip":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(BETWEEN_DRIPS)
        case (status, headers, body):
            rows = {"content-length": str(len(body)), "connection": "close", **headers}
            head = "".join(f"{name}: {value}\r\n" for name, value in rows.items())
            writer.write(f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode("latin-1") + body)
            await writer.drain()


@asynccontextmanager
async def scripted(*answers: Answer) -> AsyncIterator[Scripted]:
    """The server on a free port of loopback until leaving."""
    script = Scripted(list(answers))
    server = await asyncio.start_server(script._meet, "127.0.0.1", 0)
    script.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield script
    finally:
        server.close()
        await script.end()
        await server.wait_closed()

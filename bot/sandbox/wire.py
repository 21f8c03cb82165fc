"""What every door of the sandbox shares on the wire: a body read with a bound, an answer, a connection cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.types import Receive, Send

Json = dict[str, Any]
"""An object as it stands in JSON; the sandbox keeps the vendors' own objects in their own shape."""

JSON_TYPE = (b"content-type", b"application/json")
HTML_TYPE = (b"content-type", b"text/html; charset=utf-8")
LARGEST_BODY = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer that is not yet sent, so that a fault can still take its place."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON_TYPE,)


class BodyTooLarge(Exception):
    """The request is larger than `LARGEST_BODY` bytes."""


def in_json(status: int, value: object, *headers: tuple[bytes, bytes]) -> Answer:
    """`value` as JSON; further `headers` follow the content type."""
    return Answer(status, orjson.dumps(value), (JSON_TYPE, *headers))


async def read(receive: Receive, *, limit: int = LARGEST_BODY) -> bytes:
    """The whole body of a request. Raises BodyTooLarge beyond `limit` bytes."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body") and len(body) <= limit:
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            break
    if size > limit:
        raise BodyTooLarge
    return b"".join(parts)


async def give(send: Send, answer: Answer) -> None:
    """Send the answer with its length."""
    headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def cut(receive: Receive) -> None:
    """Abort the TCP connection without a byte of answer.

    An ASGI application has no word for it: one that returns without an answer makes uvicorn send a 500. uvicorn's
    `receive` belongs to the object that holds the transport. Raises ConnectionResetError where another server, or a
    client in the same process, has none.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the sandbox cut the connection")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def on_this_machine(url: str) -> bool:
    """Whether an address is one of this machine: the sandbox speaks to no other."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and (host in ("localhost", "::1") or host.startswith("127."))

"""What went over a process's sockets, read back from its reads and writes: requests and answers, with their places."""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.power.trace import Call

SENT = frozenset({"write", "writev", "sendto", "sendmsg"})
RECEIVED = frozenset({"read", "readv", "recvfrom", "recvmsg"})


@dataclass(frozen=True, slots=True)
class Message:
    """One HTTP message. `begin` is the place at which its first byte may have left, `end` where its last one came."""

    start: str
    headers: Mapping[str, str]
    body: bytes
    begin: int
    end: int

    @property
    def path(self) -> str:
        return urlsplit(self.start.split(" ")[1]).path

    @property
    def query(self) -> Mapping[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.start.split(" ")[1]).query).items()}

    @property
    def status(self) -> int:
        return int(self.start.split(" ")[1])

    def json(self) -> Any:
        return json.loads(self.body or b"null")

    def form(self) -> Mapping[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, None where it never came. `asked` is True where the traced process asked."""

    asked: bool
    request: Message
    answer: Message | None


@dataclass
class _Stream:
    """The bytes of one direction of one socket, and where in the trace each piece went."""

    data: bytearray = field(default_factory=bytearray)
    pieces: list[tuple[int, int, int]] = field(default_factory=list)

    def add(self, call: Call) -> None:
        self.data += call.data
        self.pieces.append((len(self.data), call.begin, call.end))

    def messages(self) -> Iterator[Message]:
        at = 0
        while (head_end := self.data.find(b"\r\n\r\n", at)) >= 0:
            start, *lines = bytes(self.data[at:head_end]).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body, after = self._body(headers, head_end + 4)
            if body is None:
                return
            yield Message(start, headers, body, self._piece(at)[1], self._piece(after - 1)[2])
            at = after

    def _body(self, headers: Mapping[str, str], at: int) -> tuple[bytes | None, int]:
        if "chunked" in headers.get("transfer-encoding", ""):
            return self._chunks(at)
        length = int(headers.get("content-length", "0"))
        whole = len(self.data) >= at + length
        return (bytes(self.data[at : at + length]) if whole else None), at + length

    def _chunks(self, at: int) -> tuple[bytes | None, int]:
        body = b""
        while (end := self.data.find(b"\r\n", at)) >= 0:
            size = int(self.data[at:end].split(b";")[0], 16)
            body += self.data[end + 2 : end + 2 + size]
            at = end + 2 + size + 2
            if size == 0:
                return body, at
        return None, at

    def _piece(self, byte: int) -> tuple[int, int, int]:
        return self.pieces[bisect.bisect_right(self.pieces, byte, key=lambda piece: piece[0])]


def exchanges(calls: Iterable[Call]) -> list[Exchange]:
    """Every HTTP exchange of the traced process, in the order in which the requests went."""
    streams: dict[str, tuple[_Stream, _Stream]] = {}
    for call in sorted(calls, key=lambda call: call.begin):
        if call.subject.startswith("socket:[") and call.name in SENT | RECEIVED and call.data:
            out, into = streams.setdefault(call.subject, (_Stream(), _Stream()))
            (out if call.name in SENT else into).add(call)
    found: list[Exchange] = []
    for out, into in streams.values():
        asked = not (out.data or into.data).startswith(b"HTTP/") if out.data else False
        requests, answers = (out, into) if asked else (into, out)
        told = list(answers.messages())
        for place, request in enumerate(requests.messages()):
            found.append(Exchange(asked, request, told[place] if place < len(told) else None))
    return sorted(found, key=lambda exchange: exchange.request.begin)

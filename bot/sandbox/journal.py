"""What the sandbox was asked, so that tests can hold every request to the vendor's published description."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `params` are as sent (form values are strings), `status` is the HTTP status answered (0: cut)."""

    number: int
    at: float
    service: str
    method: str
    params: Mapping[str, Any]
    status: int
    key: str | None = None

    def wire(self) -> Json:
        """As `GET /sandbox/requests` shows it."""
        return {
            "number": self.number,
            "at": self.at,
            "service": self.service,
            "method": self.method,
            "params": dict(self.params),
            "status": self.status,
            "idempotency_key": self.key,
        }


class Journal:
    """The newest `size` requests; a size of 0 switches it off, which a load test wants."""

    def __init__(self, size: int, now: Callable[[], float]) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self._now = now
        self._number = 0
        self.on = size > 0

    def note(
        self, service: str, method: str, params: Mapping[str, Any], status: int, *, key: str | None = None
    ) -> None:
        """Write one request down; `key` is its idempotency key."""
        if self.on:
            self._number += 1
            self._entries.append(Entry(self._number, self._now(), service, method, params, status, key))

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def of(self, service: str | None = None, method: str | None = None) -> list[Entry]:
        """The entries of one service and one method, oldest first."""
        return [entry for entry in self if service in (None, entry.service) and method in (None, entry.method)]

    def clear(self) -> None:
        """Forget all of it; the numbers go on."""
        self._entries.clear()

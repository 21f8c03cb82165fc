"""Whose turn it is with the writer: works in the order in which they came, those that cannot wait before all others."""

from __future__ import annotations

import queue
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Any thread puts, one thread gets."""

    def __init__(self) -> None:
        self._tickets: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._first: deque[T] = deque()
        self._others: deque[T] = deque()

    def put(self, item: T, *, urgent: bool = False) -> None:
        (self._first if urgent else self._others).append(item)
        self._tickets.put(None)  # after its item: whoever holds a ticket finds one

    def get(self) -> T:
        """Waits for an item."""
        self._tickets.get()
        return (self._first or self._others).popleft()

    def qsize(self) -> int:
        return self._tickets.qsize()

    def empty(self) -> bool:
        return self._tickets.empty()

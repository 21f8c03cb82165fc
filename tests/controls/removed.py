"""Builds of the shop with one guard taken away, each by a function that a process calls before it starts.

What proves a guarantee must fail on the build that lacks what makes it.
"""

from __future__ import annotations

import functools
import re
import sqlite3
from collections import Counter
from datetime import datetime
from typing import Any

from bot.domain.orders import CancelReason
from bot.domain.stock import Stock
from bot.errors import Permanent, Temporary
from bot.ports import Books, Clock, Receipt, Task
from bot.service import sweep
from bot.service.deliver import Deliverer
from bot.service.desk import Desk, cancel
from bot.service.shop import Shop
from storage.inbox import SqlInbox
from storage.shelf import SqlShelf


def no_inbox_key() -> None:
    """Every delivery of an event is taken for a new one."""
    accept = SqlInbox.accept

    def accepted(self: SqlInbox, source: str, key: str, now: datetime) -> bool:
        return accept(self, source, key, now) or True

    SqlInbox.accept = accepted  # type: ignore[method-assign]


def mark_before_send() -> None:
    """A message counts as sent before it leaves."""
    tried = Deliverer._tried

    async def marked_first(self: Deliverer, task: Task) -> Task | None:
        if not task.effect_is_spoken:
            return await tried(self, task)
        await self._noted(lambda books: books.outbox.sent(task, None, self._clock()))
        self._again.add(task.lane)
        try:
            await self._perform(task)
        except (Temporary, Permanent):
            return None
        return None

    Deliverer._tried = marked_first  # type: ignore[method-assign]


def release_without_asking() -> None:
    """A hold ends by the clock alone; whether its page can still be paid is not asked."""

    def close(shop: Shop, books: Books, clock: Clock) -> Receipt:
        desk = Desk(shop, books, clock())
        for ref in books.orders.overdue(clock(), sweep.AT_ONCE):
            order = books.orders.get(ref)
            if order is not None:
                cancel(desk, order, CancelReason.EXPIRED)
        return desk.receipt

    sweep.close_overdue = close


def check_then_act_stock() -> None:
    """What is free is looked up, and some time later taken without another look."""
    look = SqlShelf.get
    seen: dict[str, Stock] = {}
    looks: Counter[str] = Counter()

    def get(self: SqlShelf, sku: str) -> Stock:
        if looks[sku] % 6 == 0 or sku not in seen:
            seen[sku] = look(self, sku)
        looks[sku] += 1
        return seen[sku]

    def hold(self: SqlShelf, sku: str, quantity: int) -> bool:
        return self._changed("UPDATE stock SET held = held + :n WHERE sku = :sku", sku, quantity)

    SqlShelf.get = get  # type: ignore[method-assign]
    SqlShelf.hold = hold  # type: ignore[method-assign]


def deferred_begin() -> None:
    """A transaction begins by reading and asks for the right to write when it needs it."""
    _connections_that_say(re.compile(r"\s*BEGIN IMMEDIATE", re.IGNORECASE), "BEGIN")


def normal_sync() -> None:
    """What is committed is on its way to the disk, not there."""
    _connections_that_say(re.compile(r"\s*PRAGMA\s+synchronous\s*=", re.IGNORECASE), "PRAGMA synchronous=NORMAL")


def _connections_that_say(meant: re.Pattern[str], instead: str) -> None:
    class Connection(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            return super().execute(instead if meant.match(sql) else sql, parameters)

    sqlite3.connect = functools.partial(sqlite3.connect, factory=Connection)  # type: ignore[assignment]

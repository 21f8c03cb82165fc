"""Orders, their lines, their holds and their history."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from bot.domain.orders import CancelReason, Line, Order, OrderStatus, may_become
from storage.rows import ORDER_COLUMNS, moment, order, stamp


class SqlOrders:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute
        self._many = connection.executemany

    def add(self, new: Order) -> None:
        self._do(
            "INSERT INTO orders (ref, token, channel, chat, language, status, currency, items_minor, extras_minor,"
            " hold_until, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                new.ref,
                new.token,
                new.channel,
                new.chat,
                new.language,
                new.status,
                new.currency,
                new.items_minor,
                new.extras_minor,
                stamp(new.hold_until) if new.hold_until else None,
                stamp(new.created_at),
                stamp(new.updated_at),
            ),
        )
        self._many(
            "INSERT INTO order_lines (ref, place, sku, name, quantity, unit_minor) VALUES (?, ?, ?, ?, ?, ?)",
            [(new.ref, i, line.sku, line.name, line.quantity, line.unit_minor) for i, line in enumerate(new.lines)],
        )
        self._write_history(new.ref, None, new.status, "ordered", new.created_at)

    def get(self, ref: str) -> Order | None:
        return self._one(f"SELECT {ORDER_COLUMNS} FROM orders WHERE ref = ?", ref)

    def by_token(self, token: str) -> Order | None:
        return self._one(f"SELECT {ORDER_COLUMNS} FROM orders WHERE token = ?", token)

    def of(self, channel: str, chat: str, limit: int) -> Sequence[Order]:
        rows = self._do(
            f"SELECT {ORDER_COLUMNS} FROM orders WHERE channel = ? AND chat = ? ORDER BY created_at DESC LIMIT ?",
            (channel, chat, limit),
        ).fetchall()
        return [self._with_lines(row) for row in rows]

    def first_at(self) -> datetime | None:
        (first,) = self._do("SELECT min(created_at) FROM orders").fetchone()
        return moment(first) if first else None

    def unpaid(self, channel: str, chat: str) -> int:
        row = self._do(
            "SELECT count(*) FROM orders WHERE channel = ? AND chat = ? AND status = 'created'", (channel, chat)
        ).fetchone()
        return int(row[0])

    def _one(self, query: str, key: str) -> Order | None:
        row = self._do(query, (key,)).fetchone()
        return self._with_lines(row) if row else None

    def _with_lines(self, row: Sequence[Any]) -> Order:
        lines = self._do(
            "SELECT sku, name, quantity, unit_minor FROM order_lines WHERE ref = ? ORDER BY place", (row[0],)
        ).fetchall()
        return order(row, lines)

    def become(
        self, ref: str, target: OrderStatus, cause: str, now: datetime, *, reason: CancelReason | None = None
    ) -> bool:
        sources = may_become(target)
        before = self._do("SELECT status FROM orders WHERE ref = ?", (ref,)).fetchone()
        changed = self._do(
            "UPDATE orders SET status = ?, cancel_reason = ?, closing = NULL, updated_at = ?"
            f" WHERE ref = ? AND status IN ({', '.join('?' * len(sources))})",
            (target, reason, stamp(now), ref, *sources),
        )
        if changed.rowcount != 1:
            return False
        self._write_history(ref, before[0], target, cause, now)
        return True

    def _write_history(self, ref: str, source: str | None, target: str, cause: str, now: datetime) -> None:
        self._do(
            "INSERT INTO history (ref, from_status, to_status, cause, at) VALUES (?, ?, ?, ?, ?)",
            (ref, source, target, cause, stamp(now)),
        )

    def start_hold(self, ref: str, until: datetime) -> None:
        self._do("UPDATE orders SET hold_until = ? WHERE ref = ? AND hold_until IS NULL", (stamp(until), ref))

    def begin_closing(self, ref: str, reason: CancelReason, now: datetime) -> bool:
        return (
            self._do(
                "UPDATE orders SET closing = ?, updated_at = ?"
                " WHERE ref = ? AND status = 'created' AND closing IS NULL",
                (reason, stamp(now), ref),
            ).rowcount
            == 1
        )

    def change(self, ref: str, lines: Sequence[Line], now: datetime) -> bool:
        becomes = json.dumps([(line.sku, line.name, line.quantity, line.unit_minor) for line in lines])
        changed = self._do(
            "UPDATE orders SET closing = ?, becomes = ?, updated_at = ?"
            " WHERE ref = ? AND status = 'created' AND (closing IS NULL OR closing = ?)",
            (CancelReason.CHANGED, becomes, stamp(now), ref, CancelReason.CHANGED),
        )
        return changed.rowcount == 1

    def stop_closing(self, ref: str) -> None:
        self._do("UPDATE orders SET closing = NULL WHERE ref = ?", (ref,))

    def add_extras(self, ref: str, extras_minor: int) -> None:
        self._do("UPDATE orders SET extras_minor = ? WHERE ref = ?", (extras_minor, ref))

    def review(self, ref: str, why: str, now: datetime) -> None:
        self._do("UPDATE orders SET needs_review = ?, updated_at = ? WHERE ref = ?", (why, stamp(now), ref))

    def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        """An order whose money is under way (a bank debit) does not run out."""
        rows = self._do(
            "SELECT ref FROM orders WHERE status = 'created' AND closing IS NULL AND needs_review IS NULL"
            " AND hold_until <= ?"
            " AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.ref = orders.ref AND p.status = 'processing')"
            " ORDER BY hold_until LIMIT ?",
            (stamp(now), limit),
        ).fetchall()
        return [ref for (ref,) in rows]

    def counted(self, since: datetime) -> Sequence[tuple[str, str, str, int, int]]:
        return self._do(
            "SELECT o.channel, o.status, o.currency, count(*), coalesce(sum((SELECT sum(p.paid_minor) FROM payments p"
            " WHERE p.ref = o.ref)), 0) FROM orders o WHERE o.created_at >= ? GROUP BY 1, 2, 3 ORDER BY 1, 2",
            (stamp(since),),
        ).fetchall()

    def end_hold(self, ref: str, state: Literal["released", "sold"], *, sold: bool = False) -> bool:
        before = "sold" if sold else "live"
        return self._do("UPDATE orders SET hold = ? WHERE ref = ? AND hold = ?", (state, ref, before)).rowcount == 1

    def take_again(self, ref: str) -> None:
        self._do("UPDATE orders SET hold = 'sold' WHERE ref = ? AND hold = 'released'", (ref,))

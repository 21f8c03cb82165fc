"""Payments, each with its stored key and frozen request."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.domain.payments import Payment, PaymentStatus, may_become
from storage.rows import PAYMENT_COLUMNS, payment, stamp


class SqlPayments:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute

    def add(self, new: Payment) -> None:
        self._do(
            "INSERT INTO payments (key, ref, provider, status, currency, amount_minor, request, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                new.key,
                new.ref,
                new.provider,
                new.status,
                new.currency,
                new.amount_minor,
                new.request,
                stamp(new.created_at),
                stamp(new.created_at),
            ),
        )

    def get(self, key: str) -> Payment | None:
        return self._one("key", key)

    def by_session(self, session: str) -> Payment | None:
        return self._one("external_id", session)

    def by_intent(self, intent: str) -> Payment | None:
        return self._one("intent", intent)

    def _one(self, column: str, value: str) -> Payment | None:
        row = self._do(f"SELECT {PAYMENT_COLUMNS} FROM payments WHERE {column} = ?", (value,)).fetchone()
        return payment(row) if row else None

    def of(self, ref: str) -> Sequence[Payment]:
        rows = self._do(f"SELECT {PAYMENT_COLUMNS} FROM payments WHERE ref = ? ORDER BY created_at", (ref,)).fetchall()
        return [payment(row) for row in rows]

    def become(self, key: str, target: PaymentStatus, now: datetime) -> bool:
        sources = may_become(target)
        changed = self._do(
            "UPDATE payments SET status = ?, updated_at = ?"
            f" WHERE key = ? AND status IN ({', '.join('?' * len(sources))})",
            (target, stamp(now), key, *sources),
        )
        return changed.rowcount == 1

    def link(self, key: str, *, session: str, intent: str | None, url: str | None, now: datetime) -> None:
        self._do(
            "UPDATE payments SET external_id = coalesce(external_id, ?), intent = coalesce(intent, ?),"
            " url = coalesce(?, url), updated_at = ? WHERE key = ?",
            (session, intent, url, stamp(now), key),
        )

    def paid(self, key: str, amount_minor: int, now: datetime) -> None:
        self._do("UPDATE payments SET paid_minor = ?, updated_at = ? WHERE key = ?", (amount_minor, stamp(now), key))

    def refunded(self, key: str, refunded_minor: int, receipt_url: str | None, now: datetime) -> bool:
        changed = self._do(
            "UPDATE payments SET refunded_minor = :n, receipt_url = coalesce(:url, receipt_url), updated_at = :now"
            " WHERE key = :key AND refunded_minor < :n",
            {"n": refunded_minor, "url": receipt_url, "now": stamp(now), "key": key},
        )
        return changed.rowcount == 1

    def receipt(self, key: str, receipt_url: str) -> None:
        self._do("UPDATE payments SET receipt_url = ? WHERE key = ?", (receipt_url, key))

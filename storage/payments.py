"""Payments, each with its stored key and frozen request."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.domain.payments import Dispute, Payment, PaymentStatus, Refund, may_become, standing
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
        rows = self._do(
            f"SELECT {PAYMENT_COLUMNS} FROM payments WHERE ref = ? ORDER BY created_at, key", (ref,)
        ).fetchall()
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

    def owe(self, key: str) -> bool:
        return self._do("UPDATE payments SET due = 1 WHERE key = ? AND due = 0", (key,)).rowcount == 1

    def note_refund(self, key: str, refund: Refund, now: datetime) -> None:
        """A failure is final: what is told of the same refund afterwards was said before."""
        self._do(
            "INSERT INTO refunds (id, payment, amount_minor, failed, at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET amount_minor = excluded.amount_minor, failed = max(failed, excluded.failed)",
            (refund.id, key, refund.amount_minor, refund.failed, stamp(now)),
        )

    def note_charge_refunded(self, key: str, refunded_minor: int) -> None:
        self._do(
            "UPDATE payments SET charge_refunded_minor = max(charge_refunded_minor, ?) WHERE key = ?",
            (refunded_minor, key),
        )

    def note_dispute(self, key: str, dispute: Dispute, now: datetime) -> bool:
        changed = self._do(
            "INSERT INTO disputes (id, payment, state, at) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET state = excluded.state WHERE state NOT IN ('won', 'lost') AND state != excluded.state"
            " AND NOT (state = 'open' AND excluded.state = 'inquiry')",
            (dispute.id, key, dispute.state, stamp(now)),
        )
        return changed.rowcount == 1

    def restand(self, key: str, now: datetime) -> int:
        """What went back is what its refunds say or, where one is known from its charge alone, what that says less
        what came back of it."""
        paid, before, charged, due = self._do(
            "SELECT paid_minor, refunded_minor, charge_refunded_minor, due FROM payments WHERE key = ?", (key,)
        ).fetchone()
        good, failed = self._do(
            "SELECT coalesce(sum(amount_minor * (1 - failed)), 0), coalesce(sum(amount_minor * failed), 0)"
            " FROM refunds WHERE payment = ?",
            (key,),
        ).fetchone()
        (taken,) = self._do(
            "SELECT count(*) FROM disputes WHERE payment = ? AND state IN ('open', 'lost')", (key,)
        ).fetchone()
        refunded = min(max(good, charged - failed), paid)
        if refunded != before:
            self._do(
                "UPDATE payments SET refunded_minor = ?, updated_at = ? WHERE key = ?", (refunded, stamp(now), key)
            )
        target = standing(paid_minor=paid, refunded_minor=refunded, due=bool(due), disputed=bool(taken))
        self.become(key, target, now)
        return int(refunded - before)

    def unsettled(self, provider: str, now: datetime, since: datetime, limit: int) -> Sequence[Payment]:
        rows = self._do(
            f"SELECT {PAYMENT_COLUMNS} FROM payments WHERE status IN ('pending', 'processing')"
            " AND provider = ? AND external_id IS NOT NULL AND created_at <= ? AND (status != 'pending' OR EXISTS"
            " (SELECT 1 FROM orders o WHERE o.ref = payments.ref AND o.status = 'created'))"
            " ORDER BY looked_at LIMIT ?",
            (provider, stamp(since), limit),
        ).fetchall()
        found = [payment(row) for row in rows]
        for each in found:
            self._do("UPDATE payments SET looked_at = ? WHERE key = ?", (stamp(now), each.key))
        return found

    def agree(self, key: str, now: datetime, *, but_after: datetime) -> bool:
        changed = self._do(
            "UPDATE payments SET agreed_at = ?, updated_at = ? WHERE key = ? AND status = 'pending'"
            " AND external_id IS NULL AND (agreed_at IS NULL OR agreed_at <= ?)",
            (stamp(now), stamp(now), key, stamp(but_after)),
        )
        return changed.rowcount == 1

    def agreed_between(self, since: datetime, until: datetime) -> Sequence[str]:
        rows = self._do(
            "SELECT ref FROM payments WHERE agreed_at BETWEEN ? AND ? AND external_id IS NULL ORDER BY agreed_at",
            (stamp(since), stamp(until)),
        ).fetchall()
        return [ref for (ref,) in rows]

    def ship_to(self, key: str, address: str) -> None:
        self._do("UPDATE payments SET ship_to = ? WHERE key = ?", (address, key))

    def receipt(self, key: str, receipt_url: str) -> None:
        self._do("UPDATE payments SET receipt_url = ? WHERE key = ?", (receipt_url, key))

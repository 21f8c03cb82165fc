"""What a platform costs and how often it may still be asked: charges, quotas and the place where reading stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from bot.domain.costs import Cost, day_of
from storage.rows import moment, stamp


class SqlLedger:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute

    def cursor(self, name: str) -> str | None:
        row = self._do("SELECT value FROM cursors WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def move(self, name: str, value: str | None, now: datetime) -> None:
        if value is None:
            self._do("DELETE FROM cursors WHERE name = ?", (name,))
            return
        self._do(
            "INSERT INTO cursors (name, value, updated_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
            (name, value, stamp(now)),
        )

    def cursors(self, prefix: str) -> Mapping[str, str]:
        rows = self._do("SELECT name, value FROM cursors WHERE name >= ? AND name < ?", (prefix, prefix + "\U0010ffff"))
        return {name[len(prefix) :]: value for name, value in rows}

    def quota(self, name: str) -> tuple[int, int, datetime] | None:
        row = self._do("SELECT most, used, until FROM quotas WHERE name = ?", (name,)).fetchone()
        return (row[0], row[1], moment(row[2])) if row else None

    def keep_quota(self, name: str, most: int, used: int, until: datetime) -> None:
        self._do(
            "INSERT INTO quotas (name, most, used, until) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET most = excluded.most, used = excluded.used, until = excluded.until",
            (name, most, used, stamp(until)),
        )

    def charge(self, channel: str, cost: Cost, micro_usd: int, now: datetime) -> bool:
        done = self._do(
            "INSERT INTO costs (day, channel, kind, resource, chat, ref, micro_usd, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (day_of(now), channel, str(cost.charge), cost.resource, cost.chat, cost.ref, micro_usd, stamp(now)),
        )
        return done.rowcount == 1

    def void(self, channel: str, resource: str) -> None:
        self._do("DELETE FROM costs WHERE channel = ? AND resource = ?", (channel, resource))

    def spent(self, channel: str, day: str) -> int:
        (micros,) = self._do(
            "SELECT coalesce(sum(micro_usd), 0) FROM costs WHERE channel = ? AND day = ?", (channel, day)
        ).fetchone()
        return int(micros)

    def attribute(self, channel: str, chat: str, ref: str, since: datetime) -> None:
        self._do(
            "UPDATE costs SET ref = ? WHERE channel = ? AND chat = ? AND ref IS NULL AND at >= ?",
            (ref, channel, chat, stamp(since)),
        )

    def costs(self, channel: str, since: datetime) -> Mapping[str, tuple[int, int]]:
        rows = self._do(
            "SELECT kind, count(*), sum(micro_usd) FROM costs WHERE channel = ? AND at >= ?"
            " GROUP BY kind ORDER BY kind",
            (channel, stamp(since)),
        ).fetchall()
        return {kind: (count, micros) for kind, count, micros in rows}

    def sales(self, channel: str, since: datetime) -> tuple[int, int]:
        orders, micros = self._do(
            "SELECT count(*), coalesce(sum((SELECT sum(c.micro_usd) FROM costs c WHERE c.ref = o.ref)), 0)"
            " FROM orders o WHERE o.channel = ? AND o.created_at >= ?"
            " AND EXISTS (SELECT 1 FROM payments p WHERE p.ref = o.ref AND p.paid_minor > 0)",
            (channel, stamp(since)),
        ).fetchone()
        return int(orders), int(micros)

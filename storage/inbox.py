"""The inbox: every event that came in, once and for ever by (source, key)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from storage.rows import stamp

MOST_KEYS = 500
"""Keys looked up by one statement."""


class SqlInbox:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute

    def accept(self, source: str, key: str, now: datetime) -> bool:
        done = self._do(
            "INSERT INTO inbox (source, key, received_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (source, key, stamp(now)),
        )
        return done.rowcount == 1

    def unknown(self, source: str, keys: Sequence[str]) -> frozenset[str]:
        known: set[str] = set()
        for start in range(0, len(keys), MOST_KEYS):
            some = keys[start : start + MOST_KEYS]
            marks = ", ".join("?" * len(some))
            rows = self._do(f"SELECT key FROM inbox WHERE source = ? AND key IN ({marks})", (source, *some))
            known.update(key for (key,) in rows)
        return frozenset(keys) - known

    def set_aside(
        self, source: str, key: str, body: str, error: str, *, again_at: datetime | None, now: datetime
    ) -> int:
        state = "new" if again_at else "dead"
        (attempts,) = self._do(
            "INSERT INTO inbox (source, key, state, attempts, received_at, again_at, body, error)"
            " VALUES (:source, :key, :state, 1, :now, :again, :body, :error)"
            " ON CONFLICT DO UPDATE SET state = :state, attempts = attempts + 1, again_at = :again, body = :body,"
            " begun = 0, error = :error, place = NULL RETURNING attempts",
            {
                "source": source,
                "key": key,
                "state": state,
                "now": stamp(now),
                "again": stamp(again_at) if again_at else None,
                "body": body,
                "error": error[:500],
            },
        ).fetchone()
        return int(attempts)

    def begin(
        self, source: str, key: str, body: str, *, counted: bool, again_at: datetime, now: datetime
    ) -> int | None:
        row = self._do(
            "INSERT INTO inbox (source, key, state, begun, received_at, again_at, body)"
            " VALUES (?, ?, 'new', 1, ?, ?, ?) ON CONFLICT DO UPDATE SET begun = max(begun + ?, 1),"
            " again_at = excluded.again_at WHERE state = 'new' RETURNING begun",
            (source, key, stamp(now), stamp(again_at), body, int(counted)),
        ).fetchone()
        return int(row[0]) if row else None

    def waiting(self, now: datetime, limit: int) -> Sequence[tuple[str, str, str, int]]:
        return self._do(
            "SELECT source, key, body, attempts FROM inbox WHERE state = 'new' AND again_at <= ? AND place IS NULL"
            " ORDER BY again_at, received_at LIMIT ?",
            (stamp(now), limit),
        ).fetchall()

    def journal(self, source: str, key: str, body: str, now: datetime) -> bool:
        done = self._do(
            "INSERT INTO inbox (source, key, state, received_at, body, place) VALUES (?, ?, 'new', ?, ?, 1 + coalesce("
            "(SELECT place FROM inbox WHERE state = 'new' AND place IS NOT NULL ORDER BY place DESC LIMIT 1), 0))"
            " ON CONFLICT DO NOTHING",
            (source, key, stamp(now), body),
        )
        return done.rowcount == 1

    def journaled(self, limit: int) -> Sequence[tuple[str, str]]:
        return self._do(
            "SELECT source, key FROM inbox WHERE state = 'new' AND place IS NOT NULL ORDER BY place LIMIT ?", (limit,)
        ).fetchall()

    def body(self, source: str, key: str) -> str | None:
        row = self._do(
            "SELECT body FROM inbox WHERE source = ? AND key = ? AND state = 'new'", (source, key)
        ).fetchone()
        return row[0] if row else None

    def hurry(self, source: str, now: datetime) -> None:
        """`+source` keeps SQLite from walking through all that ever came from there, instead of the few that wait."""
        for open_state in ("state = 'new' AND again_at > :now", "state = 'dead' AND body IS NOT NULL"):
            self._do(
                f"UPDATE inbox SET state = 'new', again_at = :now WHERE {open_state} AND +source = :source",
                {"source": source, "now": stamp(now)},
            )

    def take_up(self, now: datetime) -> None:
        self._do(
            "UPDATE inbox SET again_at = :now WHERE state = 'new' AND again_at > :now AND begun > 0",
            {"now": stamp(now)},
        )

    def settle(self, source: str, key: str) -> None:
        self._do(
            "UPDATE inbox SET state = 'done', again_at = NULL, body = NULL, error = NULL, place = NULL"
            " WHERE source = ? AND key = ?",
            (source, key),
        )

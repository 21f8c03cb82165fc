"""The record of what was done and refused on a platform with rules, one row a message."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from bot.domain.policy import Act, Verdict
from storage.rows import stamp


class SqlConduct:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute

    def note(
        self,
        outbox: int,
        *,
        channel: str,
        chat: str,
        act: Act,
        post: str | None,
        verdict: Verdict,
        words: str,
        now: datetime,
    ) -> None:
        self._do("DELETE FROM policy WHERE outbox = ?", (outbox,))
        self._do(
            "INSERT INTO policy (outbox, channel, chat, act, post, allowed, reason, words, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (outbox, channel, chat, str(act), post, verdict.allowed, str(verdict.reason), words, stamp(now)),
        )

    def take_back(self, outbox: int, reason: str) -> None:
        self._do("UPDATE policy SET allowed = 0, reason = ? WHERE outbox = ?", (reason, outbox))

    def turns(self, channel: str, chat: str, act: Act, since: datetime, *, but: int) -> int:
        (count,) = self._do(
            "SELECT count(*) FROM policy WHERE allowed = 1 AND channel = ? AND chat = ? AND act = ? AND at >= ?"
            " AND outbox != ?",
            (channel, chat, str(act), stamp(since), but),
        ).fetchone()
        return int(count)

    def answered(self, post: str, *, but: int) -> bool:
        row = self._do("SELECT 1 FROM policy WHERE allowed = 1 AND post = ? AND outbox != ?", (post, but)).fetchone()
        return row is not None

    def said(self, channel: str, words: str, since: datetime, *, but: int) -> bool:
        row = self._do(
            "SELECT 1 FROM policy WHERE allowed = 1 AND channel = ? AND words = ? AND words != '' AND at >= ?"
            " AND outbox != ?",
            (channel, words, stamp(since), but),
        ).fetchone()
        return row is not None

    def words(self, outbox: int) -> str | None:
        row = self._do("SELECT words FROM policy WHERE outbox = ? AND words != ''", (outbox,)).fetchone()
        return str(row[0]) if row else None

    def reasons(self, channel: str, since: datetime) -> Mapping[tuple[str, str, bool], int]:
        rows = self._do(
            "SELECT act, reason, allowed, count(*) FROM policy WHERE channel = ? AND at >= ?"
            " GROUP BY act, reason, allowed ORDER BY act, allowed DESC, count(*) DESC",
            (channel, stamp(since)),
        ).fetchall()
        return {(act, reason, bool(allowed)): count for act, reason, allowed, count in rows}

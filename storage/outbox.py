"""The outbox: what is to be done outside, claimed, done and marked, lane by lane."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.effects import Button, Effect, Retire, Say
from bot.domain.privacy import ALIAS, is_alias
from bot.ports import Receipt, Task
from storage.rows import dump_effect, kind, load_effect, stamp

MOST_UNCERTAIN = 1
"""Sends of unknown fate after which a message is sent once more; at the next one a human must look."""

SILENT = frozenset({"open_checkout", "close_checkout", "refund", "retire"})
"""Kinds that no person sees twice."""
AT_ONCE = ""
"""Sorts before every time: a fresh row is due whatever the clock says (F098)."""
LEASE = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
"""A platform's window is shorter, and who must wait for a longer one is told so again."""

TYPED = "x"
"""The channel on which choices are typed, not pressed: only its rows are indexed by chat."""

URGENT = (("thanks", "refunded", "refund_due"), ("link", "open_checkout"))
"""Kinds that go before others, the first before the second; an index of each finds them among any number."""


def _quoted(kinds: Sequence[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


_OPEN = "state IN ('queued', 'sending')"


def _lane(effect: Effect, channel: str, chat: str, ref: str | None) -> str:
    """Within a lane one thing after another. On a platform that counts its messages, what is said for all to read and
    what belongs to an order wait for limits of their own, and not behind small talk."""
    if not isinstance(effect, Say | Retire):
        return f"pay:{ref}"
    if isinstance(effect, Say) and channel == TYPED:
        if effect.answers is not None:
            return f"public:{chat}"
        if effect.owed or ref is not None:
            return f"owed:{chat}"
    return f"{channel}:{chat}"


class SqlOutbox:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute

    def put(
        self,
        effect: Effect,
        *,
        channel: str,
        chat: str,
        ref: str | None,
        now: datetime,
        eager: bool = False,
        lease: timedelta = LEASE,
    ) -> Receipt:
        if isinstance(effect, Say | Retire) and is_alias(chat):  # who is forgotten is not spoken to (F131)
            return Receipt()
        lane = _lane(effect, channel, chat, ref)
        eager = eager and not self._do(f"SELECT 1 FROM outbox WHERE lane = ? AND {_OPEN} LIMIT 1", (lane,)).fetchone()
        row = self._do(
            "INSERT INTO outbox (lane, channel, chat, kind, ref, body, state, epoch, not_before, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                lane,
                channel,
                chat,
                kind(effect),
                ref,
                dump_effect(effect),
                "sending" if eager else "queued",
                int(eager),
                stamp(now + lease) if eager else AT_ONCE,
                stamp(now),
            ),
        ).lastrowid
        assert row is not None
        if not eager:
            return Receipt(lanes=frozenset({lane}))
        return Receipt(tasks=(Task(row, lane, channel, chat, ref, effect, epoch=1),))

    def claim(self, lane: str, now: datetime, lease: timedelta) -> Task | None:
        while True:
            head = self._do(
                f"SELECT id, state, not_before FROM outbox WHERE lane = ? AND {_OPEN} ORDER BY id LIMIT 1", (lane,)
            ).fetchone()
            if head is None or head[1] != "queued" or head[2] > stamp(now):
                return None
            row = self._do(
                "UPDATE outbox SET state = 'sending', epoch = epoch + 1, not_before = ? WHERE id = ?"
                " AND state = 'queued' RETURNING channel, chat, ref, body, epoch, attempts, ambiguous",
                (stamp(now + lease), head[0]),
            ).fetchone()
            channel, chat, ref, body, epoch, attempts, ambiguous = row
            try:
                effect = load_effect(body)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self._bury(head[0], f"it cannot be read: {error}", now)
                continue
            return Task(head[0], lane, channel, chat, ref, effect, epoch, attempts, bool(ambiguous))

    def _bury(self, row_id: int, error: str, now: datetime) -> None:
        """Set one row aside for a human, and say so."""
        self._do("UPDATE outbox SET state = 'dead', error = ? WHERE id = ?", (error[:500], row_id))
        self._do(
            "INSERT INTO alerts (kind, ref, text, at) SELECT 'dead_letter', ref, lane || ': ' || ?, ? FROM outbox"
            " WHERE id = ?",
            (error[:500], stamp(now), row_id),
        )

    def sent(self, task: Task, external_id: str | None, now: datetime) -> bool:
        return self._mark(task, "state = 'sent', external_id = ?, sent_at = ?, error = NULL", external_id, stamp(now))

    def again(self, task: Task, error: str, at: datetime, *, failed: bool, uncertain: bool) -> bool:
        return self._mark(
            task,
            "state = 'queued', error = ?, not_before = ?, attempts = attempts + ?, ambiguous = ambiguous + ?",
            error[:500],
            stamp(at),
            int(failed),
            int(uncertain),
        )

    def dead(self, task: Task, error: str, *, uncertain: bool = False) -> bool:
        change = "state = 'dead', attempts = attempts + 1, ambiguous = ambiguous + ?, error = ?"
        return self._mark(task, change, int(uncertain), error[:500])

    def _mark(self, task: Task, change: str, *values: object) -> bool:
        done = self._do(
            f"UPDATE outbox SET {change} WHERE id = ? AND state = 'sending' AND epoch = ?",
            (*values, task.id, task.epoch),
        )
        return done.rowcount == 1

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Only a lane's head counts: what waits behind one that is not due yet is not due either. After an outage what
        was paid for is told first, then who waits to pay is served (F105)."""
        lanes: dict[str, None] = {}
        for kinds in (*(f"AND kind IN ({_quoted(urgent)})" for urgent in URGENT), ""):
            rows = self._do(
                f"SELECT lane FROM outbox AS head WHERE state = 'queued' {kinds} AND not_before <= ? AND NOT EXISTS"
                " (SELECT 1 FROM outbox AS before WHERE before.lane = head.lane AND before.id < head.id"
                f" AND before.{_OPEN})"
                " ORDER BY not_before, id LIMIT ?",
                (stamp(now), limit),
            )
            lanes |= dict.fromkeys(lane for (lane,) in rows)
        return list(lanes)[:limit]

    def lapsed(self, now: datetime) -> Sequence[int]:
        rows = self._do("SELECT id FROM outbox WHERE state = 'sending' AND not_before <= ?", (stamp(now),)).fetchall()
        return [row_id for (row_id,) in rows]

    def recover(self, now: datetime, rows: Sequence[int] | None = None) -> int:
        """Only what speaks to a person can double; calls to the provider carry their own key.

        A page that may have been opened is remembered as uncertain too, so that its hold is not given up lightly.
        """
        found = self._do("SELECT id, kind, ambiguous FROM outbox WHERE state = 'sending'").fetchall()
        taken = [row for row in found if rows is None or row[0] in rows]
        for row_id, what, ambiguous in taken:
            spoken = what not in SILENT
            self._do(
                "UPDATE outbox SET epoch = epoch + 1, state = 'queued', not_before = ?, ambiguous = ambiguous + ?,"
                " error = 'the worker ended while this was being sent' WHERE id = ?",
                (AT_ONCE, int(spoken or what == "open_checkout"), row_id),
            )
            if spoken and ambiguous >= MOST_UNCERTAIN:
                self._bury(row_id, "whether it arrived is unknown, twice", now)
        return len(taken)

    def hasten(self, now: datetime) -> int:
        return self._do(
            "UPDATE outbox SET not_before = ? WHERE state = 'queued' AND not_before > ?",
            (AT_ONCE, stamp(now + LONGEST_WAIT)),
        ).rowcount

    def give_up_old(self, before: datetime, why: str) -> int:
        silent = ", ".join("?" * len(SILENT))
        return self._do(
            f"UPDATE outbox SET state = 'dead', error = ? WHERE {_OPEN} AND created_at < ? AND kind NOT IN ({silent})",
            (why, stamp(before), *sorted(SILENT)),
        ).rowcount

    def revive(self, rows: Sequence[int] | None, now: datetime) -> frozenset[str]:
        wanted = "" if rows is None else f" AND id IN ({', '.join('?' * len(rows))})"
        revived = self._do(
            f"UPDATE outbox SET state = 'queued', attempts = 0, not_before = '{AT_ONCE}', error = NULL"
            f" WHERE state = 'dead' AND chat NOT GLOB '{ALIAS}*'{wanted}"
            " RETURNING lane",
            tuple(rows or ()),
        ).fetchall()
        return frozenset(lane for (lane,) in revived)

    def crowded(self, channel: str, chat: str, most: int) -> bool:
        (waiting,) = self._do(
            f"SELECT count(*) FROM (SELECT 1 FROM outbox WHERE lane = ? AND {_OPEN} LIMIT ?)",
            (f"{channel}:{chat}", most + 1),
        ).fetchone()
        return int(waiting) > most

    def move_chat(self, channel: str, chat: str, to: str) -> None:
        self._do(
            f"UPDATE outbox SET chat = ?, lane = ? WHERE lane = ? AND {_OPEN}",
            (to, f"{channel}:{to}", f"{channel}:{chat}"),
        )

    def bury(self, channel: str, chat: str, error: str) -> int:
        return self._do(
            "UPDATE outbox SET state = 'dead', error = ? WHERE lane IN (?, ?) AND state = 'queued'",
            (error[:500], f"{channel}:{chat}", f"owed:{chat}"),
        ).rowcount

    def press(self, token: str, channel: str, chat: str) -> tuple[Button, bool] | None:
        row_id, _, place = token.partition(".")
        if not (row_id.isdecimal() and place.isdecimal() and len(row_id) < 19 and len(place) < 3):
            return None
        row = self._do(
            "SELECT body FROM outbox WHERE id = ? AND channel = ? AND chat = ?", (int(row_id), channel, chat)
        ).fetchone()
        effect = load_effect(row[0]) if row else None
        if not isinstance(effect, Say):
            return None
        buttons = [button for buttons in effect.buttons for button in buttons]
        if int(place) >= len(buttons):
            return None
        first = self._do(
            "UPDATE outbox SET pressed = pressed | :bit WHERE id = :id AND pressed & :bit = 0",
            {"bit": 1 << min(int(place), 62), "id": int(row_id)},
        )
        return buttons[int(place)], first.rowcount == 1

    def last_said(self, channel: str, chat: str, since: datetime, until: datetime) -> tuple[int, Say] | None:
        if channel != TYPED:
            return None
        rows = self._do(
            f"SELECT id, body FROM outbox WHERE channel = '{TYPED}' AND chat = ? AND state = 'sent'"
            " AND sent_at BETWEEN ? AND ? ORDER BY id DESC LIMIT 5",
            (chat, stamp(since), stamp(until)),
        )
        for row_id, body in rows:
            effect = load_effect(body)
            if isinstance(effect, Say) and effect.answers is None:
                return row_id, effect
        return None

    def newest_sent(self, channel: str, chat: str, limit: int) -> frozenset[str]:
        rows = self._do(
            f"SELECT external_id FROM outbox WHERE channel = '{TYPED}' AND chat = ? AND external_id IS NOT NULL"
            " AND channel = ? ORDER BY id DESC LIMIT ?",
            (chat, channel, limit),
        )
        return frozenset(str(sent) for (sent,) in rows)

    def link_message(self, ref: str) -> str | None:
        row = self._do(
            "SELECT external_id FROM outbox WHERE ref = ? AND kind IN ('link', 'link_again')"
            " AND external_id IS NOT NULL ORDER BY id DESC LIMIT 1",
            (ref,),
        ).fetchone()
        return row[0] if row else None

"""Everything that is held on one shopper, whatever the table: looked up for them, or taken out of the books."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.privacy import without_person
from storage.rows import stamp

Row = dict[str, object]
TABLES = frozenset({"shoppers", "orders", "outbox", "costs", "policy"})
"""The tables that name a chat: a test holds this list to the schema."""
OF_AN_ORDER = {
    "lines": "SELECT * FROM order_lines WHERE ref = ? ORDER BY place",
    "payments": "SELECT * FROM payments WHERE ref = ? ORDER BY created_at",
    "refunds": "SELECT r.* FROM refunds r JOIN payments p ON p.key = r.payment WHERE p.ref = ? ORDER BY r.at",
    "disputes": "SELECT d.* FROM disputes d JOIN payments p ON p.key = d.payment WHERE p.ref = ? ORDER BY d.at",
    "history": "SELECT * FROM history WHERE ref = ? ORDER BY id",
    "alerts": "SELECT * FROM alerts WHERE ref = ? ORDER BY id",
}
OURS = frozenset({"token", "request", "lane", "epoch", "not_before", "pressed", "looked_at"})
"""Columns that say nothing of the shopper: keys to pages, frozen requests and the marks of our own work."""
FORGOTTEN = "the shopper is forgotten"


class SqlPrivacy:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute

    def held(self, channel: str, chat: str) -> Mapping[str, Sequence[Mapping[str, object]]]:
        orders = self._of_chat("orders", channel, chat, "created_at")
        for order in orders:
            order |= {name: self._rows(query, order["ref"]) for name, query in OF_AN_ORDER.items()}
        messages = [row | {"body": _read(row["body"])} for row in self._of_chat("outbox", channel, chat, "id")]
        events: list[Row] = [
            {"source": source, "key": key, "state": state, "body": _read(body)}
            for source, key, state, body, _ in self._events(channel, chat)
        ]
        found: dict[str, list[Row]] = {
            "shopper": self._of_chat("shoppers", channel, chat, "chat"),
            "orders": orders,
            "messages": messages,
            "events": events,
            "costs": self._of_chat("costs", channel, chat, "id"),
            "conduct": self._of_chat("policy", channel, chat, "id"),
            "alerts": [row for lane in _lanes(channel, chat) for row in self._rows(ABOUT, f"{lane}: ")],
        }
        return found if any(found.values()) else {}

    def _of_chat(self, table: str, channel: str, chat: str, order: str) -> list[Row]:
        return self._rows(f"SELECT * FROM {table} WHERE channel = ? AND chat = ? ORDER BY {order}", channel, chat)

    def _rows(self, query: str, *values: object) -> list[Row]:
        found = self._do(query, values)
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found]
        return [{name: value for name, value in row.items() if name not in OURS} for row in rows]

    def _events(self, channel: str, chat: str) -> Sequence[tuple[str, str, str, str, bool]]:
        """Events whose body is still kept: those that the shopper sent (True) and those about their payments."""
        marks = self._do(
            "SELECT o.ref, p.external_id, p.intent FROM orders o LEFT JOIN payments p ON p.ref = o.ref"
            " WHERE o.channel = ? AND o.chat = ?",
            (channel, chat),
        ).fetchall()
        ours = [mark for row in marks for mark in row if mark]
        kept = self._do("SELECT source, key, state, body FROM inbox WHERE body IS NOT NULL").fetchall()
        sent = [(*row, True) for row in kept if _sent_by(row[3], channel, chat)]
        about = [
            (*row, False) for row in kept if not _sent_by(row[3], channel, chat) and any(m in row[3] for m in ours)
        ]
        return [*sent, *about]

    def forget(self, channel: str, chat: str, alias: str) -> None:
        """In one transaction with what else an erasure does; the bytes go when the store is scrubbed."""
        for source, key, state, body, sent in self._events(channel, chat):
            rest = _of_a_payment(body, alias) if sent else without_person(body)
            self._do(
                "UPDATE inbox SET state = :state, body = :body, error = NULL,"
                " again_at = CASE WHEN :body IS NULL THEN NULL ELSE again_at END WHERE source = :source AND key = :key",
                {
                    "state": "done" if rest is None and state == "new" else state,
                    "body": rest,
                    "source": source,
                    "key": key,
                },
            )
            self._do("UPDATE alerts SET text = ? WHERE instr(text, ?) = 1", (f"{source} {key}", f"{source} {key}: "))
        self._do(
            "UPDATE payments SET ship_to = NULL WHERE ref IN (SELECT ref FROM orders WHERE channel = ? AND chat = ?)",
            (channel, chat),
        )
        self._do("DELETE FROM shoppers WHERE channel = ? AND chat = ?", (channel, chat))
        for lane in _lanes(channel, chat):
            aside = f"{lane.partition(':')[0]}:{alias}"
            self._do(UNSAY, {"aside": aside, "lane": lane, "channel": channel, "chat": chat, "why": FORGOTTEN})
            self._do("UPDATE alerts SET text = ? WHERE instr(text, ?) = 1", (f"{aside}: {FORGOTTEN}", f"{lane}: "))
        for table, more in (
            ("orders", ""),
            ("outbox", ""),
            ("policy", ", words = '', post = NULL"),
            ("costs", ", resource = CASE WHEN resource LIKE 'out:%' THEN resource ELSE :alias || ':' || id END"),
        ):
            self._do(
                f"UPDATE {table} SET chat = :alias{more} WHERE channel = :channel AND chat = :chat",
                {"alias": alias, "channel": channel, "chat": chat},
            )

    def forget_bodies(self, before: datetime) -> int:
        gone = self._do(
            "UPDATE inbox SET body = NULL, error = NULL WHERE state = 'dead' AND body IS NOT NULL AND received_at < ?",
            (stamp(before),),
        ).rowcount
        self._do(
            "UPDATE alerts SET text = substr(text, 1, instr(text, ': ') - 1)"
            " WHERE kind = 'poison' AND at < ? AND instr(text, ': ') > 0",
            (stamp(before),),
        )
        return gone


ABOUT = "SELECT * FROM alerts WHERE instr(text, ?) = 1 AND ref IS NULL ORDER BY id"
UNSAY = """
    UPDATE outbox SET lane = :aside, external_id = NULL,
        body = CASE kind WHEN 'retire' THEN body
            ELSE '{"say":"' || kind || '","language":"","facts":{},"rows":[]}' END,
        error = CASE WHEN state IN ('sent', 'dead') THEN NULL ELSE :why END,
        state = CASE WHEN state = 'sent' THEN state ELSE 'dead' END
    WHERE channel = :channel AND chat = :chat AND lane = :lane"""
"""What was said keeps its place without its words; what was not is not said any more."""


def _lanes(channel: str, chat: str) -> tuple[str, ...]:
    return tuple(f"{kind}:{chat}" for kind in (channel, "public", "owed"))


def _sent_by(body: str, channel: str, chat: str) -> bool:
    event = _read(body)
    return isinstance(event, dict) and (event.get("channel"), event.get("chat")) == (channel, chat)


def _of_a_payment(body: str, alias: str) -> str | None:
    """What a shopper sent is not handled any more, unless it tells that they paid: then by who stands for them."""
    event = json.loads(body)
    return without_person(json.dumps(event | {"chat": alias, "user": alias})) if event.get("paid") else None


def _read(body: object) -> object:
    try:
        return json.loads(str(body))
    except ValueError:
        return body

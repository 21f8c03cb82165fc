"""Who writes to the shop, one row a chat."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.domain.shoppers import Shopper
from storage.rows import SHOPPER_COLUMNS, shopper, stamp


class SqlShoppers:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute

    def get(self, channel: str, chat: str) -> Shopper | None:
        row = self._do(
            f"SELECT {SHOPPER_COLUMNS} FROM shoppers WHERE channel = ? AND chat = ?", (channel, chat)
        ).fetchone()
        return shopper(row) if row else None

    def keep(self, person: Shopper, now: datetime) -> None:
        self._do(
            f"INSERT INTO shoppers ({SHOPPER_COLUMNS}, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET language = excluded.language, name = excluded.name, chosen = excluded.chosen,"
            " question = excluded.question, offered = excluded.offered, asked_at = excluded.asked_at,"
            " quiet = excluded.quiet, reachable = excluded.reachable, wrote = excluded.wrote,"
            " updated_at = excluded.updated_at",
            (
                person.channel,
                person.chat,
                person.language,
                person.name,
                person.chosen,
                person.question,
                " ".join(person.offered),
                stamp(person.asked_at) if person.asked_at else None,
                person.quiet,
                person.reachable,
                person.wrote,
                stamp(now),
            ),
        )

    def reachable(self, channel: str, chat: str, *, reachable: bool) -> None:
        self._do("UPDATE shoppers SET reachable = ? WHERE channel = ? AND chat = ?", (reachable, channel, chat))

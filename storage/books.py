"""All tables of one connection, as the flow's verbs see them."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from bot.domain.effects import Alert
from storage.conduct import SqlConduct
from storage.inbox import SqlInbox
from storage.ledger import SqlLedger
from storage.orders import SqlOrders
from storage.outbox import SqlOutbox
from storage.payments import SqlPayments
from storage.privacy import SqlPrivacy
from storage.rows import shifted, stamp
from storage.shelf import SqlShelf
from storage.shoppers import SqlShoppers

WAITING = (
    ("orders", "hold_until", "status = 'created' AND closing IS NULL AND hold_until IS NOT NULL"),
    ("payments", "agreed_at", "status = 'pending' AND agreed_at IS NOT NULL"),
    ("outbox", "not_before", "state = 'queued' AND not_before > ''"),
    ("outbox", "not_before", "state = 'sending'"),
    ("inbox", "again_at", "state = 'new'"),
)
"""(table, column, which rows): the moments of our own clock that something waits for."""


class SqlBooks:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.inbox = SqlInbox(connection)
        self.shoppers = SqlShoppers(connection)
        self.shelf = SqlShelf(connection)
        self.orders = SqlOrders(connection)
        self.payments = SqlPayments(connection)
        self.outbox = SqlOutbox(connection)
        self.ledger = SqlLedger(connection)
        self.conduct = SqlConduct(connection)
        self.privacy = SqlPrivacy(connection)
        self._do = connection.execute

    def shift(self, by: timedelta) -> None:
        for table, column, waits in WAITING:
            self._do(f"UPDATE {table} SET {column} = {shifted(column)} WHERE {waits}", (by.total_seconds(),))

    def alert(self, alert: Alert, ref: str | None, now: datetime) -> None:
        self._do(
            "INSERT INTO alerts (kind, ref, text, at) VALUES (?, ?, ?, ?)", (alert.kind, ref, alert.text, stamp(now))
        )

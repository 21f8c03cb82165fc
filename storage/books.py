"""All tables of one connection, as the flow's verbs see them."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.domain.effects import Alert
from storage.conduct import SqlConduct
from storage.inbox import SqlInbox
from storage.ledger import SqlLedger
from storage.orders import SqlOrders
from storage.outbox import SqlOutbox
from storage.payments import SqlPayments
from storage.rows import stamp
from storage.shelf import SqlShelf
from storage.shoppers import SqlShoppers


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
        self._do = connection.execute

    def alert(self, alert: Alert, ref: str | None, now: datetime) -> None:
        self._do(
            "INSERT INTO alerts (kind, ref, text, at) VALUES (?, ?, ?, ?)", (alert.kind, ref, alert.text, stamp(now))
        )

"""The stock. Every change is one guarded UPDATE whose row count says whether it happened."""

from __future__ import annotations

import sqlite3

from bot.domain.catalogue import Catalogue
from bot.domain.stock import Stock


class SqlShelf:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute
        self._many = connection.executemany

    def sync(self, catalogue: Catalogue) -> None:
        """`declared` is what bot.toml said when it was last read: only a change there touches the count, so that
        what was set by hand in between stays."""
        rows = [(v.sku, v.level if v.stock is None else str(v.stock), v.stock, v.level) for v in catalogue.variants()]
        self._many(
            "INSERT INTO stock (sku, declared, total, level) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET declared = excluded.declared, total = excluded.total, level = excluded.level"
            " WHERE declared != excluded.declared",
            rows,
        )

    def get(self, sku: str) -> Stock:
        row = self._do("SELECT sku, total, held, sold, level FROM stock WHERE sku = ?", (sku,)).fetchone()
        return Stock(*row) if row else Stock(sku, 0)

    def hold(self, sku: str, quantity: int) -> bool:
        return self._changed(
            "UPDATE stock SET held = held + :n WHERE sku = :sku AND level != 'out'"
            " AND (total IS NULL OR total - held - sold >= :n)",
            sku,
            quantity,
        )

    def release(self, sku: str, quantity: int) -> bool:
        return self._changed("UPDATE stock SET held = held - :n WHERE sku = :sku AND held >= :n", sku, quantity)

    def sell(self, sku: str, quantity: int) -> bool:
        return self._changed(
            "UPDATE stock SET held = held - :n, sold = sold + :n WHERE sku = :sku AND held >= :n", sku, quantity
        )

    def take(self, sku: str, quantity: int) -> bool:
        return self._changed(
            "UPDATE stock SET sold = sold + :n WHERE sku = :sku AND level != 'out'"
            " AND (total IS NULL OR total - held - sold >= :n)",
            sku,
            quantity,
        )

    def _changed(self, statement: str, sku: str, quantity: int) -> bool:
        return self._do(statement, {"sku": sku, "n": quantity}).rowcount == 1

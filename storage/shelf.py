"""The stock. Every change is one guarded UPDATE whose row count says whether it happened."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.catalogue import Catalogue
from bot.domain.stock import Stock

REMOVED = "removed"
"""What `declared` says of a SKU that no longer stands in bot.toml."""
NOT_BEYOND = "total = total - min(beyond, :n), beyond = beyond - min(beyond, :n)"
"""A promise that ends takes `total` back towards the merchant's word."""


class SqlShelf:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute
        self._many = connection.executemany

    def sync(self, catalogue: Catalogue) -> Sequence[Stock]:
        """`declared` is what bot.toml said when it was last read: only a change there touches the count, so that
        what was set by hand in between stays. A SKU that is no longer there keeps its row and is out (F045).

        `total` never falls below what is promised: where the merchant's word is less, `beyond` is what stands above
        it, and leaves `total` again with each promise that ends. So `held + sold <= total` holds at any moment, and
        nothing is free before the promises are down to the merchant's word.
        """
        rows = [(v.sku, v.level if v.stock is None else str(v.stock), v.stock, v.level) for v in catalogue.variants()]
        known = dict(self._do("SELECT sku, declared FROM stock").fetchall())
        changed = [row for row in rows if known.get(row[0]) != row[1]]
        self._many(
            "INSERT INTO stock (sku, declared, total, level) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET declared = excluded.declared, level = excluded.level,"
            " total = max(excluded.total, held + sold), beyond = coalesce(max(0, held + sold - excluded.total), 0)",
            changed,
        )
        offered = {row[0] for row in rows}
        gone = [sku for sku, declared in known.items() if sku not in offered and declared != REMOVED]
        self._many(
            "UPDATE stock SET declared = ?, level = 'out', total = held + sold, beyond = held + sold WHERE sku = ?",
            [(REMOVED, sku) for sku in gone],
        )
        lowered = (self._promised_beyond(sku) for sku in (*(row[0] for row in changed if row[0] in known), *gone))
        return [stock for stock in lowered if stock is not None]

    def _promised_beyond(self, sku: str) -> Stock | None:
        row = self._do(
            "SELECT sku, total, held, sold, level FROM stock"
            " WHERE sku = ? AND beyond > 0 AND (held > 0 OR declared != ?)",
            (sku, REMOVED),
        ).fetchone()
        return Stock(*row) if row else None

    def get(self, sku: str) -> Stock:
        row = self._do("SELECT sku, total, held, sold, level FROM stock WHERE sku = ?", (sku,)).fetchone()
        return Stock(*row) if row else Stock(sku, 0)

    def bestsellers(self, limit: int) -> Sequence[str]:
        rows = self._do("SELECT sku FROM stock WHERE sold > 0 ORDER BY sold DESC LIMIT ?", (limit,))
        return [sku for (sku,) in rows]

    def hold(self, sku: str, quantity: int) -> bool:
        return self._changed(
            "UPDATE stock SET held = held + :n WHERE sku = :sku AND level != 'out'"
            " AND (total IS NULL OR total - held - sold >= :n)",
            sku,
            quantity,
        )

    def release(self, sku: str, quantity: int) -> bool:
        return self._changed(
            f"UPDATE stock SET held = held - :n, {NOT_BEYOND} WHERE sku = :sku AND held >= :n", sku, quantity
        )

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

    def put_back(self, sku: str, quantity: int) -> bool:
        return self._changed(
            f"UPDATE stock SET sold = sold - :n, {NOT_BEYOND} WHERE sku = :sku AND sold >= :n", sku, quantity
        )

    def drift(self) -> Sequence[tuple[str, int, int, int, int]]:
        taken = (
            "SELECT l.sku, sum(l.quantity) AS n FROM orders o JOIN order_lines l ON l.ref = o.ref"
            " WHERE o.hold = '{}' GROUP BY l.sku"
        )
        return self._do(
            "SELECT s.sku, s.held, coalesce(h.n, 0), s.sold, coalesce(t.n, 0) FROM stock s"
            f" LEFT JOIN ({taken.format('live')}) h ON h.sku = s.sku"
            f" LEFT JOIN ({taken.format('sold')}) t ON t.sku = s.sku"
            " WHERE s.held != coalesce(h.n, 0) OR s.sold < coalesce(t.n, 0)"
        ).fetchall()

    def _changed(self, statement: str, sku: str, quantity: int) -> bool:
        return self._do(statement, {"sku": sku, "n": quantity}).rowcount == 1

"""How much of a SKU can still be promised."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.catalogue import Level

FEW = 5


@dataclass(frozen=True, slots=True)
class Stock:
    """`total` counts all that ever was for sale (None: not counted), `held` what is kept for unpaid orders."""

    sku: str
    total: int | None
    held: int = 0
    sold: int = 0
    level: Level = "counted"

    @property
    def available(self) -> int | None:
        """What a shopper may take now; None where nothing is counted. A total below what is promised is 0 (F045)."""
        if self.level == "out":
            return 0
        return None if self.total is None else max(0, self.total - self.held - self.sold)

    def has(self, quantity: int) -> bool:
        return self.available is None or quantity <= self.available

    @property
    def wording(self) -> str:
        """Which words tell a shopper how it stands: "out", "last", "few", "limited" or "in"."""
        available = self.available
        if available is None:
            return "limited" if self.level == "limited" else "in"
        return next(
            word for bound, word in ((0, "out"), (1, "last"), (FEW, "few"), (1 << 62, "in")) if available <= bound
        )

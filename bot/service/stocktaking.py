"""What bot.toml says of the stock, taken over into the books; promises that were made stand, whatever it says."""

from __future__ import annotations

from datetime import datetime

import structlog

from bot.domain.catalogue import Catalogue
from bot.domain.effects import Alert
from bot.domain.stock import Stock
from bot.ports import Books

log = structlog.get_logger(__name__)


def take_stock(books: Books, catalogue: Catalogue, now: datetime) -> None:
    """Sync the shelf; the merchant is told where less is said to be there than is held and sold already (F045)."""
    for stock in books.shelf.sync(catalogue):
        text = _shortfall(stock, catalogue)
        log.warning("alert", kind="stock_below", text=text)
        books.alert(Alert("stock_below", text), None, now)


def _shortfall(stock: Stock, catalogue: Catalogue) -> str:
    variant = catalogue.variant(stock.sku)
    if variant is None:
        return f"{stock.sku} stands no longer in bot.toml: {stock.held} held are still sold to whoever pays, no more"
    return (
        f"{stock.sku} has stock = {variant.stock}, which counts all that ever was for sale, but {stock.held} are held"
        f" and {stock.sold} sold: no more is sold until it says more than {stock.held + stock.sold}"
    )

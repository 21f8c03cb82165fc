"""What commands may ask of the shop's books, by name: each one transaction, whether the shop runs or rests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from bot.domain.money import to_minor
from bot.errors import Permanent
from bot.ports import Books, Receipt
from bot.service import merchant
from bot.service.shop import Shop

Asked = Mapping[str, str]
Wish = Callable[[Shop, Books, Asked, datetime], Receipt]


def _refund(shop: Shop, books: Books, asked: Asked, now: datetime) -> Receipt:
    amount = asked.get("amount", "")
    minor = _amount(amount, shop.counter.catalogue.currency) if amount else None
    return merchant.refund(shop, books, asked["ref"], minor, now)


def _amount(written: str, currency: str) -> int:
    try:
        minor = to_minor(Decimal(written), currency)
    except (InvalidOperation, ValueError) as error:
        raise Permanent(f"{written!r} is no amount in {currency}") from error
    if minor <= 0:
        raise Permanent("an amount to be given back is more than nothing")
    return minor


def _retry(_shop: Shop, books: Books, asked: Asked, now: datetime) -> Receipt:
    rows = asked.get("rows", "")
    return merchant.retry(books, [int(row) for row in rows.split(",")] if rows else None, now)


WISHES: Mapping[str, Wish] = {
    "ship": lambda shop, books, asked, now: merchant.ship(shop, books, asked["ref"], asked.get("tracking", ""), now),
    "cancel": lambda shop, books, asked, now: merchant.cancel(shop, books, asked["ref"], now),
    "refund": _refund,
    "return": lambda shop, books, asked, now: merchant.take_back(shop, books, asked["ref"], now),
    "retry": _retry,
}
"""Each raises Permanent, with the reason in a sentence, where it cannot be granted; ValueError or KeyError where it is
no wish."""

"""The shop's answer to "may this be paid?", which a platform waits ten seconds for, whatever else the shop does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import structlog

from bot.domain.invoices import ONE_AT_A_TIME, PLATFORMS, Asked, Way, is_over, platform_units, refusal, thawed
from bot.domain.orders import Order
from bot.domain.payments import Payment
from bot.errors import StoreDamaged, Temporary
from bot.ports import Books, Clock, Urgent, Writer

T = TypeVar("T")
log = structlog.get_logger(__name__)
PATIENCE = 1.5
"""Seconds that the store may take; after them the shopper is asked to try again, and nothing was agreed to."""
SOURCE = "invoice"
"""What the questions that were agreed to are noted under: one that is asked again is answered as before."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """`name` is a wording's; `language` the order's, "" where there is none."""

    name: str
    language: str = ""


@dataclass(frozen=True)
class RowCashier:
    """`word` puts a reason into a language. One short transaction an answer: it waits in no lane and for no wire."""

    write: Writer
    clock: Clock
    word: Callable[[str, str], str]
    patience: float = PATIENCE

    async def agree(self, asked: Asked) -> str:
        """ "Yes" ("") is noted, so that no two payments of one invoice are under way (F063)."""
        found = await self._within(lambda books: agree(books, asked, self.clock()))
        return self._worded(found, asked) if isinstance(found, Refusal) else ""

    async def ways(self, asked: Asked) -> Sequence[Way] | str:
        """The ways of delivery to the country asked about, in the platform's own units, or why there are none."""
        found = await self._within(lambda books: ways(books, asked, self.clock()))
        return self._worded(found, asked) if isinstance(found, Refusal) else found

    def _worded(self, why: Refusal, asked: Asked) -> str:
        log.info("invoice.refused", payload=asked.payload[:7], why=why.name)
        return self.word(why.name, why.language or (asked.language or "").partition("-")[0])

    async def _within(self, work: Callable[[Books], T | Refusal]) -> T | Refusal:
        """What comes too late is not done either: the shopper was told to try again."""
        busy, too_late = Refusal("invoice_busy"), False

        def in_time(books: Books) -> T | Refusal:
            return busy if too_late else work(books)

        try:
            return await asyncio.wait_for(self.write(Urgent(in_time)), self.patience)
        except (TimeoutError, Temporary, StoreDamaged):
            too_late = True
        except Exception:  # whatever it was, whoever waits is answered
            log.exception("invoice.broke")
        return busy


def agree(books: Books, asked: Asked, now: datetime) -> Refusal | None:
    found = _found(books, asked)
    if found is None:
        return Refusal("invoice_unknown")
    order, payment = found
    if (why := refusal(asked, order, payment, now)) is not None:
        return Refusal(why, order.language)
    first = books.inbox.accept(SOURCE, asked.id, now)
    if first and not books.payments.agree(payment.key, now, but_after=now - ONE_AT_A_TIME):
        return Refusal("invoice_under_way", order.language)
    return None


def ways(books: Books, asked: Asked, now: datetime) -> Sequence[Way] | Refusal:
    known = _found(books, asked)
    if known is None:
        return Refusal("invoice_unknown")
    order, payment = known
    if order.chat != asked.user:
        return Refusal("invoice_not_yours", order.language)
    if is_over(order, now):
        return Refusal("invoice_over", order.language)
    found = thawed(payment.request).ways_to(asked.country or "")
    priced = [replace(way, minor=platform_units(way.minor, order.currency)) for way in found]
    return priced or Refusal("invoice_no_delivery", order.language)


def _found(books: Books, asked: Asked) -> tuple[Order, Payment] | None:
    payment = books.payments.get(asked.payload)
    order = books.orders.get(payment.ref) if payment is not None else None
    if payment is None or order is None or payment.provider not in PLATFORMS:
        return None
    return order, payment

"""What the provider knows and the books do not: asked every few minutes, and made true like any news of its own.

Webhooks come at least once, in no order and for three days at most; a shop that was down longer, or whose address was
wrong, learns here what it missed (F018).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.effects import Alert
from bot.domain.invoices import LATEST_PAYMENT
from bot.domain.moments import moment_of
from bot.domain.payments import Checkout, News, Payment
from bot.errors import Permanent, StoreDamaged, Temporary
from bot.ports import Books, Clock, PaymentProvider, Receipt, Store, Writer
from bot.service.desk import Desk, Foreign, NotYet
from bot.service.restoring import caught_up, gap_since
from bot.service.settle import apply_checkout, apply_found
from bot.service.shop import Shop

log = structlog.get_logger(__name__)
OVERLAP = timedelta(minutes=10)
"""Events are dated when they happen and listed when they are ready: each pass begins a little before the last one."""
FURTHEST = timedelta(days=29)
"""Stripe keeps events for 30 days."""
SETTLED_WITHIN = timedelta(minutes=5)
"""A page younger than this is not asked about: its webhook is likely to be on its way."""
PAGES_AT_ONCE = 100
CLOCKS_DIFFER = timedelta(minutes=1)
CURSOR, DRIFT = "reconciled", "told:drift"


@dataclass(frozen=True, slots=True)
class Found:
    """What one pass came to: news that was missed, pages that had ended, charges that belong to no order, drift."""

    since: datetime
    missed: int = 0
    ended: int = 0
    orphans: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()

    def wire(self) -> dict[str, object]:
        """As JSON has it."""
        found: dict[str, object] = {"since": self.since.isoformat(), "missed": self.missed, "ended": self.ended}
        return found | {"orphans": list(self.orphans), "drift": list(self.drift)}


class Reconciler:
    """`settle` makes one event durable and acts on it; `awake` writes and wakes the deliverer."""

    def __init__(
        self,
        shop: Shop,
        store: Store,
        write: Writer,
        awake: Callable[[Callable[[Books], Receipt]], Awaitable[Receipt]],
        settle: Callable[[News], Awaitable[None]],
        clock: Clock,
        *,
        every: timedelta,
    ) -> None:
        self.shop, self._store, self._write, self._awake = shop, store, write, awake
        self._settle, self._clock, self._every = settle, clock, every
        self._soon = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    @property
    def _provider(self) -> PaymentProvider:
        return self.shop.provider

    def soon(self) -> None:
        """Begin the next pass now."""
        self._soon.set()

    async def run(self) -> None:
        while True:
            try:
                await self.once()
            except (Temporary, Permanent) as error:
                log.warning("reconcile.rests", error=str(error))
            except StoreDamaged:
                raise
            except Exception:  # the next pass may be better
                log.exception("reconcile.broke")
            self._soon.clear()
            try:
                async with asyncio.timeout(self._every.total_seconds()):  # wait_for of 3.11 can swallow a cancellation
                    await self._soon.wait()
            except TimeoutError:
                continue

    async def once(self) -> Found:
        """One pass. Raises Temporary or Permanent where the provider cannot be asked; nothing is forgotten then."""
        async with self._one_at_a_time:
            return await self._pass()

    async def _pass(self) -> Found:
        begun = self._clock()
        since = max(self._since(begun), begun - FURTHEST)
        told = [news async for news in self._provider.happened(since - OVERLAP)]
        missed = self._unheard(told)
        for news in reversed(missed):
            await self._settle(news)
        orphans = await self._make_true([news for news in reversed(told) if news.found])
        ended = await self._look_at_pages(begun)
        drift = await self._drift()
        await self._write(lambda books: self._noted(books, begun))
        if missed or ended or orphans or drift:
            log.info("reconcile.found", missed=len(missed), ended=ended, orphans=len(orphans), drift=len(drift))
        return Found(since, len(missed), ended, orphans, drift)

    def _since(self, now: datetime) -> datetime:
        def look(books: Books) -> datetime:
            if (gap := gap_since(books)) is not None:
                return gap
            last = moment_of(books.ledger.cursor(CURSOR)) or books.orders.first_at() or now
            return last if last <= now else now - FURTHEST  # it was written by a clock that was ahead

        return self._store.read(look)

    @staticmethod
    def _noted(books: Books, begun: datetime) -> None:
        books.ledger.move(CURSOR, begun.isoformat(), begun)
        caught_up(books, begun)

    def _unheard(self, told: Sequence[News]) -> list[News]:
        """The events among them that never arrived."""
        keys = [news.key for news in told if not news.found]
        unknown = self._store.read(lambda books: books.inbox.unknown(self._provider.name, keys))
        return [news for news in told if not news.found and news.key in unknown]

    async def _make_true(self, found: Sequence[News]) -> tuple[str, ...]:
        """Refunds, disputes and charges as they stand, whether or not an event told them; -> those of no order."""
        orphans = []
        fresh = self._store.read(lambda books: books.inbox.unknown(self._provider.name, [news.key for news in found]))
        for news in found:
            if news.key not in fresh:
                continue
            try:
                await self._awake(lambda books, news=news: self._apply(books, news))  # type: ignore[misc]
            except Foreign as why:
                if news.kind == "charged" and await self._write(
                    lambda books, news=news, why=why: self._orphan(books, news, str(why))  # type: ignore[misc]
                ):
                    orphans.append(news.key.split(":")[1])
            except NotYet as why:
                log.info("reconcile.later", key=news.key, why=str(why))
        return tuple(orphans)

    def _apply(self, books: Books, news: News) -> Receipt:
        now = self._clock()
        if not books.inbox.accept(news.source, news.key, now):
            return Receipt(fresh=False)
        desk = Desk(self.shop, books, now)
        apply_found(desk, news)
        return desk.receipt

    def _orphan(self, books: Books, news: News, why: str) -> bool:
        """Told once, and looked at again at the next pass: its order may only be late."""
        name, now = f"orphan:{news.key.split(':')[1]}", self._clock()
        made_at = news.made_at or now
        agreed = books.payments.agreed_between(made_at - LATEST_PAYMENT, made_at + CLOCKS_DIFFER)
        if agreed and now - made_at < SETTLED_WITHIN:  # an invoice's payment, of which its platform is about to tell
            return False
        if not books.inbox.accept(news.source, name, now):
            return False
        perhaps = f"; perhaps of {', '.join(agreed)}, whose invoice was agreed to then" if agreed else ""
        books.alert(Alert("orphan", f"{news.kind} {news.key.split(':')[1]}: {why}{perhaps}"), None, now)
        return True

    async def _look_at_pages(self, now: datetime) -> int:
        """Ask how the pages stand that should have ended, or whose money is under way; -> how many had."""
        name = self._provider.name
        payments = await self._write(
            lambda books: books.payments.unsettled(name, now, now - SETTLED_WITHIN, PAGES_AT_ONCE)
        )
        ended = 0
        for payment in payments:
            try:
                checkout = await self._provider.look(payment)
            except Permanent as error:
                log.warning("reconcile.page_unknown", ref=payment.ref, error=str(error))
                continue
            if checkout is None or checkout.state == "open":
                continue
            if (await self._awake(lambda books, c=checkout, p=payment: self._ended(books, c, p))).fresh:  # type: ignore[misc]
                ended += 1
        return ended

    def _ended(self, books: Books, checkout: Checkout, before: Payment) -> Receipt:
        """`fresh` tells whether it changed anything."""
        desk = Desk(self.shop, books, self._clock())
        try:
            apply_checkout(desk, checkout)
        except NotYet as why:
            desk.alert("orphan", str(why), before.ref)
        after = books.payments.get(before.key)
        changed = after is not None and after.status is not before.status
        return Receipt(fresh=changed).plus(desk.receipt)

    async def _drift(self) -> tuple[str, ...]:
        """What the counts of the stock say against the orders themselves; never mended by itself (F048)."""
        rows = await asyncio.to_thread(self._store.read, lambda books: books.shelf.drift())
        found = tuple(
            f"{sku}: {held} held, orders keep {kept}; {sold} sold, orders took {taken}"
            for sku, held, kept, sold, taken in rows
        )
        text = "; ".join(found)[:500]

        def tell(books: Books) -> None:
            if text and books.ledger.cursor(DRIFT) != text:
                books.alert(Alert("stock_drift", text), None, self._clock())
            books.ledger.move(DRIFT, text or None, self._clock())

        if text != (self._store.read(lambda books: books.ledger.cursor(DRIFT)) or ""):
            await self._write(tell)
        return found

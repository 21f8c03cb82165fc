"""What time brings: holds that are over, events that waited, rows that are due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from bot.domain.effects import Alert, CloseCheckout
from bot.domain.messages import mask_cards
from bot.domain.orders import CancelReason
from bot.errors import StoreDamaged, Temporary
from bot.ports import Books, Clock, Receipt, Writer
from bot.service import receive, settle
from bot.service.careful import Care
from bot.service.privacy import forget_old_bodies
from bot.service.shop import Shop, later
from bot.service.watch import Watch

log = structlog.get_logger(__name__)
AT_ONCE = 100
TIDY_EVERY = 3600.0
"""Seconds between two looks for what is kept no longer (F132)."""
CLOCK_STEPS = timedelta(seconds=30)
"""A smaller difference is a clock that is being corrected."""


def close_overdue(shop: Shop, books: Books, clock: Clock) -> Receipt:
    """Ask the provider to expire what was not paid in time; only its answer releases the hold (F042)."""
    now = clock()
    receipt = Receipt()
    for ref in books.orders.overdue(now, AT_ONCE):
        order = books.orders.get(ref)
        if order is None or not books.orders.begin_closing(ref, CancelReason.EXPIRED, now):
            continue
        for payment in books.payments.of(ref):
            closing = CloseCheckout(payment.key)
            queued = books.outbox.put(closing, channel=order.channel, chat=order.chat, ref=ref, now=now)
            receipt = receipt.plus(queued)
    return receipt


class Sweeper:
    """Runs every `every` seconds until cancelled; `awake` also wakes the deliverer for what it wrote.

    `steady` is a clock that nobody puts forward or back; `ailing` names the parts that cannot serve, with the reason;
    `journal` wakes who decides on what is kept.
    """

    def __init__(
        self,
        shop: Shop,
        write: Writer,
        awake: Callable[[Callable[[Books], Receipt]], Awaitable[Receipt]],
        clock: Clock,
        *,
        every: float,
        steady: Callable[[], float] = time.monotonic,
        ailing: Callable[[], Mapping[str, str]] = dict,
        care: Care | None = None,
        journal: Callable[[], None] = lambda: None,
    ) -> None:
        self._shop, self._write, self._awake, self._clock, self._every = shop, write, awake, clock, every
        self._steady, self._ailing, self._care, self._journal = steady, ailing, care or Care(), journal
        self._watch = Watch()
        self._set = (clock(), steady())
        self._tidied = steady() - TIDY_EVERY

    async def run(self) -> None:
        while True:
            try:
                await self.once()
            except Temporary as error:
                log.warning("sweep.rests", error=str(error))
            except StoreDamaged:
                raise
            except Exception:  # one bad row must not end the sweeping of the others
                log.exception("sweep.broke")
            await asyncio.sleep(self._every)

    async def once(self) -> None:
        await self._mind_the_clock()
        ailing, moment = self._ailing(), self._steady()
        if self._watch.sees(ailing, moment):
            await self._write(lambda books: self._watch.note(books, ailing, moment, self._clock()))
        if moment - self._tidied >= TIDY_EVERY:
            await self._write(lambda books: forget_old_bodies(books, self._clock()))
            self._tidied = moment
        await self._awake(lambda books: close_overdue(self._shop, books, self._clock))
        due, kept = await self._write(
            lambda books: (books.inbox.waiting(self._clock(), AT_ONCE), books.inbox.journaled(1))
        )
        if kept:
            self._journal()
        for event in due:
            await self._look_again(*event)

    async def _mind_the_clock(self) -> None:
        """Where somebody sets the machine's clock, holds neither end at once nor last a day longer (F098)."""
        clock, steady = self._clock(), self._steady()
        by = clock - self._set[0] - timedelta(seconds=steady - self._set[1])
        if abs(by) < CLOCK_STEPS:
            return
        log.error("clock.set", seconds=by.total_seconds())

        def shift(books: Books) -> None:
            books.shift(by)
            text = f"this machine's clock was set by {by.total_seconds():+.0f} s; what waits, waits as long as before"
            books.alert(Alert("clock", text), None, clock)

        await self._write(shift)
        self._set = (clock, steady)

    async def _look_again(self, source: str, key: str, body: str, attempts: int) -> None:
        try:
            if self._care.needed(self._clock()):
                begun = await self._write(lambda books: self._care.begin(books, source, key, body, self._clock()))
                if not begun:
                    return
            await self._awake(lambda books: self._handled(books, source, key, body, attempts))
        except Temporary:
            raise
        except Exception as error:  # noqa: BLE001 - a poison event is set aside, whatever it breaks (F072)
            why = mask_cards(repr(error))
            await self._write(lambda books: self._poisoned(books, source, key, body, attempts, why))

    def _handled(self, books: Books, source: str, key: str, body: str, attempts: int) -> Receipt:
        if source != self._shop.provider.name:
            return receive.look_again(self._shop, books, source, key, self._clock())
        news = self._shop.provider.reread(body)
        if news is None:
            books.inbox.settle(source, key)
            return Receipt()
        return settle.look_again(self._shop, books, news, max(attempts, 1), self._clock())  # 0: begun, and ended there

    def _poisoned(self, books: Books, source: str, key: str, body: str, attempts: int, error: str) -> None:
        now = self._clock()
        again = later(self._shop, attempts, now)
        books.inbox.set_aside(source, key, body, error, again_at=again, now=now)
        log.error("event.failed", source=source, key=key, attempts=attempts + 1, error=error, dead=again is None)
        if attempts == len(self._shop.patience):  # told once, however often it is looked at after
            books.alert(Alert("poison", f"{source} {key}: {error}"), None, now)

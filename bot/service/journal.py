"""While a backlog comes in its events are only kept, and decided on after: a question that is timed may be among the
last of them, and is seen once all that came before it is kept (F061)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from bot.domain.messages import Inbound, mask_cards
from bot.errors import StoreDamaged, Temporary
from bot.ports import Books, Clock, Receipt, Writer
from bot.service.careful import Care
from bot.service.receive import dump_safely, look_again, receive
from bot.service.rush import CROWD, FULL, Rush
from bot.service.shop import Shop, later

Keep = Callable[[Sequence[Inbound]], Awaitable[Sequence[Receipt]]]
log = structlog.get_logger(__name__)
PAGE = 100
"""Events kept by one transaction, and decided on between two looks at what waits."""
LOOKS = 0.05
"""Seconds between two looks whether a rush is over."""
AGAIN_AFTER = 1.0
"""Seconds until the store is tried anew where it could not write."""


def receive_in_turn(shop: Shop, books: Books, event: Inbound, clock: Clock) -> Receipt:
    """Handle an event, or keep it behind those that still wait: what a shopper did is handled in its order."""
    if books.inbox.journaled(1):
        return _kept(books, event, clock)
    return receive(shop, books, event, clock())


def _kept(books: Books, event: Inbound, clock: Clock) -> Receipt:
    return Receipt(fresh=books.inbox.journal(event.source, event.key, dump_safely(event), clock()))


@dataclass
class Journal:
    """Keeps whole pages and decides on what is kept, in the order in which it came; `run` until cancelled.

    `awake` also wakes the deliverer for what it wrote. Where a pressed button is decided on later, its press has been
    answered without a word.
    """

    shop: Shop
    write: Writer
    awake: Callable[[Callable[[Books], Receipt]], Awaitable[Receipt]]
    clock: Clock
    care: Care = field(default_factory=Care)
    full: float = FULL
    crowd: float = CROWD
    steady: Callable[[], float] = time.monotonic
    rush: Rush = field(default_factory=Rush)

    def __post_init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def keep(self, events: Sequence[Inbound], singly: Keep) -> Sequence[Receipt]:
        """Make events durable and no more, a page a transaction; a page that cannot be kept is taken in `singly`.

        Raises Temporary or StoreDamaged where the store cannot write: none of them may be acknowledged.
        """
        self.rush.comes(self.steady())
        try:
            pages = [events[start : start + PAGE] for start in range(0, len(events), PAGE)]
            return [receipt for page in pages for receipt in await self._page(page, singly)]
        finally:
            self.rush.kept(self.steady())
            self.wake()

    async def _page(self, page: Sequence[Inbound], singly: Keep) -> Sequence[Receipt]:
        try:
            return await self.write(lambda books: [_kept(books, event, self.clock) for event in page])
        except (Temporary, StoreDamaged):
            raise
        except Exception:  # one of them cannot be kept as it is
            log.exception("journal.refused")
            return await singly(page)

    async def behind(self, event: Inbound) -> bool:
        """Keep an event where others wait that came before it; False where none does, or it is in hand already."""

        def kept(books: Books) -> bool:
            if not books.inbox.journaled(1) or books.inbox.body(event.source, event.key) is not None:
                return False
            _kept(books, event, self.clock)
            return True

        return await self.write(kept)

    async def run(self) -> None:
        """Whatever waits at the start, and whenever woken."""
        while True:
            self._woken.clear()
            try:
                await self.once()
            except Temporary as error:
                log.warning("journal.rests", error=str(error))
                await asyncio.sleep(AGAIN_AFTER)
            except StoreDamaged:
                raise
            except Exception:  # whatever it was, what waits is still there
                log.exception("journal.broke")
                await asyncio.sleep(AGAIN_AFTER)
            else:
                await self._woken.wait()

    async def once(self) -> None:
        """Decide on all that waits. Raises Temporary or StoreDamaged where the store cannot write."""
        while True:
            if self.rush.lasts(self.steady()):
                await asyncio.sleep(LOOKS)
                continue
            waiting = await self.write(lambda books: books.inbox.journaled(PAGE))
            if not waiting:
                self.rush.through()
                return
            if self.care.needed(self.clock()):
                for source, key in waiting:
                    await self._carefully(source, key)
            else:
                await self._decided(waiting)

    async def _decided(self, events: Sequence[tuple[str, str]]) -> None:
        """All submitted before the first is awaited, so that they share their commits."""
        deciding = [self.awake(partial(self._decide, source, key)) for source, key in events]
        outcomes = await asyncio.gather(*deciding, return_exceptions=True)
        for (source, key), outcome in zip(events, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                await self._aside(source, key, outcome)

    async def _carefully(self, source: str, key: str) -> None:
        def begun(books: Books) -> bool:
            body = books.inbox.body(source, key)
            return body is not None and self.care.begin(books, source, key, body, self.clock())

        if await self.write(begun):
            await self._decided([(source, key)])

    def _decide(self, source: str, key: str, books: Books) -> Receipt:
        return look_again(self.shop, books, source, key, self.clock())

    async def _aside(self, source: str, key: str, error: BaseException) -> None:
        """A poison event is kept for later and its chat goes on (F072)."""
        if isinstance(error, Temporary | StoreDamaged) or not isinstance(error, Exception):
            raise error
        why = mask_cards(repr(error))

        def put(books: Books) -> None:
            now, body = self.clock(), books.inbox.body(source, key)
            if body is not None:
                books.inbox.set_aside(source, key, body, why, again_at=later(self.shop, 0, now), now=now)

        await self.write(put)
        log.error("event.set_aside", source=source, key=key, error=why)

"""What channels hand their events to: durable first, then awake whoever must send."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.messages import Inbound, mask_cards
from bot.domain.payments import News
from bot.errors import StoreDamaged, Temporary
from bot.ports import Books, Clock, Receipt
from bot.service.careful import Care
from bot.service.journal import Journal, receive_in_turn
from bot.service.receive import dump_safely, look_again, put_aside, receive
from bot.service.settle import look_again as settle_again
from bot.service.settle import set_aside, settle
from bot.service.shop import Shop


@dataclass
class Reception:
    """`write` also wakes the deliverer (see `waking`); `word` puts a notice into a shopper's language."""

    shop: Shop
    write: Callable[[Callable[[Books], Receipt]], Awaitable[Receipt]]
    clock: Clock
    word: Callable[[str, str], str]
    care: Care = field(default_factory=Care)
    journal: Journal | None = None
    """Without one each event is decided on as it comes, however many come."""
    _in_hand: int = 0
    """Calls under way."""

    async def take(self, events: Sequence[Inbound]) -> Sequence[Receipt]:
        """Receive events, all submitted before the first is awaited, so that they share their commits.

        Where many come they are only kept: the journal decides on them after. Raises Temporary or StoreDamaged where
        the store cannot write: none of them may be acknowledged.
        """
        journal = self.journal
        if journal is None or self.care.needed(self.clock()):
            return await self._each(events)
        full = len(events) >= journal.full
        self._in_hand += 1
        try:
            if full or self._in_hand >= journal.crowd:
                return await journal.keep(events, self._each)
            return await self._each(events)
        finally:
            self._in_hand -= 1
            if not full and not self._in_hand:
                journal.rush.over()

    async def _each(self, events: Sequence[Inbound]) -> Sequence[Receipt]:
        writing = [self._received(event) for event in events]
        outcomes = await asyncio.gather(*writing, return_exceptions=True)
        receipts: list[Receipt] = []
        for event, outcome in zip(events, outcomes, strict=True):
            receipt = outcome if isinstance(outcome, Receipt) else await self._aside(event, outcome)
            notice = self.word(receipt.notice, receipt.language) if receipt.notice else ""
            receipts.append(replace(receipt, notice=notice))
        return receipts

    def _received(self, event: Inbound) -> Awaitable[Receipt]:
        if self.care.needed(self.clock()):
            return self._received_carefully(event)
        if self.journal is None:
            return self.write(lambda books: receive(self.shop, books, event, self.clock()))
        return self.write(lambda books: receive_in_turn(self.shop, books, event, self.clock))

    async def _received_carefully(self, event: Inbound) -> Receipt:
        if self.journal is not None and await self.journal.behind(event):
            return Receipt()
        safe, source, key = dump_safely(event), event.source, event.key
        if not await self._begun(source, key, safe):
            return Receipt(fresh=False)
        return await self.write(lambda books: look_again(self.shop, books, source, key, self.clock()))

    async def _begun(self, source: str, key: str, body: str) -> bool:
        receipt = await self.write(lambda books: Receipt(fresh=self.care.begin(books, source, key, body, self.clock())))
        return receipt.fresh

    async def _aside(self, event: Inbound, error: BaseException) -> Receipt:
        """A poison event is kept for later and its chat goes on (F072); a store that cannot write keeps nothing."""
        if isinstance(error, Temporary | StoreDamaged) or not isinstance(error, Exception):
            raise error
        why = mask_cards(repr(error))
        return await self.write(lambda books: put_aside(self.shop, books, event, why, self.clock()))

    async def settle(self, news: News) -> None:
        """Make a payment's news durable and act on it. Raises as `take` does."""
        try:
            if not self.care.needed(self.clock()):
                await self.write(lambda books: settle(self.shop, books, news, self.clock()))
            elif await self._begun(news.source, news.key, news.body):
                await self.write(lambda books: settle_again(self.shop, books, news, 1, self.clock()))
        except (Temporary, StoreDamaged):
            raise
        except Exception as error:  # noqa: BLE001 - kept with its body for a human, and acknowledged (F021, F072)
            why = repr(error)
            await self.write(lambda books: set_aside(self.shop, books, news, why, self.clock()))

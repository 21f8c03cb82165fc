"""What channels hand their events to: durable first, then awake whoever must send."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.domain.messages import Inbound, mask_cards
from bot.domain.payments import News
from bot.errors import StoreDamaged, Temporary
from bot.ports import Books, Clock, Receipt
from bot.service.receive import put_aside, receive
from bot.service.settle import set_aside, settle
from bot.service.shop import Shop


@dataclass(frozen=True)
class Reception:
    """`write` also wakes the deliverer (see `waking`); `word` puts a notice into a shopper's language."""

    shop: Shop
    write: Callable[[Callable[[Books], Receipt]], Awaitable[Receipt]]
    clock: Clock
    word: Callable[[str, str], str]

    async def take(self, events: Sequence[Inbound]) -> Sequence[Receipt]:
        """Receive events, all submitted before the first is awaited, so that they share their commits.

        Raises Temporary or StoreDamaged where the store cannot write: none of them may be acknowledged.
        """
        writing = [self._received(event) for event in events]
        outcomes = await asyncio.gather(*writing, return_exceptions=True)
        receipts: list[Receipt] = []
        for event, outcome in zip(events, outcomes, strict=True):
            receipt = outcome if isinstance(outcome, Receipt) else await self._aside(event, outcome)
            notice = self.word(receipt.notice, receipt.language) if receipt.notice else ""
            receipts.append(replace(receipt, notice=notice))
        return receipts

    def _received(self, event: Inbound) -> Awaitable[Receipt]:
        return self.write(lambda books: receive(self.shop, books, event, self.clock()))

    async def _aside(self, event: Inbound, error: BaseException) -> Receipt:
        """A poison event is kept for later and its chat goes on (F072); a store that cannot write keeps nothing."""
        if isinstance(error, Temporary | StoreDamaged) or not isinstance(error, Exception):
            raise error
        why = mask_cards(repr(error))
        return await self.write(lambda books: put_aside(self.shop, books, event, why, self.clock()))

    async def settle(self, news: News) -> None:
        """Make a payment's news durable and act on it. Raises as `take` does."""
        try:
            await self.write(lambda books: settle(self.shop, books, news, self.clock()))
        except (Temporary, StoreDamaged):
            raise
        except Exception as error:  # noqa: BLE001 - kept with its body for a human, and acknowledged (F021, F072)
            why = repr(error)
            await self.write(lambda books: set_aside(self.shop, books, news, why, self.clock()))

"""What channels hand their events to: durable first, then awake whoever must send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.domain.messages import Inbound
from bot.domain.payments import News
from bot.errors import StoreDamaged, Temporary
from bot.ports import Clock, Receipt, Writer
from bot.service.receive import put_aside, receive
from bot.service.settle import settle
from bot.service.shop import Shop


@dataclass(frozen=True)
class Reception:
    """`wake` starts the deliveries of a receipt; `word` puts a notice into a shopper's language."""

    shop: Shop
    write: Writer
    clock: Clock
    wake: Callable[[Receipt], None]
    word: Callable[[str, str], str]

    async def take(self, events: Sequence[Inbound]) -> Sequence[Receipt]:
        """Receive events, all submitted before the first is awaited, so that they share their commits.

        Raises Temporary or StoreDamaged where the store cannot write: none of them may be acknowledged.
        """
        writing = [self._received(event) for event in events]
        receipts: list[Receipt] = []
        for event, written in zip(events, writing, strict=True):
            try:
                receipt = await written
            except (Temporary, StoreDamaged):
                raise
            except Exception as error:  # noqa: BLE001 - a poison event is kept for later, its chat goes on (F072)
                receipt = await self._aside(event, repr(error))
            self.wake(receipt)
            notice = self.word(receipt.notice, receipt.language) if receipt.notice else ""
            receipts.append(replace(receipt, notice=notice))
        return receipts

    def _received(self, event: Inbound) -> Awaitable[Receipt]:
        return self.write(lambda books: receive(self.shop, books, event, self.clock()))

    async def _aside(self, event: Inbound, why: str) -> Receipt:
        return await self.write(lambda books: put_aside(self.shop, books, event, why, self.clock()))

    async def settle(self, news: News) -> None:
        """Make a payment's news durable and act on it. Raises as `take` does."""
        self.wake(await self.write(lambda books: settle(self.shop, books, news, self.clock())))

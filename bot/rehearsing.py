"""The shop with nobody outside: its rules and words over books that are forgotten."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, assert_never

from bot.domain.conversation.sales import pay_rows
from bot.domain.effects import CloseCheckout, Effect, GiveBack, OpenCheckout, Retire, Say
from bot.domain.messages import Inbound
from bot.domain.payments import Checkout
from bot.domain.understanding import Clerk
from bot.ports import Books, Clock, Rendered, Renderer, Store, Task
from bot.service.asking import asked_to_pay
from bot.service.desk import Desk
from bot.service.receive import receive
from bot.service.settle import apply_checkout
from bot.service.shop import Shop

T = TypeVar("T")
LEASE = timedelta(minutes=1)
NO_PAGE = "https://checkout.invalid"
"""Where the payment page would stand: no such host will ever be (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`said` is what the shopper reads; `ordered` is True where an order was made of the event."""

    said: Sequence[Rendered]
    ordered: bool


Take = Callable[[Inbound], Answer]


class _Forgotten(Exception):
    """Undoes what was written."""


@dataclass(frozen=True)
class Rehearsal:
    """`clerk` is the one that `shop` understands by."""

    shop: Shop
    clerk: Clerk
    renderer: Renderer
    store: Store
    clock: Clock

    def take(self, event: Inbound) -> Answer:
        """What the shop says to an event. Of an order the link is shown, where nothing can be paid."""
        return self.store.write(lambda books: self._answer(books, event))

    def forgetting(self, talk: Callable[[Take], T]) -> T:
        """What `talk` comes to, after which the books are as before: the next shopper finds the shelf full."""
        outcome: list[T] = []

        def played(books: Books) -> None:
            outcome.append(talk(lambda event: self._answer(books, event)))
            raise _Forgotten

        with suppress(_Forgotten):
            self.store.write(played)
        return outcome[0]

    def _answer(self, books: Books, event: Inbound) -> Answer:
        due = deque(receive(self.shop, books, event, self.clock()).tasks)
        said: list[Rendered] = []
        ordered = False
        while due:
            task = due.popleft()
            books.outbox.sent(task, None, self.clock())
            if isinstance(task.effect, Say):
                said.append(self.renderer.say(task.effect, channel=event.channel, task=task.id))
            ordered |= isinstance(task.effect, OpenCheckout)
            due.extend(self._followed(books, task.effect))
            if behind := books.outbox.claim(task.lane, self.clock(), LEASE):
                due.append(behind)
        return Answer(said, ordered)

    def _followed(self, books: Books, effect: Effect) -> Sequence[Task]:
        """What comes of it once the provider has done it, which never fails here and takes no time."""
        desk = Desk(self.shop, books, self.clock())
        match effect:
            case OpenCheckout(key):
                payment = books.payments.get(key)
                order = books.orders.get(payment.ref) if payment else None
                assert order is not None
                url = f"{NO_PAGE}/{order.ref}"
                books.payments.link(key, session=key, intent=None, url=url, now=desk.now)
                books.orders.start_hold(order.ref, desk.now + self.shop.hold)
                desk.put(order, asked_to_pay(self.shop, books, order, pay_rows(url, order.ref, order.total_minor)))
            case CloseCheckout(key):
                apply_checkout(desk, _closed(key, livemode=self.shop.livemode))
            case Say() | Retire() | GiveBack():
                pass
            case _:
                assert_never(effect)
        return desk.receipt.tasks


def _closed(key: str, *, livemode: bool) -> Checkout:
    """What a provider says of a page that it has closed unpaid."""
    return Checkout(
        session=key,
        state="expired",
        paid=False,
        reference=None,
        key=key,
        amount_minor=None,
        subtotal_minor=None,
        currency=None,
        livemode=livemode,
    )

"""How each kind of effect is carried out outside, and what its outcome changes in the books."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar, assert_never

from bot.domain.conversation.sales import pay_rows
from bot.domain.effects import Alert, CloseCheckout, Fact, GiveBack, OpenCheckout, Retire, Say
from bot.domain.orders import CancelReason, OrderStatus
from bot.domain.payments import Checkout, Payment, Refund
from bot.errors import Permanent, Refused, Temporary
from bot.ports import Books, Channel, Clock, Envelope, PaymentProvider, Receipt, Rendered, Renderer, Store, Task
from bot.service.asking import asked_to_pay
from bot.service.desk import Desk, NotYet, cancel
from bot.service.gate import Gate
from bot.service.invoices import by_invoice, end_invoice, is_invoice, seconds_open
from bot.service.settle import apply_checkout, note_refund
from bot.service.shop import Shop
from bot.service.wordings import wordings

T = TypeVar("T")
Mark = Callable[[Books, datetime], Receipt]
"""What the outcome changes, in the same transaction that marks the task as done."""


OTHERS = 20
"""Messages of a chat that are known not to be the one whose fate is looked for."""
LINKS = frozenset({"link", "link_again"})
"""Messages that ask for money: a wait may have made them untrue."""


def nothing(_books: Books, _now: datetime) -> Receipt:
    return Receipt()


@dataclass(frozen=True)
class Performer:
    """Does a task once. Raises Temporary, Permanent or Unreachable; returns the sent message's id and a Mark."""

    shop: Shop
    store: Store
    channels: Mapping[str, Channel]
    provider: PaymentProvider
    renderer: Renderer
    gates: Mapping[str, Gate] = field(default_factory=dict)
    """The channels whose platform has rules about who may be written to."""
    clock: Clock = lambda: datetime.now(UTC)

    async def __call__(self, task: Task) -> tuple[str | None, Mark]:
        effect = task.effect
        match effect:
            case Say():
                return await self._say(task, effect), nothing
            case Retire():
                return await self._retire(task, effect), nothing
            case OpenCheckout():
                self._still_wanted(task)
                opened = await self._with_payment(effect.key, self.provider.open)
                return None, lambda books, now: self._opened(books, effect.key, opened, now)
            case CloseCheckout() if is_invoice(self._payment(effect.key)):
                left = seconds_open(self._payment(effect.key), self.clock())
                if left > 0:
                    raise Temporary("a payment that was agreed to may still come", retry_after=left)
                return None, lambda books, now: end_invoice(self.shop, books, effect.key, now)
            case CloseCheckout():
                closed = await self._with_payment(effect.key, self.provider.close)
                if closed.state == "open":  # somebody is paying at this very moment
                    raise Temporary("the page is still open")
                return None, lambda books, now: self._closed(books, closed, now)
            case GiveBack():
                given = await self._with_payment(
                    effect.key,
                    lambda payment: self.provider.give_back(
                        payment, effect.amount_minor, effect.serial, again=task.epoch > 1
                    ),
                )
                return None, lambda books, now: self._given_back(books, effect.key, given, now)
            case _:
                assert_never(effect)

    def channel(self, task: Task) -> Channel:
        """The channel of a task. Raises Permanent where the shop no longer has it."""
        channel = self.channels.get(task.channel)
        if channel is None:
            raise Permanent(f"the channel {task.channel} is not switched on")
        return channel

    async def _say(self, task: Task, say: Say) -> str | None:
        if say.message in LINKS and task.ref is not None:
            order = self.store.read(lambda books: books.orders.get(task.ref or ""))
            if order is not None and (order.status is not OrderStatus.CREATED or order.closing is not None):
                raise Refused(f"{task.ref} is no longer to be paid")
        channel, gate = self.channel(task), self.gates.get(task.channel)
        if gate is None:
            body = self.renderer.say(say, channel=task.channel, task=task.id)
            invoice = self._payment(say.invoice).request if say.invoice is not None else None
            return await channel.send(Envelope(task.chat, body, say.replaces, say.pictured, invoice=invoice))
        if say.answers is not None:
            post = say.answers.id
            texts = wordings(self.renderer, say, channel=task.channel, task=task.id)
            return await gate.pass_through(
                task,
                say,
                texts,
                lambda text: channel.send(Envelope(task.chat, Rendered(text), answers=post, again=task.uncertain)),
            )
        body = self.renderer.say(say, channel=task.channel, task=task.id)
        others = (
            self.store.read(lambda books: books.outbox.newest_sent(task.channel, task.chat, OTHERS))
            if task.uncertain
            else frozenset[str]()
        )
        envelope = Envelope(task.chat, body, again=task.uncertain, known=others)
        return await gate.pass_through(task, say, [body.text], lambda _: channel.send(envelope))

    def _still_wanted(self, task: Task) -> None:
        """Only who holds stock gets a page. Raises Refused."""
        order = self.store.read(lambda books: books.orders.get(task.ref or ""))
        if order is not None and order.status is not OrderStatus.CREATED:
            raise Refused(f"{task.ref} is no longer to be paid")

    async def _retire(self, task: Task, effect: Retire) -> str | None:
        message = self.store.read(lambda books: books.outbox.link_message(effect.ref))
        if message is not None and self.store.read(lambda books: by_invoice(books, effect.ref)):
            return await self._withdraw(task, effect.ref, message)
        if message is not None:
            await self.channel(task).send(Envelope(task.chat, Rendered(""), message, keyboard_only=True))
        return message

    async def _withdraw(self, task: Task, ref: str, message: str) -> str | None:
        """An invoice's own button cannot be taken from it; on a paid one the platform itself makes it a receipt."""
        order = self.store.read(lambda books: books.orders.get(ref))
        if order is not None and order.status is OrderStatus.CANCELED:
            await self.channel(task).send(Envelope(task.chat, Rendered(""), message, withdrawn=True))
        return message

    def _payment(self, key: str) -> Payment:
        payment = self.store.read(lambda books: books.payments.get(key))
        if payment is None:
            raise Permanent(f"no payment {key}")
        return payment

    async def _with_payment(self, key: str, act: Callable[[Payment], Awaitable[T]]) -> T:
        return await act(self._payment(key))

    def _desk(self, books: Books, now: datetime) -> Desk:
        return Desk(self.shop, books, now)

    def _opened(self, books: Books, key: str, checkout: Checkout, now: datetime) -> Receipt:
        """Store the link; the shopper's time runs from now (F038). Said only while there is something to pay."""
        desk = self._desk(books, now)
        payment = books.payments.get(key)
        assert payment is not None
        order = books.orders.get(payment.ref)
        assert order is not None
        books.payments.link(key, session=checkout.session, intent=checkout.intent, url=checkout.url, now=now)
        if order.status is not OrderStatus.CREATED:
            return desk.receipt
        books.orders.start_hold(order.ref, now + self.shop.hold)
        if checkout.state == "open" and checkout.url and order.closing is None:
            rows = pay_rows(checkout.url, order.ref, order.total_minor)
            desk.put(order, asked_to_pay(self.shop, books, order, rows))
        return desk.receipt

    def _closed(self, books: Books, checkout: Checkout, now: datetime) -> Receipt:
        desk = self._desk(books, now)
        try:
            apply_checkout(desk, checkout)
        except NotYet as why:
            desk.alert("orphan", str(why), None)
        return desk.receipt

    def _given_back(self, books: Books, key: str, given: Sequence[Refund], now: datetime) -> Receipt:
        desk = self._desk(books, now)
        payment = books.payments.get(key)
        order = books.orders.get(payment.ref) if payment else None
        if payment is not None and order is not None:
            for refund in given:
                note_refund(desk, order, payment, refund)
        return desk.receipt

    def given_up(self, books: Books, task: Task, why: str, now: datetime, *, nothing_done: bool) -> Receipt:
        """What follows when a task is dead: an order that surely cannot be paid is ended, the merchant is told."""
        desk = self._desk(books, now)
        order = books.orders.get(task.ref) if task.ref else None
        if isinstance(task.effect, OpenCheckout) and order is not None:
            support: dict[str, Fact] = {"support": self.shop.counter.rules.support}
            if nothing_done:
                cancel(desk, order, CancelReason.PAYMENT_FAILED, "cannot_be_paid", support)
            else:
                desk.say(order, "cannot_be_paid", support)
                desk.review(order, f"its payment page may exist: {why}")
        if isinstance(task.effect, Say) and task.effect.invoice and task.effect.message == "link" and nothing_done:
            ended = end_invoice(self.shop, books, task.effect.invoice, now, unsaid=True)
            desk.receipt = desk.receipt.plus(ended)
        if isinstance(task.effect, GiveBack) and order is not None:
            desk.alert("refund_by_hand", f"it could not be refunded, give it back yourself: {why}", order.ref)
        if isinstance(task.effect, CloseCheckout) and order is not None:
            desk.review(order, f"how its payment page stands is unknown: {why}")
        books.alert(Alert("dead_letter", f"{task.lane}: {why}"), task.ref, now)
        return desk.receipt

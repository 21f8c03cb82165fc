"""A crowd of hostile shoppers in one shop: every message goes in as its platform tells it and comes out as it is sent.

Gone through: reading of Telegram's updates and X's posts and messages, the reception, the whole decision on a real
SQLite, the outbox, the renderer, the real senders (splitting, captions, edits, numbered choices), the SDKs, and the
strict sandbox's judgement (see `wires`). Between messages pages are opened at the sandbox's Stripe, paid, declined,
expired and refunded, and time moves. Not gone through: HTTP, signatures, the store's thread, limits, X's gate.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.domain.conversation import Counter as ShopCounter
from bot.domain.conversation import Rules
from bot.domain.costs import PRICES
from bot.domain.effects import GiveBack, OpenCheckout, Say
from bot.errors import Permanent, Refused
from bot.payments.stripe import CheckoutRequest, SignedEvents
from bot.payments.stripe.events import read_event
from bot.ports import Books, Channel, Receipt, Task
from bot.sandbox.server import Sandbox
from bot.sandbox.stripe import aftermath, payments
from bot.sandbox.stripe.payments import CannotPay, Outcome, Payer
from bot.sandbox.stripe.refusals import StripeRefusal
from bot.service.intake import Reception
from bot.service.merchant import ship
from bot.service.meter import Accounts
from bot.service.perform import Performer
from bot.service.shop import Shop
from bot.service.sweep import close_overdue
from tests.fuzz.backroom import OpenGate, Till, Unthreaded, page, shop_parts
from tests.fuzz.facts import every_message
from tests.fuzz.found import Found
from tests.fuzz.goods import words_of
from tests.fuzz.people import People
from tests.fuzz.texts import Texts
from tests.fuzz.wires import Verdicts, XChannelJudged, hears, telegram_channel, telegram_side

T = TypeVar("T")
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHOPS = 8
MEANWHILE = 0.1
"""How often something else happens between two messages: a payment, a parcel, the end of a hold."""
OUTCOMES: tuple[Outcome, ...] = ("succeed", "succeed", "succeed", "unpaid", "unpaid", "decline")
BELOW_MINIMUM = "must add up to at least"
"""Why Stripe refuses a page whose goods cost too little; the shopper is told (F033)."""
LEASE = timedelta(seconds=30)


class Crowd:
    """One shop, opened for `seed`, and those who write to it. `run` sends so many messages; then `close`."""

    def __init__(self, seed: int) -> None:
        self.seed, self.found = seed, Found()
        self._dice, self._now = random.Random(seed), START
        goods, clerk, self._renderer = shop_parts(seed % SHOPS)
        self._texts = Texts(self._dice, words_of(goods))
        self._verdicts = Verdicts()
        self._sandbox = Sandbox(seed=seed, now=lambda: self._now.timestamp())
        self._store = Unthreaded(":memory:")
        self.books.shelf.sync(goods)
        side = telegram_side(lambda: self._now.timestamp())
        self._telegram = telegram_channel(side, self._verdicts)
        request = CheckoutRequest(goods, timedelta(minutes=30), page, ("FR",), promotion_codes=True)
        self._till = Till(
            "rk_test_fuzz", host="http://127.0.0.1:9", request=request, events=SignedEvents([]), clock=self._clock
        ).at(self._sandbox)
        support = self._dice.choice(("bonjour@example.com", "", "https://shop.example/" + "a" * 300))
        rules = Rules(10, 3, support, ("fr", "en"), "https://shop.example/cgv", "https://shop.example/p")
        self._shop = Shop(
            counter=ShopCounter(goods, rules),
            understand=lambda text, language: clerk.understand(text, language=language),
            follow=lambda text, before, language: clerk.follow(text, before, language=language),
            provider=self._till,
            livemode=False,
            languages=("fr", "en"),
            language="fr",
            hold=timedelta(minutes=30),
            page=page,
            instant=lambda _channel, _chat: True,
            elsewhere=lambda _channel: self._dice.choice(("", "Telegram (atelier_lumiere_bot)")),
            full=lambda _books, _channel, _now: self._dice.random() < 0.05,
            metered=frozenset({"x"}),
            ref=lambda: "C-" + "".join(self._dice.choices("23456789ABCDEFGH", k=5)),
            token=lambda: "".join(self._dice.choices("abcdefgh", k=24)),
        )
        channels: dict[str, Channel] = {"telegram": self._telegram, "x": XChannelJudged(self._verdicts, self._clock)}
        gate = OpenGate(Accounts("x", PRICES, 1), self._written, self._clock, self.found.kept_back)
        self._perform = Performer(self._shop, self._store, channels, self._till, self._renderer, {"x": gate})
        self._reception = Reception(self._shop, self._received, self._clock, self._renderer.word)
        hears(self._telegram, self._reception.take)
        self.people = People(self._dice, self._texts, side, update=self._telegram.take, take=self._reception.take)
        self._waiting: deque[Task] = deque()
        self._lanes: dict[str, None] = {}
        self._events = 0

    def close(self) -> None:
        self._store.close()

    @property
    def books(self) -> Books:
        return self._store._books

    def _clock(self) -> datetime:
        return self._now

    def _written(self, work: Callable[[Books], T]) -> Awaitable[T]:
        async def done() -> T:
            return work(self.books)

        return done()

    def _received(self, work: Callable[[Books], Receipt]) -> Awaitable[Receipt]:
        """In a savepoint of its own, as the writer does; what breaks is noted and set aside by the reception."""

        async def done() -> Receipt:
            do = self._store._connection.execute
            do("SAVEPOINT work")
            try:
                receipt = work(self.books)
            except Exception as error:
                do("ROLLBACK TO work")
                self._crashed(error)
                raise
            finally:
                do("RELEASE work")
            self._awake(receipt)
            return receipt

        return done()

    def _awake(self, receipt: Receipt) -> None:
        self._waiting.extend(receipt.tasks)
        self._lanes |= dict.fromkeys(receipt.lanes)

    def _crashed(self, error: BaseException) -> None:
        self.found.crashes.append((self.seed, self.found.messages, self.people.text[:300], repr(error)[:500]))

    # -- the run

    async def run(self, messages: int) -> Found:
        """Every template once with hostile facts, then so many messages."""
        await self._telegram.bot.initialize()
        self._store._connection.execute("BEGIN")
        await self.says_everything()
        for _ in range(messages):
            await self._turn()
            if self._dice.random() < MEANWHILE:
                await self._meanwhile()
        if self._telegram._answers:
            await asyncio.wait(set(self._telegram._answers))
        self.found.sent = self._verdicts.sent
        self._store._connection.execute("ROLLBACK")
        return self.found

    async def _turn(self) -> None:
        self._now += timedelta(seconds=self._dice.choice((1, 2, 5, 40)))
        self.found.messages += 1
        replies, began = self.found.replies, time.thread_time()
        try:
            await self.people.one_does_something(self.found.messages, self._now)
            await self._delivered()
        except Exception as error:  # noqa: BLE001 - a crash is what is looked for
            self._crashed(error)
        self.found.took((time.thread_time() - began) * 1000, self.people.text)
        self.found.silent += self.found.replies == replies
        self._note_refusals()

    async def says_everything(self) -> None:
        """Every template with hostile facts, rendered and sent as a message of the outbox would be."""
        await self._telegram.take([self.people.greeting(1001)])
        self._waiting.clear()
        for channel, say in every_message(self._dice, self._texts):
            self.people.text = f"{channel} {say.message} {say.language} {say.facts}"
            self.books.outbox.put(say, channel=channel, chat="1001", ref=None, now=self._now)
            self._lanes |= dict.fromkeys(self.books.outbox.due(self._now, 10))
            await self._delivered()
            self._note_refusals()
        self.found.rendered, self.found.said, self.found.replies = self.found.said, Counter(), 0

    def _note_refusals(self) -> None:
        for refusal in self._verdicts.refused:
            self.found.refused.append((self.seed, self.found.messages, self.people.text[:300], refusal))
        self._verdicts.refused.clear()

    # -- what the shop does

    async def _delivered(self) -> None:
        while self._waiting or self._lanes:
            task: Task | None
            if self._waiting:
                task = self._waiting.popleft()
            else:
                lane, _ = self._lanes.popitem()
                task = self.books.outbox.claim(lane, self._now, LEASE)
            while task is not None:
                await self._carried_out(task)
                task = self.books.outbox.claim(task.lane, self._now, LEASE)

    async def _carried_out(self, task: Task) -> None:
        receipt, external = Receipt(), None
        try:
            if isinstance(task.effect, GiveBack):
                self._refunded(task.effect.key, None)
            else:
                external, mark = await self._perform(task)
                receipt = mark(self.books, self._now)
        except Refused:  # the link of an order that is no longer to be paid
            self.books.outbox.dead(task, "refused")
        except Permanent as error:
            receipt = self._given_up(task, error)
        except Exception as error:  # noqa: BLE001 - a crash is what is looked for
            self._crashed(error)
        self.books.outbox.sent(task, external, self._now)
        self._awake(receipt)
        if isinstance(task.effect, OpenCheckout) and task.ref:
            self._texts.refs.append(task.ref)
        if isinstance(task.effect, Say):
            self.found.said[task.effect.message] += 1
            self.found.replies += 1
            self._shown(task, task.effect, external)

    def _given_up(self, task: Task, error: Permanent) -> Receipt:
        """Only a page for a sum that Stripe does not take may end so."""
        if not isinstance(task.effect, OpenCheckout):
            if not self._verdicts.refused:
                self._crashed(error)
            return Receipt()
        if BELOW_MINIMUM not in str(error):
            self._verdicts.refuse("stripe", str(error), task.effect)
        return self._perform.given_up(self.books, task, str(error), self._now, nothing_done=True)

    def _shown(self, task: Task, say: Say, external: str | None) -> None:
        if task.channel != "telegram" or external is None:
            return
        for place, button in enumerate(button for row in say.buttons for button in row):
            if button.action is not None:
                self.people.sees(task.chat, f"{task.id}.{place}", external)

    # -- what happens meanwhile

    async def _meanwhile(self) -> None:
        """Somebody pays, a bank decides, a parcel leaves, time is up."""
        self.people.text = "(meanwhile)"
        ref = self._dice.choice(self._texts.refs[-6:])
        try:
            await self._something_with(ref)
        except (CannotPay, StripeRefusal):
            pass  # it was too late for that
        except Permanent:
            self.found.crashes.pop()  # the merchant is told why: nothing can be sent for it
        await self._told_by_stripe()
        await self._delivered()

    async def _something_with(self, ref: str) -> None:
        order, found = self.books.orders.get(ref), self.books.payments.of(ref)
        if order is None or not found or found[-1].external_id is None:
            self._now += timedelta(minutes=self._dice.choice((0, 11, 35)))
            await self._received(lambda books: close_overdue(self._shop, books, self._clock))
            return
        payment, account, roll = found[-1], self._sandbox.stripe, self._dice.random()
        if payment.status == "processing":
            payments.settle(account, str(payment.external_id), succeeds=roll < 0.5)
        elif order.status != "paid":
            payments.pay(account, str(payment.external_id), self._dice.choice(OUTCOMES), Payer())
        elif roll < 0.4:
            tracking = self._texts.line(200)
            await self._received(lambda books: ship(self._shop, books, ref, tracking, self._now))
        else:
            self._refunded(payment.key, self._dice.choice((1, 500, None)))

    def _refunded(self, key: str, amount: int | None) -> None:
        payment = self.books.payments.get(key)
        if payment is not None and payment.intent is not None:
            account = self._sandbox.stripe
            aftermath.refund(account, aftermath.charge_of(account, payment.intent), amount)

    async def _told_by_stripe(self) -> None:
        told = list(self._sandbox.stripe.events.book.values())[self._events :]
        self._events += len(told)
        self._dice.shuffle(told)
        for event in told:
            news = read_event(json.dumps(event))
            if news is not None:
                await self._reception.settle(news)


def crowded(seed: int, messages: int) -> Found:
    """One crowd from beginning to end."""
    crowd = Crowd(seed)
    try:
        return asyncio.run(crowd.run(messages))
    finally:
        crowd.close()

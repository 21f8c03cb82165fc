"""A crowd of hostile shoppers in one shop: every message goes in as its platform sends it and comes out as it is sent.

Gone through: reading of Telegram's updates and X's posts and messages, the reception, the whole decision on a real
SQLite, the outbox, the renderer, the real senders (splitting, captions, edits, numbered choices), the SDKs, and the
strict sandbox's judgement (see `wires`). Between messages pages are opened at the sandbox's Stripe, paid, declined,
expired and refunded, and time moves. Not gone through: HTTP, signatures, the store's writer thread, limits and X's gate.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, ClassVar, TypeVar

from bot.channels.x.reading import Account as XAccount
from bot.channels.x.reading import read_message, read_post
from bot.domain.conversation import Counter as ShopCounter
from bot.domain.conversation import Rules
from bot.domain.costs import PRICES
from bot.domain.effects import GiveBack, OpenCheckout, Say
from bot.domain.messages import Inbound
from bot.domain.payments import Checkout, Payment
from bot.domain.understanding import Clerk
from bot.domain.weights import LONGEST_POST, has_address, weighted_length
from bot.payments.stripe import CheckoutRequest, SignedEvents, StripeProvider
from bot.errors import Permanent
from bot.payments.stripe.events import read_checkout, read_event
from bot.ports import Books, Receipt, Task
from bot.rendering import TemplateRenderer, Voice
from bot.sandbox.server import Sandbox
from bot.sandbox.stripe import aftermath, checkout, payments
from bot.sandbox.stripe.payments import CannotPay, Outcome, Payer
from bot.sandbox.stripe.refusals import StripeRefusal
from bot.service.gate import Gate, Sending
from bot.service.intake import Reception
from bot.service.merchant import ship
from bot.service.meter import Accounts
from bot.service.perform import Performer
from bot.service.shop import Shop
from bot.service.sweep import close_overdue
from storage import SqliteStore
from tests.fuzz.facts import every_message
from tests.fuzz.goods import hostile_goods, words_of
from tests.fuzz.texts import Texts
from tests.fuzz.wires import Verdicts, XChannelJudged, hears, telegram_channel, telegram_side

T = TypeVar("T")
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHATS = 12
OUTCOMES: tuple[Outcome, ...] = ("succeed", "succeed", "succeed", "unpaid", "unpaid", "decline")
US = XAccount("77", "atelier_lumiere", {"500": ("mug-bleu",), "501": ("h0", "h3"), "502": ("nothing",)})
STAY = 300
"""Messages after which other people come: those who said "stop" would fall silent for good."""
BELOW_MINIMUM = "must add up to at least"
"""Why Stripe refuses a page whose goods cost too little; the shopper is told (F033)."""
LEASE = timedelta(seconds=30)


@dataclass
class Found:
    """What a run has seen. `crashes` are (seed, number of the message, its text, the error)."""

    messages: int = 0
    replies: int = 0
    silent: int = 0
    said: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    crashes: list[tuple[int, int, str, str]] = field(default_factory=list)
    refused: list[tuple[int, int, str, str]] = field(default_factory=list)
    slowest_ms: float = 0.0
    slowest: str = ""

    def add(self, other: Found) -> None:
        self.messages += other.messages
        self.replies += other.replies
        self.silent += other.silent
        self.said += other.said
        self.sent += other.sent
        self.crashes += other.crashes
        self.refused += other.refused
        if other.slowest_ms > self.slowest_ms:
            self.slowest_ms, self.slowest = other.slowest_ms, other.slowest


class Unthreaded(SqliteStore):
    """The store in memory without its thread: a fuzzed message waits for nobody."""

    def write(self, work: Callable[[Books], T]) -> T:
        return work(self._books)

    read = write


class Till(StripeProvider):
    """The real provider's words and requests, its calls answered by a Stripe of the sandbox in this process."""

    def at(self, sandbox: Sandbox) -> Till:
        self._stripe = sandbox.stripe
        return self

    async def open(self, payment: Payment) -> Checkout:
        try:
            made = checkout.create(self._stripe, json.loads(payment.request), origin="http://127.0.0.1:9")
        except StripeRefusal as refused:
            raise Permanent(f"Stripe refused: {refused}") from refused
        return read_checkout(made)

    async def close(self, payment: Payment) -> Checkout:
        assert payment.external_id is not None
        try:
            return read_checkout(checkout.expire(self._stripe, payment.external_id, {}))
        except StripeRefusal:
            return read_checkout(checkout.find(self._stripe, payment.external_id).wire)


class OpenGate(Gate):
    """X's gate without its limits. What it finds too long or with a link in it stays back and is counted; of some
    public replies several wordings are sent, so that more of them are judged."""

    kept_back: ClassVar[Counter[str]] = Counter()

    async def pass_through(self, task: Task, say: Say, wordings: Iterable[str], send: Sending) -> str | None:
        if say.answers is None:
            return await send(next(iter(wordings)))
        sent = None
        for place, text in enumerate(islice(wordings, 1 if task.id % 20 else 25)):
            if weighted_length(text) > LONGEST_POST:
                self.kept_back["too long"] += 1
            elif has_address(text):
                self.kept_back["a link"] += 1
            elif place in (0, 7, 13, 24):
                sent = await send(text)
        return sent


class Crowd:
    """One shop, opened for `seed`, and those who write to it. `run` sends so many messages; then `close`."""

    def __init__(self, seed: int) -> None:
        self.seed, self.found = seed, Found()
        self._dice = random.Random(seed)
        self._now = START
        goods = hostile_goods(seed % 8)
        self._texts = Texts(self._dice, words_of(goods))
        self._verdicts = Verdicts()
        self._sandbox = Sandbox(seed=seed, now=lambda: self._now.timestamp())
        self._store = Unthreaded(":memory:")
        self._store._books.shelf.sync(goods)
        self._side = telegram_side(lambda: self._now.timestamp())
        self._telegram = telegram_channel(self._side, self._verdicts)
        self._renderer = TemplateRenderer(
            Voice(self._texts.line(200), "EUR", "Europe/Paris", self._dice.choice(("", "https://shop.example/p")))
        )
        request = CheckoutRequest(
            goods, timedelta(minutes=30), lambda token: f"https://shop.example/o/{token}", ("FR",), promotion_codes=True
        )
        till = Till("rk_test_fuzz", host="http://127.0.0.1:9", request=request, events=SignedEvents(["whsec_fuzz"]), clock=self._clock)
        clerk = Clerk(goods, language="fr")
        support = self._dice.choice(("bonjour@example.com", "", "https://shop.example/" + "a" * 300))
        rules = Rules(10, 3, support, ("fr", "en"), "https://shop.example/cgv", "https://shop.example/p")
        self._shop = Shop(
            counter=ShopCounter(goods, rules),
            understand=lambda text, language: clerk.understand(text, language=language),
            provider=till.at(self._sandbox),
            livemode=False,
            languages=("fr", "en"),
            language="fr",
            hold=timedelta(minutes=30),
            page=lambda token: f"https://shop.example/o/{token}",
            instant=lambda _channel, _chat: True,
            elsewhere=lambda _channel: self._dice.choice(("", "Telegram (atelier_lumiere_bot)")),
            full=lambda _books, _channel, _now: self._dice.random() < 0.05,
            metered=frozenset({"x"}),
            ref=lambda: "C-" + "".join(self._dice.choices("23456789ABCDEFGH", k=5)),
            token=lambda: "".join(self._dice.choices("abcdefgh", k=24)),
        )
        self._channels = {"telegram": self._telegram, "x": XChannelJudged(self._verdicts, self._clock)}
        gate = OpenGate(Accounts("x", PRICES, 1), self._written, self._clock)
        self._perform = Performer(self._shop, self._store, self._channels, till, self._renderer, {"x": gate})
        self._reception = Reception(self._shop, self._received, self._clock, self._renderer.word)
        hears(self._telegram, self._reception.take)
        self._waiting: deque[Task] = deque()
        self._lanes: dict[str, None] = {}
        self._numbers = itertools.count(1)
        self._events = 0
        self._buttons: deque[tuple[str, str, str, int]] = deque(maxlen=60)
        self._text = ""

    def close(self) -> None:
        self._store.close()

    def _clock(self) -> datetime:
        return self._now

    def _written(self, work: Callable[[Books], T]) -> Awaitable[T]:
        async def done() -> T:
            return work(self._store._books)

        return done()

    def _received(self, work: Callable[[Books], Receipt]) -> Awaitable[Receipt]:
        """In a savepoint of its own, as the writer does; what breaks is noted and set aside by the reception."""

        async def done() -> Receipt:
            do = self._store._connection.execute
            do("SAVEPOINT work")
            try:
                receipt = work(self._store._books)
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
        self.found.crashes.append((self.seed, self.found.messages, ascii(self._text[:200]), repr(error)[:500]))

    async def run(self, messages: int) -> Found:
        await self._telegram.bot.initialize()
        self._store._connection.execute("BEGIN")
        await self.says_everything()
        for _ in range(messages):
            self.found.messages += 1
            before = sum(self.found.said.values())
            began = time.perf_counter()
            try:
                await self._one()
                await self._delivered()
            except Exception as error:  # noqa: BLE001 - a crash is what is looked for
                self._crashed(error)
            took = (time.perf_counter() - began) * 1000
            if took > self.found.slowest_ms:
                self.found.slowest_ms, self.found.slowest = took, ascii(self._text[:100])
            self.found.silent += sum(self.found.said.values()) == before
            self._note_refusals()
            if self._dice.random() < 0.1:
                await self._meanwhile()
        if self._telegram._answers:
            await asyncio.wait(set(self._telegram._answers))
        self.found.sent = self._verdicts.sent
        self._store._connection.execute("ROLLBACK")
        return self.found

    async def says_everything(self) -> None:
        """Every template with hostile facts, rendered and sent as a message of the outbox would be."""
        books = self._store._books
        self._side.chats.open(1001, name="Camille", language="fr")
        for channel, say in every_message(self._dice, self._texts):
            self._text = f"{channel} {say.message} {say.language} {say.facts}"
            books.outbox.put(say, channel=channel, chat="1001", ref=None, now=self._now)
            self._lanes |= dict.fromkeys(books.outbox.due(self._now, 10))
            await self._delivered()
            self._note_refusals()

    def _note_refusals(self) -> None:
        for refusal in self._verdicts.refused:
            self.found.refused.append((self.seed, self.found.messages, ascii(self._text[:200]), refusal))
        self._verdicts.refused.clear()

    # -- what a shopper does

    async def _one(self) -> None:
        self._now += timedelta(seconds=self._dice.choice((1, 2, 5, 40)))
        self._text = self._texts.text()
        chat = 1001 + self.found.messages // STAY * CHATS + self._dice.randrange(CHATS)
        roll = self._dice.random()
        if roll < 0.46:
            await self._telegram.take([self._message(chat, self._text)])
        elif roll < 0.50:
            await self._telegram.take([self._message(-chat, f"@atelier_lumiere_bot {self._text}", kind="group")])
        elif roll < 0.60:
            await self._telegram.take([self._press(chat)])
        elif roll < 0.61:
            await self._telegram.take([self._member(chat)])
        else:
            event = self._on_x(chat, roll < 0.78)
            if event is not None:
                await self._reception.take([event])

    def _person(self, chat: int) -> dict[str, Any]:
        user: dict[str, Any] = {"id": abs(chat), "is_bot": False, "first_name": self._texts.name()}
        language = self._dice.choice(("fr", "en", "en-GB", "de", "xx", None))
        return user if language is None else user | {"language_code": language}

    def _message(self, chat: int, text: str, kind: str = "private") -> dict[str, Any]:
        self._side.chats.open(chat, name="Camille", language="fr", kind=kind)
        message = {"message_id": next(self._numbers), "from": self._person(chat), "chat": {"id": chat, "type": kind}}
        message[self._dice.choice(("text",) * 9 + ("caption",))] = text
        if "caption" in message:
            message["photo"] = []
        return {"update_id": next(self._numbers), "message": message}

    def _press(self, chat: int) -> dict[str, Any]:
        """A button that was shown, in its chat or in another, or something that never was one."""
        data, where, message_id = f"{self._dice.randrange(10**6)}.0", chat, 1
        shown = [button for button in self._buttons if button[0] == "telegram"]
        if shown and self._dice.random() < 0.85:
            _, home, data, message_id = self._dice.choice(shown)
            where = int(home) if self._dice.random() < 0.95 else chat
        elif self._dice.random() < 0.5:
            data = self._text[:64]
        kind = "private" if where > 0 else "group"
        self._side.chats.open(where, name="Camille", language="fr", kind=kind)
        query = str(next(self._numbers))
        self._side.callbacks[query] = (where, self._now.timestamp())
        message: dict[str, Any] = {"message_id": message_id, "chat": {"id": where, "type": kind}}
        known = self._side.chats.find(where).messages.get(message_id)
        if known is not None and "photo" in known.wire:
            message["photo"] = known.wire["photo"]
        press = {"id": query, "from": self._person(where), "message": message, "data": data}
        return {"update_id": next(self._numbers), "callback_query": press}

    def _member(self, chat: int) -> dict[str, Any]:
        status = self._dice.choice(("kicked", "member"))
        member = {"chat": {"id": chat, "type": "private"}, "new_chat_member": {"status": status}}
        return {"update_id": next(self._numbers), "my_chat_member": member}

    def _on_x(self, chat: int, private: bool) -> Inbound | None:
        number, made = next(self._numbers), self._now.isoformat()
        if private:
            sent = {"id": str(number), "event_type": "MessageCreate", "sender_id": str(chat), "text": self._text}
            return read_message(sent | {"dm_conversation_id": f"{chat}-77", "created_at": made}, US)
        handle = self._dice.choice(("camille", "a" * 15, "x_1", "bad handle", ""))
        users = {str(chat): {"id": str(chat), "name": self._texts.name(), "username": handle}}
        names = self._dice.random() < 0.9
        post: dict[str, Any] = {"id": str(number), "author_id": str(chat), "created_at": made, "text": self._text}
        if names:
            post["text"] = f"@atelier_lumiere {self._text}"
            post["entities"] = {"mentions": [{"start": 0, "end": 16, "username": "atelier_lumiere", "id": "77"}]}
        if self._dice.random() < 0.3:
            shown = self._dice.choice(("500", "501", "502", "503"))
            post["referenced_tweets"] = [{"type": self._dice.choice(("quoted", "replied_to")), "id": shown}]
        return read_post(post, US, users)

    # -- what the shop does

    async def _delivered(self) -> None:
        while self._waiting or self._lanes:
            task: Task | None
            if self._waiting:
                task = self._waiting.popleft()
            else:
                lane, _ = self._lanes.popitem()
                task = self._store._books.outbox.claim(lane, self._now, LEASE)
            while task is not None:
                task = await self._carried_out(task)

    async def _carried_out(self, task: Task) -> Task | None:
        books = self._store._books
        if isinstance(task.effect, Say):
            self.found.said[task.effect.message] += 1
            self.found.replies += 1
        receipt, external = Receipt(), None
        if isinstance(task.effect, GiveBack):
            await self._refunded(task.effect.key, None)
        else:
            before = len(self._verdicts.refused)
            try:
                external, mark = await self._perform(task)
                receipt = mark(books, self._now)
            except Permanent as error:
                if isinstance(task.effect, OpenCheckout):
                    receipt = self._perform.given_up(books, task, str(error), self._now, nothing_done=True)
                    if BELOW_MINIMUM not in str(error):
                        self._verdicts.refuse("stripe", str(error), task.effect)
                elif len(self._verdicts.refused) == before and not _expected(error):
                    self._crashed(error)
            except Exception as error:  # noqa: BLE001 - a crash is what is looked for
                self._crashed(error)
        books.outbox.sent(task, external, self._now)
        self._awake(receipt)
        if isinstance(task.effect, OpenCheckout) and task.ref:
            self._texts.refs.append(task.ref)
        if isinstance(task.effect, Say) and external is not None:
            for place, button in enumerate(b for row in task.effect.buttons for b in row):
                if button.action is not None:
                    self._buttons.append((task.channel, task.chat, f"{task.id}.{place}", int(external)))
        return books.outbox.claim(task.lane, self._now, LEASE)

    # -- what happens meanwhile

    async def _meanwhile(self) -> None:
        """Somebody pays, a bank decides, a parcel leaves, time is up."""
        books = self._store._books
        self._text = "(meanwhile)"
        account, ref = self._sandbox.stripe, self._dice.choice(self._texts.refs[-6:])
        order = books.orders.get(ref)
        found = books.payments.of(ref)
        try:
            if order is None or not found or found[-1].external_id is None:
                self._now += timedelta(minutes=self._dice.choice((0, 11, 35)))
                await self._received(lambda books: close_overdue(self._shop, books, self._clock))
            else:
                payment, session, roll = found[-1], str(found[-1].external_id), self._dice.random()
                if payment.status == "processing":
                    payments.settle(account, session, succeeds=roll < 0.5)
                elif order.status != "paid":
                    outcome: Outcome = self._dice.choice(OUTCOMES)
                    payments.pay(account, session, outcome, Payer())
                elif roll < 0.4:
                    tracking = self._texts.line(200)
                    await self._received(lambda books: ship(self._shop, books, ref, tracking, self._now))
                else:
                    await self._refunded(payment.key, self._dice.choice((1, 500, None)))
        except (CannotPay, StripeRefusal):
            pass
        await self._told_by_stripe()
        await self._delivered()

    async def _refunded(self, key: str, amount: int | None) -> None:
        payment = self._store._books.payments.get(key)
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


def _expected(error: Exception) -> bool:
    """What a message may meet that is no fault of its own: the link of an order that is no longer to be paid."""
    return "is no longer to be paid" in str(error)


def crowded(seed: int, messages: int) -> Found:
    """One crowd from beginning to end."""
    crowd = Crowd(seed)
    try:
        return asyncio.run(crowd.run(messages))
    finally:
        crowd.close()

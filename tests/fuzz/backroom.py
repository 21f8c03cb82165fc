"""The parts of a shop that a fuzzed crowd visits, where not the real ones: no thread, no network, no limits."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TypeVar

from bot.domain.catalogue import Catalogue
from bot.domain.effects import Say
from bot.domain.payments import Checkout, Payment
from bot.domain.understanding import Clerk
from bot.domain.weights import LONGEST_POST, has_address, weighted_length
from bot.errors import Permanent
from bot.payments.stripe import StripeProvider
from bot.payments.stripe.events import read_checkout
from bot.ports import Books, Task
from bot.rendering import TemplateRenderer, Voice
from bot.sandbox.server import Sandbox
from bot.sandbox.stripe import checkout
from bot.sandbox.stripe.refusals import StripeRefusal
from bot.service.gate import Gate, Sending
from storage import SqliteStore
from tests.fuzz.goods import LONGEST_NAME, hostile_goods
from tests.fuzz.texts import Texts

T = TypeVar("T")


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


@dataclass(frozen=True)
class OpenGate(Gate):
    """X's gate without its limits. What it finds too long or with a link in it stays back and is counted; of some
    public replies several wordings are sent, so that more of them are judged."""

    kept_back: Counter[str]

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


@cache
def shop_parts(number: int) -> tuple[Catalogue, Clerk, TemplateRenderer]:
    """What takes long to make and keeps nothing of what it hears, for every crowd of this process."""
    goods = hostile_goods(number)
    name = Texts(random.Random(number), ("mug",)).line(LONGEST_NAME)
    privacy = "" if number % 2 else "https://shop.example/p"
    return goods, Clerk(goods, language="fr"), TemplateRenderer(Voice(name, "EUR", "Europe/Paris", privacy))


def page(token: str) -> str:
    """The address of an order's page."""
    return f"https://shop.example/o/{token}"

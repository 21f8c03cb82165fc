"""One product, a hundred of it, ten thousand who want it at once on two channels: who gets it, what all are told."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from bot.sandbox.stripe import payments
from bot.sandbox.stripe.payments import Payer
from bot.sandbox.telegram import shoppers
from tests.simulation.books import Bookkeeper
from tests.simulation.kept import kept_parts
from tests.simulation.run import folder, reasons, seldom_collected
from tests.simulation.shop_file import Manner
from tests.simulation.virtual_time import VirtualLoop
from tests.simulation.world import Violation, World

ITEMS = 100
MOST_CREATIONS = 25
"""Checkout Sessions that Stripe lets an account create in any one second."""
NEVER_PAY = 0.3
SPAN = 60.0
"""Seconds within which everybody asks."""
MINUTE, HOUR = 60.0, 3600.0
WORDS = ("je voudrais le pull", "un pull svp", "buy a jumper", "je prends le pull !")
GOODS = f"""
[[products]]
sku = "pull"
name = "Pull de Noël"
price = 60.00
stock = {ITEMS}
keywords = ["pull"]
  [products.translations.en]
  name = "Christmas jumper"
  keywords = ["jumper"]
"""


@dataclass(frozen=True)
class Outcome:
    """What one drop came to. `violation` is "" where all was as it must be; `seconds` are of the processor."""

    seed: int
    violation: str
    shoppers: int
    sold: int
    most_taken: int
    pages: int
    most_pages_a_second: int
    never_paid: int
    asked_again: int
    answered: int
    refused: int
    """Shoppers whom a platform's own limits left without an answer, as the shop's log says."""
    hours: float
    seconds: float


@dataclass
class Drop:
    """`telegram` and `x` shoppers of one seed."""

    seed: int
    world: World
    telegram: int
    x: int
    books: Bookkeeper = field(init=False)
    happened: deque[str] = field(default_factory=lambda: deque(maxlen=30))
    expected: dict[str, str] = field(default_factory=dict)
    idlers: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    asked_again: int = 0
    most_taken: int = 0
    _pages: int = 0

    def __post_init__(self) -> None:
        self.books = Bookkeeper(self.world)

    @property
    def dice(self) -> random.Random:
        return self.world.dice

    # -- the shoppers

    def asks(self, who: int) -> None:
        text = self.dice.choice(WORDS)
        if who < self.telegram:
            said = shoppers.say(self.world.sandbox.telegram, 1001 + who, text, name=f"S{who}")
            self.expected[f"telegram {said['update_id']}"] = f"telegram:{1001 + who}"
        else:
            number = self.world.sandbox.x.dm(100_001 + who, text, name=f"X{who}")
            self.expected[f"x dm:{number}"] = f"x:{100_001 + who}"

    async def rush(self) -> None:
        """Everybody asks, in any order, within a minute."""
        everybody = list(range(self.telegram + self.x))
        self.dice.shuffle(everybody)
        while everybody:
            for who in everybody[:20]:
                self.asks(who)
            del everybody[:20]
            await self.passes(20 * SPAN / (self.telegram + self.x))

    def pays(self) -> None:
        """Whoever has a page decides once whether they ever pay; who does takes some minutes."""
        stripe = self.world.sandbox.stripe
        for name, page in list(stripe.open.items()):
            if page.wire["status"] != "open" or name in self.idlers:
                continue
            if name not in self.met:
                self.met.add(name)
                if self.dice.random() < NEVER_PAY:
                    self.idlers.add(name)
                    continue
            if self.dice.random() < 0.25:
                payments.pay(stripe, name, "succeed", Payer())

    async def afterwards(self) -> None:
        """Minute by minute; who was told that all is gone asks again now and then, until all is sold."""
        for _ in range(30 * 60):
            await self.passes(2.0)
            await self.skips(MINUTE - 2.0)
            self.pays()
            taken, sold = self.taken()
            if sold == ITEMS and not self.under_way():
                return
            if taken < ITEMS:
                self.ask_again(3 * (ITEMS - taken))
        raise Violation(f"after 30 hours {self.taken()[1]} are sold: {self.under_way()[:3]}")

    def ask_again(self, many: int) -> None:
        for _ in range(min(many, self.telegram)):
            self.asks(self.dice.randrange(self.telegram))
            self.asked_again += 1

    # -- the look

    def taken(self) -> tuple[int, int]:
        held, sold = self.world.look("SELECT held, sold FROM stock")[0]
        return int(str(held)) + int(str(sold)), int(str(sold))

    async def passes(self, seconds: float) -> None:
        await self.world.passes(seconds)
        self.check()

    async def skips(self, seconds: float) -> None:
        await self.world.skips(seconds)
        self.check()

    def check(self) -> None:
        """Every change of the stock since the last look is looked at, and every new page's order."""
        self.books.check()
        self.most_taken = max(self.most_taken, self.taken()[0])
        sessions = self.world.sandbox.stripe.sessions
        for page in list(sessions.values())[self._pages :]:
            ref = page.wire["client_reference_id"]
            kept = self.books.orders.get(ref)
            if kept is None or kept.hold == "released":
                raise Violation(f"{ref} got a page and holds nothing: {kept}")
        self._pages = len(sessions)

    def under_way(self) -> list[str]:
        rows = [f"row {row}" for row in self.world.look("SELECT * FROM outbox WHERE state IN ('queued', 'sending')")]
        unheard = [f"{key} is not taken in" for key in self.expected if self.books.events.get(key) != "done"]
        return rows + unheard

    def most_pages_a_second(self) -> int:
        moments, most, first = self.world.creations, 0, 0
        for last, moment in enumerate(moments):
            while moment - moments[first] >= 1.0:
                first += 1
            most = max(most, last - first + 1)
        return most

    def verdict(self) -> tuple[int, int]:
        """(answered, refused for a stated reason). Raises Violation."""
        taken, sold = self.taken()
        if (taken, sold) != (ITEMS, ITEMS) or self.most_taken > ITEMS:
            raise Violation(f"{sold} sold, {taken} taken, at most {self.most_taken}")
        if (most := self.most_pages_a_second()) > MOST_CREATIONS:
            raise Violation(f"{most} pages were asked for within a second")
        answered, refused = set(), set()
        for key, who in self.expected.items():
            if any(put.startswith(f"{who} ") for put in self.books.answers.get(key, ())):
                answered.add(who)
            elif who in self.world.unanswered:
                refused.add(who)
            else:
                raise Violation(f"{who} was not answered ({key})")
        self._said()
        return len(answered), len(refused - answered)

    def _said(self) -> None:
        """What was to be said was said, once, or a platform's rule is named for which it was not."""
        for number, kind, state, ambiguous, error in self.world.look(
            "SELECT id, kind, state, ambiguous, error FROM outbox WHERE kind NOT IN"
            " ('open_checkout', 'close_checkout', 'refund', 'retire')"
        ):
            copies = self.world.arrived.get(int(str(number)), 0)
            if copies > 1 + int(str(ambiguous)) or (state == "sent" and not copies):
                raise Violation(f"row {number} ({kind}) arrived {copies} times")
            if state == "dead" and not error:
                raise Violation(f"row {number} ({kind}) is dead for no reason")


def dropped(seed: int, *, telegram: int = 9_500, x: int = 500) -> Outcome:
    """One drop from its first message until all is sold and said."""
    began = time.process_time()
    random.seed(seed)
    with folder() as place, kept_parts(), seldom_collected(), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_dropped(seed, place, telegram, x, began))


async def _dropped(seed: int, place: Path, telegram: int, x: int, began: float) -> Outcome:
    manner = Manner("polling", ("polling", "webhook")[seed % 2], pace=30, chat_pace=1)
    world = World(seed, place, manner, limits=True, goods=GOODS)
    drop = Drop(seed, world, telegram, x)
    violation, answered, refused = "", 0, 0
    with reasons(world.unanswered):
        try:
            await world.starts()
            await drop.passes(2.0)
            await drop.rush()
            await drop.afterwards()
            answered, refused = drop.verdict()
        except Violation as error:
            violation = f"seed {seed}: {error}\nagain: python -m tests.drop --seed {seed}"
        outcome = Outcome(
            seed=seed,
            violation=violation,
            shoppers=telegram + x,
            sold=drop.taken()[1],
            most_taken=drop.most_taken,
            pages=len(world.sandbox.stripe.sessions),
            most_pages_a_second=drop.most_pages_a_second(),
            never_paid=len(drop.idlers),
            asked_again=drop.asked_again,
            answered=answered,
            refused=refused,
            hours=round(world.loop.now / HOUR, 2),
            seconds=round(time.process_time() - began, 2),
        )
        if world.process is not None:
            await world.crashes()
        await world.sandbox.outbound.close()
    return outcome

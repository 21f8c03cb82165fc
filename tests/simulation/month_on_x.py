"""A month of a small shop on X, lived through in minutes: the real core, store, gate and tweepy client, the sandbox's
X with its limits and prices, and a clock that jumps from one thing that happens to the next.

`python -m tests.simulation.month_on_x` prints what the month cost, by the shop's ledger and by the sandbox's bill.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import itertools
import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

import httpx

from bot.channels.x import XChannel, XKeys, XSettings
from bot.channels.x.polling import Mentions, Messages
from bot.channels.x.reading import Account
from bot.domain.catalogue import Catalogue
from bot.domain.costs import MICRO
from bot.domain.effects import Say
from bot.domain.messages import Inbound
from bot.domain.pace import pause
from bot.errors import Temporary
from bot.ports import Task
from bot.sandbox.x.account import X_KEYS
from bot.service.meter import RowMeter
from bot.service.receive import receive
from tests.dialogs.dialog import catalogue
from tests.dialogs.on_x import XDialog, on_x
from tests.process.neighbour import Neighbour

BEGIN = datetime(2026, 12, 1, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
EVERY: Mapping[str, timedelta] = {"mentions": timedelta(seconds=30), "dm_reads": timedelta(seconds=60)}
"""The defaults of bot.toml."""
ASKING = (
    "@atelier_lumiere je voudrais un mug bleu",
    "@atelier_lumiere combien coûte le mug noir ?",
    "@atelier_lumiere I would like two blue mugs please",
    "@atelier_lumiere je prends la théière",
    "@atelier_lumiere un tee-shirt noir en M svp",
    "@atelier_lumiere how much is the gift card?",
)
CHATTING = (
    "@atelier_lumiere merci, tout est arrivé !",
    "@atelier_lumiere j'adore mon mug bleu",
    "bonne journée @atelier_lumiere",
    "@atelier_lumiere superbe vitrine",
)
TALKS: Sequence[Sequence[str]] = (
    ("oui", "PAY", "merci !", "où est ma commande ?"),
    ("je voudrais un mug bleu", "PAY", "où est ma commande ?", "merci"),
    ("combien coûte la carte cadeau ?", "je prends la carte cadeau", "annuler"),
    ("bonjour", "deux mugs noirs svp", "PAY", "merci beaucoup"),
)
"""Each has three messages; PAY is no message."""
ASK_SHARE = 0.65
HOURS = (*[0.2] * 7, *[1.0] * 11, *[1.6] * 5, 0.6)
"""How much is said in each hour of the shop's day."""


def in_plenty() -> Catalogue:
    """The shop of the dialogs with more of everything than a month can sell."""
    goods = catalogue()
    products = tuple(
        replace(
            product, image=None, variants=tuple(replace(v, stock=10_000, level="counted") for v in product.variants)
        )
        for product in goods.products
    )
    return Catalogue(goods.currency, products, goods.shipping)


@dataclass
class Outcome:
    """What the month came to; costs in millionths of a dollar."""

    ledger: int
    bill: int
    by_kind: dict[str, int]
    days: list[int]
    refused: int
    reads: dict[str, int]
    asked: int
    replies: int
    chatted: int
    silent_reasons: dict[str, int]
    messages: int
    answers: int
    sales: int
    slowest: float
    """Seconds of the shop's clock from a private message to its answer, the 99th of a hundred."""
    median: float


@dataclass
class Month:
    """`run` lives through so many days. Nothing of it sleeps."""

    days: int = 30
    mentions: int = 2000
    messages: int = 600
    seed: int = 1
    every: Mapping[str, timedelta] = field(default_factory=lambda: EVERY)
    now: datetime = BEGIN
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _wrote: dict[int, datetime] = field(default_factory=dict)
    _waits: list[float] = field(default_factory=list)
    _asked: set[str] = field(default_factory=set)
    _chatted: int = 0
    _written: int = 0
    _refused: int = 0
    _planned: dict[str, datetime] = field(default_factory=dict)
    _looked: dict[str, datetime] = field(default_factory=dict)
    _reads: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.sandbox = Neighbour(now=lambda: self.now.timestamp())
        self.http = httpx.Client(base_url=f"{self.sandbox.address}/sandbox", timeout=30, trust_env=False, verify=False)
        self.runner = asyncio.Runner()
        self.shop: XDialog = on_x(goods=in_plenty())
        self.shop.run = self.runner.run
        keys = XKeys(X_KEYS.consumer_key, X_KEYS.consumer_secret, X_KEYS.access_token, X_KEYS.access_token_secret)
        self.meter = RowMeter(self.shop.accounts, self.shop._written, lambda: self.now)
        settings = XSettings(
            keys=keys,
            account="atelier_lumiere",
            api_base=f"{self.sandbox.address}/x",
            mentions_every=self.every["mentions"],
            messages_every=self.every["dm_reads"],
            posts={},
            zone=ZONE,
        )
        self.channel = XChannel(settings, self.meter, lambda: self.now)
        self.shop.wire = self.channel
        account = Account(keys.user_id, settings.account, {})
        reading = (self.channel._wire, self.meter, account, self._take, lambda: self.now)
        self.windows: dict[str, Mentions | Messages] = {"mentions": Mentions(*reading), "dm_reads": Messages(*reading)}
        self.last_event: datetime | None = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.channel._wire.close()
        self.runner.close()
        self.shop.store.close()
        self.http.close()
        self.sandbox.close()

    # -- the clock

    def at(self, moment: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (moment.timestamp(), next(self._numbers), act))

    def run(self) -> Outcome:
        end = BEGIN + timedelta(days=self.days, hours=2)  # what was said last is still answered
        self._plan(random.Random(self.seed))
        for limit in self.windows:
            self._looks_at(limit, BEGIN)
        while self._due and (moment := datetime.fromtimestamp(self._due[0][0], UTC)) < end:
            _, _, act = heapq.heappop(self._due)
            self.now = self.shop.now = moment
            act()
            self._carry_out()
        return self._outcome()

    # -- the people

    def _plan(self, dice: random.Random) -> None:
        people = itertools.count(100_000)
        askers = []
        for _ in range(self.mentions):
            person, moment, asks = next(people), self._moment(dice), dice.random() < ASK_SHARE
            text = dice.choice(ASKING if asks else CHATTING)
            self.at(moment, lambda p=person, t=text, a=asks: self._posts(p, t, asks=a))  # type: ignore[misc]
            if asks:
                askers.append((person, moment))
        for number in range(self.messages // 3):
            talk = TALKS[number % len(TALKS)]
            person, moment = dice.choice(askers) if talk[0] == "oui" else (next(people), self._moment(dice))
            moment += timedelta(minutes=dice.uniform(2, 25))
            for step in talk:
                self.at(moment, lambda p=person, s=step: self._speaks(p, s))  # type: ignore[misc]
                moment += timedelta(minutes=dice.uniform(2, 8))

    def _moment(self, dice: random.Random) -> datetime:
        (hour,) = dice.choices(range(24), HOURS)
        local = timedelta(days=dice.randrange(self.days), hours=hour, seconds=dice.uniform(0, 3600))
        return BEGIN + local

    def _posts(self, person: int, text: str, *, asks: bool) -> None:
        found = self.http.post("/x/post", json={"user": person, "text": text}).json()
        if asks:
            self._asked.add(found["id"])
        else:
            self._chatted += 1

    def _speaks(self, person: int, words: str) -> None:
        if words == "PAY":
            self._pays(person)
            return
        self.http.post("/x/dm", json={"user": person, "text": words, "name": "Camille"}).raise_for_status()
        self._written += 1
        self._wrote.setdefault(person, self.now)

    def _pays(self, person: int) -> None:
        orders = self.shop.write(lambda books: books.orders.of("x", str(person), 1))
        if orders and orders[0].status == "created":
            key = self.shop.write(lambda books: books.payments.of(orders[0].ref))[-1].key
            self.shop.delivered = list  # type: ignore[method-assign] # carried out by the loop below
            self.shop.news("completed", key=key)

    # -- the shop

    async def _take(self, events: Sequence[Inbound]) -> None:
        for event in events:
            self.shop.write(lambda books, event=event: receive(self.shop.shop, books, event, self.now))  # type: ignore[misc]

    def _looks_at(self, limit: str, moment: datetime) -> None:
        """Look then; whatever was planned for this window before is forgotten."""
        self._planned[limit] = moment
        self.at(moment, lambda: self._look(limit) if self._planned[limit] == moment else None)

    def _look(self, limit: str) -> None:
        self._looked[limit] = self.now
        self._reads[limit] = self._reads.get(limit, 0) + 1
        try:
            heard = self.runner.run(self.windows[limit].look())
        except Temporary as error:
            self._refused += "slow down" in str(error)
            self._looks_at(limit, self.now + timedelta(seconds=error.retry_after or 60))
            return
        if heard:
            self.last_event = self.now
            for other in self.windows:
                sooner = max(self.now, self._looked.get(other, self.now) + self._pause(other))
                self._looks_at(other, sooner)
        else:
            self._looks_at(limit, self.now + self._pause(limit))

    def _pause(self, limit: str) -> timedelta:
        quota = self.runner.run(self.meter.quota(limit))
        thrift = self.runner.run(self.meter.thrift())
        hour = self.now.astimezone(ZONE).hour
        return pause(self.every[limit], now=self.now, hour=hour, last_event=self.last_event, quota=quota, thrift=thrift)

    def _carry_out(self) -> None:
        """Do what is due. Calls to Stripe are claimed as they are queued: they are taken over here."""
        self.shop.write(lambda books: books.outbox.recover(self.now))
        while lanes := self.shop.write(lambda books: books.outbox.due(self.now, 100)):
            for lane in lanes:
                task = self.shop._claim(lane)
                if task is not None:
                    self._does(task)
        waiting = self.shop.write(lambda books: books.outbox.due(self.now + timedelta(minutes=20), 1))
        if waiting:
            self.at(self.now + timedelta(seconds=20), lambda: None)

    def _does(self, task: Task) -> None:
        if not isinstance(task.effect, Say):
            self.shop._outside(task)
            self.shop.write(lambda books: books.outbox.sent(task, None, self.now))
        elif self.shop._said(task) and task.effect.answers is None:
            wrote = self._wrote.pop(int(task.chat), None)
            if wrote is not None:
                self._waits.append((self.now - wrote).total_seconds())

    # -- what it came to

    def _outcome(self) -> Outcome:
        bill = self.http.get("/x/bill").json()
        journal = self.http.get("/requests", params={"service": "x"}).json()
        timeline = self.http.get("/x/timeline", params={"newest": 100_000}).json()["posts"]
        answered = [it["reply_to"] for it in timeline if it["author"]["ours"] and it["reply_to"]]
        costs = self.shop.store.view("v_costs", 1_000_000)
        days: dict[str, int] = {}
        kinds: dict[str, int] = {}
        for row in costs:
            micro = int(str(row["micro_usd"]))
            days[str(row["day"])] = days.get(str(row["day"]), 0) + micro
            kinds[str(row["kind"])] = kinds.get(str(row["kind"]), 0) + micro
        sales, _ = self.shop.write(lambda books: books.ledger.sales("x", BEGIN))
        reasons: dict[str, int] = {}
        for row in self.shop.store.view("v_policy", 1_000_000):
            if not row["allowed"]:
                reasons[str(row["reason"])] = reasons.get(str(row["reason"]), 0) + 1
        waits = sorted(self._waits) or [0.0]
        private = [row for row in self.shop.store.view("v_policy", 1_000_000) if row["act"] == "message"]
        return Outcome(
            ledger=sum(days.values()),
            bill=int(bill["total_micro"]),
            by_kind=kinds,
            days=list(days.values()),
            refused=self._refused + sum(it["status"] == 429 for it in journal),
            reads=dict(self._reads),
            asked=len(self._asked),
            replies=len(set(answered) & self._asked),
            chatted=len(set(answered) - self._asked),
            silent_reasons=reasons,
            messages=self._written,
            answers=sum(bool(row["allowed"]) for row in private),
            sales=sales,
            slowest=waits[int(len(waits) * 0.99) - 1],
            median=waits[len(waits) // 2],
        )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--mentions", type=int, default=2000)
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with Month(given.days, given.mentions, given.messages, given.seed) as month:
        outcome = month.run()
    report: dict[str, Any] = {
        "days": given.days,
        "ledger_usd": outcome.ledger / MICRO,
        "bill_usd": outcome.bill / MICRO,
        "dearest_day_usd": max(outcome.days) / MICRO,
        "by_kind_usd": {kind: micro / MICRO for kind, micro in sorted(outcome.by_kind.items())},
        "sales": outcome.sales,
        "usd_a_sale": round(outcome.ledger / MICRO / max(1, outcome.sales), 4),
        "looks": outcome.reads,
        "calls_refused_for_a_limit": outcome.refused,
        "mentions_that_asked": outcome.asked,
        "replies": outcome.replies,
        "replies_to_others": outcome.chatted,
        "not_said": outcome.silent_reasons,
        "messages": outcome.messages,
        "answers": outcome.answers,
        "seconds_to_an_answer": {"median": outcome.median, "p99": outcome.slowest},
    }
    print(json.dumps(report, indent=2))  # noqa: T201 - the report is the command's output
    return 0 if outcome.ledger == outcome.bill and not outcome.refused else 1


if __name__ == "__main__":
    sys.exit(main())

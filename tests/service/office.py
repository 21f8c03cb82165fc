"""The gate and the meter over real rows, with a clock to turn and X's side of the gate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.costs import PRICES
from bot.domain.effects import Say
from bot.domain.messages import Post
from bot.domain.shoppers import Shopper
from bot.ports import Books, Task, Told
from bot.service.crossing import Crossing
from bot.service.gate import Gate
from bot.service.meter import Accounts, RowMeter
from storage import SqliteStore

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BUDGET = 1_000_000
QUARTER = timedelta(minutes=15)


@dataclass
class Office:
    """The rows, the clock, and X's side of the gate: what it takes or raises."""

    store: SqliteStore
    crossing: Crossing
    budget: int = BUDGET
    now: datetime = NOON
    sent: list[str] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)

    @property
    def accounts(self) -> Accounts:
        return Accounts("x", PRICES, self.budget)

    @property
    def meter(self) -> RowMeter:
        return RowMeter(self.accounts, self.crossing, lambda: self.now)

    def used(self, limit: str) -> int | None:
        known = self.store.read(lambda books: books.ledger.quota(f"x:{limit}"))
        return known[1] if known is not None else None

    async def send(self, text: str) -> str:
        if self.fails:
            raise self.fails.pop(0)
        await asyncio.sleep(0)
        self.sent.append(text)
        return str(len(self.sent))

    async def passes(self, task: Task, wordings: Sequence[str] = ("Bonjour",)) -> str | None:
        assert isinstance(task.effect, Say)
        gate = Gate(self.accounts, self.crossing, lambda: self.now)
        return await gate.pass_through(task, task.effect, wordings, self.send)

    def knows(self, *chats: str) -> None:
        def keep(books: Books) -> None:
            for chat in chats:
                books.shoppers.keep(Shopper("x", chat, "fr"), self.now)

        self.store.write(keep)

    def alerts(self) -> list[object]:
        return [row["kind"] for row in reversed(self.store.view("v_alerts"))]

    def record(self) -> dict[object, tuple[bool, object]]:
        return {row["outbox"]: (bool(row["allowed"]), row["reason"]) for row in self.store.view("v_policy")}

    def bill(self) -> int:
        return sum(int(str(row["micro_usd"])) for row in self.store.view("v_costs"))


@asynccontextmanager
async def opened(*, budget: int = BUDGET) -> AsyncIterator[Office]:
    store = SqliteStore(":memory:")
    yield Office(store, Crossing(store), budget)
    store.close()


def message(
    number: int = 1, chat: str = "2001", *, uncertain: bool = False, epoch: int = 1, owed: bool = False
) -> Task:
    say = Say("thanks", "fr", owed=True) if owed else Say("welcome", "fr")
    return Task(number, f"x:{chat}", "x", chat, None, say, epoch, uncertain=uncertain)


def reply(number: int = 1, chat: str = "2001", *, post: str = "", uncertain: bool = False, epoch: int = 1) -> Task:
    say = Say("public_invite", "fr", answers=Post(post or str(500 + number), NOON.isoformat()))
    return Task(number, f"x:{chat}", "x", chat, None, say, epoch, uncertain=uncertain)


def told(most: int, left: int, until: datetime = NOON + QUARTER) -> Told:
    return Told(most, left, until)

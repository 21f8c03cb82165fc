"""What a channel may still ask and what it has spent, in rows: a restart neither forgets a limit nor a bill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.costs import Charge, Cost, day_of, usd
from bot.domain.effects import Alert
from bot.domain.pace import Quota
from bot.domain.policy import Thrift, thrift
from bot.domain.quotas import LIMITS
from bot.errors import Slowed
from bot.ports import Books, Clock, Told, Writer

log = structlog.get_logger(__name__)
LONGEST = timedelta(hours=25)
"""No window of a platform is longer; a reset beyond it is a clock gone wrong."""
STEPS: Mapping[Thrift, str] = {
    Thrift.SLOW: "half of the day's budget is spent: asked more seldom",
    Thrift.PRIVATE: "four fifths of the day's budget are spent: no public replies until tomorrow (UTC)",
    Thrift.OWED: "the day's budget is spent: only messages about paid orders until tomorrow (UTC)",
}


@dataclass(frozen=True)
class Accounts:
    """The sums of one channel, inside a transaction. `budget` and prices are millionths of a dollar."""

    channel: str
    prices: Mapping[Charge, int]
    budget: int

    def row(self, limit: str) -> str:
        return f"{self.channel}:{limit}"

    def wait(self, books: Books, limit: str, now: datetime, *, owed: bool = False, ordered: bool = False) -> float:
        """Seconds until one more call may be made; 0: now.

        What a paid order owes may use up what is kept for it; what belongs to any other order, most of it.
        """
        window = self._window(books, limit, now)
        if window is None:
            return 0.0
        most, used, until = window
        kept = 0 if owed else min(LIMITS[limit].kept // (3 if ordered else 1), most - 1)
        return 0.0 if used < most - kept else max(1.0, (until - now).total_seconds())

    def count(self, books: Books, limit: str, now: datetime, *, by: int = 1) -> None:
        """Count one call that is about to be made, or take back one that was not."""
        window = self._window(books, limit, now)
        if window is not None:
            most, used, until = window
            books.ledger.keep_quota(self.row(limit), most, max(0, used + by), until)

    def _window(self, books: Books, limit: str, now: datetime) -> tuple[int, int, datetime] | None:
        """(most, used, until) of the running window; None while the platform has named no figure."""
        rule, known = LIMITS[limit], books.ledger.quota(self.row(limit))
        if known is None and not rule.assumed:
            return None
        most, used, until = known or (rule.most, 0, now + rule.window)
        return (most, used, until) if until > now else (most, 0, now + rule.window)

    def quota(self, books: Books, limit: str, now: datetime) -> Quota | None:
        known = books.ledger.quota(self.row(limit))
        if known is None or known[2] <= now:
            return None
        return Quota(known[0] - known[1], known[2])

    def charge(self, books: Books, costs: Sequence[Cost], now: datetime) -> None:
        """Write charges down; the merchant is told at each step that the day's budget reaches."""
        before = self.thrift(books, now)
        for cost in costs:
            books.ledger.charge(self.channel, cost, self.prices[cost.charge], now)
        after = self.thrift(books, now)
        if after > before:
            self.tell(books, f"budget_{after.name.lower()}", STEPS[after], now)

    def thrift(self, books: Books, now: datetime) -> Thrift:
        return thrift(books.ledger.spent(self.channel, day_of(now)), self.budget)

    def tell(self, books: Books, kind: str, text: str, now: datetime) -> None:
        """An alert, once a UTC day for each kind."""
        name = self.row(f"told_{kind}")
        if books.ledger.cursor(name) == day_of(now):
            return
        books.ledger.move(name, day_of(now), now)
        spent = usd(books.ledger.spent(self.channel, day_of(now)))
        log.warning("alert", kind=kind, channel=self.channel, text=text, spent_usd=str(spent))
        books.alert(Alert(kind, f"{self.channel}: {text}"), None, now)


class RowMeter:
    """The sums as a channel asks for them, each question one transaction."""

    def __init__(self, accounts: Accounts, write: Writer, clock: Clock) -> None:
        self._accounts, self._write, self._clock = accounts, write, clock

    async def ask(self, limit: str) -> None:
        def asked(books: Books) -> float:
            now = self._clock()
            wait = self._accounts.wait(books, limit, now)
            if not wait:
                self._accounts.count(books, limit, now)
            return wait

        wait = await self._write(asked)
        if wait:
            raise Slowed(f"the limit of {limit} is used up", retry_after=wait)

    async def told(self, limit: str, told: Told | None) -> None:
        if told is None:
            return
        row, used = self._accounts.row(limit), max(0, told.most - told.left)
        until = min(told.until, self._clock() + LONGEST)
        await self._write(lambda books: books.ledger.keep_quota(row, told.most, used, until))

    async def charge(self, costs: Sequence[Cost]) -> None:
        if costs:
            await self._write(lambda books: self._accounts.charge(books, costs, self._clock()))

    async def cursor(self, name: str) -> str | None:
        return await self._write(lambda books: books.ledger.cursor(self._accounts.row(name)))

    async def move(self, name: str, value: str | None) -> None:
        await self._write(lambda books: books.ledger.move(self._accounts.row(name), value, self._clock()))

    async def quota(self, limit: str) -> Quota | None:
        return await self._write(lambda books: self._accounts.quota(books, limit, self._clock()))

    async def thrift(self) -> Thrift:
        return await self._write(lambda books: self._accounts.thrift(books, self._clock()))

    async def tell(self, kind: str, text: str) -> None:
        await self._write(lambda books: self._accounts.tell(books, kind, text, self._clock()))

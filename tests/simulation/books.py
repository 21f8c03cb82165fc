"""The books after every step: what may never be wrong, not even for a moment. Only what changed is read again."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bot.domain.orders import TRANSITIONS as ORDER_MAY
from bot.domain.orders import OrderStatus
from bot.domain.payments import TRANSITIONS as PAYMENT_MAY
from bot.domain.payments import PaymentStatus
from bot.sandbox.stripe.account import Account
from bot.sandbox.wire import Json
from tests.simulation.disk import Change
from tests.simulation.world import Violation, World

HELD, SOLD, RELEASED = "live", "sold", "released"
BY_ITSELF = frozenset(
    "link link_again thanks retire open_checkout close_checkout refund refunded refund_due order_expired order_canceled"
    " cancel_paid payment_failed payment_processing one_moment cannot_be_paid shipped returned called_off".split()
)
"""Kinds of outbox rows that a shop writes although nobody has said anything just then."""
MOST_WITHDRAWN = ("needs_response", "under_review", "lost")
Row = Sequence[object]


@dataclass(slots=True)
class Kept:
    """An order as the books last showed it."""

    status: str
    hold: str
    lines: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Money:
    """What Stripe has of one payment: now, and all that ever went back, also what came again."""

    captured: int
    refunded: int
    ever_refunded: int


@dataclass(slots=True)
class _Batch:
    """What a step has changed: by order and payment, and by turn what came in and what was put into the outbox."""

    orders: dict[str, None] = field(default_factory=dict)
    payments: dict[str, None] = field(default_factory=dict)
    stock: bool = False
    ordered: dict[int, str] = field(default_factory=dict)
    gave_way: set[int] = field(default_factory=set)
    """Turns in which an order ended that its shopper had changed: another may take its place."""
    events: dict[int, list[str]] = field(default_factory=dict)
    puts: dict[int, list[str]] = field(default_factory=dict)


@dataclass
class Bookkeeper:
    """Reads what each step changed and compares it. `check` raises Violation.

    `events` is the state of every inbox row, `answers` the outbox rows that the same work wrote for an event.
    """

    world: World
    orders: dict[str, Kept] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)
    sold: Counter[str] = field(default_factory=Counter)
    events: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[str]] = field(default_factory=dict)
    silent: dict[str, frozenset[str]] = field(default_factory=dict)
    """Who wanted to hear nothing when an event was dealt with."""
    quiet: frozenset[str] = frozenset()
    paid_times: Counter[str] = field(default_factory=Counter)
    digest: Any = field(default_factory=hashlib.sha256)
    till: Till = field(init=False)
    _sessions: int = 0

    def __post_init__(self) -> None:
        self.till = Till(self.world.sandbox.stripe)

    def check(self) -> None:
        """Read the last step's changes and hold them against the rules. Raises Violation."""
        world = self.world
        if world.broken:
            raise Violation(f"something broke: {world.broken}")
        changes = world.changes()
        if changes:
            self._read(changes)
        self._sessions_of_stripe()

    def _read(self, changes: Sequence[Change]) -> None:
        batch = _Batch()
        for change in changes:
            self.digest.update(" ".join(map(str, change)).encode())
            READ[change[1]](self, batch, change)
        for turn, said in batch.puts.items():
            if turn not in batch.events and (answers := [it for it in said if it.split()[-1] not in BY_ITSELF]):
                raise Violation(f"{answers} answers nobody: what was dealt with before is dealt with again")
        for turn, ref in batch.ordered.items():
            if turn not in batch.events and turn not in batch.gave_way:
                raise Violation(f"{ref} was ordered by nobody: what was dealt with before is dealt with again")
        for turn, keys in batch.events.items():
            for key in keys:
                self.answers[key] = batch.puts.get(turn, [])
        if batch.orders:
            self._orders(batch.orders)
        if batch.orders or batch.stock:
            self._stock()
        if batch.payments:
            self._payments(batch.payments)

    def _order(self, batch: _Batch, change: Change) -> None:
        turn, _, ref, was, now = change
        batch.orders[ref] = None
        if was is None:
            batch.ordered[turn] = ref
        elif was == OrderStatus.CREATED and self._look("SELECT 1 FROM orders WHERE ref = ? AND becomes != '[]'", ref):
            batch.gave_way.add(turn)
        self._order_may(ref, was, now)

    def _payment(self, batch: _Batch, change: Change) -> None:
        _, _, key, was, now = change
        batch.payments[key] = None
        self._payment_may(key, was, now)

    def _put(self, batch: _Batch, change: Change) -> None:
        turn, _, _, who, kind = change
        batch.puts.setdefault(turn, []).append(f"{who} {kind}")

    def _event(self, batch: _Batch, change: Change) -> None:
        turn, _, key, _, state = change
        self.events[key] = str(state)
        self.silent[key] = self.quiet
        batch.events.setdefault(turn, []).append(key)

    def _quiet(self, _batch: _Batch, change: Change) -> None:
        _, _, who, _, quiet = change
        self.quiet = self.quiet | {who} if quiet == "1" else self.quiet - {who}

    def _shelf(self, batch: _Batch, change: Change) -> None:
        """Of every single change, not only of what a step leaves."""
        _, _, sku, taken, total = change
        batch.stock = True
        held, sold = (int(it) for it in str(taken).split())
        _fits(sku, held, sold, total)

    def _alert(self, _batch: _Batch, change: Change) -> None:
        _, _, kind, _, text = change
        if kind == "stock_drift":
            raise Violation(f"the shop itself tells of drift: {text}")

    # -- histories

    def _order_may(self, ref: str, was: str | None, now: str | None) -> None:
        if was == now:
            return
        if was is None:
            if now != OrderStatus.CREATED:
                raise Violation(f"{ref} begins as {now}")
        elif OrderStatus(str(now)) not in ORDER_MAY[OrderStatus(was)]:
            raise Violation(f"{ref} went from {was} to {now}")
        if now == OrderStatus.PAID:
            self.paid_times[ref] += 1

    def _payment_may(self, key: str, was: str | None, now: str | None) -> None:
        if was is not None and was != now and PaymentStatus(str(now)) not in PAYMENT_MAY[PaymentStatus(was)]:
            raise Violation(f"the payment {key} went from {was} to {now}")

    # -- stock

    def _orders(self, refs: Mapping[str, None]) -> None:
        for ref in refs:
            row = self._look("SELECT status, hold FROM orders WHERE ref = ?", ref)
            if not row:
                raise Violation(f"{ref} is gone")
            status, hold = (str(it) for it in row[0])
            before = self.orders.get(ref)
            lines = before.lines if before is not None else self._lines(ref)
            if before is not None:
                self._count(before, -1)
            kept = self.orders[ref] = Kept(status, hold, lines)
            self._count(kept, 1)
            if (hold == SOLD) != (status in ("paid", "fulfilled", "returned")) and status != "returned":
                raise Violation(f"{ref} is {status} and its stock is {hold}")
            if hold == HELD and status != "created":
                raise Violation(f"{ref} is {status} and still holds stock")
            if hold == RELEASED and ref in self._open_pages():
                raise Violation(f"{ref} has let its stock go, and its page can still be paid")

    def _lines(self, ref: str) -> tuple[tuple[str, int], ...]:
        rows = self._look("SELECT sku, quantity FROM order_lines WHERE ref = ?", ref)
        return tuple((str(sku), int(str(n))) for sku, n in rows)

    def _count(self, kept: Kept, sign: int) -> None:
        book = {HELD: self.held, SOLD: self.sold}.get(kept.hold)
        if book is not None:
            for sku, quantity in kept.lines:
                book[sku] += sign * quantity

    def _stock(self) -> None:
        for sku, total, held, sold in self._look("SELECT sku, total, held, sold FROM stock"):
            held, sold = int(str(held)), int(str(sold))
            _fits(str(sku), held, sold, total)
            if held != self.held[str(sku)]:
                raise Violation(f"{sku}: {held} held, live holds come to {self.held[str(sku)]}")
            if sold != self.sold[str(sku)]:
                raise Violation(f"{sku}: {sold} sold, sold orders come to {self.sold[str(sku)]}")

    def _open_pages(self) -> Counter[str]:
        stripe = self.world.sandbox.stripe
        return Counter(it.wire["client_reference_id"] for it in stripe.open.values() if it.wire["status"] == "open")

    # -- money

    def _payments(self, keys: Mapping[str, None]) -> None:
        for key in keys:
            row = self._look("SELECT status, paid_minor, refunded_minor FROM payments WHERE key = ?", key)
            if not row:
                raise Violation(f"the payment {key} is gone")
            self.statuses[key] = str(row[0][0])
            paid, refunded = int(str(row[0][1])), int(str(row[0][2]))
            there = self.till.of(till_key(key))
            if paid > there.captured:
                raise Violation(f"{key}: {paid} believed, Stripe has {there.captured}")
            if refunded > there.ever_refunded:
                raise Violation(f"{key}: {refunded} said to have gone back, at Stripe {there.ever_refunded}")

    def _sessions_of_stripe(self) -> None:
        stripe = self.world.sandbox.stripe
        if len(stripe.sessions) == self._sessions:
            return
        self._sessions = len(stripe.sessions)
        for ref, count in self._open_pages().items():
            if count > 1:
                raise Violation(f"{ref} has {count} open payment pages")

    def _look(self, query: str, *values: object) -> Sequence[Row]:
        return self.world.look(query, *values)


READ: Mapping[str, Callable[[Bookkeeper, _Batch, Change], None]] = {
    "order": Bookkeeper._order,
    "payment": Bookkeeper._payment,
    "put": Bookkeeper._put,
    "event": Bookkeeper._event,
    "quiet": Bookkeeper._quiet,
    "stock": Bookkeeper._shelf,
    "alert": Bookkeeper._alert,
}
"""What each kind of change means to the bookkeeper."""


def till_key(key: str) -> str:
    """The key that stands in Stripe's objects: pages of one order that were opened twice have it in common."""
    return key.partition("~")[0]


def _fits(sku: str, held: int, sold: int, total: object) -> None:
    if held < 0 or sold < 0 or (total is not None and held + sold > int(str(total))):
        raise Violation(f"{sku}: {held} held and {sold} sold of {total}")


class Till:
    """What Stripe has of each payment of ours, by our key. Stripe's objects change in place: each is met once."""

    def __init__(self, stripe: Account) -> None:
        self._stripe = stripe
        self._charges: dict[str, list[Json]] = {}
        self._refunds: dict[str, list[Json]] = {}
        self._met = [0, 0]

    def of(self, key: str) -> Money:
        """One payment's money."""
        self._meet()
        charges = [it for it in self._charges.get(key, ()) if it["paid"]]
        refunds = [it for charge in charges for it in self._refunds.get(charge["id"], ())]
        return Money(
            sum(it["amount_captured"] for it in charges),
            sum(it["amount_refunded"] for it in charges),
            sum(it["amount"] for it in refunds),
        )

    def keys(self) -> Set[str]:
        """The payments of which there is any charge."""
        self._meet()
        return self._charges.keys()

    def _meet(self) -> None:
        for charge in islice(self._stripe.charges.values(), self._met[0], None):
            self._charges.setdefault(charge["metadata"].get("payment", ""), []).append(charge)
        for refund in islice(self._stripe.refunds.values(), self._met[1], None):
            self._refunds.setdefault(refund["charge"], []).append(refund)
        self._met = [len(self._stripe.charges), len(self._stripe.refunds)]


def balance(stripe: Account) -> int:
    """All that is on the account, before what disputes hold back."""
    available = sum(it["amount"] for it in stripe.balance()["available"])
    disputed = sum(it["amount"] for it in stripe.disputes.values() if it["status"] in MOST_WITHDRAWN)
    return int(available + disputed)

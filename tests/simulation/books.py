"""The books after every step: what may never be wrong, not even for a moment. Only what changed is read again."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence, Set
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
        orders: dict[str, None] = {}
        payments: dict[str, None] = {}
        stock = False
        turns: dict[int, list[str]] = {}
        ordered: dict[str, int] = {}
        puts: dict[int, list[str]] = {}
        for turn, what, key, was, now in changes:
            self.digest.update(f"{turn} {what} {key} {was} {now}\n".encode())
            match what:
                case "order":
                    orders[key] = None
                    self._order_may(key, was, now)
                    if was is None:
                        ordered[key] = turn
                case "payment":
                    payments[key] = None
                    self._payment_may(key, was, now)
                case "put":
                    puts.setdefault(turn, []).append(f"{was} {now}")
                case "event":
                    self.events[key] = str(now)
                    self.silent[key] = self.quiet
                    turns.setdefault(turn, []).append(key)
                case "stock":
                    stock = True
                    self._shelf_may(key, str(was), now)
                case "quiet":
                    self.quiet = self.quiet | {key} if now == "1" else self.quiet - {key}
                case "alert" if key == "stock_drift":
                    raise Violation(f"the shop itself tells of drift: {now}")
        for ref, turn in ordered.items():
            if turn not in turns:
                raise Violation(f"{ref} was ordered by nothing that came in: somebody was heard twice")
        for turn, keys in turns.items():
            for key in keys:
                self.answers[key] = puts.get(turn, [])
        if orders:
            self._orders(orders)
        if orders or stock:
            self._stock()
        if payments:
            self._payments(payments)

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

    @staticmethod
    def _shelf_may(sku: str, taken: str, total: str | None) -> None:
        """Of every single change, not only of what a step leaves."""
        held, sold = (int(it) for it in taken.split())
        if held < 0 or sold < 0 or (total is not None and held + sold > int(total)):
            raise Violation(f"{sku}: {held} held and {sold} sold of {total}")

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
            self._shelf_may(str(sku), f"{held} {sold}", None if total is None else str(total))
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
            there = self.till.of(key)
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

"""One shop that lives the same sale again and again, its seven events told each time in another order.

Every event is signed, read by the real provider and settled on a real SQLite; what is set aside is looked at again as
the sweeper does, while time moves.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from stripe import WebhookSignature

from bot.domain.catalogue import Catalogue, Product, Variant
from bot.domain.conversation import Purchase
from bot.domain.orders import CancelReason, Line, Order, OrderStatus
from bot.domain.payments import Payment
from bot.domain.shoppers import Shopper
from bot.ports import Books, Receipt
from bot.service.placing import place
from bot.service.settle import settle
from bot.service.sweep import AT_ONCE, Sweeper
from tests.dialogs.dialog import START, opened_shop
from tests.faults.lives import SAMPLE_KEY, SAMPLE_REF, Life, Told, told

PRICE = 1800
SECRET = "whsec_test"
TOGETHER = 50
"""Orders that share a commit."""
LOOKS = tuple(timedelta(seconds=s) for s in (2, 15, 90, 800, 5_000, 30_000, 120_000))
"""Times after an event at which the sweeper looks: one for each wait of the shop's patience."""
ALERTS_OF_THE_MOMENT = frozenset({"alert dispute"})
"""A dispute that is known to be closed is not told as one that was opened."""
State = tuple[tuple[str, object], ...]
"""(what, how it stands) of one order when all is told."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the events come: `between` two of them, and whether the page was being closed when the first one came."""

    name: str
    between: timedelta
    closing: bool = False


PACES = (
    Pace("at once", timedelta(milliseconds=50)),
    Pace("two days apart", timedelta(days=2)),
    Pace("while the page is being closed", timedelta(seconds=2), closing=True),
)


def differences(life: Life, states: Mapping[State, Sequence[int]]) -> str:
    """What differs between the final states, each with an order of events that led there."""
    found = [(dict(state), order) for state, order in states.items()]
    names = dict.fromkeys(name for facts, _ in found for name in facts)
    differing = [name for name in names if len({str(facts.get(name)) for facts, _ in found}) > 1]
    lines = []
    for facts, order in found:
        lines.append(" > ".join(f"{life.told[place]} ({place})" for place in order))
        lines.append(f"  ends with { ({name: facts.get(name) for name in differing}) }")
    return "\n".join(lines)


async def _never(_work: object) -> Receipt:
    raise AssertionError("its steps are taken one by one here")


class Bench:
    """A shop with more than enough of one thing, for one life at one pace. Use `run`, then `close`."""

    def __init__(self, life: Life, pace: Pace) -> None:
        variant = Variant("mug", "mug", {}, PRICE, 10_000_000)
        self._dialog = opened_shop(goods=Catalogue("EUR", (Product("mug", "Mug", (variant,)),)))
        self._shop, self._pace, self._now = self._dialog.shop, pace, START
        self._sweeper = Sweeper(self._shop, _never, _never, lambda: self._now, every=1)  # type: ignore[arg-type]
        self._told = self._tell(life)
        self._aside = life.may_differ | ALERTS_OF_THE_MOMENT
        self._numbers = itertools.count(1)
        self._said = self._alerted = 0

    def _tell(self, life: Life) -> Told:
        line = Line("mug", "Mug", 1, PRICE)
        sample = Order(
            SAMPLE_REF, "t" * 24, "telegram", "1", "fr", OrderStatus.CREATED, "EUR", (line,), START, START, PRICE
        )
        request = json.loads(self._shop.provider.freeze(sample, SAMPLE_KEY, physical=True))
        return told(life, json.dumps(request), START)

    def close(self) -> None:
        self._dialog.store.close()

    def run(self, orders: Iterable[Sequence[int]]) -> dict[State, tuple[int, ...]]:
        """Each final state with the first order of events (places among them) that ended there."""
        states: dict[State, tuple[int, ...]] = {}
        left = iter(orders)
        while batch := list(itertools.islice(left, TOGETHER)):
            for events, state in zip(batch, self._ends(batch), strict=True):
                states.setdefault(state, tuple(events))
        return states

    def _ends(self, batch: Sequence[Sequence[int]]) -> list[State]:
        lived = self._dialog.write(lambda books: [self._one(books, events) for events in batch])
        messages, alerts, left = self._heard()
        return [
            tuple(
                (name, value)
                for name, value in (*facts, *messages.get(ref, ()), *alerts.get(ref, ()), ("waiting", left.get(n, ())))
                if name not in self._aside
            )
            for n, ref, facts in lived
        ]

    def _one(self, books: Books, events: Sequence[int]) -> tuple[int, str, State]:
        number = next(self._numbers)
        before = books.shelf.get("mug")
        order, payment = self._placed(books, number)
        bodies = self._told.of(order.ref, payment.key, number)
        for event in events:
            self._now += self._pace.between
            self._comes(books, bodies[event])
            if self._pace.between > LOOKS[0]:
                self._looks(books)
        self._looks(books)
        return number, order.ref, self._facts(books, order.ref, before.held, before.sold)

    def _placed(self, books: Books, number: int) -> tuple[Order, Payment]:
        person = Shopper("telegram", str(number), "fr")
        order, payment = place(self._shop, books, Purchase((Line("mug", "Mug", 1, PRICE),), True), person, self._now)
        if self._pace.closing:
            books.orders.begin_closing(order.ref, CancelReason.EXPIRED, self._now)
        return order, payment

    def _comes(self, books: Books, body: bytes) -> None:
        signature = WebhookSignature.generate_signature_header(body.decode(), SECRET, int(self._now.timestamp()))
        news = self._shop.provider.read(body, signature, self._now)
        assert news is not None, body
        settle(self._shop, books, news, self._now)

    def _looks(self, books: Books) -> None:
        """What the sweeper does with what was set aside, until nothing is due any more."""
        last = self._now
        for wait in (timedelta(), *LOOKS):
            self._now = last + wait
            due = books.inbox.waiting(self._now, AT_ONCE)
            for event in due:
                self._sweeper._handled(books, *event)

    @staticmethod
    def _facts(books: Books, ref: str, held: int, sold: int) -> State:
        order, (payment,), stock = books.orders.get(ref), books.payments.of(ref), books.shelf.get("mug")
        assert order is not None
        return (
            ("order", str(order.status)),
            ("closing", order.closing),
            ("review", order.needs_review),
            ("total", order.total_minor),
            ("payment", str(payment.status)),
            ("paid", payment.paid_minor),
            ("refunded", payment.refunded_minor),
            ("receipt", payment.receipt_url is not None),
            ("held", stock.held - held),
            ("sold", stock.sold - sold),
        )

    def _heard(self) -> tuple[dict[str, State], dict[str, State], dict[int, tuple[str, ...]]]:
        """By order: how often it was thanked and what refunds it was told of; what alerts it caused. By number: the
        events that still wait."""
        messages: dict[str, State] = {}
        told = self._dialog.store._query(
            "SELECT ref, sum(kind = 'thanks') AS thanks, sum(kind = 'refund') AS given_back,"
            " total(CASE WHEN kind = 'refunded' THEN json_extract(body, '$.facts.refunded') END) AS refunds_told,"
            " max(id) AS last FROM outbox WHERE id > ? GROUP BY ref",
            (self._said,),
        )
        for row in told:
            names = ("thanks", "given_back", "refunds_told")
            messages[str(row["ref"])] = tuple((name, row[name]) for name in names)
            self._said = max(self._said, int(str(row["last"])))
        alerts: dict[str, list[tuple[str, object]]] = {}
        for row in self._dialog.store._query(
            "SELECT ref, kind, count(*) AS n, max(id) AS last FROM alerts WHERE id > ? AND ref IS NOT NULL"
            " GROUP BY ref, kind ORDER BY ref, kind",
            (self._alerted,),
        ):
            alerts.setdefault(str(row["ref"]), []).append((f"alert {row['kind']}", row["n"]))
            self._alerted = max(self._alerted, int(str(row["last"])))
        left: dict[int, tuple[str, ...]] = {}
        for row in self._dialog.store._query("SELECT key, error FROM inbox WHERE state != 'done'", ()):
            number = int(str(row["key"])[-6:])
            left[number] = (*left.get(number, ()), str(row["error"]))
        return messages, {ref: tuple(found) for ref, found in alerts.items()}, left

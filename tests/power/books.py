"""The books of a database after a power cut, read once and held against every promise and against themselves."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.power.promises import Promise

SPOKEN = "kind NOT IN ('open_checkout', 'close_checkout', 'refund', 'retire')"
PAID = frozenset({"paid", "fulfilled", "returned"})


@dataclass(frozen=True, slots=True)
class Books:
    """`inbox` is (source, key) -> state; `orders` and `payments` are rows by ref and key."""

    inbox: Mapping[tuple[str, str], str]
    orders: Mapping[str, sqlite3.Row]
    payments: Mapping[str, sqlite3.Row]
    stock: Mapping[str, sqlite3.Row]
    lines: tuple[sqlite3.Row, ...]
    said: Mapping[tuple[str, str], int]
    """(channel, chat) -> messages that were claimed to be said there."""
    cursors: Mapping[str, str]
    replied: frozenset[str]
    """Public posts that the shop allowed itself to answer."""
    kinds: frozenset[tuple[str, str]]
    """(ref, kind) of every row of the outbox that belongs to an order."""
    history: tuple[tuple[str, str], ...]
    state: int
    """A hash of all of it: two images with the same one hold the same state."""

    def waits(self, event: str) -> bool:
        """Whether an event of Stripe was kept to be looked at again."""
        return self.inbox.get(("stripe", event)) == "new"

    def payment(self, **columns: str) -> sqlite3.Row | None:
        ((column, value),) = columns.items()
        return next((row for row in self.payments.values() if row[column] == value), None)


def read(connection: sqlite3.Connection) -> Books:
    """All that is checked, in one read transaction."""
    connection.row_factory = sqlite3.Row
    connection.execute("BEGIN")

    def rows(query: str) -> list[Any]:
        return connection.execute(query).fetchall()

    inbox = rows("SELECT source, key, state FROM v_inbox")
    orders = rows(
        "SELECT v.ref, v.status, v.cancel_reason, v.needs_review, v.paid_minor, v.refunded_minor, o.closing, o.hold,"
        " o.token FROM v_orders v JOIN orders o ON o.ref = v.ref ORDER BY v.ref"
    )
    payments = rows(
        "SELECT key, ref, status, amount_minor, paid_minor, refunded_minor, external_id, intent FROM payments"
        " ORDER BY key"
    )
    stock = rows("SELECT sku, total, held, sold FROM v_stock ORDER BY sku")
    lines = rows("SELECT ref, sku, quantity FROM v_order_lines ORDER BY ref, sku")
    outbox = rows("SELECT id, chat, kind, ref, state, attempts, ambiguous FROM v_outbox ORDER BY id")
    history = rows("SELECT ref, to_status FROM v_history ORDER BY id")
    said = rows(
        f"SELECT channel, chat, count(*) FROM v_outbox WHERE {SPOKEN} AND (state IN ('sending', 'sent')"
        " OR attempts > 0 OR ambiguous > 0) GROUP BY channel, chat"
    )
    cursors = rows("SELECT name, value FROM cursors")
    replied = rows("SELECT post FROM policy WHERE allowed = 1 AND post IS NOT NULL")
    connection.execute("COMMIT")
    everything = (inbox, orders, payments, stock, lines, outbox, history)
    return Books(
        inbox={(row["source"], row["key"]): row["state"] for row in inbox},
        orders={row["ref"]: row for row in orders},
        payments={row["key"]: row for row in payments},
        stock={row["sku"]: row for row in stock},
        lines=tuple(lines),
        said={(row[0], row[1]): row[2] for row in said},
        cursors=dict(map(tuple, cursors)),
        replied=frozenset(row[0] for row in replied),
        kinds=frozenset((row["ref"], row["kind"]) for row in outbox if row["ref"] is not None),
        history=tuple((row["ref"], row["to_status"]) for row in history),
        state=hash(tuple(tuple(tuple(row) for row in table) for table in everything)),
    )


def broken(books: Books, promises: Iterable[Promise]) -> Iterator[str]:
    """The promises that these books do not keep."""
    for promise in promises:
        if not CHECKS[promise.kind](books, *promise.about):
            yield f"{promise.kind} {' '.join(promise.about)} (place {promise.place})"


def _event(books: Books, source: str, key: str) -> bool:
    return (source, key) in books.inbox


def _ordered(books: Books, ref: str) -> bool:
    return ref in books.orders


def _opening(books: Books, ref: str, key: str) -> bool:
    return ref in books.orders and key in books.payments and books.payments[key]["ref"] == ref


def _linked(books: Books, session: str) -> bool:
    return books.payment(external_id=session) is not None


def _closing(books: Books, session: str) -> bool:
    payment = books.payment(external_id=session)
    order = books.orders.get(payment["ref"]) if payment else None
    return order is not None and (order["closing"] is not None or order["status"] != "created")


def _owed(books: Books, intent: str) -> bool:
    payment = books.payment(intent=intent)
    return payment is not None and (payment["ref"], "refund") in books.kinds


def _paid(books: Books, event: str, ref: str) -> bool:
    order = books.orders.get(ref)
    return books.waits(event) or (order is not None and order["paid_minor"] > 0)


def _ended(books: Books, event: str, ref: str) -> bool:
    order = books.orders.get(ref)
    return books.waits(event) or (order is not None and order["status"] != "created")


def _refunded(books: Books, event: str, intent: str, minor: str) -> bool:
    payment = books.payment(intent=intent)
    return books.waits(event) or (payment is not None and payment["refunded_minor"] >= int(minor))


def _said(books: Books, channel: str, chat: str, count: str) -> bool:
    return books.said.get((channel, chat), 0) >= int(count)


def _replied(books: Books, post: str) -> bool:
    return post in books.replied


def _read(books: Books, cursor: str, number: str, key: str) -> bool:
    """What was read and is not kept is read again: the cursor has not passed it."""
    reached = next((value for name, value in books.cursors.items() if name.endswith(cursor)), "0")
    return ("x", key) in books.inbox or int(reached) < int(number)


CHECKS: Mapping[str, Callable[..., bool]] = {
    "event": _event,
    "ordered": _ordered,
    "opening": _opening,
    "linked": _linked,
    "closing": _closing,
    "owed": _owed,
    "paid": _paid,
    "ended": _ended,
    "refunded": _refunded,
    "said": _said,
    "replied": _replied,
    "read": _read,
}
"""Kind of promise -> whether the books keep it, given what it is about (see promises.py)."""


def unsound(books: Books) -> Iterator[str]:
    """Where the books contradict themselves: half a transaction, or stock that does not add up."""
    yield from _stock(books)
    latest = dict(books.history)
    paying = {row["ref"] for row in books.payments.values()}
    for ref, order in books.orders.items():
        if latest.get(ref) != order["status"]:
            yield f"{ref} is {order['status']}, its history ends with {latest.get(ref)}"
        if ref not in paying:
            yield f"{ref} has no payment"
        if (ref, "open_checkout") not in books.kinds:
            yield f"{ref} was ordered and its page will never be opened"
        if order["status"] in PAID and (ref, "thanks") not in books.kinds:
            yield f"{ref} was paid and its shopper will never be thanked"
    for ref in latest.keys() - books.orders.keys():
        yield f"{ref} has a history and is no order"


def _stock(books: Books) -> Iterator[str]:
    held: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    for line in books.lines:
        order = books.orders.get(line["ref"])
        if order is None:
            yield f"a line of {line['ref']}, which is no order"
            continue
        held[line["sku"]] += line["quantity"] if order["hold"] == "live" else 0
        sold[line["sku"]] += line["quantity"] if order["status"] in PAID else 0
    for sku, row in books.stock.items():
        if row["held"] != held[sku] or row["held"] < 0:
            yield f"{sku}: {row['held']} held, live holds are {held[sku]}"
        if row["total"] is not None and row["held"] + row["sold"] > row["total"]:
            yield f"{sku}: {row['held']} held and {row['sold']} sold of {row['total']}"
        if row["sold"] != sold[sku]:
            yield f"{sku}: {row['sold']} sold, paid orders hold {sold[sku]}"

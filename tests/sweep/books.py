"""The oracle of the sweeps: the shop's books and the world outside side by side, and all in which they disagree.

It is asked when nothing is under way any more. It reads the views of the contract and, for what no view shows
(which message carries which row), the tables themselves.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.domain.orders import TRANSITIONS, OrderStatus
from storage.outbox import SILENT
from tests.sweep.outside import Outside

Row = Mapping[str, object]
QUERIES: Mapping[str, str] = {
    "orders": "SELECT o.*, r.hold FROM v_orders o JOIN orders r USING (ref)",
    "lines": "SELECT * FROM v_order_lines",
    "payments": "SELECT * FROM v_payments",
    "stock": "SELECT * FROM v_stock",
    "inbox": "SELECT * FROM v_inbox",
    "outbox": "SELECT v.*, o.lane, o.external_id FROM v_outbox v JOIN outbox o USING (id) ORDER BY id",
    "history": "SELECT * FROM v_history ORDER BY id",
}
SOLD = frozenset({"paid", "fulfilled", "returned"})
BROKEN = ("Traceback (most recent call last)", '"exception"', "store.nobody_listens")


@dataclass(frozen=True, slots=True)
class Books:
    """What the shop believes, as rows by the names of `QUERIES`; `sound` is what SQLite says of its file."""

    orders: Sequence[Row]
    lines: Sequence[Row]
    payments: Sequence[Row]
    stock: Sequence[Row]
    inbox: Sequence[Row]
    outbox: Sequence[Row]
    history: Sequence[Row]
    sound: str = "ok"

    def of(self, ref: object) -> Sequence[Row]:
        """An order's payments."""
        return [payment for payment in self.payments if payment["ref"] == ref]


def read(database: Path) -> Books:
    """The books as they stand now, in one read transaction."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as reader:
        reader.row_factory = sqlite3.Row
        reader.execute("BEGIN")
        found = {name: [dict(row) for row in reader.execute(query)] for name, query in QUERIES.items()}
        (sound,) = reader.execute("PRAGMA integrity_check").fetchone()
    return Books(**found, sound=sound)


def wrong(books: Books, outside: Outside) -> list[str]:
    """Every disagreement, as sentences; none where nothing is lost, doubled or adrift."""
    return [sentence for check in CHECKS for sentence in check(books, outside)]


def _sound(books: Books, _outside: Outside) -> Iterator[str]:
    if books.sound != "ok":
        yield f"the database is damaged: {books.sound}"


def _stock(books: Books, _outside: Outside) -> Iterator[str]:
    held: Counter[object] = Counter()
    sold: Counter[object] = Counter()
    orders = {order["ref"]: order for order in books.orders}
    for line in books.lines:
        order = orders[line["ref"]]
        if order["status"] == "created" and order["hold"] == "live":
            held[line["sku"]] += int(str(line["quantity"]))
        if order["status"] in SOLD:
            sold[line["sku"]] += int(str(line["quantity"]))
    for row in books.stock:
        sku, total = row["sku"], row["total"]
        if (row["held"], row["sold"]) != (held[sku], sold[sku]):
            yield f"{sku}: {row['held']} held and {row['sold']} sold, its orders say {held[sku]} and {sold[sku]}"
        if total is not None and held[sku] + sold[sku] > int(str(total)):
            yield f"{sku}: {held[sku]} + {sold[sku]} of {total} are promised"


def _holds(books: Books, _outside: Outside) -> Iterator[str]:
    wanted = {"created": "live", "paid": "sold", "fulfilled": "sold", "returned": "sold", "canceled": "released"}
    for order in books.orders:
        late = order["status"] in SOLD and order["hold"] == "released"  # taken again after it was given back
        if order["hold"] != wanted[str(order["status"])] and not late:
            yield f"{order['ref']} is {order['status']}, its hold is {order['hold']}"


def _histories(books: Books, _outside: Outside) -> Iterator[str]:
    steps: defaultdict[object, list[Row]] = defaultdict(list)
    for row in books.history:
        steps[row["ref"]].append(row)
    for order in books.orders:
        before: object = None
        for step in steps[order["ref"]]:
            if step["from_status"] != before or not _legal(before, step["to_status"]):
                yield f"{order['ref']}: {before} became {step['to_status']} (from {step['from_status']})"
            before = step["to_status"]
        if before != order["status"]:
            yield f"{order['ref']} is {order['status']}, its history ends with {before}"


def _legal(before: object, after: object) -> bool:
    if before is None:
        return after == OrderStatus.CREATED
    return OrderStatus(str(after)) in TRANSITIONS[OrderStatus(str(before))]


def _one_order_each(books: Books, _outside: Outside) -> Iterator[str]:
    """No shopper of a sweep ever asks for two."""
    for chat, number in Counter(order["chat"] for order in books.orders).items():
        if number > 1:
            yield f"{chat} asked once and has {number} orders"
    for order in books.orders:
        if order["needs_review"]:
            yield f"{order['ref']} waits for a human"


def _pages(books: Books, outside: Outside) -> Iterator[str]:
    refs = {order["ref"] for order in books.orders}
    known = {payment["external_id"] for payment in books.payments}
    for ref, number in Counter(page.reference for page in outside.pages).items():
        if ref not in refs:
            yield f"a payment page belongs to {ref}, which is no order"
        if number > 1:
            yield f"{ref} has {number} payment pages"
    for page in outside.pages:
        if page.id not in known:
            yield f"the payment page {page.id} of {page.reference} is not in the books"
    for missing in known - {page.id for page in outside.pages} - {None}:
        yield f"the books name a payment page {missing} that does not exist"


def _money(books: Books, outside: Outside) -> Iterator[str]:
    total = 0
    for order in books.orders:
        paid, back = int(str(order["paid_minor"])), int(str(order["refunded_minor"]))
        total += paid - back
        pages = [page for page in outside.pages if page.reference == order["ref"]]
        there = sum(page.paid_minor for page in pages), sum(page.refunded_minor for page in pages)
        if (paid, back) != there:
            yield f"{order['ref']}: {paid} paid and {back} given back, Stripe says {there[0]} and {there[1]}"
        if paid and order["status"] == "created":
            yield f"{order['ref']} was paid and is still {order['status']}"
        given = [row for row in books.outbox if row["ref"] == order["ref"] and row["kind"] == "refund"]
        if given and sum(page.refunds for page in pages) != 1:
            yield f"{order['ref']} was to be given back once, Stripe has {sum(page.refunds for page in pages)} refunds"
    if total != outside.balance_minor:
        yield f"the books hold {total}, Stripe's balance is {outside.balance_minor}"


def _nothing_stuck(books: Books, _outside: Outside) -> Iterator[str]:
    for row in books.outbox:
        if row["state"] not in ("sent", "scheduled"):
            yield f"outbox {row['id']} ({row['kind']} for {row['chat']}) is {row['state']}"
    for row in books.inbox:
        if row["state"] != "done":
            yield f"inbox {row['source']} {row['key']} is {row['state']}"


def _spoken(books: Books) -> Iterator[Row]:
    return (row for row in books.outbox if row["kind"] not in SILENT and row["state"] == "sent")


def _thanks(books: Books, _outside: Outside) -> Iterator[str]:
    thanked = Counter(row["ref"] for row in _spoken(books) if row["kind"] == "thanks")
    for order in books.orders:
        wanted = int(order["status"] in SOLD)
        if thanked[order["ref"]] != wanted:
            yield f"{order['ref']} is {order['status']} and was thanked for {thanked[order['ref']]} times"


def _messages(books: Books, outside: Outside) -> Iterator[str]:
    """What was said is what was to be said: at least once, no more often than is owned up to, in its order."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in _spoken(books):
        rows[str(row["chat"])].append(row)
    for chat, thread in outside.threads.items():
        ours = [said for said in thread if said.ours]
        text_of = {said.id: said.text for said in ours}
        budget: defaultdict[str, list[Row]] = defaultdict(list)
        found = {text_of.get(str(row["external_id"])) for row in rows[chat]}
        unclaimed = iter(dict.fromkeys(said.text for said in ours if said.text not in found))
        for row in rows.pop(chat, []):
            if (text := _text(row, text_of, unclaimed)) is not None:
                budget[text].append(row)
            else:
                yield f"outbox {row['id']} ({row['kind']}) is sent to {chat} as {row['external_id']}: no such message"
        yield from _copies(chat, budget, Counter(said.text for said in ours))
        yield from _in_order(chat, budget, [said.text for said in ours])
        if thread and not thread[-1].ours:
            yield f"{chat} wrote {thread[-1].text!r} and was not answered"
    for chat, left in rows.items():
        yield f"{len(left)} messages are sent to {chat}, who is nobody"


def _text(row: Row, text_of: Mapping[str, str], unclaimed: Iterator[str]) -> str | None:
    """What carries a row. An earlier try of it may have no id: the platform said that it stands there already."""
    if row["external_id"] is None and row["ambiguous"]:
        return next(unclaimed, None)
    return text_of.get(str(row["external_id"]))


def _copies(chat: str, budget: Mapping[str, Sequence[Row]], said: Mapping[str, int]) -> Iterator[str]:
    for text, copies in said.items():
        rows = budget.get(text, ())
        most = len(rows) + sum(int(str(row["ambiguous"])) for row in rows)
        if not len(rows) <= copies <= most:
            yield f"{chat} heard {copies} times, {most} at most are owned up to: {text[:60]!r}"


def _in_order(chat: str, budget: Mapping[str, Sequence[Row]], texts: Sequence[str]) -> Iterator[str]:
    last: dict[object, tuple[int, int]] = {}
    for text, rows in sorted(budget.items(), key=lambda it: min(int(str(row["id"])) for row in it[1])):
        row = rows[0]
        first = texts.index(text)
        if row["lane"] in last and last[row["lane"]][1] > first:
            yield f"{chat} heard outbox {row['id']} before outbox {last[row['lane']][0]}"
        last[row["lane"]] = (int(str(row["id"])), first)


Check = Callable[[Books, Outside], Iterator[str]]
CHECKS: Sequence[Check] = (
    _sound,
    _stock,
    _holds,
    _histories,
    _one_order_each,
    _pages,
    _money,
    _nothing_stuck,
    _thanks,
    _messages,
)


def broken(log: str) -> list[str]:
    """What a log must never hold, with the lines around it."""
    for sign in BROKEN:
        if sign in log:
            at = log.index(sign)
            return [f"the log shows a fault: …{log[max(0, at - 300) : at + 700]}…"]
    return []

"""What is done for every event costs the same however much has happened before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.ports import Books
from storage import SqliteStore

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FEW, MANY = 200, 6_000
SLACK = 40
"""Steps of SQLite's machine by which two measurements may differ: a tree that is one level deeper."""

Work = Callable[[Books], object]
WORKS: dict[str, Work] = {
    "hurry": lambda books: books.inbox.hurry("stripe", NOW),
    "waiting": lambda books: books.inbox.waiting(NOW, 100),
    "accept": lambda books: books.inbox.accept("stripe", f"evt_new_{id(books)}", NOW),
    "overdue": lambda books: books.orders.overdue(NOW, 100),
    "due": lambda books: books.outbox.due(NOW, 100),
    "lapsed": lambda books: books.outbox.lapsed(NOW),
}


def steps(store: SqliteStore, work: Work) -> int:
    """How many instructions SQLite carries out for it."""
    done = 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    store._connection.set_progress_handler(count, 1)
    work(store._books)
    store._connection.set_progress_handler(None, 1)
    return done


def grown(rows: int) -> SqliteStore:
    store = SqliteStore(":memory:")

    def fill(books: Books) -> None:
        for number in range(rows):
            books.inbox.accept("stripe", f"evt_{number}", NOW - timedelta(seconds=number))
        books.inbox.set_aside("stripe", "evt_1", "{}", "why", again_at=NOW + timedelta(hours=1), now=NOW)
        books.inbox.set_aside("stripe", "evt_2", "{}", "why", again_at=None, now=NOW)

    store.write(fill)
    return store


@pytest.mark.parametrize("name", WORKS)
def test_it_costs_the_same_after_thousands_of_events(name: str) -> None:
    costs = []
    for rows in (FEW, MANY):
        store = grown(rows)
        costs.append(steps(store, WORKS[name]))
        store.close()
    assert costs[1] <= costs[0] + SLACK


def test_a_walk_through_all_of_them_would_be_seen() -> None:
    """The negative control: the same question without the hint that keeps it from the whole of a source."""
    query = "UPDATE inbox SET again_at = '' WHERE state = 'new' AND again_at > '' AND source = 'stripe'"
    costs = []
    for rows in (FEW, MANY):
        store = grown(rows)
        costs.append(steps(store, lambda _, store=store: store._connection.execute(query)))  # type: ignore[misc]
        store.close()
    assert costs[1] > 10 * costs[0]

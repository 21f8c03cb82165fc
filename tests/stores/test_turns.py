"""What a platform counts the seconds for goes before all that waits for the writer."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bot.ports import Books, Urgent
from storage import SqliteStore

PATIENCE = 20.0


def test_an_urgent_work_goes_before_all_that_waits() -> None:
    """F061"""
    assert _place_in_the_queue(Urgent) == 1


def test_a_work_that_is_not_urgent_waits_its_turn() -> None:
    """F061: the control of the test above."""
    assert _place_in_the_queue(lambda work: work) == 501


def _place_in_the_queue(kind: Callable[[Callable[[Books], None]], Callable[[Books], None]]) -> int:
    """How many works are done before one that is submitted while the first of 501 is under way."""
    store, done = SqliteStore(":memory:"), list[str]()
    begun, go, over = (threading.Event() for _ in range(3))

    def first(_books: Books) -> None:
        begun.set()
        assert go.wait(PATIENCE)
        done.append("before")

    store.submit(first, _nobody)
    assert begun.wait(PATIENCE)
    for _ in range(500):
        store.submit(lambda _books: done.append("before"), _nobody)
    store.submit(kind(lambda _books: done.append("asked")), lambda *_: over.set())
    go.set()
    assert over.wait(PATIENCE)
    store.close()
    assert len(done) == 502
    return done.index("asked")


def _nobody(_result: object, error: Exception | None) -> None:
    assert error is None

"""A small drop by default; ten thousand shoppers on many seeds ask by `python -m tests.drop`."""

from __future__ import annotations

import random

from tests.drop.drop import ITEMS, MOST_CREATIONS, dropped


def test_a_hundred_items_are_sold_exactly_however_many_want_them_and_however_many_never_pay() -> None:
    """F040, F041, F042, F043, F048"""
    state = random.getstate()
    outcome = dropped(3, telegram=260, x=12)
    random.setstate(state)
    assert not outcome.violation, outcome.violation
    assert outcome.sold == outcome.most_taken == ITEMS
    assert 0 < outcome.most_pages_a_second <= MOST_CREATIONS
    assert outcome.answered == outcome.shoppers
    assert outcome.never_paid > 0
    assert outcome.pages > ITEMS

"""Nobody promises an order of Stripe's events, so every order of them must end the same."""

from __future__ import annotations

import itertools
import random

import pytest

from tests.faults.lives import LIVES, Life
from tests.faults.orders_of_events import PACES, Bench, Pace, differences

A_FEW = 30
EVENTS = 7


@pytest.mark.parametrize("pace", PACES, ids=lambda pace: pace.name)
@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.name)
def test_orders_of_seven_events_end_in_one_state(life: Life, pace: Pace) -> None:
    """F004, F005, F007, F008, F016, F017: the natural order, its reverse and some of the other 5,038; the long form
    (`python -m tests.faults`) takes them all."""
    natural = tuple(range(EVENTS))
    assert len(life.told) == EVENTS
    every = list(itertools.permutations(natural))
    some = random.Random(f"{life.name} {pace.name}").sample(every, A_FEW)
    bench = Bench(life, pace)
    states = bench.run([natural, natural[::-1], *some])
    bench.close()
    assert len(states) == 1, differences(life, states)
    ((state, _),) = states.items()
    facts = dict(state)
    assert facts["thanks"] == 1
    assert facts["order"] == "paid"
    assert (facts["held"], facts["sold"]) == (0, 1)
    assert facts.get("refunds_told", facts["refunded"]) == facts["refunded"]
    assert facts["waiting"] == ()


def test_an_event_that_never_comes_is_seen_by_the_comparison() -> None:
    """The negative control: a life without its refund ends in another state than one with it."""
    bench = Bench(LIVES[0], PACES[0])
    whole, cut = tuple(range(EVENTS)), tuple(range(EVENTS - 1))
    states = bench.run([whole, cut])
    bench.close()
    assert len(states) == 2
    assert "refunded" in differences(LIVES[0], states)

"""A few days of the simulated month; the whole of it runs by `make month`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.simulation.month_on_x import Month


@pytest.mark.process
def test_a_day_on_x_costs_what_the_ledger_says_inside_every_quota() -> None:
    """F075, F088"""
    seldom = {"mentions": timedelta(minutes=6), "dm_reads": timedelta(minutes=6)}
    with Month(days=1, mentions=40, messages=12, seed=7, every=seldom) as month:
        outcome = month.run()
    assert outcome.ledger == outcome.bill > 0
    assert outcome.refused == 0
    assert outcome.replies == outcome.asked
    assert outcome.chatted == 0
    assert outcome.answers >= outcome.messages
    assert outcome.sales > 0

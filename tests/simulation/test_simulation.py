"""Short lives of simulated shops; the long ones are lived by `python -m tests.simulation`."""

from __future__ import annotations

import random

import pytest

from tests.simulation.run import lived


@pytest.mark.parametrize("seed", [11, 12])
def test_a_shop_that_is_robbed_of_everything_but_its_disk_loses_nothing_and_doubles_nothing(seed: int) -> None:
    """F001, F002, F003, F004, F008, F016, F017, F023, F024, F026, F027, F028, F037, F040, F042, F043, F048, F050, F051,
    F066, F067, F068, F079, F089, F090, F098, F101, F104, F126"""
    state = random.getstate()
    outcome = lived(seed, 250)
    random.setstate(state)
    assert not outcome.violation, outcome.violation
    assert outcome.steps == 250
    assert outcome.facts["orders paid"] > 0


def test_a_seed_gives_the_same_life_again() -> None:
    state = random.getstate()
    first, second = (lived(5, 60).digest for _ in range(2))
    random.setstate(state)
    assert first == second

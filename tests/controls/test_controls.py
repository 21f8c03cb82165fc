"""A proof that cannot fail proves nothing: each must catch the build that lacks what it speaks of."""

from __future__ import annotations

import pytest

from tests.controls.caught import CONTROLS, tried


@pytest.mark.parametrize("name", CONTROLS)
def test_the_build_without_a_guard_is_caught(name: str) -> None:
    """F049"""
    verdict = tried(CONTROLS[name], whole=False)
    assert verdict.caught, verdict.said

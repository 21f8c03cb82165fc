"""Stripe's published sample of each object, as a judge over ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PLACE = Path(__file__).parents[2].parent / "shared" / "specs" / "stripe-fixtures3.json"
FREE = frozenset({"metadata", "payment_method_details", "payment_method_options", "data", "last_payment_error"})
"""Fields whose keys depend on what they hold; a sample says nothing about them."""


@cache
def resources() -> Mapping[str, Any]:
    """The samples; the test is skipped where they are missing."""
    if not PLACE.exists():
        pytest.skip(f"{PLACE.name} is not here")
    loaded: Mapping[str, Any] = json.loads(PLACE.read_text())["resources"]
    return loaded


def faults_of(kind: str, ours: Mapping[str, Any]) -> list[str]:
    """Keys that the sample of this kind lacks, and values of another type than there."""
    return _compare(ours, resources()[kind], kind)


def _compare(ours: Mapping[str, Any], sample: Mapping[str, Any], path: str) -> list[str]:
    faults: list[str] = []
    for name, value in ours.items():
        place = f"{path}.{name}"
        if name not in sample:
            faults.append(f"{place} is not in the sample")
        elif value is None or sample[name] is None or name in FREE:
            continue
        elif type(value) is not type(sample[name]):
            faults.append(f"{place} is {type(value).__name__}, not {type(sample[name]).__name__}")
        elif isinstance(value, dict) and sample[name]:
            faults += _compare(value, sample[name], place)
    return faults

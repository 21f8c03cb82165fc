"""Prices are exact in their currency or refused; durations are what they say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.amounts import duration, written_duration
from tests.config.shop import SOUND, opened, refused


def priced(price: str, currency: str = "EUR") -> str:
    text = SOUND.replace("18.00", price, 1).replace('"EUR"', f'"{currency}"')
    return text.replace("4.90", "5").replace("29.90", "30").replace("31.90", "31")


@pytest.mark.parametrize(
    ("price", "currency", "minor"),
    [
        ("18.00", "EUR", 1800),
        ("18", "EUR", 1800),
        ("19.99", "EUR", 1999),
        ("1.15", "EUR", 115),
        ("1e3", "EUR", 100_000),
        ("999999.99", "EUR", 99_999_999),
        ("500", "JPY", 500),
        ("500.00", "JPY", 500),
        ("1.230", "KWD", 1230),
        ("500", "ISK", 50_000),
    ],
)
def test_a_price_is_exact_in_minor_units(tmp_path: Path, price: str, currency: str, minor: int) -> None:
    """F109, F110"""
    variant = opened(tmp_path, priced(price, currency)).catalogue.variant("mug")
    assert variant is not None
    assert variant.unit_minor == minor


@pytest.mark.parametrize(
    ("price", "currency", "sentence"),
    [
        ("-1.00", "EUR", "is negative"),
        ("0", "EUR", "is nothing"),
        ("0.00", "EUR", "is nothing"),
        ("nan", "EUR", "not an amount"),
        ("inf", "EUR", "not an amount"),
        ("-inf", "EUR", "not an amount"),
        ('"19,99"', "EUR", "write price = 19.99"),
        ('"18.00"', "EUR", "write price = 18.00"),
        ("19.999", "EUR", "EUR has 2 decimals"),
        ("1e-3", "EUR", "EUR has 2 decimals"),
        ("1e999999", "EUR", "more than Stripe charges"),
        ("1000000.00", "EUR", "more than Stripe charges"),
        ("true", "EUR", "not a number"),
        ("[1]", "EUR", "not a number"),
        ("500.5", "JPY", "JPY has 0 decimals"),
        ("1.234", "KWD", "must be 0"),
        ("500.50", "ISK", "ISK has no decimals"),
    ],
)
def test_a_price_that_cannot_be_charged_is_refused(tmp_path: Path, price: str, currency: str, sentence: str) -> None:
    """F109, F110"""
    (problem,) = refused(tmp_path, priced(price, currency))
    assert problem.key == "products[1].price"
    assert sentence in str(problem)


def test_with_an_unknown_currency_its_decimals_are_not_guessed(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, priced("1.234", "kwd"))
    assert problem.key == "shop.currency"


@given(st.integers(1, 9999), st.sampled_from(["s", "m", "h"]))
def test_a_duration_reads_as_it_is_written(number: int, unit: str) -> None:
    length = duration(f"{number}{unit}") if unit != "h" or number < 8760 else timedelta(hours=1)
    assert duration(written_duration(length)) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [("500ms", timedelta(milliseconds=500)), ("90m", timedelta(minutes=90)), ("2d", timedelta(days=2))],
)
def test_durations_have_units(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize("text", ["", "15", "1.5h", "-3s", "3 s", "١٥s", "15S", "s", "15s ", 15, None])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration(text)

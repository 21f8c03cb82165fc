"""Amounts are exact or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.domain.money import to_decimal, to_minor


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("18.00", "EUR", 1800),
        ("19.99", "EUR", 1999),
        ("1.15", "EUR", 115),
        ("500", "JPY", 500),
        ("500", "KRW", 500),
        ("1.230", "KWD", 1230),
        ("100", "ISK", 10000),
        ("100", "UGX", 10000),
        ("1E+2", "EUR", 10000),
    ],
)
def test_an_amount_becomes_what_stripe_counts(amount: str, currency: str, minor: int) -> None:
    """F109, F110"""
    assert to_minor(Decimal(amount), currency) == minor
    assert to_decimal(minor, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("19.999", "EUR"), ("5.5", "JPY"), ("1.234", "KWD"), ("1.5", "ISK"), ("NaN", "EUR"), ("Infinity", "EUR")],
)
def test_an_amount_the_currency_cannot_hold_is_refused(amount: str, currency: str) -> None:
    """F109, F110"""
    with pytest.raises(ValueError, match=r"."):
        to_minor(Decimal(amount), currency)

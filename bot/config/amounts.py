"""Durations, prices, counts and rates as a merchant writes them; a price never becomes a float."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema

from bot.config.literal import Wrong, shown
from bot.domain.money import LARGEST_MINOR, to_decimal, to_minor

UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
WRITTEN_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
SHORTEST = timedelta(milliseconds=100)
LONGEST = timedelta(days=365)
LONGEST_HOLD = timedelta(hours=24)
"""A Checkout Session lives at most 24 hours: https://docs.stripe.com/api/checkout/sessions/create `expires_at`."""
LARGEST_STOCK = 9_999_999
TOO_MANY_DIGITS = 12
CHARGE_DECIMALS = 6
LARGEST_CHARGE = 1000
"""US dollars for one thing read or sent; more is a slip of the pen."""


def duration(value: object) -> timedelta:
    """ "30m" -> 30 minutes. Raises Wrong outside 100 ms to 365 days."""
    match = WRITTEN_DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Wrong(f'{shown(value)} is not a duration such as "500ms", "15s", "30m", "24h" or "2d"')
    number = int(match[1])
    if number > LONGEST / UNITS[match[2]]:
        raise Wrong(f"{shown(value)} is longer than a year")
    length = number * UNITS[match[2]]
    if length < SHORTEST:
        raise Wrong(f"{shown(value)} is shorter than 100 ms", example='"100ms"')
    return length


def written_duration(length: timedelta) -> str:
    """30 minutes -> "30m", in the largest unit that divides it."""
    for name in ("h", "m", "s"):
        if not length % UNITS[name]:
            return f"{length // UNITS[name]}{name}"
    return f"{length // UNITS['ms']}ms"


def _a_day_at_most(length: timedelta) -> timedelta:
    if length > LONGEST_HOLD:
        raise Wrong("Stripe keeps a payment link open for 24 hours at most", example='"24h"')
    return length


def _number(value: object, example: str | None) -> Decimal:
    if isinstance(value, str):
        number = re.fullmatch(r"([0-9]{1,8})[,.]([0-9]{1,3})\s*\S{0,3}", value.strip())
        written = f"{number[1]}.{number[2]}" if number else example
        raise Wrong(f"{shown(value)} is text, not a number", example=written)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Wrong(f"{shown(value)} is not a number", example=example)
    amount = Decimal(value)
    if not amount.is_finite():
        raise Wrong(f"{value} is not an amount", example=example)
    return amount


DEFAULT_BUDGET = "5.00"


def exact(value: object, currency: str | None, *, least: int) -> Decimal:
    """The amount as it is written, if it can be charged in the currency to the last digit.

    `least` is in minor units. Raises Wrong; with `currency` None (itself refused) only the size is looked at.
    """
    example = str(to_decimal(1800, currency or "EUR"))
    amount = _number(value, example)
    if amount < 0 or (least and not amount):
        raise Wrong(f"{shown(value)} is {'negative' if amount < 0 else 'nothing'}", example=example)
    if amount.adjusted() > TOO_MANY_DIGITS:
        raise Wrong(f"{shown(value)} is more than Stripe charges at once", example=example)
    if currency is None:
        return amount
    try:
        minor = to_minor(amount, currency)
    except ValueError as refused:
        raise Wrong(f"{shown(value)} cannot be charged: {refused}", example=example) from None
    if minor > LARGEST_MINOR:
        most = to_decimal(LARGEST_MINOR, currency)
        raise Wrong(f"{shown(value)} is more than Stripe charges at once ({most})", example=example)
    return amount


def _currency(info: ValidationInfo) -> str | None:
    return info.context.get("currency") if info.context else None


def _price(value: object, info: ValidationInfo) -> Decimal:
    return exact(value, _currency(info), least=1)


def _fee(value: object, info: ValidationInfo) -> Decimal:
    return exact(value, _currency(info), least=0)


def _budget(value: object) -> Decimal:
    try:
        return exact(value, "USD", least=0)
    except Wrong as wrong:
        raise Wrong(str(wrong), example=DEFAULT_BUDGET) from None


def _usd(value: object) -> Decimal:
    amount = _number(value, None)
    if amount < 0:
        raise Wrong(f"{shown(value)} is negative")
    if amount > LARGEST_CHARGE:
        raise Wrong(f"{shown(value)} is more than {LARGEST_CHARGE} dollars for one thing")
    if amount != round(amount, CHARGE_DECIMALS):
        raise Wrong(f"{shown(value)} has more than {CHARGE_DECIMALS} decimals")
    return amount


def _rate(value: object) -> float:
    rate = _number(value, "30")
    if not 0 < rate <= 1_000_000:
        raise Wrong(f"{shown(value)} is not between 0 and 1000000")
    return float(rate)


def _stock(value: object) -> int | str:
    if value in ("unlimited", "limited", "out"):
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong(f'{shown(value)} is neither a whole number nor "unlimited", "limited" or "out"')
    if not 0 <= value <= LARGEST_STOCK:
        raise Wrong(f"{shown(value)} is not between 0 and {LARGEST_STOCK}")
    return value


_DURATION_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}(ms|s|m|h|d)$"})
Duration = Annotated[timedelta, PlainValidator(duration), _DURATION_SCHEMA]
Hold = Annotated[timedelta, PlainValidator(duration), AfterValidator(_a_day_at_most), _DURATION_SCHEMA]

Price = Annotated[Decimal, PlainValidator(_price), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
"""More than nothing, in the shop's currency."""
Fee = Annotated[Decimal, PlainValidator(_fee), WithJsonSchema({"type": "number", "minimum": 0})]
Budget = Annotated[Decimal, PlainValidator(_budget), WithJsonSchema({"type": "number", "minimum": 0})]
Usd = Annotated[
    Decimal, PlainValidator(_usd), WithJsonSchema({"type": "number", "minimum": 0, "maximum": LARGEST_CHARGE})
]
"""What a service takes for one thing, in US dollars to the millionth."""
Rate = Annotated[float, PlainValidator(_rate), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]

Level = Literal["unlimited", "limited", "out"]
Stock = Annotated[
    int | Level,
    PlainValidator(_stock),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": LARGEST_STOCK},
                {"enum": ["unlimited", "limited", "out"]},
            ]
        }
    ),
]


Count = Annotated[int, Field(strict=True, ge=1)]


def _span(written: object) -> tuple[int, ...]:
    match written:
        case [int(least), int(most)] if 0 < least <= most <= MOST_DAYS:
            return least, most
        case _:
            raise ValueError(f"write the least and the most, as in [2, 4], up to {MOST_DAYS}")


MOST_DAYS = 365
Days = Annotated[
    tuple[int, ...],
    PlainValidator(_span),
    WithJsonSchema({"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2}),
]
Switch = Annotated[bool, Field(strict=True)]

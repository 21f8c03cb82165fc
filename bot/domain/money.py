"""Money as integers of the currency's minor unit, the way Stripe counts it.

https://docs.stripe.com/currencies lists what has no decimals and what has three; ISK and UGX have none in
daily life and are still sent times one hundred.
"""

from __future__ import annotations

from decimal import Decimal

NO_DECIMALS = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THREE_DECIMALS = frozenset("BHD JOD KWD OMR TND".split())
WHOLE_BUT_SENT_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
LARGEST_MINOR = 99_999_999
"""The largest amount of one charge at Stripe: eight digits of the minor unit."""


def exponent(currency: str) -> int:
    """Digits behind the decimal point in the amounts that are stored and sent."""
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def to_minor(amount: Decimal, currency: str) -> int:
    """18.00 EUR -> 1800. Exact or refused.

    Raises ValueError, with a sentence for the merchant, where the amount has more decimals than the currency.
    """
    if not amount.is_finite():
        raise ValueError("it is not a number")
    scaled = amount.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{currency} has {exponent(currency)} decimals")
    minor = int(scaled)
    if currency in THREE_DECIMALS and minor % 10:
        raise ValueError(f"the last of the three decimals of {currency} must be 0")
    if currency in WHOLE_BUT_SENT_IN_HUNDREDTHS and minor % 100:
        raise ValueError(f"{currency} has no decimals")
    return minor


def to_decimal(minor: int, currency: str) -> Decimal:
    """1800 EUR -> 18.00."""
    return Decimal(minor).scaleb(-exponent(currency))

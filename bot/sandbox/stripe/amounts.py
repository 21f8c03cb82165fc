"""What Stripe can charge: its currencies and its smallest and largest amounts.

https://docs.stripe.com/currencies. The smallest ones are those of an account that settles in euros.
"""

from __future__ import annotations

from bot.domain.money import LARGEST_MINOR, exponent
from bot.sandbox.stripe.refusals import invalid, refused

CURRENCIES = frozenset(
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf "
    "clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr "
    "ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur "
    "mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr "
    "sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xof "
    "xpf yer zar zmw".split()
)
SMALLEST = {
    "aed": 200,
    "bgn": 100,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "jpy": 50,
    "mxn": 1000,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "sgd": 50,
    "usd": 50,
}


def check_currency(currency: str, param: str) -> None:
    """Raises StripeRefusal for what is no currency of Stripe's."""
    if currency.lower() not in CURRENCIES:
        raise invalid(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: "
            f"{', '.join(sorted(CURRENCIES))}",
            param,
        )


def check_total(total: int, currency: str) -> None:
    """Raises StripeRefusal for a total that cannot be charged; nothing to pay is fine."""
    smallest = SMALLEST.get(currency, 1)
    if 0 < total < smallest:
        raise refused(
            f"The Checkout Session's total amount due must add up to at least {shown(smallest, currency)} {currency}",
            code="amount_too_small",
        )
    if total > LARGEST_MINOR:
        raise refused(
            f"The Checkout Session's total amount must be no more than {shown(LARGEST_MINOR, currency)} {currency}",
            code="amount_too_large",
        )


def shown(minor: int, currency: str) -> str:
    """1800 eur -> 18.00, for an error's sentence."""
    decimals = exponent(currency.upper())
    return f"{minor / 10**decimals:.{decimals}f}"

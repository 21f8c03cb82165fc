"""Invoices in a platform's own payment sheet: what one asks for, and when it may still be paid.

https://core.telegram.org/bots/payments: the platform asks the shop before it takes the money, and tells it after.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.catalogue import Catalogue
from bot.domain.money import WHOLE_BUT_SENT_IN_HUNDREDTHS
from bot.domain.orders import Order, OrderStatus
from bot.domain.payments import Payment, PaymentStatus, Terms

PLATFORMS = frozenset({"telegram"})
"""Channels with a payment sheet of their own: each is the provider of what is paid on it."""
CURRENCIES = frozenset(
    (
        "AED AFN ALL AMD ARS AUD AZN BAM BDT BGN BND BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DOP DZD EGP EUR GBP GEL"
        " GTQ HKD HNL HUF IDR ILS INR ISK JMD JPY KES KGS KRW KZT LBP LKR MAD MDL MNT MUR MVR MXN MYR MZN NGN NIO NOK"
        " NPR NZD PAB PEN PHP PKR PLN PYG QAR RON RSD RUB SAR SEK SGD THB TJS TRY TTD TWD TZS UAH UGX USD UYU UZS VND"
        " YER ZAR"
    ).split()
)
"""What Telegram takes, of https://core.telegram.org/bots/payments/currencies.json. Its decimals are those in which
amounts are stored here, but for the currencies that Stripe counts in hundredths nobody uses."""
ONE_AT_A_TIME = timedelta(minutes=1)
"""After one payment was agreed to, another of the same invoice is not for so long: a second tap, another device. A card
that was declined is tried again after it."""
LATEST_PAYMENT = timedelta(minutes=10)
"""A payment that was agreed to may come for so long: its bank may ask the shopper a question first."""
LONGEST_TITLE, LONGEST_LABEL = 32, 64


def platform_units(minor: int, currency: str) -> int:
    """An amount as Telegram counts it. Raises ValueError where it has none such, so that nothing is rounded."""
    if currency not in WHOLE_BUT_SENT_IN_HUNDREDTHS:
        return minor
    if minor % 100:
        raise ValueError(f"{minor} has a fraction that {currency} has not")
    return minor // 100


def minor_units(units: int, currency: str) -> int:
    return units * 100 if currency in WHOLE_BUT_SENT_IN_HUNDREDTHS else units


@dataclass(frozen=True, slots=True)
class Way:
    """One way of delivery at the price of that moment (minor units); without `countries` it goes everywhere."""

    id: str
    name: str
    minor: int
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invoice:
    """What is asked for, frozen with its payment (F034). `payload` is the payment's key, which comes back with every
    question and with the payment; `prices` are (label, minor units). `addressed`: something must be carried to a door,
    to `countries` alone where any are named."""

    payload: str
    ref: str
    title: str
    currency: str
    prices: tuple[tuple[str, int], ...]
    ways: tuple[Way, ...] = ()
    addressed: bool = False
    countries: tuple[str, ...] = ()
    picture: str | None = None

    def ways_to(self, country: str) -> tuple[Way, ...]:
        if self.countries and country not in self.countries:
            return ()
        return tuple(way for way in self.ways if not way.countries or country in way.countries)

    def way(self, chosen: str | None) -> Way | None:
        return next((way for way in self.ways if way.id == chosen), None)

    def asks(self, chosen: str | None) -> int | None:
        """The whole amount with this way of delivery; None where it is none of those offered."""
        way = self.way(chosen)
        if (way is None) == bool(self.ways):
            return None
        return sum(minor for _, minor in self.prices) + (way.minor if way else 0)

    def goes_to(self, country: str | None, chosen: str | None) -> bool:
        if country is None:
            return True
        if not self.ways:
            return not self.countries or country in self.countries
        return chosen in {way.id for way in self.ways_to(country)}

    def frozen(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


def thawed(request: str) -> Invoice:
    """The invoice that `Invoice.frozen` wrote."""
    written: dict[str, Any] = json.loads(request)
    ways = tuple(Way(**{**way, "countries": tuple(way["countries"])}) for way in written["ways"])
    prices = tuple((label, minor) for label, minor in written["prices"])
    return Invoice(**{**written, "prices": prices, "ways": ways, "countries": tuple(written["countries"])})


@dataclass(frozen=True)
class InvoiceRequest:
    """What of the shop goes into every invoice. `countries` are those that parcels go to, all of them where empty."""

    catalogue: Catalogue
    countries: tuple[str, ...] = ()

    def freeze(self, order: Order, key: str) -> str:
        ways = tuple(
            Way(way.id, way.name, way.cost(order.items_minor), way.countries) for way in self.catalogue.shipping
        )
        labels = [f"{line.quantity} × {line.name}" for line in order.lines]
        products = [product for line in order.lines if (product := self.catalogue.product(line.sku)) is not None]
        pictures = (product.image for product in products if (product.image or "").startswith("https://"))
        return Invoice(
            payload=key,
            ref=order.ref,
            title=cut(f"{order.ref} · {labels[0]}" if len(labels) == 1 else order.ref, LONGEST_TITLE),
            currency=order.currency,
            prices=tuple(
                (cut(label, LONGEST_LABEL), line.total_minor) for label, line in zip(labels, order.lines, strict=True)
            ),
            ways=ways,
            addressed=bool(ways or self.countries),
            countries=self.countries,
            picture=next(pictures, None),
        ).frozen()


def cut(text: str, most: int) -> str:
    """At most so many UTF-16 units, which is how Telegram counts, never through a character that takes two."""
    if len(text.encode("utf-16-le")) // 2 <= most:
        return text
    kept, room = "", most - 1
    for char in text:
        room -= 2 if ord(char) > 0xFFFF else 1
        if room < 0:
            break
        kept += char
    return kept.rstrip() + "…"


def terms_of(payment: Payment, *, livemode: bool) -> Terms:
    """What may be added to the goods' price of this payment: a way of delivery that its invoice offers."""
    ways = thawed(payment.request).ways
    return Terms(livemode, promotion_codes=False, automatic_tax=False, shipping_minors=tuple(way.minor for way in ways))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that the platform times: may this be paid, or which ways go to `country`. `amount` is in its units."""

    id: str
    payload: str
    user: str
    language: str | None = None
    currency: str = ""
    amount: int = 0
    way: str | None = None
    country: str | None = None


def refusal(asked: Asked, order: Order, payment: Payment, now: datetime) -> str | None:
    """Why this may not be paid, as a wording's name; None where all is as it was said (F062, F063)."""
    invoice = thawed(payment.request)
    hindrances: Sequence[tuple[bool, str]] = (
        (order.chat != asked.user, "invoice_not_yours"),
        (order.status not in (OrderStatus.CREATED, OrderStatus.CANCELED), "invoice_paid"),
        (is_over(order, now), "invoice_over"),
        (payment.status is not PaymentStatus.PENDING or payment.external_id is not None, "invoice_paid"),
        (order.needs_review is not None or not _as_frozen(asked, invoice), "invoice_changed"),
        (not invoice.goes_to(asked.country, asked.way), "invoice_no_delivery"),
    )
    return next((why for holds, why in hindrances if holds), None)


def is_over(order: Order, now: datetime) -> bool:
    """Whether the stock is no longer kept for it, or is about to be given up."""
    over = order.hold_until is not None and order.hold_until <= now
    return order.status is OrderStatus.CANCELED or order.closing is not None or over


def _as_frozen(asked: Asked, invoice: Invoice) -> bool:
    total = invoice.asks(asked.way)
    same = asked.currency == invoice.currency and total is not None
    return same and asked.amount == platform_units(total or 0, invoice.currency)


def may_still_come(payment: Payment, now: datetime) -> timedelta:
    """How long a payment that was agreed to may still come; zero where none can any more."""
    if payment.agreed_at is None or payment.status is not PaymentStatus.PENDING:
        return timedelta()
    return max(timedelta(), payment.agreed_at + LATEST_PAYMENT - now)

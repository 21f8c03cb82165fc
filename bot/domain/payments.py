"""A payment's life, apart from its order's, and what is believed of a provider's word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

AFTER = timedelta(milliseconds=1)
"""By so much at least another payment of an order comes later: stamps are kept to the millisecond."""


class PaymentStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUND_DUE = "refund_due"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


_P = PaymentStatus
TRANSITIONS: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    _P.PENDING: frozenset({_P.PROCESSING, _P.SUCCEEDED, _P.FAILED, _P.REFUND_DUE}),
    _P.PROCESSING: frozenset({_P.SUCCEEDED, _P.FAILED, _P.REFUND_DUE}),
    _P.FAILED: frozenset({_P.SUCCEEDED, _P.REFUND_DUE}),
    _P.SUCCEEDED: frozenset({_P.PARTIALLY_REFUNDED, _P.REFUNDED, _P.DISPUTED, _P.REFUND_DUE}),
    _P.PARTIALLY_REFUNDED: frozenset({_P.SUCCEEDED, _P.REFUNDED, _P.DISPUTED, _P.REFUND_DUE}),
    _P.REFUND_DUE: frozenset({_P.REFUNDED, _P.DISPUTED}),
    _P.DISPUTED: frozenset({_P.SUCCEEDED, _P.PARTIALLY_REFUNDED, _P.REFUNDED, _P.REFUND_DUE}),
    _P.REFUNDED: frozenset({_P.SUCCEEDED, _P.PARTIALLY_REFUNDED, _P.DISPUTED, _P.REFUND_DUE}),
}
"""From -> to. A failed payment may still succeed: its page stays open, and a late proof is a proof. A refund may
come back from the bank days later: then the money is here again."""


def may_become(target: PaymentStatus) -> tuple[PaymentStatus, ...]:
    return tuple(source for source, targets in TRANSITIONS.items() if target in targets)


def standing(*, paid_minor: int, refunded_minor: int, due: bool, disputed: bool) -> PaymentStatus:
    """The status of a payment that came in, from what is known of it and not from the order in which that was told.

    `due` says that it is owed back as a whole, `disputed` that a bank has taken it, for now or for good.
    """
    if refunded_minor and refunded_minor >= paid_minor:
        return PaymentStatus.REFUNDED
    if disputed:
        return PaymentStatus.DISPUTED
    if due:
        return PaymentStatus.REFUND_DUE
    return PaymentStatus.PARTIALLY_REFUNDED if refunded_minor else PaymentStatus.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund as the provider knows it. `failed`: the bank sent it back, or it was called off; that is final."""

    id: str
    amount_minor: int
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute. An inquiry takes no money; how a closed one ended is final, whatever is told of it after."""

    id: str
    state: Literal["inquiry", "open", "won", "lost"]

    @property
    def closed(self) -> bool:
        return self.state in ("won", "lost")

    @property
    def takes_money(self) -> bool:
        return self.state in ("open", "lost")


@dataclass(frozen=True, slots=True)
class Payment:
    """`key` is the idempotency key and `request` the frozen body: both are stored before the first call (F030).

    `amount_minor` is what the goods cost, `paid_minor` what came in (with delivery, tax, less discounts).
    `external_id` is the provider's session, `intent` its payment; both are None until known.
    """

    key: str
    ref: str
    provider: str
    status: PaymentStatus
    currency: str
    amount_minor: int
    request: str
    created_at: datetime
    paid_minor: int = 0
    refunded_minor: int = 0
    external_id: str | None = None
    intent: str | None = None
    url: str | None = None
    receipt_url: str | None = None
    due: bool = False
    """Owed back as a whole."""
    agreed_at: datetime | None = None
    """When the platform, which asks before it takes money for an invoice, was last told that it may."""
    ship_to: str | None = None
    """Whom and where to, in lines, as the platform's payment sheet asked."""

    def one_more(self, key: str, now: datetime) -> Payment:
        """Another payment for the same, pending, with a life of its own; behind this one in the books, which keep
        their order whatever the clock says."""
        return Payment(
            key=key,
            ref=self.ref,
            provider=self.provider,
            status=PaymentStatus.PENDING,
            currency=self.currency,
            amount_minor=self.amount_minor,
            request=self.request,
            created_at=max(now, self.created_at + AFTER),
        )


SessionState = Literal["open", "complete", "expired"]


@dataclass(frozen=True, slots=True)
class Checkout:
    """What the provider says of one payment page; amounts in minor units.

    `reference` is our order's ref and `key` our payment's, as we gave them when the page was opened. `paid` is
    False for a completed page whose money is still under way (a bank debit).
    """

    session: str
    state: SessionState
    paid: bool
    reference: str | None
    key: str | None
    amount_minor: int | None
    subtotal_minor: int | None
    currency: str | None
    livemode: bool
    shipping_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0
    intent: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a page of ours may ask: what is compared with what was paid."""

    livemode: bool
    promotion_codes: bool
    automatic_tax: bool
    shipping_minors: tuple[int, ...] = ()


def mismatch(payment: Payment, checkout: Checkout, terms: Terms) -> str | None:
    """Why this proof is not believed, or None where every fact matches (F012, F013).

    The goods must cost what was quoted; what is added to them must be a delivery we offer, a code or a tax we
    allow; and the total must be their sum. Never the currency in which the card was shown the price.
    """
    if checkout.livemode != terms.livemode:
        return f"livemode is {checkout.livemode}"
    if checkout.currency is None or checkout.currency.upper() != payment.currency:
        return f"paid in {checkout.currency}, asked in {payment.currency}"
    if checkout.amount_minor is None:
        return "no amount is named"
    goods = payment.amount_minor if checkout.subtotal_minor is None else checkout.subtotal_minor
    if goods != payment.amount_minor:
        return f"the goods cost {goods}, asked were {payment.amount_minor}"
    if checkout.shipping_minor and checkout.shipping_minor not in terms.shipping_minors:
        return f"a delivery of {checkout.shipping_minor} is not offered"
    if checkout.discount_minor and not terms.promotion_codes:
        return f"a discount of {checkout.discount_minor} is not offered"
    if checkout.tax_minor and not terms.automatic_tax:
        return f"a tax of {checkout.tax_minor} was not asked"
    total = goods + checkout.shipping_minor - checkout.discount_minor
    expected = (total, total + checkout.tax_minor)  # a tax may be within the price or on top of it
    if checkout.amount_minor not in expected:
        return f"paid {checkout.amount_minor}, asked were {expected[-1]}"
    return None


FOUND = "seen:"
"""How the key of that begins which was found by asking."""
NewsKind = Literal[
    "completed", "settled", "failed", "expired", "charged", "refunded", "refund", "dispute", "unreadable"
]


@dataclass(frozen=True, slots=True)
class News:
    """One verified event of a provider, in our words.

    `checkout` goes with the first four kinds; the others speak of the provider's `intent` and of our own key `payment`
    where they know it: of its charge ("charged", "refunded", with all that was ever given back of it), of one `refund`
    or of one `dispute`. `made_at` is when it happened. `body` is the raw event, kept only while it waits for its order.
    """

    source: str
    key: str
    kind: NewsKind
    livemode: bool
    body: str
    account: str | None = None
    checkout: Checkout | None = None
    intent: str | None = None
    payment: str | None = None
    refunded_minor: int = 0
    receipt_url: str | None = None
    refund: Refund | None = None
    dispute: Dispute | None = None
    made_at: datetime | None = None
    charge: str | None = None
    """By which a payment is known that a platform took for this account."""

    @property
    def found(self) -> bool:
        """Whether it was found by asking; no event told it."""
        return self.key.startswith(FOUND)

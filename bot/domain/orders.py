"""An order's life: what it holds and the only ways its status may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OrderStatus(StrEnum):
    CREATED = "created"
    PAID = "paid"
    FULFILLED = "fulfilled"
    RETURNED = "returned"
    CANCELED = "canceled"


class CancelReason(StrEnum):
    EXPIRED = "expired"
    SHOPPER = "shopper"
    MERCHANT = "merchant"
    PAYMENT_FAILED = "payment_failed"
    SOLD_OUT = "sold_out"
    CHANGED = "changed"
    """By the shopper, into another order that takes its place."""


TRANSITIONS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.CREATED: frozenset({OrderStatus.PAID, OrderStatus.CANCELED}),
    OrderStatus.PAID: frozenset({OrderStatus.FULFILLED, OrderStatus.CANCELED}),
    OrderStatus.FULFILLED: frozenset({OrderStatus.RETURNED}),
    OrderStatus.RETURNED: frozenset(),
    OrderStatus.CANCELED: frozenset({OrderStatus.PAID}),
}
"""From -> to. A canceled order comes back to life only by proof of a payment that came late."""


def may_become(target: OrderStatus) -> tuple[OrderStatus, ...]:
    """The statuses from which `target` can be reached: what a guarded UPDATE names in its WHERE."""
    return tuple(source for source, targets in TRANSITIONS.items() if target in targets)


@dataclass(frozen=True, slots=True)
class Line:
    """What was bought, at the name and the price of that moment (minor units)."""

    sku: str
    name: str
    quantity: int
    unit_minor: int

    @property
    def total_minor(self) -> int:
        return self.quantity * self.unit_minor


@dataclass(frozen=True, slots=True)
class Order:
    """`items_minor` is the lines' value, `extras_minor` what the payment page added (delivery, tax, less discounts).

    `hold_until` is None while no link has been said: a shopper's time does not run before they can pay (F038).
    `closing` is the reason for which its payment page is being closed, None while it is open. `becomes` are the lines
    of the order that takes its place once that is done.
    """

    ref: str
    token: str
    channel: str
    chat: str
    language: str
    status: OrderStatus
    currency: str
    lines: tuple[Line, ...]
    created_at: datetime
    updated_at: datetime
    items_minor: int
    extras_minor: int = 0
    cancel_reason: CancelReason | None = None
    closing: CancelReason | None = None
    needs_review: str | None = None
    hold_until: datetime | None = None
    becomes: tuple[Line, ...] = ()

    @property
    def total_minor(self) -> int:
        return self.items_minor + self.extras_minor

"""The values a decision is made from, and what it consists of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.catalogue import Catalogue
from bot.domain.effects import Button, Facts, Say
from bot.domain.orders import Line, OrderStatus
from bot.domain.shoppers import Shopper
from bot.domain.stock import Stock


@dataclass(frozen=True, slots=True)
class Rules:
    """What the merchant decided: the limits of an order and whom a shopper may write to."""

    max_quantity: int
    max_open: int
    support: str
    languages: tuple[str, ...]
    terms_url: str | None = None
    privacy_url: str | None = None
    returns_days: int | None = None
    """How long after its arrival a thing may come back; None where bot.toml does not say."""


@dataclass(frozen=True, slots=True)
class Counter:
    """The shop as the conversation sees it; the same for every message."""

    catalogue: Catalogue
    rules: Rules


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """One of the shopper's own recent orders; while it is unpaid, `url` pays it, or the payment sheet of the `invoice`
    of that key; `page` is its page at the shop."""

    ref: str
    status: OrderStatus
    total_minor: int
    lines: tuple[Line, ...]
    at: datetime
    url: str | None = None
    page: str | None = None
    closing: bool = False
    processing: bool = False
    refunded: bool = False
    invoice: str | None = None
    changing: bool = False
    becomes: tuple[Line, ...] = ()
    """What it is being changed into, nothing where it was emptied."""

    @property
    def unpaid(self) -> bool:
        return self.status is OrderStatus.CREATED and not self.closing


@dataclass(frozen=True, slots=True)
class Situation:
    """How things stand for one shopper at this moment. `stock`, `orders` and `unpaid` (all that still hold
    stock, those being canceled too) and `bestsellers` (SKUs, what sold most first) read from the same transaction."""

    shopper: Shopper
    now: datetime
    stock: Callable[[str], Stock]
    orders: Callable[[], tuple[OpenOrder, ...]]
    unpaid: Callable[[], int]
    bestsellers: Callable[[], Sequence[str]] = tuple
    replaces: str | None = None
    pictured: bool = False

    @property
    def language(self) -> str:
        return self.shopper.language

    def say(
        self, message: str, facts: Facts | None = None, *rows: tuple[Button, ...], picture: str | None = None
    ) -> Say:
        """A message for this shopper, in the place of the one whose button they pressed."""
        return Say(message, self.language, facts or {}, rows, picture, self.replaces, self.pictured)


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order to place: its lines, and whether anything in it must be carried to a door."""

    lines: tuple[Line, ...]
    physical: bool


@dataclass(frozen=True, slots=True)
class Change:
    """An unpaid order that is to become one of these lines."""

    ref: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is said, and at most one order placed, changed or closed. `shopper` is the state to keep, None if unchanged.

    `notice` is the short word shown on a pressed button (a wording's name), "" where the message says it all.
    """

    says: tuple[Say, ...] = ()
    purchase: Purchase | None = None
    change: Change | None = None
    close: str | None = None
    shopper: Shopper | None = None
    notice: str = ""
    facts: Facts = field(default_factory=dict)

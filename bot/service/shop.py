"""What the flow's verbs share: the shop's fixed parts and the making of what is new."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.domain.conversation import Counter, OpenOrder
from bot.domain.invoices import PLATFORMS
from bot.domain.messages import Inbound, Paid, Post
from bot.domain.orders import CancelReason, Order, OrderStatus
from bot.domain.payments import PaymentStatus
from bot.domain.understanding import Understanding
from bot.ports import Books, PaymentProvider

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Letters and digits that nobody mistakes for one another when read aloud."""
RECENT = 8

Understand = Callable[[str, str | None], Understanding]
"""(text, the shopper's language) -> what it means by itself."""
Follow = Callable[[str, str, str | None], Understanding | None]
"""(text, what was said before, the shopper's language) -> what both mean together; None where that is nothing."""


def new_ref() -> str:
    """A reference a person can say on the telephone: C-7Q4K2."""
    return "C-" + "".join(secrets.choice(ALPHABET) for _ in range(5))


def new_token() -> str:
    """128 bits and more: the address of an order's page cannot be guessed (F122)."""
    return secrets.token_urlsafe(18)


@dataclass(frozen=True)
class Shop:
    """The same for every event until bot.toml is read anew. `page` makes the address of an order's page from its token.

    `instant(channel, chat)` says whether a message to that chat may leave at once, without a wait in its lane.
    """

    counter: Counter
    understand: Understand
    follow: Follow
    provider: PaymentProvider
    livemode: bool
    languages: tuple[str, ...]
    language: str
    hold: timedelta
    page: Callable[[str], str]
    instant: Callable[[str, str], bool] = lambda _channel, _chat: False
    elsewhere: Callable[[str], str] = lambda _channel: ""
    """Where else the shop can be written to, as a shopper of that channel reads it: "Telegram (name)" or ""."""
    full: Callable[[Books, str, datetime], bool] = lambda _books, _channel, _now: False
    """Whether that channel has no private messages left today for those who have not paid."""
    can_answer: Callable[[Books, str, str, datetime], bool] = lambda _books, _channel, _chat, _now: True
    """Whether a private message to (channel, chat) may leave today: an order that could not be answered is none."""
    metered: frozenset[str] = frozenset()
    """Channels whose every message costs."""
    invoices: Mapping[str, Callable[[Order, str], str]] = field(default_factory=dict)
    """By channel: what freezes an order's invoice, under its payment's key, where orders are paid in its own sheet."""
    ref: Callable[[], str] = new_ref
    token: Callable[[], str] = new_token
    patience: tuple[timedelta, ...] = field(
        default=(
            timedelta(seconds=1),
            timedelta(seconds=10),
            timedelta(minutes=1),
            timedelta(minutes=10),
            timedelta(hours=1),
            timedelta(hours=6),
            timedelta(hours=24),
        )
    )
    """Waits before an event that could not be handled is looked at again; after the last it is set aside for good."""
    told_after: int = 3
    """Looks in vain after which the merchant is told of an event that belongs to nothing here."""

    def become(self, other: Shop) -> None:
        """Be `other` from now on, for all who hold this shop, in one assignment.

        Only the store's writer does so, between two events, so that none of them sees half of each (F113).
        """
        object.__setattr__(self, "__dict__", dict(vars(other)))


def open_orders(shop: Shop, books: Books, channel: str, chat: str) -> tuple[OpenOrder, ...]:
    """The shopper's own recent orders, as the conversation speaks of them."""
    return tuple(_open_order(shop, books, order) for order in books.orders.of(channel, chat, RECENT))


def _open_order(shop: Shop, books: Books, order: Order) -> OpenOrder:
    payments = books.payments.of(order.ref)
    unpaid = order.status is OrderStatus.CREATED
    return OpenOrder(
        ref=order.ref,
        status=order.status,
        total_minor=order.total_minor,
        lines=order.lines,
        at=order.created_at,
        url=next((p.url for p in reversed(payments) if p.url), None) if unpaid else None,
        page=shop.page(order.token),
        closing=order.closing is not None,
        changing=order.closing is CancelReason.CHANGED and unpaid,
        becomes=order.becomes if order.closing is CancelReason.CHANGED else (),
        processing=any(p.status is PaymentStatus.PROCESSING for p in payments),
        refunded=any(p.status is PaymentStatus.REFUNDED for p in payments),
        invoice=next((p.key for p in payments if p.provider in PLATFORMS), None) if unpaid else None,
    )


def dump_inbound(event: Inbound) -> str:
    """An inbound event as it is kept while it waits to be looked at again."""
    return json.dumps(asdict(event), ensure_ascii=False)


def load_inbound(body: str) -> Inbound:
    written: dict[str, Any] = json.loads(body)
    if (post := written.get("post")) is not None:
        written["post"] = Post(**{**post, "shows": tuple(post["shows"])})
    if (paid := written.get("paid")) is not None:
        written["paid"] = Paid(**paid)
    return Inbound(**written)


def later(shop: Shop, attempts: int, now: datetime) -> datetime | None:
    """When an event that failed `attempts` times is looked at again; None when it is set aside for good."""
    return now + shop.patience[attempts] if attempts < len(shop.patience) else None

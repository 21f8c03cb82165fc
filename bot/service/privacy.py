"""What a shopper may ask of the shop about themselves: all that is held on them, and to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bot.domain.effects import CloseCheckout
from bot.domain.orders import CancelReason, OrderStatus
from bot.domain.payments import PaymentStatus
from bot.domain.privacy import new_alias
from bot.errors import Permanent, Temporary
from bot.ports import Books, Receipt, Store

log = structlog.get_logger(__name__)
BODIES_LIVE = timedelta(days=30)
"""As long as Stripe's own list of events goes back: nothing that was set aside longer ago can be mended by it."""
SCRUB = "scrub.due"
"""The cursor that stands from an erasure until its bytes are gone, so that a crash between the two is made up for."""
ALL = 1_000_000


def export(books: Books, channel: str, chat: str) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """Everything held on one shopper and nobody else, by kind, as JSON would have it.

    Raises Permanent where nothing is held.
    """
    held = books.privacy.held(channel, chat)
    if not held:
        raise Permanent(f"nothing is held on {channel}:{chat}")
    return held


def erase(books: Books, channel: str, chat: str, now: datetime) -> Receipt:
    """Forget a shopper: their name, words and chat go at once; their orders stay, under a stand-in, for the tax office.

    An unpaid order is ended as at the shopper's own wish: its page is closed, and its stock goes free on the
    provider's word alone (F042). Nothing is said any more, of this or of what comes later (F131).

    What is on its way to them at this very moment arrives. `scrub` follows; asked again before it is done, nothing
    is changed. Raises Permanent where nothing is held.
    """
    if not books.privacy.held(channel, chat):
        if books.ledger.cursor(SCRUB) is not None:
            return Receipt()
        raise Permanent(f"nothing is held on {channel}:{chat}")
    orders = books.orders.of(channel, chat, ALL)
    alias, receipt = new_alias(), Receipt()
    books.privacy.forget(channel, chat, alias)
    for order in orders:
        payments = books.payments.of(order.ref)
        under_way = any(payment.status is PaymentStatus.PROCESSING for payment in payments)
        if order.status is not OrderStatus.CREATED or under_way:
            continue
        if books.orders.begin_closing(order.ref, CancelReason.SHOPPER, now):
            for payment in payments:
                closing = CloseCheckout(payment.key)
                receipt = receipt.plus(books.outbox.put(closing, channel=channel, chat=alias, ref=order.ref, now=now))
    books.ledger.move(SCRUB, "1", now)
    return receipt


def scrub(store: Store, now: datetime) -> None:
    """Let the bytes of what was erased go from the files. Raises Temporary where that must be tried again."""
    store.scrub()
    store.write(lambda books: books.ledger.move(SCRUB, None, now))


def scrub_what_is_left(store: Store, now: datetime) -> None:
    """At the start: what an erasure could not do before the shop ended is done now, or at the next start."""
    if store.read(lambda books: books.ledger.cursor(SCRUB)) is None:
        return
    try:
        scrub(store, now)
    except Temporary as error:
        log.warning("privacy.not_scrubbed", error=str(error))


def forget_old_bodies(books: Books, now: datetime) -> int:
    """Forget what was in events that were set aside for good long ago (F132); their keys stay. -> how many."""
    return books.privacy.forget_bodies(now - BODIES_LIVE)

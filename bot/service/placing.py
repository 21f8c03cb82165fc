"""An order comes into being: its stock held, its lines and its payment written with a frozen request."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.conversation import Purchase
from bot.domain.orders import Order, OrderStatus
from bot.domain.payments import Payment, PaymentStatus
from bot.domain.shoppers import Shopper
from bot.ports import Books
from bot.service.shop import Shop

CONVERSATION = timedelta(hours=24)
"""What a conversation cost within this time before an order is borne by that order."""


def place(shop: Shop, books: Books, purchase: Purchase, shopper: Shopper, now: datetime) -> tuple[Order, Payment]:
    """Hold the stock, write the order and its payment with its frozen request.

    Raises StockGone where a hold fails: another writer was quicker; the event is set aside and decided anew.
    """
    for line in purchase.lines:
        if not books.shelf.hold(line.sku, line.quantity):
            raise StockGone(line.sku)
    invoice = shop.invoices.get(shopper.channel)
    order = Order(
        ref=_free_ref(shop, books),
        token=shop.token(),
        channel=shopper.channel,
        chat=shopper.chat,
        language=shopper.language,
        status=OrderStatus.CREATED,
        currency=shop.counter.catalogue.currency,
        lines=purchase.lines,
        created_at=now,
        updated_at=now,
        items_minor=sum(line.total_minor for line in purchase.lines),
        hold_until=now + shop.hold if invoice is not None else None,
    )
    key = f"{order.ref}-{shop.token()}"
    payment = Payment(
        key=key,
        ref=order.ref,
        provider=shop.provider.name if invoice is None else order.channel,
        status=PaymentStatus.PENDING,
        currency=order.currency,
        amount_minor=order.items_minor,
        request=invoice(order, key) if invoice else shop.provider.freeze(order, key, physical=purchase.physical),
        created_at=now,
    )
    books.orders.add(order)
    books.payments.add(payment)
    if shopper.channel in shop.metered:
        books.ledger.attribute(shopper.channel, shopper.chat, order.ref, now - CONVERSATION)
    return order, payment


def _free_ref(shop: Shop, books: Books) -> str:
    while books.orders.get(ref := shop.ref()) is not None:
        pass
    return ref


class StockGone(Exception):
    """The stock that the decision counted on was taken by another writer."""

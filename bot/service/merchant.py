"""What the merchant does with an order, as transactions like any other: the change and its message together."""

from __future__ import annotations

from datetime import datetime

from bot.domain.effects import Button
from bot.domain.orders import OrderStatus
from bot.errors import Permanent
from bot.ports import Books, Receipt
from bot.service.desk import Desk
from bot.service.shop import Shop

LONGEST_TRACKING = 200


def ship(shop: Shop, books: Books, ref: str, tracking: str, now: datetime) -> Receipt:
    """Note a paid order as sent and say so in its thread; `tracking` is a number or a link, "" where there is none.

    Raises Permanent, with the reason, where there is no such order or it is not one to be sent.
    """
    order = books.orders.get(ref.upper())
    if order is None:
        raise Permanent(f"no order {ref}")
    if not books.orders.become(order.ref, OrderStatus.FULFILLED, "shipped by the merchant", now):
        raise Permanent(f"{order.ref} is {order.status}: only a paid order can be shipped, once")
    desk = Desk(shop, books, now)
    page = Button("order_page", url=shop.page(order.token), facts={"ref": order.ref})
    desk.say(order, "shipped", {"tracking": tracking.strip()[:LONGEST_TRACKING]}, (page,))
    return desk.receipt

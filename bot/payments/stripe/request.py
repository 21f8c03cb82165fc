"""The body of the request that opens a Checkout Session: made once, stored, never made again.

https://docs.stripe.com/api/checkout/sessions/create
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.catalogue import Catalogue, Shipping
from bot.domain.orders import Line, Order
from bot.domain.payments import Terms

SHORTEST = timedelta(minutes=30)
LONGEST = timedelta(hours=24)
CUSHION = timedelta(hours=1)
"""A page outlives its hold by this much: our own sweep closes it, and a slow or repeated opening is never too late."""
LOCALES = frozenset({"fr", "en", "es", "de", "it", "pt"})


def page_ends(created_at: datetime, hold: timedelta) -> datetime:
    """When Stripe would close the page by itself: within its 30 minutes to 24 hours."""
    return created_at + min(max(hold, SHORTEST) + CUSHION, LONGEST - timedelta(minutes=5))


@dataclass(frozen=True)
class CheckoutRequest:
    """What of the shop goes into every page. `page` makes the address of an order's page from its token."""

    catalogue: Catalogue
    hold: timedelta
    page: Callable[[str], str]
    shipping_countries: tuple[str, ...] = ()
    promotion_codes: bool = False
    automatic_tax: bool = False

    def freeze(self, order: Order, key: str, *, physical: bool) -> str:
        """JSON of the request's parameters; `key` finds our payment again in every event about it."""
        page = self.page(order.token)
        ours = {"order": order.ref, "payment": key, "channel": order.channel}
        body: dict[str, Any] = {
            "mode": "payment",
            "client_reference_id": order.ref,
            "metadata": ours,
            "payment_intent_data": {"metadata": ours, "description": order.ref},
            "line_items": [self._item(line, order.currency) for line in order.lines],
            "success_url": f"{page}?paid=1&session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": page,
            "expires_at": int(page_ends(order.created_at, self.hold).timestamp()),
            "locale": order.language if order.language in LOCALES else "auto",
        }
        if physical and self.shipping_countries:
            body["shipping_address_collection"] = {"allowed_countries": list(self.shipping_countries)}
        if physical and self.catalogue.shipping:
            body["shipping_options"] = [
                self._way(way, order.items_minor, order.currency) for way in self.catalogue.shipping
            ]
        if self.promotion_codes:
            body["allow_promotion_codes"] = True
        if self.automatic_tax:
            body["automatic_tax"] = {"enabled": True}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))

    def _item(self, line: Line, currency: str) -> Mapping[str, Any]:
        product = self.catalogue.product(line.sku)
        goods: dict[str, Any] = {"name": line.name, "metadata": {"sku": line.sku}}
        if product is not None and product.image is not None and product.image.startswith("https://"):
            goods["images"] = [product.image]
        price = {"currency": currency.lower(), "unit_amount": line.unit_minor, "product_data": goods}
        return {"quantity": line.quantity, "price_data": price}

    @staticmethod
    def _way(way: Shipping, items_minor: int, currency: str) -> Mapping[str, Any]:
        cost = {"amount": way.cost(items_minor), "currency": currency.lower()}
        return {
            "shipping_rate_data": {
                "type": "fixed_amount",
                "display_name": way.name,
                "fixed_amount": cost,
                "metadata": {"id": way.id},
            }
        }


def frozen_terms(request: str, *, livemode: bool) -> Terms:
    """What a frozen request allows on its page, whatever bot.toml says by the time it is paid."""
    body = json.loads(request)
    ways = [option["shipping_rate_data"]["fixed_amount"]["amount"] for option in body.get("shipping_options", ())]
    return Terms(
        livemode=livemode,
        promotion_codes=bool(body.get("allow_promotion_codes")),
        automatic_tax=bool(body.get("automatic_tax")),
        shipping_minors=tuple(ways),
    )

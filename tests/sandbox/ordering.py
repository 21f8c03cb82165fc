"""Parameters of a Checkout Session, the smallest that Stripe takes and what one adds to it."""

from __future__ import annotations

import time
from typing import Any


def mugs(quantity: int = 2, *, unit: int = 1800, currency: str = "eur", **more: Any) -> Any:
    """Mugs, by link."""
    price = {"currency": currency, "unit_amount": unit, "product_data": {"name": "Mug bleu"}}
    return {
        "mode": "payment",
        "success_url": "http://127.0.0.1:1/o/token?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:1/p/mug-bleu",
        "client_reference_id": "C-7Q4K2",
        "metadata": {"order": "C-7Q4K2"},
        "payment_intent_data": {"metadata": {"order": "C-7Q4K2"}},
        "line_items": [{"price_data": price, "quantity": quantity}],
        "expires_at": int(time.time()) + 3600,
        **more,
    }


def rate(name: str, amount: int, currency: str = "eur") -> Any:
    """One shipping option."""
    fixed = {"amount": amount, "currency": currency}
    return {"shipping_rate_data": {"display_name": name, "type": "fixed_amount", "fixed_amount": fixed}}

"""What stands for a shopper once they are forgotten, and which of a platform's fields name a person."""

from __future__ import annotations

import json
import secrets
from typing import Any

ALIAS = "erased-"
"""How the stand-in for a forgotten chat begins; no platform's own id does."""

PERSONAL = frozenset(
    {
        "billing_details",
        "collected_information",
        "custom_fields",
        "customer",
        "customer_details",
        "customer_email",
        "evidence",
        "handle",
        "name",
        "order_info",
        "payment_method_details",
        "previous_attributes",
        "receipt_email",
        "ship_to",
        "shipping",
        "shipping_details",
        "text",
    }
)
"""Fields of an event, at any depth, that tell who somebody is or what they wrote. None is read to settle a payment."""


def new_alias() -> str:
    """A stand-in at random: nothing leads from it back to the person."""
    return ALIAS + secrets.token_hex(8)


def is_alias(chat: str) -> bool:
    return chat.startswith(ALIAS)


def without_person(body: str) -> str | None:
    """The body of an event without what is PERSONAL; None where it is not JSON, so that nobody can tell.

    >>> without_person('{"id": "evt_1", "customer_details": {"name": "Camille"}}')
    '{"id": "evt_1"}'
    """
    try:
        return json.dumps(_stripped(json.loads(body)), ensure_ascii=False)
    except ValueError:
        return None


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _stripped(inner) for name, inner in value.items() if name not in PERSONAL}
    if isinstance(value, list):
        return [_stripped(inner) for inner in value]
    return value

"""All that this Stripe account holds, and how it names new things."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.sandbox.stripe.events import Events
from bot.sandbox.wire import Json

ACCOUNT_ID = "acct_1SandboxComptoir0"
_ALPHABET = string.ascii_letters + string.digits


@dataclass(slots=True)
class Checkout:
    """A session with what belongs to it but is not shown in it."""

    wire: Json
    items: list[Json]
    rates: list[Json]
    intent_data: Json
    origin: str


@dataclass(slots=True)
class Account:
    """Objects by id, oldest first; `open` are the sessions whose time may still run out.

    `shop` is the name on the payment page.
    """

    now: Callable[[], float]
    events: Events
    dice: random.Random
    shop: str
    sessions: dict[str, Checkout] = field(default_factory=dict)
    open: dict[str, Checkout] = field(default_factory=dict)
    intents: dict[str, Json] = field(default_factory=dict)
    charges: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    disputes: dict[str, Json] = field(default_factory=dict)
    rates: dict[str, Json] = field(default_factory=dict)

    def name(self, prefix: str, length: int = 24) -> str:
        """A new id: `cs_test_…`, `pi_…`, `ch_…`."""
        return prefix + "".join(self.dice.choices(_ALPHABET, k=length))

    def charges_of(self, intent: str) -> list[Json]:
        """The charges of a payment intent, oldest first."""
        return [charge for charge in self.charges.values() if charge["payment_intent"] == intent]

    def wire(self) -> Json:
        """GET /v1/account."""
        return {
            "id": ACCOUNT_ID,
            "object": "account",
            "business_profile": {"name": self.shop},
            "capabilities": {"card_payments": "active", "transfers": "active"},
            "charges_enabled": True,
            "country": "FR",
            "default_currency": "eur",
            "details_submitted": True,
            "email": "sandbox@example.com",
            "metadata": {},
            "payouts_enabled": True,
            "type": "standard",
        }

    def balance(self) -> Json:
        """GET /v1/balance: what was paid, less what went back, by currency."""
        sums: dict[str, int] = {}
        for charge in self.charges.values():
            if charge["paid"]:
                currency = charge["currency"]
                kept = charge["amount_captured"] - charge["amount_refunded"]
                sums[currency] = sums.get(currency, 0) + kept
        for currency, amount in self._withdrawn():
            sums[currency] = sums.get(currency, 0) - amount
        available = [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in sums.items()
        ]
        nothing = [{"amount": 0, "currency": currency, "source_types": {"card": 0}} for currency in sums]
        return {"object": "balance", "available": available, "livemode": False, "pending": nothing}

    def _withdrawn(self) -> Iterable[tuple[str, int]]:
        """What disputes hold or have taken."""
        for dispute in self.disputes.values():
            if dispute["status"] in ("needs_response", "under_review", "lost"):
                yield dispute["currency"], dispute["amount"]

"""What a shopper does with a session, and what follows: paid, declined, on its way, settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.sandbox.stripe import shapes
from bot.sandbox.stripe.account import Account, Checkout
from bot.sandbox.stripe.checkout import find
from bot.sandbox.wire import Json

Outcome = Literal["succeed", "decline", "unpaid"]
SUCCEEDS, DECLINES = "4242", "9995"
"""The last digits of the test cards."""

DECLINED = "Your card has insufficient funds."


class CannotPay(Exception):
    """The session takes no payment: it is over, or what was chosen does not fit. The text is for the person."""


@dataclass(frozen=True, slots=True)
class Payer:
    """What the shopper filled in. `shipping` is the place of the chosen option."""

    email: str = "camille@example.com"
    name: str = "Camille Martin"
    line1: str = "12 rue des Lilas"
    postal_code: str = "75011"
    city: str = "Paris"
    country: str = "FR"
    shipping: int = 0

    def address(self) -> Json:
        """The address in Stripe's shape."""
        return {
            "city": self.city,
            "country": self.country,
            "line1": self.line1,
            "line2": None,
            "postal_code": self.postal_code,
            "state": None,
        }


def pay(account: Account, session: str, outcome: Outcome, payer: Payer) -> Json:
    """The shopper presses Pay; the session as it is then.

    A declined card leaves it open. Raises CannotPay, and StripeRefusal (404) for a session that is none.
    """
    checkout = find(account, session)
    wire = checkout.wire
    if wire["status"] != "open":
        raise CannotPay(f"this session is {wire['status']}")
    _fill_in(checkout, payer, wire)
    if not wire["amount_total"]:
        wire |= {"status": "complete", "url": None, "payment_status": "no_payment_required"}
        account.events.tell([("checkout.session.completed", wire)])
        return wire
    intent = _intent(account, checkout, payer, "card" if outcome != "unpaid" else "sepa_debit")
    charge = _charge(account, checkout, intent, payer, DECLINES if outcome == "decline" else SUCCEEDS)
    match outcome:
        case "succeed":
            _succeed(account, intent, charge)
            wire |= {"status": "complete", "url": None, "payment_status": "paid"}
            happenings = [
                ("payment_intent.succeeded", intent),
                ("charge.succeeded", charge),
                ("checkout.session.completed", wire),
            ]
        case "decline":
            _fail(intent, charge, "card_declined", DECLINED)
            happenings = [("charge.failed", charge), ("payment_intent.payment_failed", intent)]
        case "unpaid":
            intent["status"] = "processing"
            wire |= {"status": "complete", "url": None, "payment_status": "unpaid"}
            happenings = [
                ("charge.pending", charge),
                ("payment_intent.processing", intent),
                ("checkout.session.completed", wire),
            ]
    account.events.tell(happenings)
    return wire


def charge_for(account: Account, currency: str, amount: int) -> str:
    """A payment that somebody else took for this account, as Telegram does: no session, no metadata; -> its charge."""
    created, name = int(account.now()), account.name("ch_3")
    intent = shapes.payment_intent(account.name("pi_3"), amount=amount, currency=currency, created=created, kind="card")
    billing = {"address": shapes.no_address(), "email": None, "name": None}
    charge = shapes.charge(name, intent, created=created, kind="card", last4=SUCCEEDS, billing=billing, receipt="")
    account.intents[intent["id"]], account.charges[name] = intent, charge
    intent |= {"latest_charge": name, "payment_method": charge["payment_method"]}
    _succeed(account, intent, charge)
    account.events.tell([("payment_intent.succeeded", intent), ("charge.succeeded", charge)])
    return name


def settle(account: Account, session: str, *, succeeds: bool) -> Json:
    """The bank has spoken on a completed, unpaid session. Raises CannotPay."""
    checkout = find(account, session)
    wire = checkout.wire
    if wire["status"] != "complete" or wire["payment_status"] != "unpaid":
        raise CannotPay("nothing is on its way for this session")
    intent = account.intents[wire["payment_intent"]]
    charge = account.charges[intent["latest_charge"]]
    if intent["status"] != "processing":
        raise CannotPay("the bank has already spoken")
    if succeeds:
        _succeed(account, intent, charge)
        wire["payment_status"] = "paid"
        happenings = [
            ("charge.succeeded", charge),
            ("payment_intent.succeeded", intent),
            ("checkout.session.async_payment_succeeded", wire),
        ]
    else:
        _fail(intent, charge, "payment_method_provider_decline", "The bank account has insufficient funds.")
        happenings = [
            ("charge.failed", charge),
            ("payment_intent.payment_failed", intent),
            ("checkout.session.async_payment_failed", wire),
        ]
    account.events.tell(happenings)
    return wire


def _fill_in(checkout: Checkout, payer: Payer, wire: Json) -> None:
    collection = wire["shipping_address_collection"]
    if collection and payer.country not in collection["allowed_countries"]:
        raise CannotPay(f"no delivery to {payer.country}")
    if checkout.rates:
        if not 0 <= payer.shipping < len(checkout.rates):
            raise CannotPay("no such shipping option")
        rate = checkout.rates[payer.shipping]
        cost = rate["fixed_amount"]["amount"]
        wire["shipping_cost"] = {
            "amount_subtotal": cost,
            "amount_tax": 0,
            "amount_total": cost,
            "shipping_rate": rate["id"],
        }
        wire["total_details"] = {"amount_discount": 0, "amount_shipping": cost, "amount_tax": 0}
        wire["amount_total"] = wire["amount_subtotal"] + cost
    address = payer.address() if collection else shapes.no_address() | {"country": payer.country}
    wire["customer_details"] = {
        "address": address,
        "business_name": None,
        "email": wire["customer_email"] or payer.email,
        "individual_name": None,
        "name": payer.name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    shipping = {"address": address, "name": payer.name} if collection else None
    wire["collected_information"] = {"business_name": None, "individual_name": None, "shipping_details": shipping}


def _intent(account: Account, checkout: Checkout, payer: Payer, kind: str) -> Json:
    """The session's payment intent: the one of an earlier attempt, or a new one."""
    wire = checkout.wire
    intent = account.intents.get(wire["payment_intent"] or "")
    if intent is None:
        intent = shapes.payment_intent(
            account.name("pi_3"),
            amount=wire["amount_total"],
            currency=wire["currency"],
            created=int(account.now()),
            kind=kind,
        )
        account.intents[intent["id"]] = intent
        wire["payment_intent"] = intent["id"]
    intent |= {
        "amount": wire["amount_total"],
        "description": checkout.intent_data.get("description"),
        "metadata": dict(checkout.intent_data.get("metadata") or {}),
        "payment_method_types": [kind],
        "receipt_email": checkout.intent_data.get("receipt_email"),
        "statement_descriptor_suffix": checkout.intent_data.get("statement_descriptor_suffix"),
    }
    if wire["shipping_address_collection"]:
        intent["shipping"] = {
            "address": payer.address(),
            "carrier": None,
            "name": payer.name,
            "phone": None,
            "tracking_number": None,
        }
    return intent


def _charge(account: Account, checkout: Checkout, intent: Json, payer: Payer, last4: str) -> Json:
    name = account.name("ch_3")
    charge = shapes.charge(
        name,
        intent,
        created=int(account.now()),
        kind=intent["payment_method_types"][0],
        last4=last4,
        billing=checkout.wire["customer_details"],
        receipt=f"{checkout.origin}/pay/receipt/{name}",
    )
    account.charges[name] = charge
    intent |= {"latest_charge": name, "payment_method": charge["payment_method"], "last_payment_error": None}
    return charge


def _succeed(account: Account, intent: Json, charge: Json) -> None:
    amount = intent["amount"]
    intent |= {"status": "succeeded", "amount_received": amount}
    charge |= {
        "amount_captured": amount,
        "balance_transaction": account.name("txn_3"),
        "captured": True,
        "outcome": _spoken("authorized", None, "approved_by_network", "Payment complete."),
        "paid": True,
        "status": "succeeded",
    }


def _fail(intent: Json, charge: Json, code: str, message: str) -> None:
    declined = "insufficient_funds"
    charge |= {
        "failure_code": code,
        "failure_message": message,
        "outcome": _spoken("issuer_declined", declined, "declined_by_network", message),
        "status": "failed",
    }
    intent |= {
        "last_payment_error": {
            "charge": charge["id"],
            "code": code,
            "decline_code": declined,
            "message": message,
            "type": "card_error",
        },
        "payment_method": None,
        "status": "requires_payment_method",
    }


def _spoken(kind: str, reason: str | None, network: str, message: str) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network,
        "reason": reason,
        "seller_message": message,
        "type": kind,
    }

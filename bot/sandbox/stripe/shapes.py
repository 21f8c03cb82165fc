"""Stripe's objects of a payment in the shape of its API: payment intent, charge, refund, dispute, event."""

from __future__ import annotations

from bot.sandbox.wire import Json

CARD_COUNTRY = "FR"


def no_address() -> Json:
    """An address with nothing in it."""
    return dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def payment_intent(name: str, *, amount: int, currency: str, created: int, kind: str) -> Json:
    """A PaymentIntent before its first attempt. `kind` is the payment method type."""
    return {
        "id": name,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{name}_secret_sandbox",
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": [kind],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def charge(name: str, intent: Json, *, created: int, kind: str, last4: str, billing: Json, receipt: str) -> Json:
    """A Charge of a payment intent, pending until its outcome is known."""
    return {
        "id": name,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": {
            "address": billing["address"],
            "email": billing["email"],
            "name": billing["name"],
            "phone": None,
            "tax_id": None,
        },
        "calculated_statement_descriptor": "SANDBOX",
        "captured": False,
        "created": created,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": f"pm_{name[3:]}",
        "payment_method_details": method_details(kind, last4),
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": receipt,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
    }


def method_details(kind: str, last4: str) -> Json:
    """What Stripe tells of a card, or of a bank account."""
    if kind != "card":
        return {"type": kind, kind: {"bank_code": "37040044", "country": "DE", "last4": last4, "mandate": None}}
    checks = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}
    card = {
        "amount_authorized": None,
        "authorization_code": None,
        "brand": "visa",
        "checks": checks,
        "country": CARD_COUNTRY,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": "SandboxFingerpri",
        "funding": "credit",
        "installments": None,
        "last4": last4,
        "mandate": None,
        "network": "visa",
        "network_transaction_id": None,
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "wallet": None,
    }
    return {"type": "card", "card": card}


def refund(name: str, charge: Json, *, amount: int, created: int, reason: str | None, metadata: Json) -> Json:
    """A Refund that went through."""
    return {
        "id": name,
        "object": "refund",
        "amount": amount,
        "balance_transaction": f"txn_{name[3:]}",
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "customer": None,
        "customer_account": None,
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def dispute(name: str, charge: Json, *, created: int, reason: str, status: str) -> Json:
    """A Dispute, or with a `warning_…` status an inquiry, over all that is left of a charge."""
    case = "inquiry" if status.startswith("warning") else "chargeback"
    card = {"brand": "visa", "case_type": case, "network": "visa", "network_reason_code": "10.4"}
    return {
        "id": name,
        "object": "dispute",
        "amount": charge["amount"] - charge["amount_refunded"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": created + 7 * 86_400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": case == "inquiry",
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": card, "type": "card"},
        "reason": reason,
        "status": status,
    }


def event(name: str, kind: str, snapshot: Json, *, created: int, version: str, request: Json) -> Json:
    """An Event with its object as it was at that moment."""
    return {
        "id": name,
        "object": "event",
        "api_version": version,
        "created": created,
        "data": {"object": snapshot},
        "livemode": False,
        "pending_webhooks": 1,
        "request": request,
        "type": kind,
    }

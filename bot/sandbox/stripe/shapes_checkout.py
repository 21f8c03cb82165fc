"""Stripe's objects of a checkout in the shape of its API: session, line item, shipping rate."""

from __future__ import annotations

from typing import Any

from bot.sandbox.wire import Json


def session(name: str, params: Json, *, created: int, currency: str, subtotal: int, url: str) -> Json:
    """An open Checkout Session, from parameters that were checked."""
    given = params.get
    return {
        "id": name,
        "object": "checkout.session",
        "adaptive_pricing": given("adaptive_pricing") or {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": given("allow_promotion_codes"),
        "amount_subtotal": subtotal,
        "amount_total": subtotal,
        "automatic_tax": _tax(given("automatic_tax")),
        "billing_address_collection": given("billing_address_collection"),
        "cancel_url": given("cancel_url"),
        "client_reference_id": given("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": created,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": _custom_text(given("custom_text") or {}),
        "customer": None,
        "customer_account": None,
        "customer_creation": "if_required",
        "customer_details": None,
        "customer_email": given("customer_email"),
        "discounts": [],
        "expires_at": given("expires_at") or created + 86_400,
        "integration_identifier": given("integration_identifier"),
        "invoice": None,
        "invoice_creation": _invoice(given("invoice_creation")),
        "livemode": False,
        "locale": given("locale"),
        "managed_payments": {"enabled": False},
        "metadata": given("metadata") or {},
        "mode": "payment",
        "origin_context": given("origin_context"),
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": given("allowed_payment_method_types") or ["card"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": given("phone_number_collection") or {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": given("shipping_address_collection"),
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": given("submit_type"),
        "subscription": None,
        "success_url": given("success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": given("ui_mode") or "hosted_page",
        "url": url,
        "wallet_options": None,
    }


def _tax(given: Any) -> Json:
    enabled = bool(given and given.get("enabled"))
    status = "complete" if enabled else None
    liability = {"type": "self"} if enabled else None
    return {"enabled": enabled, "liability": liability, "provider": None, "status": status}


def _custom_text(given: Json) -> Json:
    names = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    return {name: given.get(name) or None for name in names}


def _invoice(given: Any) -> Json:
    names = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")
    data: Json = {**dict.fromkeys(names), "metadata": {}}
    return {"enabled": bool(given and given.get("enabled")), "invoice_data": data}


def line_item(name: str, given: Json, *, created: int) -> Json:
    """One line of the order, with the price that was made for it."""
    price = given["price_data"]
    quantity, unit = given.get("quantity", 1), price["unit_amount"]
    product = price.get("product_data") or {}
    return {
        "id": name,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": unit * quantity,
        "amount_tax": 0,
        "amount_total": unit * quantity,
        "currency": price["currency"].lower(),
        "description": product.get("name") or price.get("product"),
        "metadata": given.get("metadata") or {},
        "price": {
            "id": f"price_{name[3:]}",
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": created,
            "currency": price["currency"].lower(),
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": price.get("product") or f"prod_{name[3:]}",
            "recurring": None,
            "tax_behavior": price.get("tax_behavior") or "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": unit,
            "unit_amount_decimal": str(unit),
        },
        "quantity": quantity,
    }


def shipping_rate(name: str, given: Json, *, created: int) -> Json:
    """A way of delivery that was made for one session."""
    amount = given["fixed_amount"]
    return {
        "id": name,
        "object": "shipping_rate",
        "active": False,
        "created": created,
        "delivery_estimate": given.get("delivery_estimate"),
        "display_name": given["display_name"],
        "fixed_amount": {"amount": amount["amount"], "currency": amount["currency"].lower()},
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "tax_behavior": given.get("tax_behavior") or "unspecified",
        "tax_code": given.get("tax_code"),
        "type": "fixed_amount",
    }

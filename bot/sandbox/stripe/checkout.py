"""Checkout Sessions: made from checked parameters, and ended by their time or on request."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.stripe import checks, shapes_checkout
from bot.sandbox.stripe.account import Account, Checkout
from bot.sandbox.stripe.amounts import check_currency, check_total
from bot.sandbox.stripe.events import NO_REQUEST
from bot.sandbox.stripe.refusals import invalid, missing, refused
from bot.sandbox.wire import Json

SHORTEST, LONGEST = 30 * 60, 24 * 3600
"""Seconds from now between which `expires_at` lies. Stripe counts from its own clock when the request arrives."""

MOST_SHIPPING_OPTIONS = 5
MOST_LINES = 100
MOST_METADATA, LONGEST_METADATA_KEY, LONGEST_METADATA_VALUE = 50, 40, 500


def create(account: Account, params: Json, *, origin: str) -> Json:
    """POST /v1/checkout/sessions. Raises StripeRefusal."""
    given = checks.check(checks.CREATE_SESSION, params)
    now = account.now()
    _check_terms(given, now)
    lines = _lines(account, given, int(now))
    currency = lines[0]["currency"]
    rates = _rates(account, given, currency, int(now))
    subtotal = sum(line["amount_total"] for line in lines)
    check_total(subtotal, currency)
    name = account.name("cs_test_a1", 56)
    wire = shapes_checkout.session(
        name, given, created=int(now), currency=currency, subtotal=subtotal, url=f"{origin}/pay/{name}"
    )
    wire["shipping_options"] = [
        {"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"]} for rate in rates
    ]
    account.rates.update((rate["id"], rate) for rate in rates)
    checkout = Checkout(wire, lines, rates, given.get("payment_intent_data") or {}, origin)
    account.sessions[name] = account.open[name] = checkout
    return wire


def find(account: Account, name: str) -> Checkout:
    """A session, expired by now if its time is up. Raises StripeRefusal (404)."""
    checkout = account.sessions.get(name)
    if checkout is None:
        raise missing("checkout.session", name, param="session")
    if checkout.wire["status"] == "open" and checkout.wire["expires_at"] <= account.now():
        end(account, checkout)
    return checkout


def expire(account: Account, name: str, request: Json) -> Json:
    """POST /v1/checkout/sessions/{id}/expire: only an open one. Raises StripeRefusal."""
    checkout = find(account, name)
    if checkout.wire["status"] != "open":
        raise refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
            f"status of `{checkout.wire['status']}`.",
            "session",
        )
    end(account, checkout, request)
    return checkout.wire


def expire_due(account: Account) -> None:
    """End every session whose time is up."""
    now = account.now()
    for name, checkout in list(account.open.items()):
        if checkout.wire["status"] != "open":
            del account.open[name]
        elif checkout.wire["expires_at"] <= now:
            del account.open[name]
            end(account, checkout)


def end(account: Account, checkout: Checkout, request: Json = NO_REQUEST) -> None:
    """An open session becomes expired, and Stripe tells so."""
    wire = checkout.wire
    wire["status"], wire["url"] = "expired", None
    happenings = [("checkout.session.expired", wire)]
    intent = account.intents.get(wire["payment_intent"] or "")
    if intent is not None:
        intent |= {"status": "canceled", "canceled_at": int(account.now()), "cancellation_reason": "automatic"}
        happenings.insert(0, ("payment_intent.canceled", intent))
    account.events.tell(happenings, request)


def line_items(checkout: Checkout) -> Json:
    """The session's lines as the list that `expand[]=line_items` puts in."""
    url = f"/v1/checkout/sessions/{checkout.wire['id']}/line_items"
    return {"object": "list", "data": checkout.items, "has_more": False, "url": url}


def _check_terms(given: Json, now: float) -> None:
    mode = given.get("mode")
    if mode is None:
        raise invalid("Missing required param: mode.", "mode", code="parameter_missing")
    if mode != "payment":
        raise invalid("The sandbox knows payment mode only.", "mode")
    if given.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("The sandbox knows the hosted page only.", "ui_mode")
    if "success_url" not in given:
        raise invalid("Missing required param: success_url.", "success_url", code="parameter_missing")
    for name in ("success_url", "cancel_url"):
        parts = urlsplit(given.get(name) or "https://unset.example")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise invalid("Not a valid URL", name, code="url_invalid")
    if (email := given.get("customer_email")) is not None and "@" not in email.strip("@"):
        raise invalid(f"Invalid email address: {email}", "customer_email", code="email_invalid")
    if len(given.get("client_reference_id") or "") > 200:
        raise invalid("Invalid string: must be at most 200 characters", "client_reference_id")
    _check_metadata(given.get("metadata"), "metadata")
    _check_metadata((given.get("payment_intent_data") or {}).get("metadata"), "payment_intent_data[metadata]")
    if (expires_at := given.get("expires_at")) is not None:
        _check_expiry(expires_at - now)


def _check_expiry(ahead: float) -> None:
    if ahead < SHORTEST:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", "expires_at"
        )
    if ahead > LONGEST:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", "expires_at"
        )


def _check_metadata(metadata: Any, param: str) -> None:
    if not metadata:
        return
    if len(metadata) > MOST_METADATA:
        raise invalid(f"Metadata can have up to {MOST_METADATA} keys, but you provided {len(metadata)}.", param)
    for key, value in metadata.items():
        if len(key) > LONGEST_METADATA_KEY:
            raise invalid(
                f"Metadata keys can have up to {LONGEST_METADATA_KEY} characters, but you provided a key that "
                f"is {len(key)} characters.",
                f"{param}[{key}]",
            )
        if len(value) > LONGEST_METADATA_VALUE:
            raise invalid(
                f"Metadata values can have up to {LONGEST_METADATA_VALUE} characters, but you provided a value "
                f"that is {len(value)} characters.",
                f"{param}[{key}]",
            )


def _lines(account: Account, given: Json, created: int) -> list[Json]:
    items = given.get("line_items") or []
    if not items:
        raise invalid("Missing required param: line_items.", "line_items", code="parameter_missing")
    if len(items) > MOST_LINES:
        raise invalid(f"Checkout Sessions can have up to {MOST_LINES} line items.", "line_items")
    lines = []
    for place, item in enumerate(items):
        param = f"line_items[{place}]"
        _check_line(item, param)
        lines.append(shapes_checkout.line_item(account.name("li_1"), item, created=created))
    if len({line["currency"] for line in lines}) > 1:
        raise invalid("All line items must have the same currency.", "line_items")
    return lines


def _check_line(item: Json, param: str) -> None:
    if "price" in item:
        raise missing("price", item["price"], param=f"{param}[price]", status=400)
    price = item.get("price_data")
    if price is None:
        raise invalid(f"You must specify either `price` or `price_data` for `{param}`.", param)
    if "recurring" in price:
        raise invalid("You specified `payment` mode but passed a recurring price.", param)
    if not price.get("product_data") and not price.get("product"):
        raise invalid(
            f"You must specify either `product` or `product_data` when creating a price. ({param})",
            f"{param}[price_data]",
        )
    if (product := price.get("product_data")) is not None and not product["name"].strip():
        name = f"{param}[price_data][product_data][name]"
        raise invalid(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{name}' cannot be unset.",
            name,
            code="parameter_invalid_empty",
        )
    if "unit_amount" not in price:
        raise invalid(f"Missing required param: {param}[price_data][unit_amount].", param, code="parameter_missing")
    if price["unit_amount"] < 0:
        raise invalid("Invalid non-negative integer", f"{param}[price_data][unit_amount]")
    if "quantity" not in item:
        raise invalid(f"Quantity is required. Add `quantity` to `{param}`", f"{param}[quantity]")
    if item["quantity"] < 1:
        raise invalid("This value must be greater than or equal to 1.", f"{param}[quantity]")
    check_currency(price["currency"], f"{param}[price_data][currency]")


def _rates(account: Account, given: Json, currency: str, created: int) -> list[Json]:
    options = given.get("shipping_options") or []
    if len(options) > MOST_SHIPPING_OPTIONS:
        raise invalid(f"You can specify up to {MOST_SHIPPING_OPTIONS} shipping options.", "shipping_options")
    rates = []
    for place, option in enumerate(options):
        param = f"shipping_options[{place}]"
        if "shipping_rate" in option:
            raise missing("shipping rate", option["shipping_rate"], param=f"{param}[shipping_rate]", status=400)
        data = option.get("shipping_rate_data") or {}
        if "fixed_amount" not in data:
            raise invalid(f"Missing required param: {param}[shipping_rate_data][fixed_amount].", param)
        if data["fixed_amount"]["currency"].lower() != currency:
            raise invalid("The shipping rate's currency must match the Checkout Session's currency.", param)
        if data["fixed_amount"]["amount"] < 0:
            raise invalid("Invalid non-negative integer", f"{param}[shipping_rate_data][fixed_amount][amount]")
        rates.append(shapes_checkout.shipping_rate(account.name("shr_1"), data, created=created))
    return rates

"""The payment page that a session's link opens, and the receipt behind a charge: plain HTML, no script."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jinja2
from babel.numbers import format_currency
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.domain.money import exponent
from bot.sandbox.hosted_words import WORDS
from bot.sandbox.stripe import checkout, payments
from bot.sandbox.stripe.account import Account, Checkout
from bot.sandbox.stripe.payments import CannotPay, Outcome, Payer
from bot.sandbox.stripe.refusals import StripeRefusal
from bot.sandbox.wire import Json

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""No form-action: browsers hold it also against the redirect to the shop after paying."""

LARGEST_FORM = 64 * 1024
LARGEST_PLACE = 100
CARDS: dict[str, Outcome] = {"4242424242424242": "succeed", "4000000000009995": "decline"}
"""Test cards by number; any other one is told to be none."""


@cache
def _template() -> jinja2.Template:
    package = Path(__file__).resolve().parent.parent
    places = (package / "_templates", package.parent / "templates")
    loader = jinja2.FileSystemLoader([str(place) for place in places])
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("web/pay.html")


def routes(account: Account) -> list[BaseRoute]:
    """`/pay/{session}` and `/pay/receipt/{charge}`."""

    async def show(request: Request) -> Response:
        return _show(account, request.path_params["session"], _language(request))

    async def pay(request: Request) -> Response:
        body = await request.body()
        if len(body) > LARGEST_FORM:
            return Response(status_code=413)
        form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        return _pay(account, request.path_params["session"], form, _language(request))

    async def receipt(request: Request) -> Response:
        return _receipt(account, request.path_params["charge"], _language(request))

    return [
        Route("/pay/receipt/{charge}", receipt),
        Route("/pay/{session}", show, methods=["GET"]),
        Route("/pay/{session}", pay, methods=["POST"]),
    ]


def amount_shown(minor: int, currency: str, language: str) -> str:
    """1800 eur -> "18,00 €" in French, "€18.00" in English."""
    code = currency.upper()
    written = "pt_PT" if (language, code) == ("pt", "EUR") else language  # plain "pt" is Brazil's
    return format_currency(Decimal(minor).scaleb(-exponent(code)), code, locale=written)


def _show(
    account: Account,
    name: str,
    fallback: str,
    *,
    error: str | None = None,
    form: Mapping[str, str] | None = None,
) -> Response:
    try:
        found = checkout.find(account, name)
    except StripeRefusal:
        return _page(404, "unknown", fallback, shop=account.shop)
    wire = found.wire
    language = (wire["locale"] or "")[:2]
    language = language if language in WORDS else fallback
    if wire["status"] == "expired":
        return _page(410, "expired", language, shop=account.shop, back=wire["cancel_url"])
    if wire["status"] == "complete":
        view = "settling" if wire["payment_status"] == "unpaid" else "paid"
        return _page(200, view, language, shop=account.shop, back=_success(wire))
    return _page(
        402 if error else 200, "form", language, shop=account.shop, **_order(found, language, form or {}), error=error
    )


def _order(found: Checkout, language: str, form: Mapping[str, str]) -> Json:
    wire = found.wire
    currency = wire["currency"]

    def shown(minor: int) -> str:
        return amount_shown(minor, currency, language)

    costs = [rate["fixed_amount"]["amount"] for rate in found.rates]
    dues = [wire["amount_subtotal"] + cost for cost in costs] or [wire["amount_subtotal"]]
    chosen = _place(form.get("shipping", "0"), len(costs))
    options = [
        {
            "name": rate["display_name"],
            "amount": shown(costs[place]),
            "due": shown(dues[place]),
            "chosen": place == max(chosen, 0),
        }
        for place, rate in enumerate(found.rates)
    ]
    collection = wire["shipping_address_collection"]
    sample = Payer()
    fields = {name: form.get(name, getattr(sample, name)) for name in ("name", "line1", "postal_code", "city")}
    countries = collection["allowed_countries"] if collection else []
    return {
        "lines": [
            {"name": line["description"], "quantity": line["quantity"], "amount": shown(line["amount_total"])}
            for line in found.items
        ],
        "subtotal": shown(wire["amount_subtotal"]),
        "total": shown(dues[0]),
        "least": shown(min(dues)) if len(dues) > 1 else None,
        "options": options,
        "countries": countries,
        "country": form.get("country") or ("FR" if "FR" in countries or not countries else countries[0]),
        "email": wire["customer_email"] or form.get("email", sample.email),
        "email_fixed": wire["customer_email"] is not None,
        "fields": fields,
        "card": form.get("card", "4242 4242 4242 4242"),
        "method": form.get("method", "card"),
        "back": wire["cancel_url"],
    }


def _pay(account: Account, name: str, form: Mapping[str, str], fallback: str) -> Response:
    sample = Payer()
    payer = Payer(
        email=form.get("email") or sample.email,
        name=form.get("name") or sample.name,
        line1=form.get("line1") or sample.line1,
        postal_code=form.get("postal_code") or sample.postal_code,
        city=form.get("city") or sample.city,
        country=form.get("country") or sample.country,
        shipping=_place(form.get("shipping", "0"), LARGEST_PLACE),
    )
    card = "".join(form.get("card", "").split())
    outcome = "unpaid" if form.get("method") == "debit" else CARDS.get(card)
    if outcome is None:
        return _show(account, name, fallback, error="unknown_card", form=form)
    try:
        wire = payments.pay(account, name, outcome, payer)
    except CannotPay:
        return _show(account, name, fallback, error="cannot", form=form)
    except StripeRefusal:
        return _show(account, name, fallback)
    if wire["status"] == "open":
        return _show(account, name, fallback, error="declined", form=form)
    return RedirectResponse(_success(wire), status_code=303, headers=HEADERS)


def _place(given: str, choices: int) -> int:
    """The place of a choice; -1 for what is none."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 3 and int(given) < choices else -1


def _receipt(account: Account, name: str, language: str) -> Response:
    charge = account.charges.get(name)
    if charge is None or not charge["paid"]:
        return _page(404, "unknown", language, shop=account.shop)
    paid = amount_shown(charge["amount_captured"], charge["currency"], language)
    returned = charge["amount_refunded"]
    return _page(
        200,
        "receipt",
        language,
        shop=account.shop,
        number=name,
        paid=paid,
        returned=amount_shown(returned, charge["currency"], language) if returned else None,
        last4=(charge["payment_method_details"].get("card") or {}).get("last4"),
        back=None,
    )


def _success(wire: Json) -> str:
    return str(wire["success_url"]).replace("{CHECKOUT_SESSION_ID}", wire["id"])


def _page(status: int, view: str, language: str, **values: Any) -> Response:
    values.setdefault("back", None)
    html = _template().render(view=view, language=language, words=WORDS[language], **values)
    return Response(html, status, media_type="text/html", headers=HEADERS)


def _language(request: Request) -> str:
    wanted = request.headers.get("accept-language", "")[:2].lower()
    return wanted if wanted in WORDS else "en"

"""Webhook endpoints registered over the API, as `webhooks register` does it."""

from __future__ import annotations

from bot.sandbox.stripe import checks
from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.events import Endpoint
from bot.sandbox.stripe.refusals import invalid, missing
from bot.sandbox.wire import Json, on_this_machine


def create(account: Account, params: Json) -> Json:
    """POST /v1/webhook_endpoints; the answer alone carries the secret. Raises StripeRefusal."""
    given = checks.check(checks.CREATE_ENDPOINT, params)
    _check_url(given["url"])
    secret = account.name("whsec_", 32)
    endpoint = Endpoint(
        account.name("we_1"),
        given["url"],
        (secret,),
        tuple(given["enabled_events"]),
        int(account.now()),
        given.get("description") or None,
        dict(given.get("metadata") or {}),
    )
    account.events.endpoints[endpoint.id] = endpoint
    return {**endpoint.wire(), "secret": secret}


def update(account: Account, name: str, params: Json) -> Json:
    """POST /v1/webhook_endpoints/{id}. Raises StripeRefusal."""
    endpoint = find(account, name)
    given = checks.check(checks.UPDATE_ENDPOINT, params)
    if "url" in given:
        _check_url(given["url"])
        endpoint.url = given["url"]
    endpoint.enabled = tuple(given.get("enabled_events", endpoint.enabled))
    endpoint.active = not given.get("disabled", not endpoint.active)
    endpoint.description = given.get("description", endpoint.description)
    return endpoint.wire()


def delete(account: Account, name: str) -> Json:
    """DELETE /v1/webhook_endpoints/{id}. Raises StripeRefusal."""
    del account.events.endpoints[find(account, name).id]
    return {"id": name, "object": "webhook_endpoint", "deleted": True}


def find(account: Account, name: str) -> Endpoint:
    """Raises StripeRefusal (404)."""
    endpoint = account.events.endpoints.get(name)
    if endpoint is None:
        raise missing("webhook endpoint", name, param="webhook_endpoint")
    return endpoint


def _check_url(url: str) -> None:
    if not on_this_machine(url):
        raise invalid("Invalid URL: the sandbox delivers to addresses of this machine only.", "url", code="url_invalid")

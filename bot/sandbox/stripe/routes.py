"""The calls of Stripe's API that the sandbox carries out, one line each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.stripe import aftermath, checkout, checks, endpoints
from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.listing import page
from bot.sandbox.stripe.refusals import missing
from bot.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its parameters, the id in its path, where the sandbox lives, and Stripe's `request` of events."""

    params: Json
    name: str
    origin: str
    request: Json


Handler = Callable[[Account, Call], Json]
_OPTIONS = frozenset({"expand"})


def _plain(call: Call) -> None:
    """A retrieval takes `expand` only. Raises StripeRefusal."""
    for name in call.params.keys() - _OPTIONS:
        checks.check(checks.EXPIRE_SESSION, {name: call.params[name]})


def _retrieve(kind: str, book: str) -> Handler:
    def act(account: Account, call: Call) -> Json:
        _plain(call)
        found: Json | None = getattr(account, book).get(call.name)
        if found is None:
            raise missing(kind, call.name, param=kind)
        return found

    return act


def _list(book: str, check: str, url: str, *matching: str) -> Handler:
    def act(account: Account, call: Call) -> Json:
        return page(getattr(account, book).values(), checks.check(check, call.params), url, matching=matching)

    return act


def _session(account: Account, call: Call) -> Json:
    _plain(call)
    return checkout.find(account, call.name).wire


def _sessions(account: Account, call: Call) -> Json:
    checkout.expire_due(account)
    objects = (one.wire for one in account.sessions.values())
    given = checks.check(checks.LIST_SESSIONS, call.params)
    return page(objects, given, "/v1/checkout/sessions", matching=("payment_intent", "status"))


def _line_items(account: Account, call: Call) -> Json:
    found = checkout.find(account, call.name)
    return page(found.items, {**call.params}, checkout.line_items(found)["url"]) | {"data": found.items}


def _expire(account: Account, call: Call) -> Json:
    checks.check(checks.EXPIRE_SESSION, call.params)
    return checkout.expire(account, call.name, call.request)


def _event(account: Account, call: Call) -> Json:
    _plain(call)
    found = account.events.book.get(call.name)
    if found is None:
        raise missing("event", call.name)
    return found


def _events(account: Account, call: Call) -> Json:
    given = checks.check(checks.LIST_EVENTS, call.params)
    kinds = given.get("types") or ([given["type"]] if "type" in given else None)
    objects = account.events.book.values()
    chosen = (one for one in objects if kinds is None or any(_same(one["type"], kind) for kind in kinds))
    return page(chosen, given, "/v1/events")


def _same(kind: str, wanted: str) -> bool:
    return kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted


def _endpoint_list(account: Account, call: Call) -> Json:
    given = checks.check(checks.LIST_ENDPOINTS, call.params)
    return page((one.wire() for one in account.events.endpoints.values()), given, "/v1/webhook_endpoints")


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    (
        "POST",
        "/v1/checkout/sessions",
        lambda account, call: checkout.create(account, call.params, origin=call.origin),
    ),
    ("GET", "/v1/checkout/sessions", _sessions),
    ("GET", "/v1/checkout/sessions/{id}", _session),
    ("POST", "/v1/checkout/sessions/{id}/expire", _expire),
    ("GET", "/v1/checkout/sessions/{id}/line_items", _line_items),
    ("GET", "/v1/payment_intents", _list("intents", checks.LIST_INTENTS, "/v1/payment_intents")),
    ("GET", "/v1/payment_intents/{id}", _retrieve("payment_intent", "intents")),
    ("GET", "/v1/charges", _list("charges", checks.LIST_CHARGES, "/v1/charges", "payment_intent")),
    ("GET", "/v1/charges/{id}", _retrieve("charge", "charges")),
    (
        "POST",
        "/v1/refunds",
        lambda account, call: aftermath.create_refund(account, call.params, call.request),
    ),
    ("GET", "/v1/refunds", _list("refunds", checks.LIST_REFUNDS, "/v1/refunds", "charge", "payment_intent")),
    ("GET", "/v1/refunds/{id}", _retrieve("refund", "refunds")),
    ("GET", "/v1/disputes", _list("disputes", checks.LIST_DISPUTES, "/v1/disputes", "charge", "payment_intent")),
    ("GET", "/v1/disputes/{id}", _retrieve("dispute", "disputes")),
    ("GET", "/v1/shipping_rates/{id}", _retrieve("shipping_rate", "rates")),
    ("GET", "/v1/events", _events),
    ("GET", "/v1/events/{id}", _event),
    ("GET", "/v1/balance", lambda account, _call: account.balance()),
    ("GET", "/v1/account", lambda account, _call: account.wire()),
    ("POST", "/v1/webhook_endpoints", lambda account, call: endpoints.create(account, call.params)),
    ("GET", "/v1/webhook_endpoints", _endpoint_list),
    ("GET", "/v1/webhook_endpoints/{id}", lambda account, call: endpoints.find(account, call.name).wire()),
    ("POST", "/v1/webhook_endpoints/{id}", lambda account, call: endpoints.update(account, call.name, call.params)),
    ("DELETE", "/v1/webhook_endpoints/{id}", lambda account, call: endpoints.delete(account, call.name)),
)

_PATTERNS = tuple((method, re.compile(path.replace("{id}", "([^/]+)")), handler) for method, path, handler in ROUTES)


def route(method: str, path: str) -> tuple[Handler, str] | None:
    """Who carries out this call, and the id in its path; None for an address that Stripe does not know."""
    for wanted, pattern, handler in _PATTERNS:
        if wanted == method and (found := pattern.fullmatch(path)):
            return handler, found[1] if pattern.groups else ""
    return None


BOOKS = {
    "pi_": "intents",
    "ch_": "charges",
    "re_": "refunds",
    "shr_": "rates",
    "du_": "disputes",
}
"""Where an id is looked up to be expanded, by its beginning."""


def expanded(account: Account, answer: Json, params: Json) -> Json:
    """The answer with the objects in it that `expand[]` names, in place of their ids."""
    wanted = params.get("expand") or []
    if not wanted:
        return answer
    answer = dict(answer)
    for path in wanted:
        steps = str(path).split(".")
        if steps[0] == "data" and answer.get("object") == "list":
            answer["data"] = [_expand(account, one, steps[1:]) for one in answer["data"]]
        else:
            answer = _expand(account, answer, steps)
    return answer


def _expand(account: Account, thing: Any, steps: list[str]) -> Any:
    if not steps or not isinstance(thing, dict):
        return thing
    first, *rest = steps
    thing = dict(thing)
    if first == "line_items" and thing.get("object") == "checkout.session":
        thing[first] = checkout.line_items(account.sessions[thing["id"]])
        return thing
    value = thing.get(first)
    if isinstance(value, str):
        book = BOOKS.get(value[: value.find("_") + 1])
        value = getattr(account, book).get(value, value) if book else value
    thing[first] = _expand(account, value, rest)
    return thing

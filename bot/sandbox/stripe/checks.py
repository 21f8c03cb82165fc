"""Parameters held to the description that the stripe package carries: always in step with the pinned API version.

The package's TypedDicts are generated from Stripe's own OpenAPI file; pydantic reads them strictly. Form values are
strings, which pydantic turns into the integers and booleans that a field wants, as Stripe does.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

import typing_extensions
from pydantic import ConfigDict, TypeAdapter, ValidationError
from stripe import RequestOptions

from bot.sandbox.stripe.choices import Choices
from bot.sandbox.stripe.refusals import StripeRefusal, invalid
from bot.sandbox.wire import Json

_T = TypeVar("_T")
_Untyped = Mapping[str, _T]

CREATE_SESSION = "checkout.SessionCreateParams"
LIST_SESSIONS = "checkout.SessionListParams"
EXPIRE_SESSION = "checkout.SessionExpireParams"
CREATE_REFUND = "RefundCreateParams"
LIST_REFUNDS = "RefundListParams"
LIST_CHARGES = "ChargeListParams"
LIST_INTENTS = "PaymentIntentListParams"
LIST_EVENTS = "EventListParams"
LIST_DISPUTES = "DisputeListParams"
CREATE_ENDPOINT = "WebhookEndpointCreateParams"
UPDATE_ENDPOINT = "WebhookEndpointUpdateParams"
LIST_ENDPOINTS = "WebhookEndpointListParams"

_SENTENCES = {
    "extra_forbidden": ("Received unknown parameter: {param}", "parameter_unknown"),
    "missing": ("Missing required param: {param}.", "parameter_missing"),
    "int_parsing": ("Invalid integer: {given}", "parameter_invalid_integer"),
    "int_type": ("Invalid integer: {given}", "parameter_invalid_integer"),
    "bool_parsing": ("Invalid boolean: {given}", None),
    "bool_type": ("Invalid boolean: {given}", None),
    "list_type": ("Invalid array", None),
    "string_type": ("Invalid string: {given}", None),
}
_MEMBER_NAMES = frozenset({"str", "int", "bool", "float", "decimal"})
"""How pydantic names the members of a union in the path of an error."""


@cache
def _description(name: str) -> tuple[TypeAdapter[list[Any]], Choices]:
    path, _, last = f"stripe.params.{name}".rpartition(".")
    kind: Any = getattr(import_module(path), last)
    names = {
        **vars(typing),
        **vars(typing_extensions),
        **vars(sys.modules[kind.__module__]),
        "Decimal": Decimal,
        "StripeContext": Any,
        "UntypedStripeObject": _Untyped,
    }
    # A list around it, for pydantic gives a TypedDict no configuration of its own from here.
    adapter: TypeAdapter[list[Any]] = TypeAdapter(list[kind], config=ConfigDict(extra="forbid", defer_build=True))
    adapter.rebuild(_types_namespace=names)
    return adapter, Choices(kind, names)


def check(name: str, params: Json) -> Json:
    """The parameters with their real types. Raises StripeRefusal (400) with Stripe's sentence for the first fault."""
    for option in RequestOptions.__annotations__:
        if option in params:
            raise invalid(f"Received unknown parameter: {option}", option, code="parameter_unknown")
    expand = params.get("expand")
    if expand is not None and not isinstance(expand, list):
        raise invalid("Invalid array", "expand")
    adapter, choices = _description(name)
    try:
        checked: Json = adapter.validate_python([params])[0]
    except ValidationError as error:
        raise _refusal(error) from error
    choices.check(checked)
    return checked


def _refusal(error: ValidationError) -> StripeRefusal:
    faults = error.errors(include_url=False)
    fault = next((one for one in faults if one["type"] == "extra_forbidden"), faults[0])
    param = _param(fault["loc"][1:])
    sentence, code = _SENTENCES.get(fault["type"], ("Invalid {param}", None))
    given = str(fault["input"])[:100]
    return invalid(sentence.format(param=param, given=given), param, code=code)


def _param(place: tuple[int | str, ...]) -> str:
    steps = [str(step) for step in place if isinstance(step, int) or _is_key(step)]
    return steps[0] + "".join(f"[{step}]" for step in steps[1:]) if steps else ""


def _is_key(step: str) -> bool:
    return step not in _MEMBER_NAMES and "[" not in step and not step[:1].isupper()

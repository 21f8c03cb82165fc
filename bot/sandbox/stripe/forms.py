"""Stripe's form encoding: `line_items[0][price_data][currency]=eur` as nested objects and lists."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from bot.sandbox.stripe.refusals import invalid
from bot.sandbox.wire import Json

DEEPEST = 12
MOST_FIELDS = 2_000


def parse(encoded: bytes) -> Json:
    """The parameters; every leaf is a string. Raises StripeRefusal."""
    try:
        pairs = parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        raise invalid("Invalid request: the parameters are not form-encoded UTF-8") from error
    tree: Json = {}
    for key, value in pairs:
        _put(tree, _steps(key), value)
    return {name: _lists(value, name) for name, value in tree.items()}


def _steps(key: str) -> list[str]:
    name, bracket, rest = key.partition("[")
    steps = [name, *rest.removesuffix("]").split("][")] if bracket else [name]
    if not name or len(steps) > DEEPEST or (bracket and not rest.endswith("]")):
        raise invalid(f"Invalid parameter name: {key[:100]}")
    return steps


def _put(tree: Json, steps: list[str], value: str) -> None:
    for step, following in pairwise(steps):
        inner = tree.setdefault(step or str(len(tree)), {})
        if not isinstance(inner, dict):
            raise invalid(f"Invalid object: {following}")
        tree = inner
    tree[steps[-1] or str(len(tree))] = value


def _lists(value: Any, name: str) -> Any:
    """Objects whose keys count from 0 are lists, but for metadata, where any key is the caller's own."""
    if not isinstance(value, dict):
        return value
    if name == "metadata":
        return value
    if value and all(key.isdecimal() for key in value):
        return [_lists(value[key], "") for key in sorted(value, key=int)]
    return {key: _lists(inner, key) for key, inner in value.items()}


def flatten(value: Any, prefix: str = "") -> dict[str, str]:
    """The other way round, for a signature of the parameters that does not depend on their order."""
    if isinstance(value, dict):
        pairs = [(f"{prefix}[{key}]" if prefix else key, inner) for key, inner in value.items()]
    elif isinstance(value, list):
        pairs = [(f"{prefix}[{place}]", inner) for place, inner in enumerate(value)]
    else:
        return {prefix: str(value)}
    return {key: leaf for name, inner in pairs for key, leaf in flatten(inner, name).items()}

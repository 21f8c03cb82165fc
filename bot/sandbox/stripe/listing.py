"""Lists as Stripe pages them: newest first, ten at a time unless asked otherwise, from one id on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bot.sandbox.stripe.refusals import invalid, missing
from bot.sandbox.wire import Json

COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda created, bound: created > bound,
    "gte": lambda created, bound: created >= bound,
    "lt": lambda created, bound: created < bound,
    "lte": lambda created, bound: created <= bound,
}


def page(objects: Iterable[Json], params: Json, url: str, *, matching: Sequence[str] = ()) -> Json:
    """One page of `objects`, which come oldest first. `matching` are the fields that a parameter may fix."""
    limit = int(params.get("limit", 10))
    if not 1 <= limit <= 100:
        raise invalid(
            "This value must be less than or equal to 100 (it currently is '{limit}')."
            if limit > 100
            else "This value must be greater than or equal to 1.",
            "limit",
        )
    chosen = [one for one in objects if _fits(one, params, matching)]
    chosen.reverse()
    begin, end = 0, len(chosen)
    backwards = "ending_before" in params
    if after := params.get("starting_after"):
        begin = _place(chosen, after, "starting_after") + 1
    if before := params.get("ending_before"):
        end = _place(chosen, before, "ending_before")
        begin = max(begin, end - limit)
    window = chosen[begin:end]
    more = begin > 0 if backwards else len(window) > limit
    return {"object": "list", "data": window[:limit], "has_more": more, "url": url}


def _place(objects: Sequence[Json], name: str, param: str) -> int:
    for place, one in enumerate(objects):
        if one["id"] == name:
            return place
    raise missing("object", name, param=param, status=400)


def _fits(one: Json, params: Json, matching: Sequence[str]) -> bool:
    created: Any = params.get("created")
    if isinstance(created, Mapping):
        if not all(COMPARE[name](one["created"], int(bound)) for name, bound in created.items()):
            return False
    elif created is not None and one["created"] != int(created):
        return False
    return all(one.get(name) == params[name] for name in matching if name in params)

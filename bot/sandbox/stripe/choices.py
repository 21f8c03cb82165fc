"""Values that must be one of a list, which the stripe package describes but, for the sake of newer ones, lets pass."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin

from typing_extensions import is_typeddict

from bot.sandbox.stripe.refusals import invalid

MOST_NAMED = 8
"""Choices that an error names before it gives up."""


class Choices:
    """The lists of choices of one TypedDict and those inside it. `names` resolves its annotations."""

    def __init__(self, kind: Any, names: Mapping[str, Any]) -> None:
        self._kind = kind
        self._names = dict(names)
        self._hints = cache(self._read)

    def _read(self, kind: Any) -> dict[str, Any]:
        return typing.get_type_hints(kind, localns=self._names)

    def check(self, params: Mapping[str, Any]) -> None:
        """Raises StripeRefusal for the first value that is none of its choices."""
        self._object(self._kind, params, "")

    def _object(self, kind: Any, value: Mapping[str, Any], path: str) -> None:
        hints = self._hints(kind)
        for name, inner in value.items():
            if name in hints:
                self._value(hints[name], inner, f"{path}[{name}]" if path else name)

    def _value(self, hint: Any, value: Any, path: str) -> None:
        members = [hint, *get_args(hint)] if get_origin(hint) not in (list, Literal) else [hint]
        if isinstance(value, str):
            self._string(members, value, path)
        elif isinstance(value, list):
            inner = next((get_args(one)[0] for one in members if get_origin(one) is list), None)
            for place, one in enumerate(value):
                self._value(inner, one, f"{path}[{place}]")
        elif isinstance(value, Mapping):
            for kind in members:
                if is_typeddict(kind):
                    self._object(kind, value, path)

    @staticmethod
    def _string(members: list[Any], value: str, path: str) -> None:
        allowed = [choice for one in members if get_origin(one) is Literal for choice in get_args(one)]
        if allowed and value not in allowed:
            named = ", ".join(str(choice) for choice in allowed[:MOST_NAMED])
            more = ", …" if len(allowed) > MOST_NAMED else ""
            raise invalid(f"Invalid {path}: must be one of {named}{more}", path)

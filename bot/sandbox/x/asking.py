"""A call as X reads it: who asks, which ids the path names, what the query and the body say, checked by tables."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.sandbox.wire import Json
from bot.sandbox.x.refusals import invalid
from bot.sandbox.x.signing import Who

ID = re.compile(r"[0-9]{1,19}")
Check = Callable[[str, str], object]
"""Takes a query parameter's name and value, gives the value's meaning. Raises XRefusal."""
B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `ids` are the path's, `query` holds the checked parameters, `given` the names that were sent."""

    who: Who
    ids: Mapping[str, int]
    query: Mapping[str, Any]
    body: Json | None = None
    upload: bytes | None = field(default=None, repr=False)

    def read(self, kind: type[B]) -> B:
        """The body as `kind`. Raises XRefusal with 400 where it does not fit."""
        if self.body is None:
            raise invalid("Requires a JSON body.")
        try:
            return kind.model_validate(self.body)
        except ValidationError as error:
            raise invalid(_sentence(error), {"body": []}) from error


class Body(BaseModel):
    """A body in which what X does not know is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    at = "$" + "".join(f"[{it}]" if isinstance(it, int) else f".{it}" for it in first["loc"])
    match first["type"]:
        case "missing":
            return f"{at}: is missing but it is required"
        case "extra_forbidden":
            return f"{at}: is not defined in the schema and the schema does not allow additional properties"
        case _:
            return f"{at}: {first['msg']}"


def number(low: int, high: int) -> Check:
    """A whole number between the two."""

    def check(name: str, value: str) -> int:
        if not value.isascii() or not value.isdecimal() or not low <= int(value) <= high:
            raise _refused(name, value, f"is not between {low} and {high}")
        return int(value)

    return check


def one_id(name: str, value: str) -> int:
    """An id."""
    if ID.fullmatch(value) is None:
        raise _refused(name, value, "does not match ^[0-9]{1,19}$")
    return int(value)


def ids(most: int) -> Check:
    """A list of ids."""

    def check(name: str, value: str) -> list[int]:
        values = value.split(",")
        if len(values) > most:
            raise invalid(f"The number of values in the `{name}` query parameter list [{len(values)}] is not between 1 "
                          f"and {most}", {name: [value]})  # fmt: skip
        return [one_id(name, one) for one in values]

    return check


def moment(name: str, value: str) -> float:
    """A time in RFC 3339, in seconds since 1970."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or "T" not in value:
        raise _refused(name, value, "is not a valid RFC 3339 date-time")
    return found.timestamp()


def choice(*allowed: str) -> Check:
    """Some of the words allowed, by commas."""

    def check(name: str, value: str) -> frozenset[str]:
        chosen = value.split(",")
        for word in chosen:
            if word not in allowed:
                raise _refused(name, word, f"is not one of [{','.join(allowed)}]")
        return frozenset(chosen)

    return check


def page_token(name: str, value: str) -> int:
    """The id before which the page begins."""
    try:
        text = base64.b32hexdecode(value.upper() + "=" * (-len(value) % 8)).decode("ascii")
    except ValueError:
        text = ""
    if ID.fullmatch(text) is None:
        raise _refused(name, value, "is not valid")
    return int(text)


def token_for(before: int) -> str:
    """The page token for what is older than `before`."""
    return base64.b32hexencode(f"{before:019d}".encode()).decode().rstrip("=").lower()


def checked(query: Mapping[str, str], allowed: Mapping[str, Check]) -> dict[str, Any]:
    """The parameters of a query by what they mean. Raises XRefusal with 400 for one that the endpoint has not."""
    for name, value in query.items():
        if name not in allowed:
            names = ",".join(sorted(allowed))
            raise invalid(f"The query parameter [{name}] is not one of [{names}]", {name: [value]})
    return {name: allowed[name](name, value) for name, value in query.items()}


def _refused(name: str, value: str, why: str) -> Exception:
    return invalid(f"The `{name}` query parameter value [{value}] {why}", {name: [value]})

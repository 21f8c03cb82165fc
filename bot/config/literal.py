"""How a value is written in bot.toml, for sentences that tell a merchant what to write."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal

LONGEST_SHOWN = 40
LOOKS_SECRET = re.compile(
    r"(?:sk|rk|pk)_(?:live|test)_|whsec_|[0-9]{6,}:[A-Za-z0-9_-]{20,}|://[^/\s]*@|[A-Za-z0-9_%-]{40,}"
)


def written(value: object) -> str:
    """The TOML of a value: "text", 18.00, true, ["FR", "BE"], { couleur = "noir" }."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case list() | tuple():
            return "[" + ", ".join(written(each) for each in value) + "]"
        case Mapping():
            return "{ " + ", ".join(f"{key} = {written(each)}" for key, each in value.items()) + " }"
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def shown(value: object) -> str:
    """What stands in the file, cut short; what looks like a secret is not repeated."""
    if LOOKS_SECRET.search(str(value)):
        return "this value"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = written(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


class Wrong(ValueError):
    """A value that cannot be accepted.

    `example` is a TOML value to write in its place, `remedy` a sentence where no single value is the answer; without
    either the example of the key is proposed.
    """

    def __init__(self, wrong: str, *, example: str | None = None, remedy: str | None = None) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.example = example
        self.remedy = remedy

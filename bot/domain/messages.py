"""What comes in from a shopper, made safe at the door before anything else sees it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST_TEXT = 4096
"""Characters kept of a message; Telegram's own limit, so nothing a person typed there is cut."""

_UNWANTED = {"Cc", "Cs", "Co", "Cn"}
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_NUMBERS = re.compile(r"\d+(?:[ .\-\u00a0\u202f]\d+)*")
_MARKS_IN_A_ROW = 4


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a shopper did: wrote `text`, pressed a button (`press` is its token), or came by a product link.

    `source` and `key` name the event for ever; `chat` and `user` are the platform's own ids; `language` is what
    the platform says of the person. `message_id` is the message that the pressed button hangs on. `can_reach` is
    False where the shopper has blocked the shop, True where they unblocked it, None where nothing is said of it.
    """

    source: str
    key: str
    channel: str
    chat: str
    user: str = ""
    name: str = ""
    language: str | None = None
    text: str = ""
    press: str | None = None
    message_id: str | None = None
    pictured: bool = False
    private: bool = True
    product: str | None = None
    can_reach: bool | None = None


def clean(text: str) -> str:
    """A shopper's text without what breaks a database, a log or a reader's eyes (F115).

    Cut first, so that ten megabytes cost no more than a page. Control characters, lone surrogates, direction
    overrides and endless combining marks go; line breaks and tabs become spaces.
    """
    kept: list[str] = []
    marks = 0
    for char in text[:LONGEST_TEXT]:
        if char in "\n\r\t":
            kept.append(" ")
            continue
        category = unicodedata.category(char)
        if category in _UNWANTED or char in _DIRECTIONS:
            continue
        marks = marks + 1 if category == "Mn" else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(char)
    return "".join(kept).strip()


def mask_cards(text: str) -> str:
    """Text with every card number but its last four digits hidden, so that none is ever stored or logged (F133).

    >>> mask_cards("4242 4242 4242 4242 exp 12/30")
    '•••• 4242 exp 12/30'
    """
    if sum(char.isdigit() for char in text) < 13:
        return text
    folded = "".join(str(unicodedata.digit(c, c)) if c.isdigit() else c for c in text)
    return _NUMBERS.sub(_masked, folded)


def _masked(match: re.Match[str]) -> str:
    """Numbers in a row: any of their groups (19 at most) that together make a card number, longest first."""
    groups = re.findall(r"\d+|\D+", match[0])
    for first in range(0, len(groups), 2):
        for last in range(min(len(groups), first + 37), first, -2):
            digits = "".join(groups[first:last:2])
            if _is_card(digits):
                rest = "".join(groups[last:])
                return "".join(groups[:first]) + f"•••• {digits[-4:]}" + _NUMBERS.sub(_masked, rest)
    return match[0]


def _is_card(digits: str) -> bool:
    """13 to 19 digits, beginning as networks that issue cards do (ISO/IEC 7812), with a good check digit."""
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0

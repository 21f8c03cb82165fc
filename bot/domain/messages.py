"""What comes in from a shopper, made safe at the door before anything else sees it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST_TEXT = 4096
"""Characters kept of a message; Telegram's own limit, so nothing a person typed there is cut."""

_UNWANTED = {"Cc", "Cs", "Co", "Cn"}
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_NUMBERS = re.compile(r"\d(?:[\W_]{0,3}\d){12,}")
_NETWORKS = (
    (("34", "37"), (15,)),
    (("36", "38", "39", "300", "301", "302", "303", "304", "305"), (14,)),
    (("4",), (16, 13, 19)),
    (("2", "5", "35"), (16,)),
    (("6",), (16, 19)),
)
"""How the numbers of each network begin, and how long they are."""
_MARKS_IN_A_ROW = 4


@dataclass(frozen=True, slots=True)
class Post:
    """A public post that may be answered: its id, when it was written (ISO 8601, UTC), and whether it addresses the
    shop, which alone allows an answer. `shows` are the SKUs of the shop's post that it replies to or quotes;
    `handle` is its author's name on the platform, without @."""

    id: str
    at: str
    summoned: bool = True
    handle: str = ""
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paid:
    """What a platform says it was paid on an invoice of ours. `charge` names the payment for ever, `provider_charge` is
    what the bank's side calls it; `payload` came with the invoice; `amount` is in the platform's own units. `way` is
    the delivery that was chosen, `ship_to` whom and where to, in lines."""

    charge: str
    provider_charge: str
    payload: str
    currency: str
    amount: int
    way: str | None = None
    ship_to: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a shopper did: wrote `text`, pressed a button (`press` is its token), or came by a product link.

    `source` and `key` name the event for ever; `chat` and `user` are the platform's own ids; `language` is what
    the platform says of the person. `message_id` is the message that the pressed button hangs on. `can_reach` is
    False where the shopper has blocked the shop, True where they unblocked it, None where nothing is said of it.
    `post` is the public post that it stands in; None for what is said in a chat. `said_at` is when it was written
    (ISO 8601), "" where the platform tells at once. `paid` is the payment that it tells of.
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
    post: Post | None = None
    said_at: str = ""
    paid: Paid | None = None


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
    """A row of digits, however they are kept apart: every card number in it but its last four digits goes."""
    written = match[0]
    places = [place for place, char in enumerate(written) if char.isdigit()]
    digits = "".join(written[place] for place in places)
    kept: list[str] = []
    copied = first = 0
    while first < len(digits):
        length = _card_length(digits[first : first + 19])
        if length:
            kept.append(f"{written[copied : places[first]]}•••• {digits[first + length - 4 : first + length]}")
            copied = places[first + length - 1] + 1
        first += length or 1
    return "".join(kept) + written[copied:]


def _card_length(digits: str) -> int:
    """How many of the first digits make a card number (ISO/IEC 7812 ranges of the networks that shops see); 0: none."""
    lengths = next((lengths for prefix, lengths in _NETWORKS if digits.startswith(prefix)), ())
    return next((n for n in lengths if len(digits) >= n and _luhn(digits[:n])), 0)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0

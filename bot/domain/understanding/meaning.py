"""The values that understanding hands to the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Intent(StrEnum):
    """What the shopper is after; the names are the public face's (`comptoir understand`)."""

    BUY = "buy"
    ASK = "ask"
    SEARCH = "search"
    BROWSE = "browse"
    CART = "cart"
    REMOVE = "remove"
    CHECKOUT = "checkout"
    ORDER_STATUS = "order_status"
    CANCEL = "cancel"
    RETURN = "return"
    HELP = "help"
    HUMAN = "human"
    GREET = "greet"
    THANKS = "thanks"
    YES = "yes"
    NO = "no"
    STOP = "stop"
    START = "start"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One SKU that can be bought and how many of it."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """`lines` is what is certain; `candidates` the SKUs to choose between; `missing` the option names still open,
    or "quantity" where the one given is impossible or vague; `about` what a question speaks of.

    `quantity` is what was said of the one thing meant, or beside candidates ("two tees", in which size?), so that it
    is not asked again; None where none was said. `asides` are what a message says beside its intent ("correction"),
    with "plain" and "bare" where it says little else.
    """

    text: str
    language: str
    intent: Intent
    lines: tuple[Wanted, ...] = ()
    candidates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    quantity: int | None = None
    asides: frozenset[str] = frozenset()

"""What a decision wants done outside: stored in the outbox with the change that caused it, carried out after.

`match` over these ends in `assert_never`, so that a new kind fails the type check wherever it matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.domain.messages import Post

Fact: TypeAlias = "str | int | bool | list[Fact] | dict[str, Fact] | None"
"""What a message may carry: JSON, and never a float, since money is integer minor units."""
Facts: TypeAlias = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Button:
    """`label` names a wording in templates/<language>/words.toml, `facts` what it speaks of.

    Either `action` (what pressing it asks of the shop) or `url` (an address it opens); neither on an invoice's own
    button, which opens the payment sheet.
    """

    label: str
    action: str | None = None
    url: str | None = None
    facts: Facts = field(default_factory=dict)


Rows: TypeAlias = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Say:
    """Say `message` (a template's name) in the shopper's chat, in `language`, below what was said before.

    `replaces` is the platform's id of a message of ours that this one takes the place of; `pictured` says that
    the one replaced is a picture with a caption. `answers` is the public post that it replies to, for all to read;
    None for what is said in private. `owed` says that a paid order has a claim to it: it is said after "stop" too, and
    before anything else where messages are few. `invoice` is the key of the payment that it asks for in the platform's
    own payment sheet.
    """

    message: str
    language: str
    facts: Facts = field(default_factory=dict)
    buttons: Rows = ()
    picture: str | None = None
    replaces: str | None = None
    pictured: bool = False
    answers: Post | None = None
    owed: bool = False
    invoice: str | None = None


@dataclass(frozen=True, slots=True)
class Retire:
    """Take the pay button from the link message of this order: it is paid, canceled or out of time."""

    ref: str


@dataclass(frozen=True, slots=True)
class OpenCheckout:
    """Ask the provider for the payment page of this payment, by its stored key and frozen request."""

    key: str


@dataclass(frozen=True, slots=True)
class CloseCheckout:
    """Ask the provider to expire the page of this payment, and learn how it stands."""

    key: str


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Refund what is left of this payment, or `amount_minor` of it. `serial` tells its refunds apart."""

    key: str
    amount_minor: int | None = None
    serial: str = "refund"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a human should look at. `kind` is a short name, `text` a sentence without secrets."""

    kind: str
    text: str


Effect: TypeAlias = Say | Retire | OpenCheckout | CloseCheckout | GiveBack
"""What goes through the outbox. An Alert is a row and a log line instead: the merchant reads it at the desk."""

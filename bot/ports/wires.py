"""The outside, as the flow's verbs see it: channels, payment providers, words and the time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.costs import Cost
from bot.domain.effects import Say
from bot.domain.invoices import Asked, Way
from bot.domain.messages import Inbound
from bot.domain.orders import Order
from bot.domain.pace import Quota
from bot.domain.payments import Checkout, News, Payment, Refund, Terms
from bot.domain.policy import Thrift
from bot.ports.books import Receipt

Clock = Callable[[], datetime]
"""The time as aware UTC. Passed to whoever decides; never read inside a decision."""


Intake = Callable[[Sequence[Inbound]], Awaitable[Sequence[Receipt]]]
"""Makes events durable and decides on them; what it returns for may be acknowledged."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words. `rows` are (label, action token or None, url or None)."""

    text: str
    rows: tuple[tuple[tuple[str, str | None, str | None], ...], ...] = ()
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a channel is asked to send. `replaces` names the message of ours to edit, `pictured` what it is.

    `answers` is the public post that it replies to; `again` says that an earlier try may have arrived, and `known` are
    the ids of other messages of that chat, which are not it. `invoice` is the frozen invoice that it carries;
    `withdrawn` asks to take the message it `replaces` out of the chat.
    """

    chat: str
    body: Rendered
    replaces: str | None = None
    pictured: bool = False
    keyboard_only: bool = False
    answers: str | None = None
    again: bool = False
    invoice: str | None = None
    withdrawn: bool = False
    known: frozenset[str] = frozenset()


class Cashier(Protocol):
    """Says whether an invoice may be paid, in time for a platform that waits ten seconds at most."""

    async def agree(self, asked: Asked) -> str:
        """The reason why not, in the payer's language; "" where it may be paid. Answers within two seconds, always."""

    async def ways(self, asked: Asked) -> Sequence[Way] | str:
        """The ways of delivery to the country asked about, in the platform's units, or why there are none."""


class Channel(Protocol):
    """One platform on which shoppers write. One file."""

    name: str

    async def start(self, intake: Intake) -> None:
        """Say hello to the platform and begin to take in. Raises Temporary or Permanent where it cannot."""

    async def listen(self) -> None:
        """Take in until cancelled; an event is acknowledged only once the intake has returned for it."""

    async def ready(self, chat: str) -> None:
        """Wait until the platform's limits allow one more message to this chat."""

    def free(self, chat: str) -> bool:
        """Whether `ready` would likely return at once. Called from any thread."""

    async def register(self) -> Sequence[str]:
        """Point the platform at the shop's own address, where the shop wants to be called; -> what was done.

        Raises Temporary or Permanent.
        """

    async def send(self, envelope: Envelope) -> str | None:
        """Send and return the platform's id of the message.

        Raises Temporary (with `uncertain` where it may have arrived), Permanent or Unreachable.
        """

    async def examine(self) -> Sequence[tuple[str, str]]:
        """(what is wrong, its remedy) of the account's settings, changing nothing there."""

    async def stop(self) -> None: ...
    def healthy(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Told:
    """What a platform's answer said of a limit: at most so many calls, so many left, until then."""

    most: int
    left: int
    until: datetime


class Meter(Protocol):
    """A channel's account of what it asks and spends, kept so that it outlives the process."""

    async def ask(self, limit: str) -> None:
        """Count one call that is about to be made. Raises Temporary with the wait where none is left."""

    async def told(self, limit: str, told: Told | None) -> None: ...
    async def charge(self, costs: Sequence[Cost]) -> None: ...
    async def cursor(self, name: str) -> str | None: ...
    async def move(self, name: str, value: str | None) -> None: ...
    async def quota(self, limit: str) -> Quota | None: ...
    async def thrift(self) -> Thrift: ...
    async def tell(self, kind: str, text: str) -> None:
        """Tell the merchant, once a day for each kind."""


class PaymentProvider(Protocol):
    """One way to be paid. One file."""

    name: str

    def freeze(self, order: Order, key: str, *, physical: bool) -> str:
        """The body of the request that opens this order's page; the same bytes for ever after."""

    def terms(self, payment: Payment) -> Terms:
        """What this payment's page was opened with: what may be added to the goods' price there (F034)."""

    async def open(self, payment: Payment) -> Checkout:
        """Open the payment's page, or find the one that was opened before under the same key."""

    async def close(self, payment: Payment) -> Checkout:
        """Expire the page and say how it stands: "complete" where the shopper was quicker."""

    async def give_back(
        self, payment: Payment, amount_minor: int | None, serial: str, *, again: bool = False
    ) -> Sequence[Refund]:
        """Refund what is left, or so much of it. `again` says that it may have been asked before."""

    async def look(self, payment: Payment) -> Checkout | None:
        """How the payment's page stands now, changing nothing; None where the provider knows of none."""

    def happened(self, since: datetime) -> AsyncIterator[News]:
        """All that the provider has to tell since then, newest first; what was told before is told again."""

    def read(self, body: bytes, signature: str | None, now: datetime) -> News | None:
        """A verified event in our words; None where it is none of ours to act on.

        Raises Forged where the signature is not good, ValueError where the signed body is not an event.
        """

    async def register(self, url: str) -> Sequence[str]:
        """Have the provider's events sent to this address; -> what was done, with a secret that must be kept."""

    def reread(self, body: str) -> News | None:
        """An event that was verified before and kept."""

    async def examine(self) -> Sequence[tuple[str, str]]:
        """(what is wrong, its remedy) of the account's settings, changing nothing there."""

    async def stop(self) -> None: ...
    def healthy(self) -> str | None: ...


class Renderer(Protocol):
    def say(self, say: Say, *, channel: str, task: int) -> Rendered:
        """A message in words; `task` makes its buttons' tokens its own."""

    def word(self, name: str, language: str) -> str: ...

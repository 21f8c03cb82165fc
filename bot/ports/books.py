"""The store, as the flow's verbs see it: tables in a transaction, one writer, any number of readers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, Literal, Protocol, TypeVar

from bot.domain.catalogue import Catalogue
from bot.domain.costs import Cost
from bot.domain.effects import Alert, Button, Effect, Retire, Say
from bot.domain.orders import CancelReason, Line, Order, OrderStatus
from bot.domain.payments import Dispute, Payment, PaymentStatus, Refund
from bot.domain.policy import Act, Verdict
from bot.domain.shoppers import Shopper
from bot.domain.stock import Stock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """A row of the outbox in a worker's hands: `epoch` fences it, `attempts` counts what failed before.

    `uncertain` says that an earlier send of it may have arrived.
    """

    id: int
    lane: str
    channel: str
    chat: str
    ref: str | None
    effect: Effect
    epoch: int
    attempts: int = 0
    uncertain: bool = False

    @property
    def effect_is_spoken(self) -> bool:
        """Whether it speaks in a chat; the others are calls to the payment provider."""
        return isinstance(self.effect, Say | Retire)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an inbound event. `notice` names a wording for the pressed button.

    `tasks` were claimed for sending at once, `lanes` have work waiting. `fresh` is False for an event that was known.
    """

    fresh: bool = True
    notice: str = ""
    language: str = ""
    tasks: tuple[Task, ...] = ()
    lanes: frozenset[str] = frozenset()

    def plus(self, other: Receipt) -> Receipt:
        """This receipt with what another put into the outbox."""
        return replace(self, tasks=self.tasks + other.tasks, lanes=self.lanes | other.lanes)


class Inbox(Protocol):
    """Events that came in, each for ever known by (source, key)."""

    def accept(self, source: str, key: str, now: datetime) -> bool:
        """Note the event as done by this transaction; False where it was seen before."""

    def unknown(self, source: str, keys: Sequence[str]) -> frozenset[str]:
        """Those of the keys that never came in."""

    def set_aside(
        self, source: str, key: str, body: str, error: str, *, again_at: datetime | None, now: datetime
    ) -> int:
        """Keep an event that could not be handled, with its body; no `again_at` is for good. -> attempts so far."""

    def begin(
        self, source: str, key: str, body: str, *, counted: bool, again_at: datetime, now: datetime
    ) -> int | None:
        """Keep an event that is about to be handled, and count that where asked.

        -> the tries since it was last set aside in order, None where it is done or dead. It is looked at again at
        `again_at`, unless it is settled before.
        """

    def waiting(self, now: datetime, limit: int) -> Sequence[tuple[str, str, str, int]]:
        """(source, key, body, attempts) of events set aside whose time has come, oldest first."""

    def journal(self, source: str, key: str, body: str, now: datetime) -> bool:
        """Keep an event that is decided on later, behind all that are kept so; False where it was seen before."""

    def journaled(self, limit: int) -> Sequence[tuple[str, str]]:
        """(source, key) of events to be decided on, in the order in which they came."""

    def body(self, source: str, key: str) -> str | None:
        """What is kept of an event that is still to be decided on; None where it is done, dead or unknown."""

    def hurry(self, source: str, now: datetime) -> None:
        """Let the events of this source that were set aside, even for good, be looked at now."""

    def take_up(self, now: datetime) -> None:
        """Let the events that an earlier life began and did not end be looked at now."""

    def settle(self, source: str, key: str) -> None:
        """An event set aside is done; its body is forgotten."""


class Shoppers(Protocol):
    def get(self, channel: str, chat: str) -> Shopper | None: ...
    def keep(self, shopper: Shopper, now: datetime) -> None: ...
    def reachable(self, channel: str, chat: str, *, reachable: bool) -> None: ...


class Shelf(Protocol):
    """The stock, counted once for every channel. Each change says by its row count whether it happened."""

    def sync(self, catalogue: Catalogue) -> Sequence[Stock]:
        """Take over what bot.toml says where it changed since it was last read.

        -> the SKUs that it now says less of than is promised already (F045); the promises stand.
        """

    def get(self, sku: str) -> Stock: ...
    def hold(self, sku: str, quantity: int) -> bool: ...
    def release(self, sku: str, quantity: int) -> bool: ...
    def sell(self, sku: str, quantity: int) -> bool: ...
    def take(self, sku: str, quantity: int) -> bool:
        """Sell straight from what is free: a payment that came after its hold was gone."""

    def put_back(self, sku: str, quantity: int) -> bool:
        """What was sold is for sale again."""

    def bestsellers(self, limit: int) -> Sequence[str]:
        """The SKUs of which most were sold, the most first."""

    def drift(self) -> Sequence[tuple[str, int, int, int, int]]:
        """(sku, held, kept by live holds, sold, taken by sold orders) where they differ (F048)."""


class Orders(Protocol):
    def add(self, order: Order) -> None: ...
    def get(self, ref: str) -> Order | None: ...
    def by_token(self, token: str) -> Order | None: ...
    def of(self, channel: str, chat: str, limit: int) -> Sequence[Order]:
        """A shopper's orders, newest first."""

    def first_at(self) -> datetime | None:
        """When the first of all orders was made."""

    def unpaid(self, channel: str, chat: str) -> int:
        """How many orders of a shopper still hold stock without being paid."""

    def become(
        self, ref: str, target: OrderStatus, cause: str, now: datetime, *, reason: CancelReason | None = None
    ) -> bool:
        """Change the status where the table allows it and write its history; False where nothing changed."""

    def start_hold(self, ref: str, until: datetime) -> None: ...
    def begin_closing(self, ref: str, reason: CancelReason, now: datetime) -> bool:
        """Mark an unpaid order whose payment page is to be closed; False where it was marked or is no longer unpaid."""

    def change(self, ref: str, lines: Sequence[Line], now: datetime) -> bool:
        """Mark an unpaid order that is to become one of these lines once its page is closed; what it was to become
        before is forgotten. False where it is no longer unpaid, or is closed for another reason."""

    def stop_closing(self, ref: str) -> None: ...
    def add_extras(self, ref: str, extras_minor: int) -> None: ...
    def review(self, ref: str, why: str, now: datetime) -> None: ...
    def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        """Refs of unpaid orders whose hold is over and whose page is not being closed yet."""

    def counted(self, since: datetime) -> Sequence[tuple[str, str, str, int, int]]:
        """(channel, status, currency, orders, paid minor units) of the orders made since then."""

    def end_hold(self, ref: str, state: Literal["released", "sold"], *, sold: bool = False) -> bool:
        """End the live hold of an order, or the `sold` one; False where it has none: nothing goes back twice (F043)."""

    def take_again(self, ref: str) -> None:
        """What a released order held is sold to it after all."""


class Payments(Protocol):
    def add(self, payment: Payment) -> None: ...
    def get(self, key: str) -> Payment | None: ...
    def of(self, ref: str) -> Sequence[Payment]:
        """The payments of an order, oldest first."""

    def by_session(self, session: str) -> Payment | None: ...
    def by_intent(self, intent: str) -> Payment | None: ...
    def become(self, key: str, target: PaymentStatus, now: datetime) -> bool: ...
    def link(self, key: str, *, session: str, intent: str | None, url: str | None, now: datetime) -> None: ...
    def paid(self, key: str, amount_minor: int, now: datetime) -> None: ...
    def owe(self, key: str) -> bool:
        """Note that a payment is to be given back as a whole; False where that was known."""

    def note_refund(self, key: str, refund: Refund, now: datetime) -> None:
        """Keep one refund by its id."""

    def note_charge_refunded(self, key: str, refunded_minor: int) -> None:
        """Keep what the payment's charge says was given back of it so far, where that is more than was known."""

    def note_dispute(self, key: str, dispute: Dispute, now: datetime) -> bool:
        """Keep how a dispute stands; False where that, or more, was known already."""

    def restand(self, key: str, now: datetime) -> int:
        """Work out anew, from all that is noted, how a payment that came in stands.

        -> minor units by which what was given back of it has grown (less than 0 where a refund came back).
        """

    def unsettled(self, provider: str, now: datetime, since: datetime, limit: int) -> Sequence[Payment]:
        """A provider's payments with a page, older than `since`, of which more is to come; longest not looked at first.

        They count as looked at from now on.
        """

    def receipt(self, key: str, receipt_url: str) -> None: ...
    def agree(self, key: str, now: datetime, *, but_after: datetime) -> bool:
        """Note that an unpaid invoice may be paid now; False where that was said of it later than `but_after`."""

    def agreed_between(self, since: datetime, until: datetime) -> Sequence[str]:
        """Refs of orders whose invoice was agreed to within that time and that no payment is known of."""

    def ship_to(self, key: str, address: str) -> None: ...


class Outbox(Protocol):
    """What is to be done outside, in lanes: within a lane strictly one after another."""

    def put(
        self,
        effect: Effect,
        *,
        channel: str,
        chat: str,
        ref: str | None,
        now: datetime,
        eager: bool = False,
    ) -> Receipt:
        """Queue an effect in its lane; -> the lane to wake.

        With `eager`, and nothing before it there, it is claimed at once: -> the claimed task.
        """

    def claim(self, lane: str, now: datetime, lease: timedelta) -> Task | None:
        """The lane's next row if its time has come, marked as being sent."""

    def sent(self, task: Task, external_id: str | None, now: datetime) -> bool:
        """False where the row is no longer this worker's (its epoch has moved on)."""

    def again(self, task: Task, error: str, at: datetime, *, failed: bool, uncertain: bool) -> bool: ...
    def dead(self, task: Task, error: str, *, uncertain: bool = False) -> bool: ...
    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Lanes whose next row's time has come."""

    def lapsed(self, now: datetime) -> Sequence[int]:
        """Rows that are being sent for longer than their lease."""

    def recover(self, now: datetime, rows: Sequence[int] | None = None) -> int:
        """Take back what a worker that is no more was sending; its fate is unknown. -> how many rows.

        Without `rows` all that is marked as being sent: right at the start, while nobody can be at it.
        """

    def give_up_old(self, before: datetime, why: str) -> int:
        """Set aside what was to be said before then and was not; -> how many. Nobody needs to look at them."""

    def revive(self, rows: Sequence[int] | None, now: datetime) -> frozenset[str]:
        """Queue dead letters anew, all of them without `rows`; -> the lanes to wake."""

    def crowded(self, channel: str, chat: str, most: int) -> bool:
        """Whether more than so much waits to be said in a chat."""

    def move_chat(self, channel: str, chat: str, to: str) -> None:
        """What waits for a chat waits for another: the platform has moved it there."""

    def hasten(self, now: datetime) -> int:
        """At the start: what would wait very long was told so by a clock that was wrong then (F098), or asks again.

        -> how many rows.
        """

    def bury(self, channel: str, chat: str, error: str) -> int:
        """Give up what is queued for a chat that cannot be reached. -> how many rows."""

    def press(self, token: str, channel: str, chat: str) -> tuple[Button, bool] | None:
        """The button of this token and whether this is its first press; None where it is unknown or another chat's."""

    def last_said(self, channel: str, chat: str, since: datetime, until: datetime) -> tuple[int, Say] | None:
        """The newest message that a person had been sent in private by then, where choices are typed.

        -> its row's id and the message.
        """

    def newest_sent(self, channel: str, chat: str, limit: int) -> frozenset[str]:
        """The platform's ids of the newest messages that were sent to a chat."""

    def link_message(self, ref: str) -> str | None:
        """The platform's id of the message that carries an order's pay button."""


class Ledger(Protocol):
    """What a platform costs, how often it may still be asked, and where reading it stopped."""

    def cursor(self, name: str) -> str | None: ...
    def move(self, name: str, value: str | None, now: datetime) -> None:
        """Set a cursor; None forgets it."""

    def cursors(self, prefix: str) -> Mapping[str, str]:
        """The cursors whose names begin so, by what follows."""

    def quota(self, name: str) -> tuple[int, int, datetime] | None:
        """(most, used, until) of a window, as last known."""

    def keep_quota(self, name: str, most: int, used: int, until: datetime) -> None: ...
    def charge(self, channel: str, cost: Cost, micro_usd: int, now: datetime) -> bool:
        """Write a charge down; False where the same thing was charged in the same UTC day."""

    def void(self, channel: str, resource: str) -> None:
        """Take back the charge for what was surely not done."""

    def spent(self, channel: str, day: str) -> int:
        """Millionths of a dollar charged in a UTC day."""

    def attribute(self, channel: str, chat: str, ref: str, since: datetime) -> None:
        """Lay what a conversation cost since then, and no order bears yet, on this order."""

    def costs(self, channel: str, since: datetime) -> Mapping[str, tuple[int, int]]:
        """kind -> (charges, millionths of a dollar)."""

    def sales(self, channel: str, since: datetime) -> tuple[int, int]:
        """(paid orders, millionths of a dollar that they cost)."""


class Conduct(Protocol):
    """The record of what was done and refused on a platform with rules; one row an outbox row, the last verdict."""

    def note(
        self,
        outbox: int,
        *,
        channel: str,
        chat: str,
        act: Act,
        post: str | None,
        verdict: Verdict,
        words: str,
        now: datetime,
    ) -> None: ...
    def take_back(self, outbox: int, reason: str) -> None:
        """What was allowed did not come about; it counts as refused, for this reason."""

    def turns(self, channel: str, chat: str, act: Act, since: datetime, *, but: int) -> int:
        """How many such acts were allowed towards a person since then, apart from the row `but`."""

    def answered(self, post: str, *, but: int) -> bool: ...
    def said(self, channel: str, words: str, since: datetime, *, but: int) -> bool:
        """Whether these very words were said publicly since then."""

    def words(self, outbox: int) -> str | None:
        """What was said, or may have been, in public for this outbox row."""

    def reasons(self, channel: str, since: datetime) -> Mapping[tuple[str, str, bool], int]:
        """(act, reason, allowed) -> how often."""


class Privacy(Protocol):
    """Everything that is held on one shopper, whatever the table."""

    def held(self, channel: str, chat: str) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """What is held, by kind, as JSON would have it; empty where nothing is."""

    def forget(self, channel: str, chat: str, alias: str) -> None:
        """Take a shopper's name, words and chat out of every table; `alias` stands for them from now on."""

    def forget_bodies(self, before: datetime) -> int:
        """Forget what was in events that came before then and were set aside for good. -> how many."""


class Books(Protocol):
    """All that one transaction can read and change."""

    @property
    def inbox(self) -> Inbox: ...
    @property
    def shoppers(self) -> Shoppers: ...
    @property
    def shelf(self) -> Shelf: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def payments(self) -> Payments: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def conduct(self) -> Conduct: ...
    @property
    def privacy(self) -> Privacy: ...

    def alert(self, alert: Alert, ref: str | None, now: datetime) -> None: ...
    def shift(self, by: timedelta) -> None:
        """The clock was put forward by so much, or back: what waits for a moment waits the same span (F098)."""


View = Literal[
    "v_orders",
    "v_order_lines",
    "v_payments",
    "v_refunds",
    "v_dead_letters",
    "v_stock",
    "v_inbox",
    "v_outbox",
    "v_history",
    "v_alerts",
    "v_costs",
    "v_policy",
]


class Store(Protocol):
    """Where the shop's state lives. One thread writes; it commits for all who wait."""

    def submit(self, work: Callable[[Books], T], done: Callable[[T | None, Exception | None], None]) -> None:
        """Run `work` in a transaction; after COMMIT call `done`, from the writer's thread, with result or error.

        An error of `work` undoes its own changes and no other's. An Urgent one goes before all that waits.
        Raises Temporary where too much is waiting.
        """

    def write(self, work: Callable[[Books], T]) -> T:
        """Do `work` and wait until it is durable: for commands, not for the event loop."""

    def read(self, work: Callable[[Books], T]) -> T:
        """Run `work` on a connection that cannot write. Never waits for a writer."""

    def view(self, name: View, limit: int = 500) -> Sequence[Mapping[str, object]]:
        """The rows of a public view, newest first."""

    def figures(self) -> Mapping[tuple[str, str], int]:
        """(book, state) -> rows, of what is open or ails."""

    def scrub(self) -> None:
        """Let nothing of what was deleted stand in a file. Takes about half a second for 100 MB; writers wait.

        Raises Temporary where others read too long, or the disk has no room.
        """

    def log_bytes(self) -> int:
        """How large the write-ahead log is; it grows while somebody reads for long (F100)."""

    def healthy(self) -> str | None:
        """What ails the store, or None."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Urgent(Generic[T]):
    """A short work for which somebody outside counts the seconds: it waits for the commit under way and for no more."""

    work: Callable[[Books], T]

    def __call__(self, books: Books) -> T:
        return self.work(books)


class Writer(Protocol):
    """The one place where async code hands work to the store's thread."""

    def __call__(self, work: Callable[[Books], T]) -> Awaitable[T]: ...

"""What may happen to one sale, told by Stripe in seven events: real bodies, made by the sandbox's own Stripe.

Each life is made once, in the order in which it can truly happen; every further order gets the same bodies with ids of
its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.sandbox.server import Sandbox
from bot.sandbox.stripe import aftermath, checkout, payments
from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.payments import Payer

SAMPLE_REF, SAMPLE_KEY = "C-AAAAA", "C-AAAAA-sample-of-a-key-0"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Life:
    """`live` does it to a session of an account, `told` are the types of the events that are delivered, each one's
    n-th occurrence as written ("charge.refunded", "charge.refunded": the first and the second). `may_differ` names
    what hangs on the order with good reason: what was said before a contrary event came."""

    name: str
    live: Callable[[Account, str], None]
    told: tuple[str, ...]
    may_differ: frozenset[str] = frozenset()


def _debit(account: Account, session: str) -> Json:
    """A bank debit that comes through; -> its charge."""
    payments.pay(account, session, "unpaid", Payer())
    payments.settle(account, session, succeeds=True)
    return _charge(account, session)


def _charge(account: Account, session: str) -> Json:
    return aftermath.charge_of(account, account.sessions[session].wire["payment_intent"])


def _won_then_refunded(account: Account, session: str) -> None:
    charge = _debit(account, session)
    aftermath.refund(account, charge, 500)
    aftermath.open_dispute(account, charge)
    aftermath.close_dispute(account, charge, won=True)
    aftermath.refund(account, charge)


def _refunded_twice_then_won(account: Account, session: str) -> None:
    charge = _debit(account, session)
    aftermath.refund(account, charge, 500)
    aftermath.refund(account, charge, 300)
    aftermath.open_dispute(account, charge)
    aftermath.close_dispute(account, charge, won=True)


def _refunded_twice_then_lost(account: Account, session: str) -> None:
    charge = _debit(account, session)
    aftermath.refund(account, charge, 500)
    aftermath.refund(account, charge, 300)
    aftermath.open_dispute(account, charge)
    aftermath.close_dispute(account, charge, won=False)


def _a_refund_comes_back(account: Account, session: str) -> None:
    """Half of the money goes back and stays there, the rest goes back and bounces."""
    charge = _debit(account, session)
    aftermath.refund(account, charge, 500)
    aftermath.bounce(account, aftermath.refund(account, charge)["id"])


def _said_to_have_failed(account: Account, session: str) -> None:
    """A bank debit that comes through after the bank was said to have refused it."""
    payments.pay(account, session, "unpaid", Payer())
    account.events.tell([("checkout.session.async_payment_failed", account.sessions[session].wire)])
    payments.settle(account, session, succeeds=True)
    charge = _charge(account, session)
    aftermath.refund(account, charge, 500)
    aftermath.open_dispute(account, charge)
    aftermath.close_dispute(account, charge, won=True)


def _said_to_be_expired(account: Account, session: str) -> None:
    """Paid by card at the last moment; an `expired` made from the same page before it was paid is told as well."""
    before = account.sessions[session].wire | {"status": "expired", "url": None}
    account.events.tell([("checkout.session.expired", before)])
    payments.pay(account, session, "succeed", Payer())
    charge = _charge(account, session)
    aftermath.refund(account, charge, 500)
    aftermath.open_dispute(account, charge)
    aftermath.close_dispute(account, charge, won=True)
    aftermath.refund(account, charge)


COMPLETED, SETTLED = "checkout.session.completed", "checkout.session.async_payment_succeeded"
CHARGED, REFUNDED = "charge.succeeded", "charge.refunded"
DISPUTED, DISPUTE_CLOSED = "charge.dispute.created", "charge.dispute.closed"
REFUND_CREATED, REFUND_FAILED = "refund.created", "refund.failed"
DEBIT = (COMPLETED, CHARGED, SETTLED)
LIVES = (
    Life(
        "a bank debit, disputed, won, given back",
        _won_then_refunded,
        (*DEBIT, REFUNDED, DISPUTED, DISPUTE_CLOSED, REFUNDED),
    ),
    Life(
        "two refunds, then a dispute that is won",
        _refunded_twice_then_won,
        (*DEBIT, REFUNDED, REFUNDED, DISPUTED, DISPUTE_CLOSED),
    ),
    Life(
        "two refunds, then a dispute that is lost",
        _refunded_twice_then_lost,
        (*DEBIT, REFUNDED, REFUNDED, DISPUTED, DISPUTE_CLOSED),
    ),
    Life(
        "refunds told one by one and as a sum",
        _refunded_twice_then_won,
        (COMPLETED, SETTLED, REFUND_CREATED, REFUNDED, REFUND_CREATED, REFUNDED, DISPUTE_CLOSED),
    ),
    Life(
        "a refund that comes back from the bank",
        _a_refund_comes_back,
        (COMPLETED, SETTLED, REFUND_CREATED, REFUNDED, REFUND_CREATED, REFUNDED, REFUND_FAILED),
        may_differ=frozenset({"refunds_told", "alert refund_failed"}),
    ),
    Life(
        "a bank debit that was said to have failed",
        _said_to_have_failed,
        (COMPLETED, "checkout.session.async_payment_failed", SETTLED, CHARGED, REFUNDED, DISPUTED, DISPUTE_CLOSED),
    ),
    Life(
        "a card that paid a page said to be expired",
        _said_to_be_expired,
        ("checkout.session.expired", COMPLETED, CHARGED, REFUNDED, DISPUTED, DISPUTE_CLOSED, REFUNDED),
    ),
)


@dataclass(frozen=True, slots=True)
class Told:
    """The bodies of one life's events in their natural order, and the ids in them that belong to it alone."""

    bodies: tuple[str, ...]
    ids: tuple[str, ...]

    def of(self, ref: str, key: str, number: int) -> list[bytes]:
        """The same life of another order: `number` makes its ids its own."""
        swaps: Mapping[str, str] = {SAMPLE_KEY: key, SAMPLE_REF: ref} | {
            one: f"{one[:-6]}{number:06d}" for one in self.ids
        }
        bodies = []
        for body in self.bodies:
            for old, new in swaps.items():
                body = body.replace(old, new)
            bodies.append(body.encode())
        return bodies


def told(life: Life, request: str, now: datetime) -> Told:
    """Live it once at the sandbox's Stripe. `request` is the frozen body of a page for SAMPLE_REF and SAMPLE_KEY."""
    account = Sandbox(seed=7, now=now.timestamp).stripe
    session = checkout.create(account, json.loads(request), origin="http://127.0.0.1:9")["id"]
    life.live(account, session)
    seen = list(account.events.book.values())
    chosen = []
    for kind in life.told:
        event = next(one for one in seen if one["type"] == kind)
        seen.remove(event)
        chosen.append(event)
    ids = [session, *account.intents, *account.charges, *account.refunds, *account.disputes]
    return Told(
        tuple(json.dumps(event, separators=(",", ":"), ensure_ascii=False) for event in chosen),
        (*ids, *(str(event["id"]) for event in chosen)),
    )

"""Control of Stripe's other side: shoppers who pay, banks that decide, events that come twice or late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field
from starlette.requests import Request

from bot.sandbox.control.asking import Ask, Handler, payload
from bot.sandbox.stripe import aftermath, checkout, payments
from bot.sandbox.stripe.events import Order
from bot.sandbox.stripe.payments import Outcome, Payer
from bot.sandbox.wire import Json, on_this_machine

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox


class Pay(Ask):
    """The shopper presses Pay; `unpaid` is a bank debit that settles later."""

    outcome: Outcome = "succeed"
    shipping: int = 0
    country: str = "FR"
    email: str = "camille@example.com"
    name: str = "Camille Martin"


class Settle(Ask):
    """The bank has spoken."""

    outcome: Outcome = "succeed"


class Refund(Ask):
    """The merchant gives money back in Stripe's dashboard; without an amount, all of it."""

    amount: int | None = Field(default=None, ge=1)


class Dispute(Ask):
    """The shopper's bank asks for the money; with `inquiry` it only asks."""

    reason: str = "fraudulent"
    inquiry: bool = False


class Verdict(Ask):
    """How a dispute ends."""

    won: bool


class Webhook(Ask):
    """Where events go and how; what is not named stays. `url` null stops them."""

    url: str | None = None
    secret: str | None = None
    paused: bool | None = None
    order: Order | None = None
    copies: int | None = Field(default=None, ge=1, le=100)


class Deliver(Ask):
    """An event sent again, `copies` times at once."""

    copies: int = Field(default=1, ge=1, le=1_000)


class Foreign(Ask):
    """An event made elsewhere, kept and sent as it stands."""

    event: dict[str, Any]


def named(request: Request) -> str:
    """The id in the path."""
    return str(request.path_params["id"])


async def sessions(sandbox: Sandbox, request: Request) -> list[Json]:
    """The sessions, oldest first, of one `?client_reference_id=` where it is named."""
    checkout.expire_due(sandbox.stripe)
    wanted = request.query_params.get("client_reference_id")
    found = (one.wire for one in sandbox.stripe.sessions.values())
    return [wire for wire in found if wanted in (None, wire["client_reference_id"])]


async def pay(sandbox: Sandbox, request: Request) -> Json:
    """A payment."""
    it = await payload(request, Pay)
    payer = Payer(email=it.email, name=it.name, country=it.country, shipping=it.shipping)
    return payments.pay(sandbox.stripe, named(request), it.outcome, payer)


async def expire(sandbox: Sandbox, request: Request) -> Json:
    """A session ended."""
    return checkout.expire(sandbox.stripe, named(request), {"id": None, "idempotency_key": None})


async def settle(sandbox: Sandbox, request: Request) -> Json:
    """A bank debit settled."""
    it = await payload(request, Settle)
    return payments.settle(sandbox.stripe, named(request), succeeds=it.outcome == "succeed")


async def refund(sandbox: Sandbox, request: Request) -> Json:
    """Money given back."""
    it = await payload(request, Refund)
    return aftermath.refund(sandbox.stripe, aftermath.charge_of(sandbox.stripe, named(request)), it.amount)


async def bounce(sandbox: Sandbox, request: Request) -> Json:
    """A refund that failed."""
    return aftermath.bounce(sandbox.stripe, named(request))


async def dispute(sandbox: Sandbox, request: Request) -> Json:
    """A dispute opened."""
    it = await payload(request, Dispute)
    charge = aftermath.charge_of(sandbox.stripe, named(request))
    return aftermath.open_dispute(sandbox.stripe, charge, reason=it.reason, inquiry=it.inquiry)


async def close(sandbox: Sandbox, request: Request) -> Json:
    """A dispute closed."""
    it = await payload(request, Verdict)
    return aftermath.close_dispute(sandbox.stripe, aftermath.charge_of(sandbox.stripe, named(request)), won=it.won)


async def webhook(sandbox: Sandbox, request: Request) -> Json:
    """Where events go, and how."""
    it = await payload(request, Webhook)
    if "url" in it.model_fields_set:
        if it.url is not None and not on_this_machine(it.url):
            raise ValueError("the sandbox delivers to addresses of this machine only")
        sandbox.aim_stripe(it.url, it.secret or "whsec_sandbox")
    sandbox.stripe.events.order = it.order or sandbox.stripe.events.order
    sandbox.stripe.events.copies = it.copies or sandbox.stripe.events.copies
    if it.paused is True:
        sandbox.stripe.events.paused = True
    elif it.paused is False:
        sandbox.stripe.events.resume()
    urls = [endpoint.url for endpoint in sandbox.stripe.events.endpoints.values()]
    return {
        "urls": urls,
        "paused": sandbox.stripe.events.paused,
        "order": sandbox.stripe.events.order,
        "copies": sandbox.stripe.events.copies,
    }


async def happened(sandbox: Sandbox, _request: Request) -> list[Json]:
    """The events, oldest first, with the statuses their deliveries met."""
    tries: dict[str, list[int]] = {}
    for attempt in sandbox.stripe.events.attempts:
        tries.setdefault(attempt.event, []).append(attempt.status)
    return [{**event, "attempts": tries.get(event["id"], [])} for event in sandbox.stripe.events.book.values()]


async def foreign(sandbox: Sandbox, request: Request) -> Json:
    """An event made elsewhere."""
    it = await payload(request, Foreign)
    sandbox.stripe.events.publish([it.event])
    return {"id": it.event["id"]}


async def deliver(sandbox: Sandbox, request: Request) -> Json:
    """An event once more."""
    it = await payload(request, Deliver)
    return {"statuses": await sandbox.stripe.events.deliver(sandbox.stripe.events.book[named(request)], it.copies)}


_MONEY: tuple[tuple[str, Handler], ...] = tuple(
    (f"/sandbox/stripe/{kind}/{{id}}/{what}", handler)
    for kind in ("payments", "charges")
    for what, handler in (("refund", refund), ("dispute", dispute), ("dispute/close", close))
)
TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/sandbox/stripe/sessions", sessions),
    ("POST", "/sandbox/stripe/sessions/{id}/pay", pay),
    ("POST", "/sandbox/stripe/sessions/{id}/expire", expire),
    ("POST", "/sandbox/stripe/sessions/{id}/settle", settle),
    *(("POST", path, handler) for path, handler in _MONEY),
    ("POST", "/sandbox/stripe/refunds/{id}/fail", bounce),
    ("POST", "/sandbox/stripe/webhook", webhook),
    ("GET", "/sandbox/stripe/events", happened),
    ("POST", "/sandbox/stripe/events", foreign),
    ("POST", "/sandbox/stripe/events/{id}/deliver", deliver),
)

"""Signed events: verified on the raw body, then read into our words.

The signature is Stripe's own HMAC over "timestamp.body" (https://docs.stripe.com/webhooks/signature); the library
accepts dates ahead of time, so the age is looked at here, in both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from stripe import SignatureVerificationError, WebhookSignature

from bot.domain.payments import FOUND, Checkout, Dispute, News, NewsKind, Refund
from bot.errors import Forged

OLDEST = 300
"""Seconds by which an event's signature may be behind or ahead of our clock."""
SOURCE = "stripe"
LAST_SECOND = 253_402_300_800
"""The year 10,000, from which on a moment has no name here."""
Object = Mapping[str, Any]


def read_checkout(session: Object) -> Checkout:
    """A Checkout Session in our words. Raises KeyError or TypeError where it is not shaped like one."""
    details = session.get("total_details") or {}
    metadata = session.get("metadata") or {}
    if not isinstance(session["id"], str) or not isinstance(metadata.get("payment"), str | None):
        raise TypeError("an id that is no text")
    return Checkout(
        session=session["id"],
        state=session["status"],
        paid=session["payment_status"] in ("paid", "no_payment_required"),
        reference=session.get("client_reference_id"),
        key=metadata.get("payment"),
        amount_minor=session.get("amount_total"),
        subtotal_minor=session.get("amount_subtotal"),
        currency=session.get("currency"),
        livemode=bool(session["livemode"]),
        shipping_minor=details.get("amount_shipping") or 0,
        discount_minor=details.get("amount_discount") or 0,
        tax_minor=details.get("amount_tax") or 0,
        intent=_id(session.get("payment_intent")),
        url=session.get("url"),
    )


def _id(expanded: object) -> str | None:
    """Stripe gives a related object as its id or, where asked, as a whole."""
    if isinstance(expanded, Mapping):
        return str(expanded["id"])
    return str(expanded) if expanded else None


def _checkout(obj: Object) -> dict[str, Any]:
    return {"checkout": read_checkout(obj)}


def _charge(obj: Object) -> dict[str, Any]:
    return {
        "intent": _id(obj.get("payment_intent")),
        "charge": _id(obj.get("id")),
        "payment": (obj.get("metadata") or {}).get("payment"),
        "refunded_minor": int(obj.get("amount_refunded") or 0),
        "receipt_url": obj.get("receipt_url"),
    }


def read_refund(obj: Object) -> Refund:
    return Refund(str(obj["id"]), int(obj["amount"]), failed=obj["status"] in ("failed", "canceled"))


def _refund(obj: Object) -> dict[str, Any]:
    ours = (obj.get("metadata") or {}).get("payment")
    return _names(obj) | {"payment": ours, "refund": read_refund(obj)}


def _names(obj: Object) -> dict[str, Any]:
    """What Stripe calls the payment that a refund or a dispute is about."""
    return {"intent": _id(obj.get("payment_intent")), "charge": _id(obj.get("charge"))}


def _dispute(obj: Object) -> dict[str, Any]:
    status = str(obj["status"])
    if status in ("won", "warning_closed", "prevented"):
        state: Literal["inquiry", "open", "won", "lost"] = "won"
    elif status == "lost":
        state = "lost"
    else:
        state = "inquiry" if status.startswith("warning_") else "open"
    return _names(obj) | {"dispute": Dispute(str(obj["id"]), state)}


READ: Mapping[str, tuple[NewsKind, Callable[[Object], dict[str, Any]]]] = {
    "checkout.session.completed": ("completed", _checkout),
    "checkout.session.async_payment_succeeded": ("settled", _checkout),
    "checkout.session.async_payment_failed": ("failed", _checkout),
    "checkout.session.expired": ("expired", _checkout),
    "charge.succeeded": ("charged", _charge),
    "charge.refunded": ("refunded", _charge),
    "refund.created": ("refund", _refund),
    "refund.updated": ("refund", _refund),
    "refund.failed": ("refund", _refund),
    "charge.refund.updated": ("refund", _refund),
    "charge.dispute.created": ("dispute", _dispute),
    "charge.dispute.updated": ("dispute", _dispute),
    "charge.dispute.closed": ("dispute", _dispute),
}
"""The events a shop listens to; any other is acknowledged and forgotten."""
WANTED_EVENTS = tuple(READ)


@dataclass(frozen=True)
class SignedEvents:
    """`secrets` are all that may sign: several while one is rotated."""

    secrets: Sequence[str]

    def read(self, body: bytes, signature: str | None, now: datetime) -> News | None:
        """A verified event, or None where it is none that we act on.

        Raises Forged where no secret made the signature or its date is off, ValueError where the body is no event.
        """
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise Forged("the body is not UTF-8") from error
        if not any(self._signed(text, signature, secret) for secret in self.secrets):
            raise Forged("no secret of ours made this signature")
        made = next(int(part[2:]) for part in (signature or "").split(",") if part.startswith("t="))
        if abs(now.timestamp() - made) > OLDEST:
            raise Forged("the signature is too old or from the future")
        return read_event(text)

    @staticmethod
    def _signed(text: str, signature: str | None, secret: str) -> bool:
        if signature is not None and not signature.isascii():  # the library's comparison raises TypeError on others
            return False
        try:
            return bool(WebhookSignature.verify_header(text, signature, secret))
        except SignatureVerificationError:
            return False


def read_event(body: str) -> News | None:
    """An event that is known to be Stripe's. Raises ValueError where it is no event at all.

    One of a kind we act on whose object is not shaped as expected is "unreadable": kept for a human (F021).
    """
    event = orjson.loads(body)
    if not isinstance(event, dict) or not isinstance(event.get("id"), str) or not isinstance(event.get("type"), str):
        raise ValueError("not an event")  # noqa: TRY004 - the sender's fault, not a type error of ours
    found = READ.get(event["type"])
    if found is None:
        return None
    kind, reader = found
    livemode, account = bool(event.get("livemode")), event.get("account")
    made = event.get("created")
    made_at = datetime.fromtimestamp(made, UTC) if isinstance(made, int) and 0 < made < LAST_SECOND else None
    try:
        facts = reader(event["data"]["object"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return News(SOURCE, event["id"], "unreadable", livemode, body, account, made_at=made_at)
    return News(SOURCE, event["id"], kind, livemode, body, account, made_at=made_at, **facts)


def found_news(kind: str, obj: Object) -> News | None:
    """What was found by asking, as if its event had told it: `kind` is that event's. None where it cannot be read."""
    news_kind, reader = READ[kind]
    try:
        facts = reader(obj)
        made_at = datetime.fromtimestamp(int(obj["created"]), UTC)
        key = f"{FOUND}{obj['id']}:{obj.get('status')}"
        return News(SOURCE, key, news_kind, bool(obj.get("livemode")), "{}", made_at=made_at, **facts)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None

"""Rows to values and back: times, effects and the values of the domain."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, assert_never

from bot.domain.effects import Button, CloseCheckout, Effect, Facts, GiveBack, OpenCheckout, Retire, Say
from bot.domain.messages import Post
from bot.domain.orders import CancelReason, Line, Order, OrderStatus
from bot.domain.payments import Payment, PaymentStatus
from bot.domain.shoppers import Shopper


def stamp(moment: datetime) -> str:
    """Aware time -> "2026-11-23T12:56:14.123Z": sorts as text and is read by every tool."""
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(stamped: str) -> datetime:
    return datetime.fromisoformat(stamped)


def shifted(column: str) -> str:
    """SQL: the stamp of a column and a number of seconds, as a stamp."""
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column}, printf('%+.3f seconds', ?))"


def maybe(stamped: str | None) -> datetime | None:
    return None if stamped is None else moment(stamped)


ORDER_COLUMNS = (
    "ref, token, channel, chat, language, status, cancel_reason, closing, needs_review, currency, items_minor, "
    "extras_minor, hold_until, created_at, updated_at, becomes"
)


def order(row: Sequence[Any], lines: Sequence[Sequence[Any]]) -> Order:
    """An order from ORDER_COLUMNS and its (sku, name, quantity, unit_minor) rows."""
    (
        ref,
        token,
        channel,
        chat,
        language,
        status,
        reason,
        closing,
        review,
        currency,
        items,
        extras,
        hold,
        made,
        changed,
        becomes,
    ) = row
    return Order(
        ref=ref,
        token=token,
        channel=channel,
        chat=chat,
        language=language,
        status=OrderStatus(status),
        currency=currency,
        lines=tuple(Line(*line) for line in lines),
        created_at=moment(made),
        updated_at=moment(changed),
        items_minor=items,
        extras_minor=extras,
        cancel_reason=CancelReason(reason) if reason else None,
        closing=CancelReason(closing) if closing else None,
        needs_review=review,
        hold_until=maybe(hold),
        becomes=tuple(Line(*line) for line in json.loads(becomes or "[]")),
    )


PAYMENT_COLUMNS = (
    "key, ref, provider, status, currency, amount_minor, request, created_at, paid_minor, refunded_minor, "
    "external_id, intent, url, receipt_url, due, agreed_at, ship_to"
)


def payment(row: Sequence[Any]) -> Payment:
    key, ref, provider, status, currency, amount, request, made, paid, back, *rest, due, agreed, ship_to = row
    session, intent, url, receipt = rest
    return Payment(
        key=key,
        ref=ref,
        provider=provider,
        status=PaymentStatus(status),
        currency=currency,
        amount_minor=amount,
        request=request,
        created_at=moment(made),
        paid_minor=paid,
        refunded_minor=back,
        external_id=session,
        intent=intent,
        url=url,
        receipt_url=receipt,
        due=bool(due),
        agreed_at=maybe(agreed),
        ship_to=ship_to,
    )


SHOPPER_COLUMNS = "channel, chat, language, name, chosen, question, offered, asked_at, quiet, reachable, wrote"


def shopper(row: Sequence[Any]) -> Shopper:
    channel, chat, language, name, chosen, question, offered, asked, quiet, reachable, wrote = row
    return Shopper(
        channel,
        chat,
        language,
        name,
        bool(chosen),
        question,
        tuple(offered.split()),
        maybe(asked),
        bool(quiet),
        reachable=bool(reachable),
        wrote=bool(wrote),
    )


def kind(effect: Effect) -> str:
    """What v_outbox calls an effect: a message by its own name."""
    match effect:
        case Say():
            return effect.message
        case Retire():
            return "retire"
        case OpenCheckout():
            return "open_checkout"
        case CloseCheckout():
            return "close_checkout"
        case GiveBack():
            return "refund"
        case _:
            assert_never(effect)


def dump_effect(effect: Effect) -> str:
    match effect:
        case Say():
            body: dict[str, Any] = {
                "say": effect.message,
                "language": effect.language,
                "facts": effect.facts,
                "rows": [[_dump_button(b) for b in row] for row in effect.buttons],
            }
            optional: dict[str, Any] = {
                "picture": effect.picture,
                "replaces": effect.replaces,
                "pictured": effect.pictured,
                "owed": effect.owed,
                "invoice": effect.invoice,
            }
            body |= {name: value for name, value in optional.items() if value}
            if effect.answers is not None:
                body["answers"] = asdict(effect.answers)
        case Retire():
            body = {"retire": effect.ref}
        case OpenCheckout():
            body = {"open": effect.key}
        case CloseCheckout():
            body = {"close": effect.key}
        case GiveBack():
            body = {"give_back": effect.key, "amount": effect.amount_minor, "serial": effect.serial}
        case _:
            assert_never(effect)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def load_effect(body: str) -> Effect:
    """The effect that `dump_effect` wrote, in this version or an older one."""
    written: Any = json.loads(body)
    match written:
        case {"say": str(message), "language": str(language), "facts": dict(facts), "rows": list(rows), **rest}:
            buttons = tuple(tuple(_load_button(b) for b in row) for row in rows)
            return Say(message, language, facts, buttons, **_optional(rest))
        case {"retire": str(ref)}:
            return Retire(ref)
        case {"open": str(key)}:
            return OpenCheckout(key)
        case {"close": str(key)}:
            return CloseCheckout(key)
        case {"give_back": str(key), "amount": int() | None as amount, "serial": str(serial)}:
            return GiveBack(key, amount, serial)
        case {"give_back": str(key)}:
            return GiveBack(key)
        case unknown:
            raise ValueError(f"an outbox row of no known kind: {sorted(unknown)}")


def _optional(rest: Mapping[Any, Any]) -> dict[str, Any]:
    found = {name: rest[name] for name in ("picture", "replaces", "pictured", "owed", "invoice") if name in rest}
    if "answers" in rest:
        found["answers"] = load_post(rest["answers"])
    return found


def load_post(written: Mapping[str, Any]) -> Post:
    return Post(**{**written, "shows": tuple(written.get("shows", ()))})


def _dump_button(button: Button) -> dict[str, Any]:
    return {name: value for name, value in asdict(button).items() if value}


def _load_button(written: Mapping[str, Any]) -> Button:
    facts: Facts = written.get("facts", {})
    return Button(written["label"], written.get("action"), written.get("url"), facts)

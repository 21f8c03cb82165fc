"""The world outside a swept shop as it stands: threads, payment pages, money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.sandbox.server import Sandbox


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a thread."""

    id: str
    ours: bool
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One payment page with its money, in minor units; `refunds` is how many were made of it."""

    id: str
    reference: str
    paid_minor: int
    refunded_minor: int
    refunds: int


@dataclass(frozen=True, slots=True)
class Outside:
    """Threads by chat, oldest message first: what was said in private, then what was said in public."""

    threads: Mapping[str, Sequence[Said]]
    pages: Sequence[Page]
    balance_minor: int


def look(sandbox: Sandbox, channel: str, chats: Sequence[int]) -> Outside:
    """Everything that the sandbox knows of these shoppers, and all of its Stripe."""
    thread = telegram_thread if channel == "telegram" else x_thread
    sums = sandbox.stripe.balance()["available"]
    return Outside(
        {str(chat): thread(sandbox, chat) for chat in chats}, pages(sandbox), sum(int(one["amount"]) for one in sums)
    )


def telegram_thread(sandbox: Sandbox, chat: int) -> Sequence[Said]:
    place = sandbox.telegram.chats.peek(chat)
    found = list(place.messages.values()) if place is not None else []
    return [
        Said(str(it.wire["message_id"]), it.by_shop, str(it.wire.get("text") or it.wire.get("caption"))) for it in found
    ]


def x_thread(sandbox: Sandbox, user: int) -> Sequence[Said]:
    shop = sandbox.x.shop
    private = [Said(str(it.id), it.sender == shop.id, it.said) for it in sandbox.x.thread(user).messages]
    theirs = {post.id for post in sandbox.x.posts if post.author.id == user}
    posts = [post for post in sandbox.x.posts if post.author.id == user or post.reply_to in theirs]
    return [*(Said(str(it.id), it.author is shop, it.said) for it in posts), *private]


def pages(sandbox: Sandbox) -> Sequence[Page]:
    account = sandbox.stripe
    found = []
    for session in account.sessions.values():
        intent = session.wire["payment_intent"]
        charges = [charge for charge in account.charges_of(intent) if charge["paid"]] if intent else []
        refunds = [one for one in account.refunds.values() if one["charge"] in {charge["id"] for charge in charges}]
        found.append(
            Page(
                str(session.wire["id"]),
                str(session.wire["client_reference_id"]),
                sum(int(charge["amount_captured"]) for charge in charges),
                sum(int(charge["amount_refunded"]) for charge in charges),
                len(refunds),
            )
        )
    return found

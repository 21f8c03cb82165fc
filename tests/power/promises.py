"""What the shop has let the world believe, with the place in the trace from which on it must be true for ever."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.payments.stripe.events import WANTED_EVENTS
from tests.power.trace import Call
from tests.power.wire import SENT, Exchange, Message

CHATS = frozenset({"sendMessage", "sendPhoto", "editMessageText"})
"""Telegram's methods by which a row of the outbox becomes words that a shopper reads."""
MARK = b"promised "
"""How a traced program without a network says what it has acknowledged, on its standard output."""


@dataclass(frozen=True, slots=True)
class Promise:
    """`kind` is one of CHECKS in books.py; `about` is what it needs to know. It binds from `place` on."""

    place: int
    kind: str
    about: tuple[str, ...]


def promises(exchanges: Sequence[Exchange]) -> list[Promise]:
    """Every promise that these exchanges make, oldest first."""
    found = [*_polled(exchanges), *_spoken(exchanges)]
    for exchange in exchanges:
        asked, answer = exchange.request, exchange.answer
        if exchange.asked:
            found += _asked(asked)
        elif answer is not None and 200 <= answer.status < 300:
            for path, read in ANSWERED.items():
                if asked.path == path:
                    found += [Promise(answer.begin, kind, about) for kind, about in read(asked.json())]
    return sorted(found, key=lambda promise: promise.place)


def _polled(exchanges: Iterable[Exchange]) -> Iterator[Promise]:
    """An update is confirmed by the next offset that is asked for."""
    held: dict[int, str] = {}
    for exchange in exchanges:
        if not (exchange.asked and exchange.request.path.endswith("/getUpdates")):
            continue
        offset = int(exchange.request.query.get("offset", "0"))
        for number in sorted(number for number in held if number < offset):
            yield Promise(exchange.request.begin, "event", ("telegram", held.pop(number)))
        if exchange.answer is not None and exchange.answer.status == 200:
            held |= {update["update_id"]: str(update["update_id"]) for update in exchange.answer.json()["result"]}


def _spoken(exchanges: Iterable[Exchange]) -> Iterator[Promise]:
    """The n-th message to a chat needs n claimed rows; what it says of an order needs that order and its page."""
    said: dict[str, int] = {}
    for exchange in exchanges:
        method = exchange.request.path.rpartition("/")[2]
        if not exchange.asked or method not in CHATS:
            continue
        words = exchange.request.json() if exchange.request.body.startswith(b"{") else exchange.request.form()
        chat, text = str(words["chat_id"]), json.dumps(words, ensure_ascii=False)
        said[chat] = said.get(chat, 0) + 1
        yield Promise(exchange.request.begin, "said", ("telegram", chat, str(said[chat])))
        yield from about_orders(exchange.request.begin, text)


def about_orders(place: int, text: str) -> Iterator[Promise]:
    """What a message says of orders and pages exists."""
    for ref in sorted(set(re.findall(r"C-[0-9A-Z]{5}", text))):
        yield Promise(place, "ordered", (ref,))
    for session in sorted(set(re.findall(r"cs_(?:test|live)_\w+", text))):
        yield Promise(place, "linked", (session,))


def _asked(request: Message) -> Iterator[Promise]:
    """What is asked of Stripe stands in the books before it is asked."""
    if request.start.startswith("POST"):
        for pattern, kind, fields in ASKED:
            if (found := re.search(pattern, request.path)) is not None:
                form = request.form()
                yield Promise(request.begin, kind, (*found.groups(), *(form[name] for name in fields)))


ASKED: Sequence[tuple[str, str, Sequence[str]]] = (
    (r"/v1/checkout/sessions$", "opening", ("client_reference_id", "metadata[payment]")),
    (r"/v1/checkout/sessions/(\w+)/expire$", "closing", ()),
    (r"/v1/refunds$", "owed", ("payment_intent",)),
)
"""(path, kind of promise, fields of the form that it is about)."""


def _update(update: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "event", ("telegram", str(update["update_id"]))


def _stripe(event: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """An event that the shop does not listen to is acknowledged and forgotten."""
    if event["type"] not in WANTED_EVENTS:
        return
    yield "event", ("stripe", event["id"])
    thing = event["data"]["object"]
    match event["type"]:
        case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
            if thing["payment_status"] == "paid":
                yield "paid", (event["id"], thing["client_reference_id"])
        case "checkout.session.expired":
            yield "ended", (event["id"], thing["client_reference_id"])
        case "charge.refunded":
            yield "refunded", (event["id"], str(thing["payment_intent"]), str(thing["amount_refunded"]))
        case _:
            pass


ANSWERED: Mapping[str, Callable[[Any], Iterator[tuple[str, tuple[str, ...]]]]] = {
    "/telegram/webhook": _update,
    "/stripe/webhook": _stripe,
}
"""Path of a webhook -> the promises that a 2xx makes for its body."""


def marked(calls: Iterable[Call]) -> list[Promise]:
    """The promises of a program that writes them down itself: one JSON list [kind, what it is about...] a line."""
    found = []
    for call in calls:
        if call.name in SENT and call.data.startswith(MARK):
            for line in call.data.splitlines():
                kind, *about = json.loads(line.removeprefix(MARK))
                found.append(Promise(call.begin, kind, tuple(about)))
    return sorted(found, key=lambda promise: promise.place)

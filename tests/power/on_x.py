"""What the shop has let X believe: what it asked to be told next, what it said, which webhooks it answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.power.promises import Promise, about_orders
from tests.power.wire import Exchange

READ = {
    r"/2/users/(\d+)/mentions$": ("mentions", "author_id"),
    r"/2/dm_events$": ("messages", "sender_id"),
}
"""Path -> the cursor that moves as it is read, and who wrote a thing."""
WROTE = re.compile(r"/2/dm_conversations/with/(\d+)/messages$")


def promises_on_x(exchanges: Iterable[Exchange]) -> Iterator[Promise]:
    """An event that was read may be missing only while the cursor has not passed it; what was said stands in the books
    before it is said; a webhook that was answered is kept."""
    us, said = "", dict[str, int]()
    for exchange in exchanges:
        request, answer = exchange.request, exchange.answer
        if exchange.asked and request.path.endswith("/2/users/me") and answer is not None and answer.status == 200:
            us = str(answer.json()["data"]["id"])
        if not exchange.asked:
            yield from _answered(exchange, us)
        elif request.start.startswith("GET"):
            yield from _read(exchange, us)
        elif (found := WROTE.search(request.path)) is not None:
            said[found[1]] = said.get(found[1], 0) + 1
            yield Promise(request.begin, "said", ("x", found[1], str(said[found[1]])))
            yield from about_orders(request.begin, str(request.json()["text"]))
        elif request.path.endswith("/2/tweets"):
            yield Promise(request.begin, "replied", (str(request.json()["reply"]["in_reply_to_tweet_id"]),))


def _read(exchange: Exchange, us: str) -> Iterator[Promise]:
    if exchange.answer is None or exchange.answer.status != 200:
        return
    for pattern, (cursor, writer) in READ.items():
        if re.search(pattern, exchange.request.path):
            for thing in exchange.answer.json().get("data") or ():
                if str(thing.get(writer)) != us:
                    key = _post(thing) if cursor == "mentions" else f"dm:{thing['id']}"
                    yield Promise(exchange.answer.end, "read", (cursor, str(thing["id"]), key))


def _answered(exchange: Exchange, us: str) -> Iterator[Promise]:
    request, answer = exchange.request, exchange.answer
    if (
        request.path == "/x/webhook"
        and request.start.startswith("POST")
        and answer is not None
        and answer.status == 200
    ):
        payload: Mapping[str, Any] = request.json()["data"]["payload"]
        for message in payload.get("direct_message_events") or ():
            if str(message["message_create"]["sender_id"]) != us:
                yield Promise(answer.begin, "event", ("x", f"dm:{message['id']}"))
        if "author_id" in payload and str(payload["author_id"]) != us:
            yield Promise(answer.begin, "event", ("x", _post(payload)))


def _post(post: Mapping[str, Any]) -> str:
    """A post is known by the first of its edits."""
    return f"post:{(post.get('edit_history_tweet_ids') or [post['id']])[0]}"

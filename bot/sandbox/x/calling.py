"""Whom X calls: the app's webhooks, proved by a challenge, and the events they are subscribed to.

Signature and challenge after "Webhooks, quickstart"; which events there are after "X Activity API". X does not tell
how often it tries again: here it does so some times, with short pauses.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
import orjson

from bot.sandbox.faults import Faults, Rule
from bot.sandbox.outbound import Outbound, pause
from bot.sandbox.wire import Json
from bot.sandbox.x import eventshapes
from bot.sandbox.x.bill import Bill
from bot.sandbox.x.ids import Snowflakes
from bot.sandbox.x.messages import Message
from bot.sandbox.x.people import User
from bot.sandbox.x.posts import Post

SIGNATURE = "x-twitter-webhooks-signature"
MOST_ATTEMPTS = 6
KEPT_EVENTS = 1_000
GRACE = 28 * 3600.0
"""Seconds after the last good challenge for which failures that may pass leave a webhook valid."""

BILLED: Mapping[str, str] = {
    "post.mention.create": "mention_event",
    "post.reply.create": "mention_event",
    "post.quote.create": "mention_event",
    "post.repost.create": "mention_event",
    "dm.received": "dm_event",
    "chat.received": "chat_event",
}
"""What a delivered event is charged as; the others are not billed."""


@dataclass(slots=True)
class Webhook:
    """An address that X calls while it is valid."""

    id: int
    url: str
    created: float
    proved: float = 0.0
    valid: bool = False


@dataclass(slots=True)
class Subscription:
    """Events of one kind about one user. Without a webhook they go to the stream, which the sandbox has not."""

    id: int
    event_type: str
    user: int
    created: float
    updated: float
    tag: str | None = None
    webhook: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event for one webhook, with its body as it goes out each time."""

    uuid: str
    kind: str
    webhook: Webhook
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST; a status of 0 stands for no answer."""

    uuid: str
    kind: str
    status: int
    at: float


class Callbacks:
    """The webhooks and subscriptions of the app, and what was sent."""

    def __init__(
        self,
        *,
        secret: str,
        ids: Snowflakes,
        now: Callable[[], float],
        outbound: Outbound,
        faults: Faults,
        bill: Bill,
        dice: random.Random,
    ) -> None:
        self.webhooks: dict[int, Webhook] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self.attempts: deque[Attempt] = deque(maxlen=10 * KEPT_EVENTS)
        self.events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._secret = secret
        self._ids = ids
        self._now = now
        self._outbound = outbound
        self._faults = faults
        self._bill = bill
        self._dice = dice

    # -- the challenge

    async def prove(self, webhook: Webhook, *, patient: bool = True) -> bool:
        """Send a challenge; whether it was answered well. Failures that may pass leave a proved webhook valid, unless
        X has lost its patience."""
        token = base64.urlsafe_b64encode(self._dice.randbytes(24)).decode()
        url = f"{webhook.url}{'&' if '?' in webhook.url else '?'}crc_token={token}"
        try:
            status, body = await self._outbound.get(url)
        except (OSError, aiohttp.ClientError, TimeoutError):
            status, body = 0, b""
        good = 200 <= status < 300 and _response_token(body) == self.signature(token.encode())
        if good:
            webhook.valid, webhook.proved = True, self._now()
        elif not patient or 200 <= status < 400 or self._now() - webhook.proved > GRACE:
            webhook.valid = False
        return good

    def signature(self, message: bytes) -> str:
        """HMAC-SHA256 under the consumer secret, as in the header and in the answer to a challenge."""
        digest = hmac.new(self._secret.encode(), message, hashlib.sha256).digest()
        return f"sha256={base64.b64encode(digest).decode()}"

    # -- what happens

    def of_post(self, post: Post, shop: User, show: Callable[[User], Json], *, quoted: Post | None) -> None:
        """A post of somebody: a mention by hand, a direct answer, a direct quote, each for itself."""
        author = post.author
        if author is shop or author.protected or author.suspended or author.blocks:
            return
        if post.repost is not None:
            return
        if post.names(shop, explicitly=True):
            self._publish(
                "post.mention.create",
                shop,
                lambda: eventshapes.post_payload(post),
                includes=lambda: eventshapes.post_includes(post, show(author), show(shop)),
                number=str(post.id),
            )
        if post.reply_to_user == shop.id:
            self._publish("post.reply.create", shop, lambda: eventshapes.post_payload(post), includes=dict)
        if quoted is not None and quoted.author is shop:
            self._publish("post.quote.create", shop, lambda: eventshapes.post_payload(post), includes=dict)

    def of_message(self, message: Message, shop: User, other: User, show: Callable[[User], Json]) -> None:
        """A private message, by the shop or to it."""
        ours = message.sender == shop.id
        sender, recipient = (shop, other) if ours else (other, shop)
        kind = "dm.sent" if ours else "dm.received"
        self._publish(kind, shop, lambda: eventshapes.message_payload(message, show(sender), show(recipient)))

    def of_encrypted(self, sender: User, shop: User) -> str:
        """An XChat message; its id."""
        payload = eventshapes.encrypted_payload(sender, shop, self._now(), self._dice)
        self._publish("chat.received", shop, lambda: payload)
        return str(payload["id"])

    def _publish(
        self,
        kind: str,
        shop: User,
        payload: Callable[[], Json],
        *,
        includes: Callable[[], Json] | None = None,
        number: str | None = None,
    ) -> None:
        """Send an event to every valid webhook that is subscribed to it; made only where there is one."""
        uuid = number or str(self._dice.getrandbits(63) - (1 << 62))
        for subscription in self.subscriptions.values():
            webhook = self.webhooks.get(subscription.webhook or 0)
            if subscription.event_type != kind or subscription.user != shop.id or webhook is None or not webhook.valid:
                continue
            data: Json = {"event_uuid": uuid, "filter": {"user_id": str(shop.id)}, "event_type": kind}
            if subscription.tag is not None:
                data["tag"] = subscription.tag
            data["payload"] = payload()
            if includes is not None:
                data["includes"] = includes()
            event = Event(uuid, kind, webhook, orjson.dumps({"data": data}))
            self.events.append(event)
            self._outbound.spawn(self._carry(event))

    # -- on the way

    async def again(self, uuid: str | None, copies: int) -> Json:
        """Send an event once more, the last one without `uuid`. Raises LookupError where there is none."""
        known = [event for event in self.events if uuid in (None, event.uuid)]
        if not known:
            raise LookupError("no such event was sent")
        statuses = await asyncio.gather(*[self._post(known[-1]) for _ in range(copies)])
        return {"event_uuid": known[-1].uuid, "event_type": known[-1].kind, "statuses": list(statuses)}

    async def _carry(self, event: Event) -> None:
        rule = self._faults.take("x_events", event.kind)
        if rule is not None and rule.kind == "reorder":
            await self._faults.overtaken(rule)
            rule = None
        if not await self._first(event, rule):
            await self._until_taken(event)

    async def _first(self, event: Event, rule: Rule | None) -> bool:
        kind = None if rule is None else rule.kind
        if rule is not None and kind in ("delay", "hang"):
            await asyncio.sleep(rule.seconds or 0)
        if kind in ("status", "drop_before"):
            return False
        copies = 2 if kind == "duplicate" else 1
        statuses = await asyncio.gather(*[self._post(event) for _ in range(copies)])
        self._faults.passed()
        return kind != "drop_after" and all(200 <= status < 300 for status in statuses)

    async def _until_taken(self, event: Event) -> None:
        for attempt in range(MOST_ATTEMPTS):
            await asyncio.sleep(pause(attempt))
            if not event.webhook.valid or self.webhooks.get(event.webhook.id) is not event.webhook:
                return
            if 200 <= await self._post(event) < 300:
                return

    async def _post(self, event: Event) -> int:
        try:
            status, _ = await self._outbound.post(
                event.webhook.url, event.body, {SIGNATURE: self.signature(event.body)}
            )
        except (OSError, aiohttp.ClientError, TimeoutError):
            status = 0
        self.attempts.append(Attempt(event.uuid, event.kind, status, self._now()))
        if 200 <= status < 300 and event.kind in BILLED:
            self._bill.read(BILLED[event.kind], [event.uuid])
        return status


def _response_token(body: bytes) -> str | None:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    token = told.get("response_token") if isinstance(told, dict) else None
    return token if isinstance(token, str) else None

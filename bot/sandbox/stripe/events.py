"""The account's events: kept for listing, signed, and carried to every endpoint until it says 2xx."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

import aiohttp
import orjson
import stripe

from bot.sandbox.faults import Faults, Rule
from bot.sandbox.outbound import Outbound, pause
from bot.sandbox.stripe import shapes
from bot.sandbox.wire import Json

Order = Literal["natural", "reversed", "shuffled"]
NO_REQUEST: Json = {"id": None, "idempotency_key": None}
MOST_ATTEMPTS = 20
"""Tries for one event and endpoint. Stripe goes on for three days."""


@dataclass(slots=True)
class Endpoint:
    """Where events go. Several secrets sign each event once each, as while a secret is rotated."""

    id: str
    url: str
    secrets: tuple[str, ...]
    enabled: tuple[str, ...] = ("*",)
    created: int = 0
    description: str | None = None
    metadata: Json = field(default_factory=dict)
    active: bool = True

    def wants(self, kind: str) -> bool:
        """Whether events of this type are sent here."""
        return self.active and any(fnmatchcase(kind, pattern) for pattern in self.enabled)

    def wire(self) -> Json:
        """The webhook_endpoint object, without its secret."""
        return {
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": None,
            "application": None,
            "created": self.created,
            "description": self.description,
            "enabled_events": list(self.enabled),
            "livemode": False,
            "metadata": self.metadata,
            "status": "enabled" if self.active else "disabled",
            "url": self.url,
        }


@dataclass(slots=True)
class Attempt:
    """One try to deliver an event; status 0 where no answer came."""

    event: str
    endpoint: str
    status: int
    at: float


class Events:
    """Makes, keeps and delivers events. `order`, `copies` and `paused` are for tests to turn."""

    def __init__(self, *, now: Callable[[], float], outbound: Outbound, faults: Faults, dice: random.Random) -> None:
        self.book: dict[str, Json] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.attempts: list[Attempt] = []
        self.order: Order = "natural"
        self.copies = 1
        self.paused = False
        self._now = now
        self._outbound = outbound
        self._faults = faults
        self._dice = dice
        self._held: list[Json] = []

    def tell(self, happenings: Iterable[tuple[str, Json]], request: Json = NO_REQUEST) -> list[Json]:
        """Make one event of each (type, object) and send them, in the order that is set."""
        created = int(self._now())
        batch = [
            shapes.event(
                f"evt_1{self._dice.getrandbits(128):032x}"[:28],
                kind,
                orjson.loads(orjson.dumps(thing)),
                created=created,
                version=stripe.api_version,
                request=request,
            )
            for kind, thing in happenings
        ]
        self.publish(batch)
        return batch

    def publish(self, batch: Sequence[Json]) -> None:
        """Keep finished events and send them, or hold them while paused."""
        self.book.update((event["id"], event) for event in batch)
        if self.paused:
            self._held.extend(batch)
            return
        ordered = list(batch)
        if self.order == "reversed":
            ordered.reverse()
        elif self.order == "shuffled":
            self._dice.shuffle(ordered)
        for endpoint in self.endpoints.values():
            self._outbound.spawn(self._carry(endpoint, ordered))

    def resume(self) -> None:
        """Go on, first with what was held."""
        self.paused = False
        held, self._held = self._held, []
        if held:
            self.publish(held)

    async def deliver(self, event: Json, copies: int = 1) -> list[int]:
        """Send an event again, `copies` times at once; the statuses answered (0: no answer)."""
        sends = [
            self._post(endpoint, event)
            for endpoint in self.endpoints.values()
            if endpoint.active
            for _ in range(copies)
        ]
        return list(await asyncio.gather(*sends))

    async def _carry(self, endpoint: Endpoint, batch: Sequence[Json]) -> None:
        for event in batch:
            if not endpoint.wants(event["type"]):
                continue
            rule = self._faults.take("webhook", event["type"])
            if rule is not None and rule.kind == "reorder":
                self._outbound.spawn(self._after_others(endpoint, event, rule))
            elif not await self._first(endpoint, event, rule):
                self._outbound.spawn(self._again(endpoint, event))

    async def _first(self, endpoint: Endpoint, event: Json, rule: Rule | None) -> bool:
        kind = None if rule is None else rule.kind
        if rule is not None and kind == "delay":
            await asyncio.sleep(rule.seconds or 0)
        if kind in ("status", "drop_before"):
            return False
        copies = self.copies * (2 if kind == "duplicate" else 1)
        statuses = await asyncio.gather(*[self._post(endpoint, event) for _ in range(copies)])
        self._faults.passed()
        return kind != "drop_after" and all(200 <= status < 300 for status in statuses)

    async def _after_others(self, endpoint: Endpoint, event: Json, rule: Rule) -> None:
        await self._faults.overtaken(rule)
        if not await self._first(endpoint, event, None):
            await self._again(endpoint, event)

    async def _again(self, endpoint: Endpoint, event: Json) -> None:
        for attempt in range(MOST_ATTEMPTS):
            await asyncio.sleep(pause(attempt))
            if not endpoint.active or self.endpoints.get(endpoint.id) is not endpoint:
                return
            if self.paused:
                self._held.append(event)
                return
            if 200 <= await self._post(endpoint, event) < 300:
                return

    async def _post(self, endpoint: Endpoint, event: Json) -> int:
        body = orjson.dumps(event, option=orjson.OPT_INDENT_2)
        try:
            status, _ = await self._outbound.post(
                endpoint.url, body, {"Stripe-Signature": sign(body, endpoint.secrets, int(self._now()))}
            )
        except (OSError, aiohttp.ClientError, TimeoutError):
            status = 0
        self.attempts.append(Attempt(event["id"], endpoint.id, status, self._now()))
        del self.attempts[:-10_000]
        return status


def sign(body: bytes, secrets: Sequence[str], timestamp: int) -> str:
    """The Stripe-Signature header: one timestamp, one v1 signature for each secret."""
    headers = [
        stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp) for secret in secrets
    ]
    first, *others = headers
    return ",".join([first, *(header.partition(",")[2] for header in others)])

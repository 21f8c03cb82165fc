"""Webhooks: answered 2xx only once what they brought is durable; what is forged leaves nothing but a count."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import structlog
from prometheus_client import Counter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from bot.domain.payments import News
from bot.errors import Forged, StoreDamaged, Temporary
from bot.ports import Clock, PaymentProvider

log = structlog.get_logger(__name__)
LARGEST_BODY = 1_000_000
"""Bytes; Stripe's and Telegram's events are some kilobytes."""
SLOWEST_BODY = 8.0
"""Seconds a body may take to arrive."""

REFUSED = Counter("comptoir_webhooks_refused_total", "Webhooks refused, by source and reason", ["source", "reason"])
ACCEPTED = Counter("comptoir_webhooks_accepted_total", "Webhooks made durable or known not to matter", ["source"])


@runtime_checkable
class Doorbell(Protocol):
    """How X calls the shop."""

    def answer(self, challenge: str) -> str: ...
    async def ring(self, body: bytes, signature: str | None) -> None: ...


@dataclass(frozen=True)
class Hooks:
    """`settle` makes a payment's news durable, `take` Telegram's updates; both return only then."""

    provider: PaymentProvider
    settle: Callable[[News], Awaitable[None]]
    clock: Clock
    take: Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]] | None = None
    telegram_secret: str = ""
    x: Doorbell | None = None

    async def stripe(self, request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _refused("stripe", "slow", 408)
        try:
            news = self.provider.read(body, request.headers.get("stripe-signature"), self.clock())
        except Forged as error:
            return _refused("stripe", "forged", 400, str(error))
        except ValueError:
            return _refused("stripe", "not_an_event", 400, "not an event")
        if news is not None:
            try:
                await self.settle(news)
            except (Temporary, StoreDamaged):
                return _later("stripe")
        ACCEPTED.labels("stripe").inc()
        return Response(status_code=200)

    async def telegram(self, request: Request) -> Response:
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not self.telegram_secret or not hmac.compare_digest(given.encode(), self.telegram_secret.encode()):
            return _refused("telegram", "forged", 401, "wrong secret token")
        body = await _body(request)
        if body is None:
            return _refused("telegram", "slow", 408)
        try:
            update = json.loads(body.decode("utf-8", "replace"))  # the strict parser refuses lone surrogates
        except (ValueError, RecursionError):
            return _refused("telegram", "not_json", 400, "not JSON")
        if not isinstance(update, dict) or self.take is None:
            return _refused("telegram", "not_an_update", 400, "not an update")
        try:
            await self.take([update])
        except (Temporary, StoreDamaged):
            return _later("telegram")
        ACCEPTED.labels("telegram").inc()
        return Response(status_code=200)

    async def x_challenge(self, request: Request) -> Response:
        """X's question whether this address is ours (CRC): answered from the secret alone (F085)."""
        if self.x is None:
            return _refused("x", "not_switched_on", 404)
        try:
            return JSONResponse({"response_token": self.x.answer(request.query_params.get("crc_token", ""))})
        except ValueError as error:
            return _refused("x", "no_challenge", 400, str(error))

    async def x_event(self, request: Request) -> Response:
        if self.x is None:
            return _refused("x", "not_switched_on", 404)
        body = await _body(request)
        if body is None:
            return _refused("x", "slow", 408)
        try:
            await self.x.ring(body, request.headers.get("x-twitter-webhooks-signature"))
        except Forged as error:
            return _refused("x", "forged", 401, str(error))
        except ValueError:
            return _refused("x", "not_an_event", 400, "not an event")
        except (Temporary, StoreDamaged):
            return _later("x")
        ACCEPTED.labels("x").inc()
        return Response(status_code=200)


async def _body(request: Request) -> bytes | None:
    """None where it comes too slowly or not at all; a larger one than allowed is refused by the server (413)."""
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            return await request.body()
    except (TimeoutError, ClientDisconnect):
        return None


def _refused(source: str, reason: str, status: int, sentence: str = "") -> Response:
    REFUSED.labels(source, reason).inc()
    log.info("webhook.refused", source=source, reason=reason, why=sentence)
    return JSONResponse({"error": sentence or reason}, status_code=status)


def _later(source: str) -> Response:
    REFUSED.labels(source, "store").inc()
    return JSONResponse({"error": "cannot keep it now, please send it again"}, 503, headers={"Retry-After": "1"})

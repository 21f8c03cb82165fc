"""Stripe's API, spoken by its own async client; every failure leaves here as one of our few kinds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import stripe
from stripe import AIOHTTPClient, StripeClient

from bot.domain.orders import Order
from bot.domain.payments import Checkout, News, Payment, Refunded, Terms
from bot.errors import Permanent, Temporary
from bot.payments.stripe.events import SOURCE, WANTED_EVENTS, SignedEvents, read_checkout, read_event
from bot.payments.stripe.request import SHORTEST, CheckoutRequest, frozen_terms

TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
CONNECTIONS = 32
KEYS_LIVE = timedelta(hours=23)
"""Stripe keeps an idempotency key at least 24 hours; past this, a page is looked for before one is opened (F031)."""
UNTIL_KEY_IS_MENDED = 60.0
"""Seconds between tries while Stripe refuses our key: orders wait, nothing is lost (F032)."""


class StripeProvider:
    """One account. `host` is its API's address, replaced by the sandbox's in a demo or a test."""

    name = SOURCE

    def __init__(
        self,
        key: str,
        *,
        host: str,
        request: CheckoutRequest,
        events: SignedEvents,
        clock: Callable[[], datetime],
        livemode: bool = False,
    ) -> None:
        self._livemode = livemode
        self._key, self._host = key, host.rstrip("/")
        self._request, self._events, self._clock = request, events, clock
        self._session: aiohttp.ClientSession | None = None
        self._client: StripeClient | None = None
        self._ails: str | None = None

    @property
    def client(self) -> StripeClient:
        """Made at first use: an HTTP session belongs to a running loop."""
        if self._client is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
            http = AIOHTTPClient(timeout=TIMEOUT, session=self._session)
            self._client = StripeClient(self._key, base_addresses={"api": self._host}, http_client=http)
        return self._client

    def freeze(self, order: Order, key: str, *, physical: bool) -> str:
        return self._request.freeze(order, key, physical=physical)

    def terms(self, payment: Payment) -> Terms:
        return frozen_terms(payment.request, livemode=self._livemode)

    async def open(self, payment: Payment) -> Checkout:
        """Same key and same body for as long as Stripe remembers them: the same page, however often we ask.

        A request that waited so long that its page would end too soon is renewed under a key of its own, but only
        after looking whether the first one was carried out after all.
        """
        params, now = json.loads(payment.request), self._clock()
        renewals = max(0, int((now - payment.created_at) / SHORTEST) - 1)
        too_soon = params["expires_at"] - now.timestamp() < SHORTEST.total_seconds() + 30
        if not too_soon and now - payment.created_at < KEYS_LIVE:
            return await self._create(params, payment.key)
        if (found := await self._find(payment)) is not None:
            return found
        until = payment.created_at + SHORTEST * (renewals + 4)
        return await self._create(params | {"expires_at": int(until.timestamp())}, f"{payment.key}-{renewals}")

    async def _create(self, params: dict[str, Any], key: str) -> Checkout:
        async with self._spoken():
            session = await self.client.v1.checkout.sessions.create_async(
                params,  # type: ignore[arg-type] # frozen JSON of exactly these parameters
                {"idempotency_key": key},
            )
            return read_checkout(session.to_dict())

    async def _find(self, payment: Payment) -> Checkout | None:
        """The page that an earlier, unanswered request may have opened."""
        since = int(payment.created_at.timestamp()) - 60
        async with self._spoken():
            found = await self.client.v1.checkout.sessions.list_async({"created": {"gte": since}, "limit": 100})
            async for session in found.auto_paging_iter():
                checkout = read_checkout(session.to_dict())
                if checkout.key == payment.key:
                    return checkout
        return None

    async def close(self, payment: Payment) -> Checkout:
        """Only an open page can be expired; of any other Stripe says how it stands."""
        if payment.external_id is None:
            raise Permanent(f"{payment.ref} has no page to close")
        sessions = self.client.v1.checkout.sessions
        try:
            async with self._spoken():
                return read_checkout((await sessions.expire_async(payment.external_id)).to_dict())
        except Permanent:
            async with self._spoken():
                return read_checkout((await sessions.retrieve_async(payment.external_id)).to_dict())

    async def give_back(self, payment: Payment) -> Refunded:
        if payment.intent is None:
            raise Permanent(f"the payment of {payment.ref} is not known to Stripe")
        async with self._spoken():
            refund = await self.client.v1.refunds.create_async(
                {"payment_intent": payment.intent, "metadata": {"order": payment.ref}},
                {"idempotency_key": f"{payment.key}-refund"},
            )
        return Refunded(refund.id, refund.amount, refund.status in ("succeeded", "pending"))

    def read(self, body: bytes, signature: str | None, now: datetime) -> News | None:
        return self._events.read(body, signature, now)

    async def register(self, url: str) -> Sequence[str]:
        """Stripe tells an endpoint's secret once, in the answer that makes it."""
        endpoints = self.client.v1.webhook_endpoints
        wanted: Any = list(WANTED_EVENTS)
        async with self._spoken():
            known = await endpoints.list_async({"limit": 100})
            ours = next((it for it in known.data if it.url == url), None)
            if ours is not None:
                await endpoints.update_async(ours.id, {"enabled_events": wanted, "disabled": False})
                return [f"events come to {url}; its secret stays as it was"]
            made = await endpoints.create_async({"url": url, "enabled_events": wanted})
        return [f"events come to {url}", f"keep this in .env: STRIPE_WEBHOOK_SECRET={made.secret}"]

    def reread(self, body: str) -> News | None:
        return read_event(body)

    async def examine(self) -> Sequence[tuple[str, str]]:
        remedy = "set STRIPE_API_KEY to a key that may write Checkout Sessions and Refunds"
        try:
            async with self._spoken():
                found = await self.client.v1.checkout.sessions.list_async({"limit": 1})
        except (Temporary, Permanent) as error:
            return [(str(error), remedy)]
        if any(session.livemode != self._livemode for session in found.data):
            return [
                ("the key is of the other mode", "set payments.stripe.livemode and STRIPE_API_KEY to the same mode")
            ]
        return []

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    def healthy(self) -> str | None:
        return self._ails

    @asynccontextmanager
    async def _spoken(self) -> AsyncIterator[None]:
        """The one funnel of Stripe's errors; see https://docs.stripe.com/error-low-level."""
        try:
            yield
        except stripe.APIConnectionError as error:
            raise Temporary("Stripe did not answer", uncertain=True) from error
        except stripe.RateLimitError as error:
            raise Temporary("Stripe asks to slow down", retry_after=_seconds(error)) from error
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            self._ails = "Stripe refuses the key (STRIPE_API_KEY)"
            raise Temporary(self._ails, retry_after=UNTIL_KEY_IS_MENDED) from error
        except stripe.StripeError as error:
            if error.http_status is None or error.http_status >= 500 or error.http_status == 409:
                raise Temporary(f"Stripe answered {error.http_status}") from error
            known = not isinstance(error, stripe.IdempotencyError)  # else another body was sent under our key (F030)
            why = f"Stripe refused: {error.user_message or error.code or error.http_status}"
            raise Permanent(why, nothing_done=known) from error
        else:
            self._ails = None


def _seconds(error: stripe.StripeError) -> float | None:
    value = (error.headers or {}).get("retry-after", "")
    return float(value) if value.replace(".", "", 1).isdigit() else None

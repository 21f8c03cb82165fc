"""Stripe's API, spoken by its own async client; every failure leaves here as one of our few kinds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import orjson
import stripe
from aiolimiter import AsyncLimiter
from stripe import AIOHTTPClient, HTTPClient, StripeClient

from bot.domain.orders import Order
from bot.domain.payments import Checkout, News, Payment, Refund, Terms
from bot.errors import Permanent, Temporary
from bot.payments.stripe.events import (
    SOURCE,
    WANTED_EVENTS,
    SignedEvents,
    found_news,
    read_checkout,
    read_event,
    read_refund,
)
from bot.payments.stripe.request import SHORTEST, CheckoutRequest, frozen_terms

TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
CONNECTIONS = 32
KEYS_LIVE = timedelta(hours=23)
"""Stripe keeps an idempotency key at least 24 hours; past this, a page is looked for before one is opened (F031)."""
PAGE = 100
"""Objects that one listing gives at most."""
STUCK_AFTER = 3
"""Answers of 500 to one key after which it is taken to be stuck: Stripe replays one for as long as it keeps the key."""
UNTIL_DISPUTE_ENDS = 3600.0
"""Seconds between tries to refund what a bank has taken for now."""
CHARGES = ("ch_", "py_")
CLOCKS_DIFFER = timedelta(hours=26)
"""By so much this machine's clock may have been ahead of Stripe's, which dates the pages, when a payment was made."""
UNTIL_KEY_IS_MENDED = 60.0
"""Seconds between tries while Stripe refuses our key: orders wait, nothing is lost (F032)."""


def creations_limit(per_second: float) -> AbstractAsyncContextManager[None]:
    """Never more than so many in any one second: a fifth may go at once, four fifths flow. 0 is no limit."""
    return AsyncLimiter(max(1.0, per_second / 5), 0.25) if per_second else nullcontext()


FOUND_BY_ASKING = (
    ("/v1/refunds", "refund.updated"),
    ("/v1/disputes", "charge.dispute.updated"),
    ("/v1/charges", "charge.succeeded"),
)
"""Lists, and the event that would have told what they hold."""


class _Dated(Exception):
    """Stripe does not take the moment at which a page is to end."""


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
        creations_per_second: float = 0,
        http: Callable[[], HTTPClient] | None = None,
    ) -> None:
        self._livemode, self._http = livemode, http
        self._key, self._host = key, host.rstrip("/")
        self._request, self._events, self._clock = request, events, clock
        self._session: aiohttp.ClientSession | None = None
        self._client: StripeClient | None = None
        self._ails: str | None = None
        self._stuck: dict[str, int] = {}
        self._creations = creations_limit(creations_per_second)

    @property
    def client(self) -> StripeClient:
        """Made at first use: an HTTP session belongs to a running loop."""
        if self._client is None:
            http = self._http() if self._http is not None else self._aiohttp()
            self._client = StripeClient(self._key, base_addresses={"api": self._host}, http_client=http)
        return self._client

    def _aiohttp(self) -> HTTPClient:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return AIOHTTPClient(timeout=TIMEOUT, session=self._session)

    def offer(self, request: CheckoutRequest) -> None:
        """Pages are frozen with what this says from now on; those that are frozen stay as they are (F030, F034)."""
        self._request = request

    def freeze(self, order: Order, key: str, *, physical: bool) -> str:
        return self._request.freeze(order, key, physical=physical)

    def terms(self, payment: Payment) -> Terms:
        return frozen_terms(payment.request, livemode=self._livemode)

    async def open(self, payment: Payment) -> Checkout:
        """Same key and same body for as long as Stripe remembers them: the same page, however often we ask.

        A request that waited so long that its page would end too soon, or whose key Stripe answers with the same
        error for ever (F029), is renewed under a key of its own, but only after looking whether the first one was
        carried out after all.
        """
        async with self._creations:
            return await self._open(payment)

    async def _open(self, payment: Payment) -> Checkout:
        params, now = json.loads(payment.request), self._clock()
        renewals = max(0, int((now - payment.created_at) / SHORTEST) - 1)
        too_soon = params["expires_at"] - now.timestamp() < SHORTEST.total_seconds() + 30
        stuck = self._stuck.get(payment.key, 0) // STUCK_AFTER
        if not too_soon and not stuck and now - payment.created_at < KEYS_LIVE:
            try:
                return await self._create(params, payment.key)
            except _Dated:  # this machine's clock is wrong; Stripe has its own, and closes the page after a day
                undated = {name: value for name, value in params.items() if name != "expires_at"}
                return await self._find(payment) or await self._create(undated, f"{payment.key}-undated")
        if (found := await self._find(payment)) is not None:
            return found
        if not too_soon and stuck:
            return await self._create(params, f"{payment.key}-again{stuck}")
        until = payment.created_at + SHORTEST * (renewals + 4)
        return await self._create(params | {"expires_at": int(until.timestamp())}, f"{payment.key}-{renewals}")

    async def _create(self, params: dict[str, Any], key: str) -> Checkout:
        ours = params["metadata"]["payment"]
        async with self._spoken(lambda: self._stuck.update({ours: self._stuck.get(ours, 0) + 1})):
            try:
                session = await self.client.v1.checkout.sessions.create_async(
                    params,  # type: ignore[arg-type] # frozen JSON of exactly these parameters
                    {"idempotency_key": key},
                )
            except stripe.InvalidRequestError as error:
                if error.param == "expires_at" and "expires_at" in params:
                    raise _Dated from error
                raise
            self._stuck.pop(ours, None)
            return read_checkout(session.to_dict())

    async def _find(self, payment: Payment) -> Checkout | None:
        """The page that an earlier, unanswered request may have opened."""
        since = int((payment.created_at - CLOCKS_DIFFER).timestamp())
        async with self._spoken():
            async for session in self._listed("/v1/checkout/sessions", created={"gte": since}):
                if (session.get("metadata") or {}).get("payment") == payment.key:
                    return read_checkout(session)
        return None

    async def _listed(self, path: str, **asked: Any) -> AsyncIterator[Mapping[str, Any]]:
        """All of a list, newest first, as plain JSON: typed objects take five times as long to make."""
        after: dict[str, str] = {}
        while True:
            answer: Any = await self.client.raw_request_async("get", path, limit=PAGE, **asked, **after)
            for thing in answer.data["data"]:
                yield thing
            if not answer.data["has_more"]:
                return
            after = {"starting_after": thing["id"]}

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

    async def give_back(
        self, payment: Payment, amount_minor: int | None, serial: str, *, again: bool = False
    ) -> Sequence[Refund]:
        """Stripe knows a refund by its key for a day; so what may have been asked before is looked for first."""
        if payment.intent is None:
            raise Permanent(f"the payment of {payment.ref} is not known to Stripe")
        ours = {"order": payment.ref, "payment": payment.key, "serial": serial}
        params: dict[str, Any] = {**_named(payment.intent), "metadata": ours}
        if amount_minor is not None:
            params["amount"] = amount_minor
        if again and (made := [refund for refund, mark in await self._refunds(payment.intent) if mark == serial]):
            return made
        async with self._spoken():
            try:
                refund = await self.client.v1.refunds.create_async(
                    params,  # type: ignore[arg-type] # these are RefundCreateParams
                    {"idempotency_key": f"{payment.key}-{serial}"},
                )
            except stripe.InvalidRequestError as error:
                if error.code == "charge_disputed":
                    raise Temporary("the payment is in dispute", retry_after=UNTIL_DISPUTE_ENDS) from error
                if error.code != "charge_already_refunded":
                    raise
            else:
                return [read_refund(refund.to_dict())]
        return [refund for refund, _ in await self._refunds(payment.intent)]

    async def _refunds(self, intent: str) -> Sequence[tuple[Refund, str | None]]:
        """All refunds of a payment, whoever made them, each with the mark that ours carry."""
        async with self._spoken():
            return [
                (read_refund(refund), (refund.get("metadata") or {}).get("serial"))
                async for refund in self._listed("/v1/refunds", **_named(intent))
            ]

    async def look(self, payment: Payment) -> Checkout | None:
        """How the payment's page stands now; None where it has none that Stripe knows."""
        if payment.external_id is None:
            return await self._find(payment)
        async with self._spoken():
            found = await self.client.v1.checkout.sessions.retrieve_async(payment.external_id)
        return read_checkout(found.to_dict())

    async def happened(self, since: datetime) -> AsyncIterator[News]:
        """What Stripe has to tell since then, newest first: the events that a shop listens to, as far back as it keeps
        them (30 days), then what no event may have told: refunds, disputes and charges."""
        window = {"gte": int(since.timestamp())}
        async with self._spoken():
            async for event in self._listed("/v1/events", created=window, types=list(WANTED_EVENTS)):
                if (news := read_event(orjson.dumps(event).decode())) is not None:
                    yield news
            for path, told in FOUND_BY_ASKING:
                async for thing in self._listed(path, created=window):
                    if thing.get("paid") is not False and (news := found_news(told, thing)) is not None:
                        yield news

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
    async def _spoken(self, on_error_of_theirs: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
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
                if error.http_status == 500:
                    on_error_of_theirs()
                raise Temporary(f"Stripe answered {error.http_status}") from error
            known = not isinstance(error, stripe.IdempotencyError)  # else another body was sent under our key (F030)
            why = f"Stripe refused: {error.user_message or error.code or error.http_status}"
            raise Permanent(why, nothing_done=known) from error
        else:
            self._ails = None


def _named(intent: str) -> dict[str, Any]:
    """A payment that Telegram took for this account is known by its charge."""
    return {"charge" if intent.startswith(CHARGES) else "payment_intent": intent}


def _seconds(error: stripe.StripeError) -> float | None:
    value = (error.headers or {}).get("retry-after", "")
    return float(value) if value.replace(".", "", 1).isdigit() else None

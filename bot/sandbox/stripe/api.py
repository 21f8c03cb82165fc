"""Stripe's door at `/v1/…`: the key, the idempotency key, the faults in force, then the call itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

import stripe
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from bot.sandbox.faults import Faults, Rule, wait_header
from bot.sandbox.journal import Journal
from bot.sandbox.stripe import forms
from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.idempotency import Keys
from bot.sandbox.stripe.refusals import StripeRefusal, by_fault, invalid
from bot.sandbox.stripe.routes import Call, expanded, route
from bot.sandbox.wire import Answer, BodyTooLarge, Json, cut, give, in_json, read

API_KEY = re.compile(r"(?:sk|rk)_test_[A-Za-z0-9_]{1,200}")
LARGEST_REQUEST = 1024 * 1024


class StripeApi:
    """Answers the calls as Stripe does, and notes what was asked."""

    def __init__(self, account: Account, keys: Keys, faults: Faults, journal: Journal) -> None:
        self._account = account
        self._keys = keys
        self._faults = faults
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call over HTTP."""
        headers = Headers(scope=scope)
        method, path = scope["method"], f"/{scope['path_params']['path']}"
        request_id = self._account.name("req_", 14)
        key = headers.get("idempotency-key") if method == "POST" else None
        params: Json = {}
        try:
            _authorize(headers)
            params = forms.parse(await _encoded(scope, receive))
            origin = self.origin(scope, headers)
            answer = await self._once(method, path, params, key, request_id, origin)
        except StripeRefusal as refusal:
            answer = refusal.answer()
        self._journal.note("stripe", f"{method} {path}", params, answer.status if answer else 0, key=key)
        if answer is None:
            await cut(receive)
        else:
            await give(send, _marked(answer, request_id, key, headers.get("stripe-version")))

    @staticmethod
    def origin(scope: Scope, headers: Mapping[str, str]) -> str:
        """Where the sandbox's pages are, as the caller reached it."""
        host = headers.get("host") or "127.0.0.1"
        return f"{scope.get('scheme', 'http')}://{host}{scope.get('root_path', '')}"

    async def _once(
        self, method: str, path: str, params: Json, key: str | None, request_id: str, origin: str
    ) -> Answer | None:
        """The call under its idempotency key: an answer that is kept already is given again."""
        if key is not None:
            self._keys.begin(key, path, forms.flatten(params), request_id)
            if (kept := self._keys.replay(key)) is not None:
                return kept
        try:
            return await self._attempt(method, path, params, key, request_id, origin)
        finally:
            if key is not None:
                self._keys.release(key)

    async def _attempt(
        self, method: str, path: str, params: Json, key: str | None, request_id: str, origin: str
    ) -> Answer | None:
        async def perform() -> Answer:
            kept = None if key is None else self._keys.replay(key)
            if kept is not None:
                return kept
            request = {"id": request_id, "idempotency_key": key}
            answer, keep = self._carry_out(method, path, params, origin, request)
            if key is not None and keep:
                self._keys.keep(key, answer)
            return answer

        rule = self._faults.take("stripe", f"{method} {path}")
        answer = await self._faults.around(rule, perform, _stand_in)
        if rule is not None and rule.kept and key is not None and answer is not None:
            self._keys.keep(key, answer)
        return answer

    def _carry_out(self, method: str, path: str, params: Json, origin: str, request: Json) -> tuple[Answer, bool]:
        """The answer, and whether it is kept under the key."""
        found = route(method, path)
        try:
            if found is None:
                raise StripeRefusal(404, f"Unrecognized request URL ({method}: {path}).")
            handler, name = found
            thing = handler(self._account, Call(params, name, origin, request))
            return in_json(200, expanded(self._account, thing, params)), True
        except StripeRefusal as refusal:
            return refusal.answer(), refusal.kept


def _authorize(headers: Mapping[str, str]) -> None:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if not given:
        raise StripeRefusal(
            401,
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        )
    if not API_KEY.fullmatch(given):
        raise StripeRefusal(401, f"Invalid API Key provided: {given[:8]}{'*' * 8}")


async def _encoded(scope: Scope, receive: Receive) -> bytes:
    if scope["method"] != "POST":
        query: bytes = scope["query_string"]
        return query
    try:
        return await read(receive, limit=LARGEST_REQUEST)
    except BodyTooLarge as error:
        raise invalid("Request body too large") from error


def _stand_in(rule: Rule) -> Answer:
    retry = ((b"stripe-should-retry", b"false"),) if rule.kept else ()
    return in_json(rule.code, by_fault(rule.code), *wait_header(rule), *retry)


def _marked(answer: Answer, request_id: str, key: str | None, version: str | None) -> Answer:
    marks = [
        (b"request-id", request_id.encode()),
        (b"stripe-version", (version or stripe.api_version).encode("latin-1", "replace")),
    ]
    if key is not None:
        marks.append((b"idempotency-key", key.encode("latin-1", "replace")))
    return Answer(answer.status, answer.body, (*answer.headers, *marks))

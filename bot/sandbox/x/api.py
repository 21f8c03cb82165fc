"""The door of X's API: who calls, whether they may, how often, whether it is paid for; then the call itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from bot.sandbox.faults import Faults, Rule
from bot.sandbox.journal import Journal
from bot.sandbox.wire import Answer, Json, cut, give, in_json
from bot.sandbox.x import bodies
from bot.sandbox.x.account import AccessLevel
from bot.sandbox.x.asking import Call, checked, one_id
from bot.sandbox.x.endpoints import Endpoint, Need, found
from bot.sandbox.x.limits import QUARTER, Pair
from bot.sandbox.x.refusals import APP_ONLY, USER_CONTEXT, XRefusal, by_fault, lacks_permission, no_credits, unsupported
from bot.sandbox.x.signing import NAMES, Who, who
from bot.sandbox.x.state import XState

REACH: Mapping[Need, frozenset[AccessLevel]] = {
    "read": frozenset({"read", "read-write", "read-write-directmessages"}),
    "write": frozenset({"read-write", "read-write-directmessages"}),
    "messages": frozenset({"read-write-directmessages"}),
}
SUPPORTED: Mapping[Who, tuple[str, ...]] = {"user": USER_CONTEXT, "app": APP_ONLY}
NOTHING = Answer(404, b"", ())
"""X answers a path it does not know with a 404 and no body."""


class XApi:
    """Answers the calls as X does, under the faults in force, and notes what was asked."""

    def __init__(self, state: XState, faults: Faults, journal: Journal) -> None:
        self._state = state
        self._faults = faults
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call over HTTP."""
        method, path = scope["method"], f"/{scope['path_params']['path']}"
        known = found(method, path)
        noted: Json = {}
        answer: Answer | None
        if known is None:
            name, answer = f"{method} {path}", NOTHING
        else:
            endpoint, ids = known
            name = endpoint.name
            answer = await self._attempt(scope, receive, endpoint, ids, noted)
        self._journal.note("x", name, noted, answer.status if answer else 0)
        if answer is None:
            await cut(receive)
        else:
            await give(send, answer)

    async def _attempt(
        self, scope: Scope, receive: Receive, endpoint: Endpoint, ids: Mapping[str, str], noted: Json
    ) -> Answer | None:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        noted |= {**ids, **query}
        try:
            body, upload = await bodies.parsed(scope, receive)
        except XRefusal as refusal:
            return refusal.answer()
        noted |= bodies.told(body, upload)

        async def perform() -> Answer:
            try:
                caller = self._caller(scope)
            except XRefusal as refusal:
                return refusal.answer()
            return await self._carry_out(endpoint, caller, ids, query, body, upload)

        rule = self._faults.take("x", endpoint.name)
        return await self._faults.around(rule, perform, self._stand_in(endpoint))

    async def _carry_out(
        self,
        endpoint: Endpoint,
        caller: Who,
        ids: Mapping[str, str],
        query: Mapping[str, str],
        body: Json | None,
        upload: bytes | None,
    ) -> Answer:
        state = self._state
        try:
            _admit(endpoint, caller, state.standing.access_level)
        except XRefusal as refusal:
            return _with(refusal.answer(), self._level(caller))
        try:
            state.limits.spend(endpoint.name, caller)
            if state.bill.blocked:
                raise no_credits(state.shop.id)
            numbers = {name: one_id(name, value) for name, value in ids.items()}
            call = Call(caller, numbers, checked(query, endpoint.query), body, upload)
            answer = in_json(endpoint.status, await endpoint.act(state, call))
        except XRefusal as refusal:
            answer = refusal.answer()
        return _with(answer, (*self._level(caller), *state.limits.headers(endpoint.name, caller)))

    def _caller(self, scope: Scope) -> Who:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        url = f"{scope.get('scheme', 'http')}://{headers.get(b'host', '')}{path}"
        query = scope["query_string"].decode("latin-1")
        return who(self._state.keys, scope["method"], url, query, headers.get(b"authorization", ""))

    def _level(self, caller: Who) -> tuple[Pair, ...]:
        return ((b"x-access-level", self._state.standing.access_level.encode()),) if caller == "user" else ()

    def _stand_in(self, endpoint: Endpoint) -> Callable[[Rule], Answer]:
        def answer(rule: Rule) -> Answer:
            refusal = no_credits(self._state.shop.id) if rule.code == 402 else by_fault(rule.code)
            if not (rule.header and rule.headers):
                return refusal.answer()
            reset_in = QUARTER if rule.code == 429 and rule.reset_in is None else rule.reset_in
            told = self._state.limits.headers(endpoint.name, endpoint.takes[0], reset_in=reset_in)
            return _with(refusal.answer(), told)

        return answer


def _admit(endpoint: Endpoint, caller: Who, level: AccessLevel) -> None:
    if caller not in endpoint.takes:
        raise unsupported(NAMES[caller], [way for it in endpoint.takes for way in SUPPORTED[it]])
    if caller == "user" and level not in REACH[endpoint.need]:
        raise lacks_permission()


def _with(answer: Answer, headers: tuple[Any, ...]) -> Answer:
    return Answer(answer.status, answer.body, (*answer.headers, *headers))

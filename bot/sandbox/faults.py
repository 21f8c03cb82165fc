"""Faults on order: what a network or a vendor does on a bad day, as rules that count themselves down."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from typing import Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field

from bot.sandbox.wire import HTML_TYPE, Answer, Json

Service = Literal["telegram", "stripe", "x", "webhook", "updates", "x_events"]
"""`telegram`, `stripe` and `x` are their APIs; `webhook` is Stripe's events going out, `updates` Telegram's,
`x_events` X's."""
Kind = Literal["delay", "status", "drop_before", "drop_after", "duplicate", "reorder", "hang"]

HANGS = 60.0
"""Seconds for which a connection that hangs brings no byte, unless the rule says how many."""

OVERTAKEN_WITHIN = 1.0
"""Seconds that a reordered request waits for another to pass, unless the rule says how many."""


class Rule(BaseModel):
    """One fault, for calls of `service` whose name matches the glob `method`.

    The name is `sendMessage`, `POST /v1/checkout/sessions`, `GET /2/users/:id/mentions`, an event's type, or an
    update's kind (`message`). The first `skip` matching calls pass, the next `times` are hit (-1: all of them).
    `seconds` is for delay, reorder and hang (no byte comes for so long, then the connection breaks); `code`,
    `retry_after`, `header` (whether Retry-After is sent also as a header), `headers` (whether X's x-rate-limit-* are
    sent), `reset_in` (seconds after which X says its limit is over), `body` (HTML instead of the vendor's JSON) and
    `sticky` (Stripe keeps the answer under the idempotency key; a plain 500 is kept, as there) are for status; `done`
    (carry the call out first) is for status and hang.
    """

    model_config = ConfigDict(extra="forbid")

    service: Service
    kind: Kind
    method: str = "*"
    seconds: float | None = Field(default=None, ge=0, le=600)
    code: int = Field(default=500, ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    header: bool = True
    headers: bool = True
    reset_in: float | None = Field(default=None, ge=0)
    body: str | None = None
    done: bool = False
    sticky: bool | None = None
    times: int = Field(default=1, ge=-1)
    skip: int = Field(default=0, ge=0)
    chat: int | None = None
    id: int = 0

    def concerns(self, service: str, method: str, chat: int | None) -> bool:
        """Whether this call is one that the rule speaks of."""
        return self.service == service and self.chat in (None, chat) and fnmatchcase(method, self.method)

    @property
    def kept(self) -> bool:
        """Whether Stripe would replay this answer under the same idempotency key."""
        return self.kind == "status" and (self.code == 500 if self.sticky is None else self.sticky)


class Faults:
    """The rules in force, asked in the order in which they were added; a call meets at most one of them."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._numbers = itertools.count(1)
        self._passed = asyncio.Event()
        self._stopped = asyncio.Event()

    def add(self, rule: Rule) -> int:
        """Put a rule in force and return its number."""
        rule.id = next(self._numbers)
        self._rules.append(rule)
        return rule.id

    def clear(self, number: int | None = None) -> None:
        """Lift one rule, or all."""
        self._rules = [] if number is None else [rule for rule in self._rules if rule.id != number]

    def wire(self) -> list[Json]:
        """The rules still in force, with what is left of their counts."""
        return [rule.model_dump() for rule in self._rules]

    def take(
        self, service: Service, method: str, chat: int | None = None, *, kinds: tuple[Kind, ...] = ()
    ) -> Rule | None:
        """The fault that this call meets, counted; only of these `kinds` where any are named."""
        for rule in self._rules:
            if not rule.concerns(service, method, chat) or (kinds and rule.kind not in kinds):
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            if rule.times > 0:
                rule.times -= 1
                if not rule.times:
                    self._rules.remove(rule)
            return rule
        return None

    def passed(self) -> None:
        """A call was carried out: whoever was to be overtaken may go on."""
        self._passed.set()

    async def overtaken(self, rule: Rule) -> None:
        """Wait until another call has passed, or the rule's seconds are over."""
        if self._passed.is_set():
            self._passed = asyncio.Event()
        limit = OVERTAKEN_WITHIN if rule.seconds is None else rule.seconds
        try:
            await asyncio.wait_for(self._passed.wait(), limit)
        except TimeoutError:
            return

    def stop(self) -> None:
        """End every hang, so that a server can stop at once."""
        self._stopped.set()

    async def _hung(self, rule: Rule) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), HANGS if rule.seconds is None else rule.seconds)
        except TimeoutError:
            return

    async def around(
        self,
        rule: Rule | None,
        perform: Callable[[], Awaitable[Answer]],
        stand_in: Callable[[Rule], Answer],
    ) -> Answer | None:
        """Carry a call out under its fault. None: cut the connection, no answer."""
        if rule is None:
            answer = await perform()
            self.passed()
            return answer
        match rule.kind:
            case "delay":
                await asyncio.sleep(rule.seconds or 0)
                return await perform()
            case "status":
                if rule.done:
                    await perform()
                return stand_in(rule) if rule.body is None else _page(rule)
            case "drop_before":
                return None
            case "hang":
                if rule.done:
                    await perform()
                await self._hung(rule)
                return None
            case "drop_after":
                await perform()
                return None
            case "duplicate":
                await perform()
                return await perform()
            case "reorder":
                await self.overtaken(rule)
                return await perform()
            case _:
                assert_never(rule.kind)


def _page(rule: Rule) -> Answer:
    """The page of a proxy in between, which speaks no JSON."""
    return Answer(rule.code, (rule.body or "").encode(), (HTML_TYPE, *wait_header(rule)))


def wait_header(rule: Rule) -> tuple[tuple[bytes, bytes], ...]:
    """Retry-After, where the rule asks for the header."""
    if rule.retry_after is None or not rule.header:
        return ()
    return ((b"retry-after", str(rule.retry_after).encode()),)

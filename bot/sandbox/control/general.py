"""Control of the sandbox as a whole: health, time, faults and the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, TypeAdapter
from starlette.requests import Request

from bot.sandbox.control.asking import Ask, Handler, payload
from bot.sandbox.faults import Rule
from bot.sandbox.wire import Json

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox


class Forward(Ask):
    """Seconds by which everything that exists becomes older."""

    forward: float = Field(ge=0)


RULES: TypeAdapter[list[Rule] | Rule] = TypeAdapter(list[Rule] | Rule)


async def health(sandbox: Sandbox, _request: Request) -> Json:
    """Alive, and how much there is."""
    return {"ok": True, "sessions": len(sandbox.stripe.sessions), "faults": len(sandbox.faults.wire())}


async def clock(sandbox: Sandbox, request: Request) -> Json:
    """Let time pass for what exists."""
    asked = await payload(request, Forward)
    sandbox.age(asked.forward)
    return {"forward": asked.forward, "now": sandbox.now()}


async def faults(sandbox: Sandbox, _request: Request) -> list[Json]:
    """The rules in force."""
    return sandbox.faults.wire()


async def add_faults(sandbox: Sandbox, request: Request) -> Json:
    """Put one rule or a list of them in force."""
    given = RULES.validate_json(await request.body())
    rules = given if isinstance(given, list) else [given]
    return {"ids": [sandbox.faults.add(rule) for rule in rules]}


async def lift_faults(sandbox: Sandbox, request: Request) -> Json:
    """Lift the rule `?id=`, or all."""
    number = request.query_params.get("id")
    sandbox.faults.clear(None if number is None else int(number))
    return {"left": len(sandbox.faults.wire())}


async def requests(sandbox: Sandbox, request: Request) -> list[Json]:
    """The journal, oldest first; `?service=` and `?method=` narrow it."""
    query = request.query_params
    return [entry.wire() for entry in sandbox.journal.of(query.get("service"), query.get("method"))]


async def forget_requests(sandbox: Sandbox, _request: Request) -> Json:
    """Empty the journal."""
    sandbox.journal.clear()
    return {"ok": True}


TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/sandbox/health", health),
    ("POST", "/sandbox/clock", clock),
    ("GET", "/sandbox/faults", faults),
    ("POST", "/sandbox/faults", add_faults),
    ("DELETE", "/sandbox/faults", lift_faults),
    ("GET", "/sandbox/requests", requests),
    ("DELETE", "/sandbox/requests", forget_requests),
)

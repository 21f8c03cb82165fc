"""How long the sandbox's X believes in a webhook whose challenges go wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot.sandbox.server import Sandbox, serving
from bot.sandbox.x.account import X_KEYS
from bot.sandbox.x.calling import GRACE
from tests.sandbox.conftest import Control
from tests.sandbox.x_client import X


@dataclass
class Answering:
    """A webhook that answers its next challenges so, and then well."""

    url: str = ""
    next: list[tuple[int, bytes]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    async def challenge(self, request: web.Request) -> web.Response:
        token = request.query["crc_token"]
        self.tokens.append(token)
        if self.next:
            status, body = self.next.pop(0)
            return web.Response(status=status, body=body, headers={"location": "/hook"} if status == 302 else {})
        digest = hmac.new(X_KEYS.consumer_secret.encode(), token.encode(), hashlib.sha256).digest()
        return web.json_response({"response_token": f"sha256={base64.b64encode(digest).decode()}"})


@pytest.fixture
async def hook() -> AsyncIterator[Answering]:
    answering = Answering()
    application = web.Application()
    application.router.add_get("/hook", answering.challenge)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    answering.url = f"http://{host}:{port}/hook?shop=1"
    yield answering
    await runner.cleanup()


async def valid(x: X) -> bool:
    (known,) = (await x.raw("GET", "/2/webhooks", bearer=True)).data
    return bool(known["valid"])


@pytest.mark.parametrize(
    ("status", "body", "stays"),
    [(200, b"{}", False), (200, b"no JSON", False), (200, b'{"response_token": 5}', False), (302, b"", False),
     (404, b"", True), (503, b"", True)],
)  # fmt: skip
async def test_a_wrong_answer_counts_at_once_and_a_failure_that_may_pass_only_after_a_day(
    hook: Answering, status: int, body: bytes, stays: bool
) -> None:
    """F085."""
    clock = [1_800_000_000.0]
    async with serving(Sandbox(now=lambda: clock[0])) as base:
        x = X(base)
        made = (await x.raw("POST", "/2/webhooks", bearer=True, json={"url": hook.url})).data
        for seconds, expected in ((3600.0, stays), (GRACE, False)):
            hook.next = [(status, body)]
            clock[0] += seconds
            refused = await x.raw("PUT", f"/2/webhooks/{made['id']}", bearer=True)
            assert (refused.status, "CrcValidationFailed" in json.dumps(refused.body)) == (400, True)
            assert await valid(x) is expected
        assert (await x.raw("PUT", f"/2/webhooks/{made['id']}", bearer=True)).status == 200
        assert await valid(x)
        assert len(set(hook.tokens)) == 4


async def test_the_control_s_challenge_is_the_last_word(hook: Answering) -> None:
    sandbox = Sandbox()
    async with serving(sandbox) as base:
        x = X(base)
        await x.raw("POST", "/2/webhooks", bearer=True, json={"url": hook.url})
        hook.next = [(503, b"")]
        assert list((await sandbox.x.crc()).values()) == [False]
        assert list((await sandbox.x.crc()).values()) == [True]


async def test_a_429_may_come_without_x_s_own_headers(base: str, control: Control) -> None:
    """F076."""
    x = X(base)
    rule = {"service": "x", "kind": "status", "code": 429, "method": "GET /2/dm_events"}
    await control.post("/faults", **rule, headers=False)
    bare = await x.messages()
    assert bare.status == 429
    assert [name for name in bare.headers if name.startswith("x-rate-limit")] == []
    assert (await x.messages()).headers["x-rate-limit-remaining"] == "14"

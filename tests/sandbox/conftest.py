"""The sandbox on a free port of this machine, and the vendors' own clients pointed at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import stripe
from aiohttp import web
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.sandbox.server import Sandbox, serving

TOKEN = "123456:AAExampleExampleExampleExampleExam"
SECRET = "whsec_test"


@dataclass
class Control:
    """The control API as a caller sees it."""

    base: str
    http: aiohttp.ClientSession

    async def post(self, path: str, expect: int = 200, /, **fields: Any) -> Any:
        async with self.http.post(f"{self.base}/sandbox{path}", json=fields) as answer:
            assert answer.status == expect, await answer.text()
            return await answer.json()

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.base}/sandbox{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def delete(self, path: str) -> Any:
        async with self.http.delete(f"{self.base}/sandbox{path}") as answer:
            return await answer.json()

    async def say(self, chat: int, text: str, **more: Any) -> Any:
        return await self.post("/telegram/say", chat=chat, text=text, **more)


@dataclass
class Receiver:
    """A webhook of the shop's: what came, and what it answers next (statuses, then 200)."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    body: bytes = b""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200, body=self.body)


async def closed(transport: stripe.AIOHTTPClient) -> None:
    """Close Stripe's HTTP client, which carries no types."""
    await transport.close_async()  # type: ignore[no-untyped-call]


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(seed=7)


@pytest.fixture
async def base(sandbox: Sandbox) -> AsyncIterator[str]:
    async with serving(sandbox) as address:
        yield address


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def control(base: str, http: aiohttp.ClientSession) -> Control:
    return Control(base, http)


def bot_of(base: str, token: str = TOKEN) -> Bot:
    """Telegram's client for the sandbox, which speaks plain HTTP: to read certificates would be most of its making."""
    asking, waiting = (HTTPXRequest(connection_pool_size=4, httpx_kwargs={"verify": False}) for _ in range(2))
    return Bot(
        token,
        base_url=f"{base}/telegram/bot",
        base_file_url=f"{base}/telegram/file/bot",
        request=asking,
        get_updates_request=waiting,
    )


@pytest.fixture
async def bot(base: str) -> AsyncIterator[Bot]:
    async with bot_of(base) as bot:
        yield bot


@pytest.fixture
async def client(base: str) -> AsyncIterator[stripe.StripeClient]:
    transport = stripe.AIOHTTPClient()
    yield stripe.StripeClient(
        "rk_test_sandbox", base_addresses={"api": f"{base}/stripe"}, http_client=transport, max_network_retries=0
    )
    await closed(transport)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    yield receiver
    await runner.cleanup()

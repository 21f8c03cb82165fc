"""The sandbox's X where it stands elsewhere: inside another application, with another account, under another clock."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.sandbox.faults import Rule
from bot.sandbox.server import Sandbox, app, serving
from bot.sandbox.x.account import XKeys
from bot.sandbox.x.ids import EPOCH_MS, Snowflakes, milliseconds
from tests.sandbox.conftest import Control
from tests.sandbox.x_client import X

OTHERS = XKeys("another-key", "another-secret", "77-token", "another-token-secret", "another-bearer")


@contextlib.asynccontextmanager
async def mounted(sandbox: Sandbox) -> AsyncIterator[str]:
    """The sandbox as a part of another application, at /play."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        whole = Starlette(routes=[Mount("/play", app(sandbox))])
        server = uvicorn.Server(uvicorn.Config(whole, log_level="warning", ws="none", lifespan="off"))
        async with sandbox:
            task = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
                await asyncio.sleep(0.005)
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}/play"
            finally:
                server.should_exit = True
                sandbox.stop_waiting()
                await task


async def test_a_signature_covers_the_address_as_it_was_asked() -> None:
    sandbox = Sandbox()
    async with mounted(sandbox) as base:
        x = X(base)
        sandbox.x.post(1001, "@atelier_lumiere un mug ?")
        assert len((await x.mentions(max_results=5)).data) == 1
        assert (await x.post("Bonjour")).status == 201


async def test_pictures_have_an_address_below_the_mount() -> None:
    sandbox = Sandbox()
    async with mounted(sandbox) as base:
        sandbox.x.dm(1001, "celui-ci", picture=True)
        told = await asyncio.to_thread(X(base).client.session.request, "GET", "/../sandbox/x/threads/1001")
        (message,) = told.json()["messages"]
        assert message["picture"].startswith("/play/sandbox/x/media/")


async def test_the_account_can_be_another() -> None:
    sandbox = Sandbox(x_keys=OTHERS, x_account="chez_zoe", x_name="Chez Zoé")
    async with serving(sandbox) as base:
        x = X(base, OTHERS)
        assert (await x.raw("GET", "/2/users/me")).data == {"id": "77", "name": "Chez Zoé", "username": "chez_zoe"}
        asked = sandbox.x.post(1001, "@Chez_Zoe combien ?")
        assert (await x.mentions()).ids == [asked]
        assert (await X(base).raw("GET", "/2/users/me")).status == 401


def test_ids_carry_the_clock_s_time_and_always_rise() -> None:
    clock = [1_800_000_000.0]
    ids = Snowflakes(lambda: clock[0])
    first, second = ids.next(), ids.next()
    clock[0] -= 3600
    third = ids.next()
    clock[0] += 7200
    fourth = ids.next()
    assert first < second < third < fourth
    assert milliseconds(first) == 1_800_000_000_000
    assert milliseconds(fourth) == 1_800_003_600_000
    with pytest.raises(ValueError, match="2010"):
        Snowflakes(lambda: EPOCH_MS / 1000 - 1).next()


async def test_a_hang_and_a_long_poll_end_with_the_server() -> None:
    sandbox = Sandbox()
    async with serving(sandbox) as base:
        x = X(base)
        sandbox.faults.add(Rule(service="x", kind="hang", seconds=60, method="GET /2/users/me"))
        session = x.client.session
        hung = asyncio.ensure_future(asyncio.to_thread(session.request, "GET", "/2/users/me", timeout=30))
        waits = asyncio.ensure_future(
            asyncio.to_thread(session.request, "GET", "/../sandbox/x/timeline?after=99&wait=30", timeout=30)
        )
        await asyncio.sleep(0.2)
        begun = time.monotonic()
    assert time.monotonic() - begun < 3
    with pytest.raises(OSError):
        await hung
    assert (await waits).json()["revision"] == 0


async def test_an_unknown_control_payload_is_refused(control: Control) -> None:
    await control.post("/x/post", 400, user=1001, text="x", colour="red")
    await control.post("/x/post", 400, user=0, text="x")
    await control.post("/x/post", 404, user=1001, text="x", reply_to="5")
    await control.post("/x/user", 400, user=1001, handle="much_too_long_a_handle")
    await control.post("/x/user", 400, user=1001, handle="atelier_lumiere")
    await control.post("/x/credits", 400, usd="0.0000001")
    await control.post("/x/limits", 400, endpoint="GET /2/dm_events")
    await control.post("/x/shop_post", text="un", id="1900000000000000101")
    await control.post("/x/shop_post", 400, text="deux", id="1900000000000000101")

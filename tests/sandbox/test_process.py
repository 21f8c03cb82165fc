"""`python -m bot.sandbox`: a process of its own, for this machine only."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.__main__ import main

ROOT = Path(__file__).parents[2]


@pytest.mark.process
async def test_it_serves_and_stops_on_sigterm_even_with_a_poll_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.sandbox", "--port", str(port),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert b"/telegram" in await asyncio.wait_for(process.stdout.readline(), 20)
        base = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{base}/sandbox/health") as answer:
                assert (await answer.json())["ok"] is True
            poll = asyncio.create_task(http.get(f"{base}/telegram/bot1:abc/getUpdates?timeout=30"))
            await asyncio.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 5) == 0
            with contextlib.suppress(aiohttp.ClientError):
                (await poll).close()
        assert process.stderr is not None
        assert await process.stderr.read() == b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize(
    "arguments", [["--host", "0.0.0.0"], ["--stripe-webhook", "https://example.com/hook"], ["--port", "x"]]
)
def test_it_serves_nobody_else(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "error" in capsys.readouterr().err

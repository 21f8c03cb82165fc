"""How the shop is served: its socket, its web server, and how it stops in its own order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

import structlog
import uvicorn
from starlette.routing import BaseRoute

from bot.app import Running, opened
from bot.config import Settings
from bot.errors import ConfigError, Problem
from bot.web.patience import ImpatientProtocol, allow_many_connections
from bot.web.site import Site, application

log = structlog.get_logger(__name__)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the shop stops in its own order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(site: Site, listener: socket.socket, more: Sequence[BaseRoute] = ()) -> AsyncIterator[None]:
    """The web server on a socket that already listens, until leaving."""
    config = uvicorn.Config(
        application(site, more),
        http=ImpatientProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_keep_alive=65,
        timeout_graceful_shutdown=3,
        server_header=False,
        h11_max_incomplete_event_size=65536,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn offers no event to wait for
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await serving


def listen_on(host: str, port: int, *, asked_by: str = "web.port") -> socket.socket:
    """Raises ConfigError where the address is taken or not ours."""
    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024
        )
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio leaves it off for such a socket
    except OSError as error:
        problem = Problem(
            f"{host}:{port}", 0, asked_by, "the address is taken or not ours", "write a port that is free"
        )
        raise ConfigError([problem]) from error
    return listening


async def run(settings: Settings, *, ready: Callable[[str], None] = lambda _address: None) -> None:
    """Run the shop until SIGTERM or SIGINT; SIGHUP has bot.toml read anew. `ready` is told the address once the web
    server answers."""
    allow_many_connections()
    listener = listen_on(settings.web.host, settings.web.port)
    stop = stop_signal()
    asked = reload_signal(stop)
    async with opened(settings) as shop, served(shop.site, listener), _reloading(shop, asked):
        gc.freeze()  # what the shop is made of lives as long as it does: the collector need not look at it again
        ready(f"http://{settings.web.host}:{listener.getsockname()[1]}/")
        await stop.wait()
        log.info("shop.stopping")
        await shop.wind_down()


def reload_signal(stop: asyncio.Event) -> asyncio.Event:
    """Set by each SIGHUP; but one that says that the terminal is gone in which the shop was started stops it."""
    asked, at_a_terminal = asyncio.Event(), os.isatty(0)

    def hung_up() -> None:
        (stop if at_a_terminal and not os.isatty(0) else asked).set()

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up)
    return asked


@asynccontextmanager
async def _reloading(shop: Running, asked: asyncio.Event) -> AsyncIterator[None]:
    task = asyncio.create_task(shop.reloader.whenever(asked), name="reloading")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def stop_signal() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked() -> None:
        if stop.is_set():
            raise SystemExit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    return stop

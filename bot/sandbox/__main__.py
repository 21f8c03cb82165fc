"""`python -m bot.sandbox`: the sandbox as a process of its own, for this machine only."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from bot.sandbox.server import JOURNAL_SIZE, LOOPBACK, Sandbox, serving
from bot.sandbox.wire import on_this_machine


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--host", default=LOOPBACK, help="accepted for clarity; anything but this machine is refused")
    parser.add_argument("--stripe-webhook", metavar="URL", help="where Stripe's events go")
    parser.add_argument("--stripe-secret", metavar="whsec_…", default="whsec_sandbox")
    parser.add_argument("--token", action="append", default=[], help="accept this bot token only; may be repeated")
    parser.add_argument("--limits", action="store_true", help="hold Telegram's rate limits")
    parser.add_argument("--journal", type=int, default=JOURNAL_SIZE, help="requests remembered; 0 for a load test")
    given = parser.parse_args(arguments)
    if given.host not in (LOOPBACK, "localhost"):
        parser.error(f"the sandbox has no locks on its doors and serves {LOOPBACK} only")
    if given.stripe_webhook is not None and not on_this_machine(given.stripe_webhook):
        parser.error("--stripe-webhook must be an address of this machine")
    sandbox = Sandbox(
        tokens=given.token,
        stripe_webhook=given.stripe_webhook,
        stripe_secret=given.stripe_secret,
        journal=given.journal,
        limits=given.limits,
    )
    _run(sandbox, given.port)
    return 0


def _run(sandbox: Sandbox, port: int) -> None:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(sandbox, port))


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop


async def _serve(sandbox: Sandbox, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with serving(sandbox, port) as address:
        sys.stdout.write(
            f"telegram  {address}/telegram\nstripe    {address}/stripe\nx         {address}/x\n"
            f"control   {address}/sandbox/health\n"
        )
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    raise SystemExit(main())

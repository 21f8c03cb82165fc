"""`make bench`: what the shop does in a second, beside a bare echo bot on the same machine in the same run.

The sandbox and the shoppers live in this process, the bot in another; everything stays on this machine and is bounded
in count and time. Only the ratios say something about another machine.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aiohttp
import orjson
import uvloop
from rich.console import Console
from rich.table import Table
from stripe import WebhookSignature

from bot.sandbox.server import Sandbox, serving
from bot.sandbox.stripe import payments
from bot.sandbox.telegram import shoppers
from bot.sandbox.telegram.people import Chat
from tests.bench.subject import SECRET, comptoir, echo, product
from tests.process.world import free_port

PATIENCE = 20.0
numbers = itertools.count(1_000_000)


@dataclass(frozen=True)
class Figures:
    """Of one kind of work: how many a second, and how long one took (milliseconds)."""

    per_second: float
    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float], whole: float) -> Figures:
        ranked = sorted(seconds)
        return cls(len(ranked) / whole, ranked[len(ranked) // 2] * 1e3, ranked[int(len(ranked) * 0.99)] * 1e3)


async def asked(sandbox: Sandbox, chat: int, text: str) -> float:
    """One shopper writes and waits for the next thing the shop says in the chat; -> seconds."""
    begun = time.perf_counter()
    shoppers.say(sandbox.telegram, chat, text, language="en")
    place = sandbox.telegram.chats.find(chat)
    await answered(place, place.revision.number)
    return time.perf_counter() - begun


async def answered(place: Chat, revision: int) -> None:
    await place.revision.later_than(revision, PATIENCE)
    if place.revision.number <= revision:
        raise SystemExit("a message was never answered")


async def many(count: int, at_once: int, work: Callable[[int], Awaitable[float]]) -> Figures:
    """`count` works, `at_once` of them under way at any time."""
    order = iter(range(count))
    took: list[float] = []

    async def worker() -> None:
        for number in order:
            took.append(await work(number))  # noqa: PERF401 - each waits for its answer

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return Figures.of(took, time.perf_counter() - begun)


async def questions(sandbox: Sandbox, count: int, at_once: int, products: int) -> Figures:
    chats = [next(numbers) for _ in range(count)]
    return await many(
        count, at_once, lambda i: asked(sandbox, chats[i], f"how much is the {product(i % products)[1].lower()}?")
    )


async def first_answer(sandbox: Sandbox) -> None:
    """Wait until the bot is up and warm."""
    for _ in range(60):
        await asked(sandbox, next(numbers), f"how much is the {product(0)[1]}?")


async def sales(sandbox: Sandbox, hook: str, count: int, products: int) -> dict[str, Figures]:
    """Whole purchases: message to link, signed event to its 2xx, and to the thank-you."""
    chats = [next(numbers) for _ in range(count)]
    link = await many(count, 20, lambda i: asked(sandbox, chats[i], f"buy a {product(i % products)[1].lower()}"))
    sold = [s for s in sandbox.stripe.sessions.values() if s.wire["status"] == "open"]
    by_chat = {}
    for chat in chats:
        (message,) = [m.wire for m in sandbox.telegram.chats.find(chat).messages.values() if m.by_shop]
        url = message["reply_markup"]["inline_keyboard"][0][0]["url"]
        by_chat[url.rsplit("/", 1)[1]] = chat
    acks: list[float] = []
    async with aiohttp.ClientSession() as http:

        async def thanked(number: int) -> float:
            session = sold[number].wire["id"]
            place = sandbox.telegram.chats.find(by_chat[session])
            payments.pay(sandbox.stripe, session, "succeed", payments.Payer())
            event = orjson.dumps(
                {
                    "id": f"evt_bench_{number}",
                    "object": "event",
                    "type": "checkout.session.completed",
                    "livemode": False,
                    "data": {"object": sold[number].wire},
                }
            )
            signature = WebhookSignature.generate_signature_header(event.decode(), SECRET)
            before = len([m for m in place.messages.values() if m.by_shop])
            begun = time.perf_counter()
            async with http.post(hook, data=event, headers={"stripe-signature": signature}) as answer:
                assert answer.status == 200, answer.status
            acks.append(time.perf_counter() - begun)
            while len([m for m in place.messages.values() if m.by_shop]) == before:
                await answered(place, place.revision.number)
            return time.perf_counter() - begun

        begun = time.perf_counter()
        thanks = await many(count, 20, thanked)
        whole = time.perf_counter() - begun
    return {"message to link": link, "webhook to 2xx": Figures.of(acks, whole), "webhook to thank-you": thanks}


async def started(port: int, begun: float) -> float:
    """Seconds from the start of the process until it says that it is ready."""
    async with aiohttp.ClientSession() as http:
        while time.perf_counter() - begun < PATIENCE:
            try:
                async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return time.perf_counter() - begun
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.01)
    raise SystemExit("the shop did not start")


async def measure_echo(given: argparse.Namespace) -> dict[str, Figures]:
    sandbox = Sandbox(journal=0)
    async with serving(sandbox) as address:
        with echo(address):
            await first_answer(sandbox)
            return {
                "100 at once": await questions(sandbox, given.n, 100, given.products),
                "one at a time": await questions(sandbox, given.n // 6, 1, given.products),
            }


async def measure_shop(given: argparse.Namespace) -> tuple[dict[str, Figures], float]:
    sandbox, port = Sandbox(journal=0), free_port()
    async with serving(sandbox) as address:
        with comptoir(address, port, given.products) as begun:
            up = await started(port, begun)
            await first_answer(sandbox)
            found = {
                "100 at once": await questions(sandbox, given.n, 100, given.products),
                "one at a time": await questions(sandbox, given.n // 6, 1, given.products),
            }
            found |= await sales(sandbox, f"http://127.0.0.1:{port}/stripe/webhook", given.n // 6, given.products)
    return found, up


def middle(rounds: Sequence[Figures]) -> Figures:
    return Figures(*(statistics.median(getattr(r, name) for r in rounds) for name in ("per_second", "p50", "p99")))


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("-n", type=int, default=1800, help="messages a round")
    parser.add_argument("--rounds", type=int, default=3, help="turns of echo and shop")
    parser.add_argument("--products", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    echoes, shops, starts = [], [], []
    for _ in range(given.rounds):
        echoes.append(uvloop.run(measure_echo(given)))
        figures, up = uvloop.run(measure_shop(given))
        shops.append(figures)
        starts.append(up)
    rows = {("bare echo", kind): middle([r[kind] for r in echoes]) for kind in echoes[0]}
    rows |= {("Comptoir", kind): middle([r[kind] for r in shops]) for kind in shops[0]}
    ratios = {
        kind: statistics.median(s[kind].per_second / e[kind].per_second for s, e in zip(shops, echoes, strict=True))
        for kind in echoes[0]
    }
    report(rows, ratios, statistics.median(starts), as_json=given.json)


def report(rows: dict[tuple[str, str], Figures], ratios: dict[str, float], up: float, *, as_json: bool) -> None:
    if as_json:
        flat = {f"{who}, {kind}": vars(figures) for (who, kind), figures in rows.items()}
        print(json.dumps({"figures": flat, "ratios to the echo": ratios, "start-up seconds": up}))
        return
    table = Table(title="Answers, durable, each rendered and sent")
    for column in ("who", "what", "a second", "p50 ms", "p99 ms", "x the echo"):
        table.add_column(column)
    for (who, kind), figures in rows.items():
        times = f"{ratios[kind]:.2f}" if who == "Comptoir" and kind in ratios else ""
        table.add_row(who, kind, f"{figures.per_second:.0f}", f"{figures.p50:.2f}", f"{figures.p99:.2f}", times)
    Console().print(table)
    print(f"start-up until ready: {up:.2f} s")


if __name__ == "__main__":
    main()

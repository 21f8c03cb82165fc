"""A store under load, without a network: the real core writes to a real database in full groups of events.

Thousands of pages a second go through the WAL, so that it is written back into the database and begun anew many times:
the moments at which an unsynced commit is lost. Run under strace as `python -m tests.power.burst FOLDER EVENTS`.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.power.disk import events_of
from tests.power.promises import MARK, marked
from tests.power.sweep import Evidence
from tests.power.trace import calls, ended, traced
from tests.process.starts import ROOT, surroundings
from tests.process.world import until

SHOP = """
[shop]
name = "Burst"
currency = "EUR"
[storage]
url = "sqlite:///shop.db"
[[products]]
sku = "mug-bleu"
name = "Mug bleu"
price = 18.00
stock = 100000
keywords = ["mug"]
"""
MOST_AT_ONCE = 150
"""Events that wait for their commit at the same time, at most."""
PATIENCE = 120.0


def traced_burst(folder: Path, events: int, *, careless: bool = False) -> Evidence:
    """Run a burst of so many sales under strace in `folder`; -> what it left."""
    trace = folder / "trace"
    program = [sys.executable, "-m", "tests.power.burst", str(folder), str(events), *(["careless"] if careless else [])]
    subprocess.run(
        traced(program, trace, wires=False),
        cwd=ROOT,
        env=surroundings({}),
        stdout=subprocess.PIPE,
        check=True,
        timeout=PATIENCE,
    )
    until(lambda: ended(trace), what="the trace is whole")
    seen = list(calls(trace, folder))
    trace.unlink()
    database = str(folder / "shop.db")
    name = "burst, careless" if careless else "burst"
    return Evidence(name, database, events_of(seen, database), marked(seen), syncs=not careless)


def main(folder: Path, events: int) -> None:
    from bot.config import load
    from bot.domain.messages import Inbound
    from bot.parts import provider_of, shop_of, utc_now
    from bot.payments.stripe.events import read_event
    from bot.ports import Books
    from bot.service.receive import receive
    from bot.service.settle import settle
    from storage import open_store

    (folder / "bot.toml").write_text(SHOP)
    settings = load(folder / "bot.toml", {}, secrets=False)
    shop = shop_of(settings, provider_of(settings), lambda _channel, _chat: True)
    store = open_store(settings.storage.url, folder)
    store.write(lambda books: books.shelf.sync(settings.catalogue))
    waiting = threading.Semaphore(MOST_AT_ONCE)

    def promised(*about: str) -> None:
        os.write(1, MARK + json.dumps(about).encode() + b"\n")

    def submit(work: Callable[[Books], Any], kept: Callable[[Any], None]) -> None:
        def done(result: Any, error: Exception | None) -> None:
            if error is None:
                kept(result)
            else:
                os.write(2, f"{error!r}\n".encode())
                os._exit(1)
            waiting.release()

        waiting.acquire()
        store.submit(work, done)

    def bought(number: int) -> tuple[str, str]:
        """-> the order's ref and its payment's key, known once the purchase is durable."""
        found = store.read(lambda books: books.orders.of("telegram", str(number), 1))[0].ref
        return found, store.read(lambda books: books.payments.of(found))[0].key

    def buy(number: int) -> None:
        event = Inbound("telegram", str(number), "telegram", str(number), text="je voudrais un mug bleu", language="fr")
        submit(
            lambda books: receive(shop, books, event, utc_now()), lambda _: promised("event", "telegram", str(number))
        )

    def pay(number: int) -> None:
        ref, key = bought(number)
        news = read_event(_completed(number, ref, key))
        assert news is not None
        submit(lambda books: settle(shop, books, news, utc_now()), lambda _: promised("paid", f"evt_{number}", ref))

    for size, first in _rounds(events):
        for number in range(first, first + size):
            buy(number)
        for _ in range(MOST_AT_ONCE):
            waiting.acquire()
        waiting.release(MOST_AT_ONCE)
        for number in range(first, first + size):
            pay(number)
    store.close()


def _rounds(events: int) -> Iterator[tuple[int, int]]:
    """(how many at once, the first one's number): now one shopper alone, now a crowd."""
    first = 1
    for size in itertools.cycle((1, 2, 40, 1, 150, 5)):
        if first > events:
            return
        yield min(size, events + 1 - first), first
        first += size


def _completed(number: int, ref: str, key: str) -> str:
    """Stripe's word that a page of ours was paid."""
    session = {
        "id": f"cs_test_{number}",
        "status": "complete",
        "payment_status": "paid",
        "client_reference_id": ref,
        "metadata": {"payment": key},
        "amount_total": 1800,
        "amount_subtotal": 1800,
        "currency": "eur",
        "livemode": False,
        "payment_intent": f"pi_{number}",
    }
    event = {
        "id": f"evt_{number}",
        "type": "checkout.session.completed",
        "livemode": False,
        "data": {"object": session},
    }
    return json.dumps(event)


if __name__ == "__main__":
    if sys.argv[3:] == ["careless"]:
        from tests.power.careless import loosen

        loosen()
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""A traced shop: the installed command under strace against the sandbox, played through its flows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.power.disk import events_of
from tests.power.promises import promises
from tests.power.sweep import Evidence
from tests.power.trace import calls, ended, traced
from tests.power.wire import exchanges
from tests.process.starts import ROOT, Process, installed, surroundings
from tests.process.world import World, opened, until

STOCK = "stock = 5000"
HOLD = "2s"
"""How long unpaid stock is kept in the run in which holds are to end."""


@dataclass(frozen=True, slots=True)
class Run:
    """One traced run. `sales` shoppers buy and pay, a few at once; `mode` is how Telegram's updates come in."""

    name: str
    mode: str
    sales: int
    others: bool = True
    """Whether shoppers also ask, cancel, are refunded, pay twice and let their time run out."""
    careless: bool = False
    """The negative control: the same command, told to sync only at checkpoints."""


def traced_shop(run: Run, folder: Path) -> Evidence:
    """Play a run in `folder`; -> what it left. An assertion error says what never happened."""
    trace = folder / "trace"
    with opened(folder, mode=run.mode, hold="30m", by=_starter(trace, careless=run.careless)) as world:
        config = world.folder / "bot.toml"
        config.write_text(config.read_text().replace("stock = 25", STOCK))
        world.start()
        _sales(world, run.sales)
        if run.others:
            for flow in OTHERS:
                flow(world)
        world.quiet()
        assert world.stop() == 0, world.log()[-2000:]
    until(lambda: ended(trace), what="the trace is whole")
    return evidence(run.name, trace, folder / "shop.db", syncs=not run.careless)


def evidence(name: str, trace: Path, database: Path, *, syncs: bool = True) -> Evidence:
    """Read a trace, and forget it: it is a hundred times as large as what it says."""
    seen = list(calls(trace, database.parent))
    trace.unlink()
    return Evidence(name, str(database), events_of(seen, str(database)), promises(exchanges(seen)), syncs)


def _starter(trace: Path, *, careless: bool) -> Callable[[Sequence[str], Mapping[str, str], Path], Process]:
    command = [sys.executable, "-m", "tests.power.careless"] if careless else installed()

    def start(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
        whole = surroundings(environment) | {"PYTHONPATH": str(ROOT)}
        with log.open("ab") as errors:
            return subprocess.Popen(
                traced([*command, *arguments], trace, wires=True), cwd="/", env=whole, stderr=errors
            )

    return start


def _sales(world: World, count: int, *, at_once: int = 6) -> None:
    """Shoppers who buy at the same time, and pay at the same time: their events share commits."""
    for first in range(0, count, at_once):
        chats = range(10_000 + first, 10_000 + min(first + at_once, count))
        for chat in chats:
            world.says("je voudrais deux mugs bleus", chat=chat)
        for chat in chats:
            world.hears("Mug bleu", chat=chat)
            world.pays(world.order(chat)["ref"])
        for chat in chats:
            world.hears("Merci", chat=chat)


def _asks(world: World) -> None:
    for number, text in enumerate(("bonjour", "combien coûte le mug bleu ?", "aide", "stop")):
        world.says(text, chat=20_000 + number)
        until(lambda chat=20_000 + number: world.heard(chat), what=f"an answer to {text!r}")


def _cancels(world: World) -> None:
    """The shopper cancels: Stripe is asked to close the page, and its word releases the hold."""
    world.says("je voudrais un mug bleu", chat=20_100)
    world.hears("Mug bleu", chat=20_100)
    world.says("annuler", chat=20_100)
    world.order_is("canceled", chat=20_100)


def _is_refunded(world: World) -> None:
    """From Stripe's desk, a part and then the rest."""
    world.says("je voudrais un mug bleu", chat=20_200)
    world.hears("Mug bleu", chat=20_200)
    ref = world.order(20_200)["ref"]
    world.pays(ref)
    world.hears("Merci", chat=20_200)
    intent = world.session(ref)["payment_intent"]
    world.post(f"/stripe/payments/{intent}/refund", amount=500)
    until(lambda: world.order(20_200)["refunded_minor"] == 500, what="a part is given back")
    world.post(f"/stripe/payments/{intent}/refund")
    until(lambda: world.rows("v_payments", ref=ref)[0]["status"] == "refunded", what="all is given back")


def _declined_then_paid(world: World) -> None:
    world.says("je voudrais un mug bleu", chat=20_300)
    world.hears("Mug bleu", chat=20_300)
    ref = world.order(20_300)["ref"]
    world.pays(ref, "decline")
    world.pays(ref, "unpaid")
    world.hears("en cours", chat=20_300)
    world.post(f"/stripe/sessions/{world.session(ref)['id']}/settle", outcome="succeed")
    world.order_is("paid", chat=20_300)


def _redelivered(world: World) -> None:
    """A storm of webhooks: all that Stripe ever said, twice more."""
    for event in world.get("/stripe/events"):
        world.post(f"/stripe/events/{event['id']}/deliver", copies=2)


OTHERS: Sequence[Callable[[World], None]] = (_asks, _cancels, _is_refunded, _declined_then_paid, _redelivered)

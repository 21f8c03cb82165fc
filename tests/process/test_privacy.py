"""A shopper asks to see or to be forgotten; the command is typed while the shop runs, and while it rests."""

from __future__ import annotations

import json

import pytest

from tests.process.commands import typed
from tests.process.world import World, until

pytestmark = pytest.mark.process
ZOE, MAX = 7313377001, 7313377002
NAME, WORDS = "Zoraïde", "pour Tante Ursuline"


def says(world: World, text: str, *, chat: int = ZOE, name: str = NAME) -> None:
    world.post("/telegram/say", chat=chat, text=text, name=name, language="fr")


def written(world: World) -> bytes:
    """The bytes of the database and its log."""
    parts = (world.folder / f"shop.db{part}" for part in ("", "-wal", "-shm"))
    return b"".join(part.read_bytes() for part in parts if part.exists())


def test_a_shopper_is_shown_and_forgotten_while_the_shop_runs(world: World) -> None:
    """F131, F132"""
    says(world, "je voudrais un mug bleu", chat=MAX, name="Maximilian")
    says(world, f"combien coûte le mug bleu {WORDS} ?")
    says(world, "je voudrais deux mugs bleus")
    world.hears("2 × Mug bleu", chat=ZOE)
    paid = world.order(ZOE)["ref"]
    world.pays(paid)
    world.order_is("paid", chat=ZOE)
    says(world, "je voudrais un mug noir")
    world.hears("1 × Mug noir", chat=ZOE)
    world.hears("Mug bleu", chat=MAX)
    world.quiet()
    assert NAME.encode() in written(world)

    held = json.loads(typed(world, "privacy", "export", f"telegram:{ZOE}").stdout)
    assert (held["channel"], held["user"], held["shopper"][0]["name"]) == ("telegram", str(ZOE), NAME)
    assert {order["status"] for order in held["orders"]} == {"created", "paid"}
    assert "Maximilian" not in json.dumps(held, ensure_ascii=False)

    heard = len(world.heard(ZOE))
    done = typed(world, "privacy", "erase", f"telegram:{ZOE}", answer="y\n")
    assert done.returncode == 0, done.stderr
    assert NAME not in done.stdout

    assert not [word for word in (str(ZOE), NAME, "Ursuline") if word.encode() in written(world)]
    assert b"Maximilian" in written(world)
    until(lambda: world.stock("mug-noir") == (0, 0), what="the unpaid order is ended")
    (unpaid,) = world.rows("v_orders", status="canceled")
    assert unpaid["chat"].startswith("erased-")
    assert world.session(unpaid["ref"])["status"] == "expired"
    assert world.rows("v_orders", ref=paid)[0]["chat"] == unpaid["chat"]

    world.post(f"/stripe/payments/{world.session(paid)['payment_intent']}/refund")
    until(lambda: world.rows("v_payments", ref=paid)[0]["status"] == "refunded", what="the later webhook still counts")
    world.quiet()
    assert len(world.heard(ZOE)) == heard
    assert not [row for row in world.rows("v_outbox") if row["state"] == "dead"]
    assert not [word for word in (str(ZOE), NAME, "Ursuline") if word.encode() in written(world)]

    again = typed(world, "privacy", "erase", f"telegram:{ZOE}", "--yes")
    assert (again.returncode, f"nothing is held on telegram:{ZOE}" in again.stderr) == (1, True)
    says(world, "bonjour")
    until(lambda: len(world.heard(ZOE)) == heard + 1, what="somebody new is welcomed")


def test_a_shopper_is_forgotten_while_the_shop_rests(world: World) -> None:
    """F131: the page is closed, and the stock is free, once the shop is open again."""
    says(world, f"je voudrais un mug noir {WORDS}")
    world.hears("Mug noir", chat=ZOE)
    ref = world.order(ZOE)["ref"]
    world.kill()
    assert str(ZOE).encode() in written(world)
    done = typed(world, "privacy", "erase", f"telegram:{ZOE}", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["orders_kept"]) == (0, 1), done.stderr
    assert not [word for word in (str(ZOE), NAME, "Ursuline") if word.encode() in written(world)]
    assert (world.stock("mug-noir"), world.session(ref)["status"]) == ((1, 0), "open")
    heard = len(world.heard(ZOE))
    world.start()
    until(lambda: world.stock("mug-noir") == (0, 0), what="the hold is released")
    assert world.session(ref)["status"] == "expired"
    world.quiet()
    assert len(world.heard(ZOE)) == heard

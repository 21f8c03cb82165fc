"""Bad days of Stripe and Telegram, as the shopper and the merchant live them."""

from __future__ import annotations

import pytest

from tests.process.world import World, until

pytestmark = pytest.mark.process
OPENING = {"service": "stripe", "method": "POST /v1/checkout/sessions"}


def test_while_stripe_is_down_the_shopper_is_told_once_and_the_link_comes_after(world: World) -> None:
    """F028, F038"""
    world.breaks(**OPENING, kind="status", code=503, times=3)
    world.says("je voudrais un mug bleu")
    world.hears("Un instant")
    world.hears("gardée")
    assert len([m for m in world.heard() if "Un instant" in m["text"]]) == 1
    assert len(world.get("/stripe/sessions")) == 1


def test_an_answer_that_was_lost_makes_no_second_page(world: World) -> None:
    """F026"""
    world.breaks(**OPENING, kind="drop_after", times=2)
    world.says("je voudrais un mug bleu")
    world.hears("gardée")
    assert len(world.get("/stripe/sessions")) == 1


def test_what_stripe_refuses_is_ended_with_one_polite_word(world: World) -> None:
    """F033"""
    world.breaks(**OPENING, kind="status", code=400, times=-1)
    world.says("je voudrais un mug noir")
    world.hears("ne peut pas être payée")
    assert world.order_is("canceled")["cancel_reason"] == "payment_failed"
    assert world.stock("mug-noir") == (0, 0)
    assert len(world.heard()) == 1
    assert world.rows("v_alerts", kind="dead_letter")


def test_a_refusal_after_an_answer_that_was_lost_keeps_the_stock_for_a_human(world: World) -> None:
    """F029, F030: the page may exist; a hold is released on proof alone."""
    world.breaks(**OPENING, kind="drop_before", times=1)
    world.breaks(**OPENING, kind="status", code=400, times=-1)
    world.says("je voudrais un mug noir")
    world.hears("ne peut pas être payée")
    order = world.order()
    assert (order["status"], order["needs_review"]) == ("created", 1)
    assert world.stock("mug-noir") == (1, 0)


def test_a_revoked_key_is_named_by_the_readiness_page_and_orders_wait(world: World) -> None:
    """F032"""
    world.breaks(**OPENING, kind="status", code=401, times=1)
    world.says("je voudrais un mug bleu")
    world.hears("Un instant")
    answer = until(
        lambda: (found := world.http.get(f"http://127.0.0.1:{world.port}/readyz")).status_code == 503 and found.json(),
        what="the shop says that it ails",
    )
    assert "STRIPE_API_KEY" in answer["ailing"]["stripe"]
    assert world.order()["status"] == "created"


def test_a_platform_that_asks_to_slow_down_is_obeyed(world: World) -> None:
    """F054"""
    world.breaks(service="telegram", method="sendMessage", kind="status", code=429, retry_after=1, times=1)
    world.says("bonjour")
    world.hears("Bienvenue")
    world.quiet()
    (row,) = world.rows("v_outbox", kind="welcome")
    assert (row["attempts"], row["state"]) == (0, "sent")


def test_an_answer_of_telegrams_that_was_lost_makes_one_copy_more_and_says_so(world: World) -> None:
    """F066"""
    world.breaks(service="telegram", method="sendMessage", kind="drop_after", times=1)
    world.says("bonjour")
    until(lambda: len(world.heard()) == 2, what="the second copy")
    world.quiet()
    (row,) = world.rows("v_outbox", kind="welcome")
    assert (row["state"], row["ambiguous"]) == ("sent", 1)


def test_a_shopper_who_blocked_the_shop_keeps_their_order(world: World) -> None:
    """F055"""
    world.says("je voudrais un mug bleu")
    world.hears("gardée")
    world.post("/telegram/block", chat=1001, kind="blocked")
    world.pays(world.order()["ref"])
    world.order_is("paid")
    until(lambda: world.rows("v_outbox", kind="thanks", state="dead"), what="the thank-you is set aside")
    world.says("merci")
    world.hears("plaisir")


def test_while_the_database_is_locked_nothing_is_acknowledged_and_all_comes_after(world: World) -> None:
    """F024, F092"""
    import sqlite3

    with sqlite3.connect(world.folder / "shop.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        world.says("je voudrais un mug bleu")
        import time

        time.sleep(6)
        other.execute("ROLLBACK")
    other.close()
    world.hears("gardée")
    assert len(world.rows("v_orders")) == 1

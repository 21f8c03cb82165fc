"""Bad days of Stripe and Telegram, as the shopper and the merchant live them."""

from __future__ import annotations

import pytest

from tests.process.world import World, until

pytestmark = pytest.mark.process
OPENING = {"service": "stripe", "method": "POST /v1/checkout/sessions"}


def test_while_stripe_is_down_the_shopper_is_told_once_and_the_link_comes_after(newcomer: World) -> None:
    """F028, F038"""
    newcomer.breaks(**OPENING, kind="status", code=503, times=3)
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("Un instant")
    newcomer.hears("gardée")
    assert len([m for m in newcomer.heard() if "Un instant" in m["text"]]) == 1
    assert newcomer.session(newcomer.order()["ref"])


def test_an_answer_that_was_lost_makes_no_second_page(newcomer: World) -> None:
    """F026"""
    newcomer.breaks(**OPENING, kind="drop_after", times=2)
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("gardée")
    assert newcomer.session(newcomer.order()["ref"])


def test_what_stripe_refuses_is_ended_with_one_polite_word(newcomer: World) -> None:
    """F033"""
    stock, alerts = newcomer.stock("mug-bleu"), len(newcomer.rows("v_alerts", kind="dead_letter"))
    newcomer.breaks(**OPENING, kind="status", code=400, times=-1)
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("ne peut pas être payée")
    assert newcomer.order_is("canceled")["cancel_reason"] == "payment_failed"
    assert newcomer.stock("mug-bleu") == stock
    assert len(newcomer.heard()) == 1
    assert len(newcomer.rows("v_alerts", kind="dead_letter")) == alerts + 1


def test_a_refusal_after_an_answer_that_was_lost_keeps_the_stock_for_a_human(newcomer: World) -> None:
    """F029, F030: the page may exist; a hold is released on proof alone."""
    held, sold = newcomer.stock("mug-bleu")
    newcomer.breaks(**OPENING, kind="drop_before", times=1)
    newcomer.breaks(**OPENING, kind="status", code=400, times=-1)
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("ne peut pas être payée")
    order = newcomer.order()
    assert (order["status"], order["needs_review"]) == ("created", 1)
    assert newcomer.stock("mug-bleu") == (held + 1, sold)


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


def test_a_platform_that_asks_to_slow_down_is_obeyed(newcomer: World) -> None:
    """F054"""
    newcomer.breaks(service="telegram", method="sendMessage", kind="status", code=429, retry_after=1, times=1)
    newcomer.says("bonjour")
    newcomer.hears("Bienvenue")
    newcomer.quiet()
    (row,) = newcomer.rows("v_outbox", kind="welcome", chat=newcomer.me)
    assert (row["attempts"], row["state"]) == (0, "sent")


def test_an_answer_of_telegrams_that_was_lost_makes_one_copy_more_and_says_so(newcomer: World) -> None:
    """F066"""
    newcomer.breaks(service="telegram", method="sendMessage", kind="drop_after", times=1)
    newcomer.says("bonjour")
    until(lambda: len(newcomer.heard()) == 2, what="the second copy")
    newcomer.quiet()
    (row,) = newcomer.rows("v_outbox", kind="welcome", chat=newcomer.me)
    assert (row["state"], row["ambiguous"]) == ("sent", 1)


def test_a_shopper_who_blocked_the_shop_keeps_their_order(newcomer: World) -> None:
    """F055"""
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("gardée")
    newcomer.post("/telegram/block", chat=newcomer.me, kind="blocked")
    newcomer.pays(newcomer.order()["ref"])
    newcomer.order_is("paid")
    until(
        lambda: newcomer.rows("v_outbox", kind="thanks", state="dead", chat=newcomer.me),
        what="the thank-you is set aside",
    )
    newcomer.says("merci")
    newcomer.hears("plaisir")


def test_while_the_database_is_locked_nothing_is_acknowledged_and_all_comes_after(newcomer: World) -> None:
    """F024, F092"""
    import sqlite3

    with sqlite3.connect(newcomer.folder / "shop.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        newcomer.says("je voudrais un mug bleu")
        import time

        time.sleep(6)
        other.execute("ROLLBACK")
    other.close()
    newcomer.hears("gardée")
    assert len(newcomer.rows("v_orders", chat=newcomer.me)) == 1

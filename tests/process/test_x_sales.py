"""Sales on X through the installed command: from a mention and from a message, by polling and by webhook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.x.weights import weighted_length
from tests.process.commands import told
from tests.process.on_x import SHOWN_POST, XWorld, opened_on_x
from tests.process.world import until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module", params=["polling", "webhook"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[XWorld]:
    """One shop for each way in which X brings its news."""
    with opened_on_x(tmp_path_factory.mktemp("shop"), mode=request.param) as world:
        world.limits("POST /2/dm_conversations/with/:participant_id/messages", 100_000)
        world.start()
        if request.param == "webhook":
            assert "dm.received" in told(world, "webhooks", "register")
        yield world


@pytest.fixture
def either(both: XWorld) -> XWorld:
    """The same shop, and somebody whom it has never met."""
    both.me += 1
    return both


def test_a_sale_from_a_mention_to_thank_you(either: XWorld) -> None:
    post = either.posts("@atelier_lumiere je voudrais deux mugs bleus svp")
    reply = either.replied(post)
    assert "18,00" in reply
    assert "4,90" in reply
    assert "http" not in reply
    assert weighted_length(reply) <= 280
    assert either.told() == []
    either.writes("oui")
    link = either.tells("2 × Mug bleu")
    assert "/pay/" in link["text"]
    ref = either.order(either.me)["ref"]
    assert ref in link["text"]
    either.pays(ref)
    assert ref in either.tells("Merci")["text"]
    assert either.order_is("paid", chat=either.me)["channel"] == "x"
    either.quiet()
    assert len(either.replies(post)) == 1
    assert len(either.told()) == 2
    figures = json.loads(told(either, "stats", "--json"))
    (sale,) = figures["x"]
    assert sale["paid_orders"] >= 1
    assert float(sale["cost_per_sale_usd"]) > 0
    verdicts = json.loads(told(either, "stats", "--policy", "--json"))["reasons"]
    assert {(it["act"], it["reason"]) for it in verdicts} >= {
        ("reply", "summoned"),
        ("message", "wrote_first"),
        ("message", "order_owes"),
    }
    metrics = either.http.get(f"http://127.0.0.1:{either.port}/metrics").text
    assert "comptoir_channel_cost_per_sale_usd" in metrics


def test_shipping_and_refunds_are_told_in_the_same_thread(either: XWorld) -> None:
    either.writes("je voudrais un mug bleu")
    either.tells("1 × Mug bleu")
    ref = either.order(either.me)["ref"]
    assert "only a paid order" in told(either, "orders", "ship", ref, code=1)
    either.pays(ref)
    either.tells("Merci")
    assert ref in told(either, "orders", "ship", ref.lower(), "--tracking", "6A01234567890")
    assert "6A01234567890" in either.tells("est partie")["text"]
    assert either.order_is("fulfilled", chat=either.me)
    assert "only a paid order" in told(either, "orders", "ship", ref, code=1)
    either.post(f"/stripe/payments/{either.session(ref)['payment_intent']}/refund")
    assert ref in either.tells("Remboursement")["text"]
    assert "no order" in told(either, "orders", "ship", "C-ZZZZZ", code=1)


def test_an_order_is_shipped_while_the_shop_rests_and_told_when_it_opens(tmp_path: Path) -> None:
    with opened_on_x(tmp_path) as world:
        world.start()
        world.writes("je voudrais un mug bleu")
        world.tells("1 × Mug bleu")
        ref = world.order(2001)["ref"]
        world.pays(ref)
        world.tells("Merci")
        world.kill()
        told(world, "orders", "ship", ref)
        assert world.order(2001)["status"] == "fulfilled"
        world.start()
        world.tells("est partie")
        assert world.stock("mug-bleu") == (0, 1)
        answer = world.http.post(f"http://127.0.0.1:{world.port}/hatch/ship", json={"ref": ref, "tracking": ""})
        assert answer.status_code == 404
        wrong = {"authorization": "Bearer wrong"}
        assert world.http.post(f"http://127.0.0.1:{world.port}/hatch/ship", json={}, headers=wrong).status_code == 404
        assert world.stop() == 0


def test_a_sale_from_a_message_to_thank_you(either: XWorld) -> None:
    before = len(either.replies())
    either.writes("I would like a blue mug please")
    link = either.tells("1 × Blue mug")
    assert "€18.00" in link["text"]
    ref = either.order(either.me)["ref"]
    either.pays(ref)
    either.tells("Thank you")
    either.quiet()
    assert len(either.replies()) == before


def test_a_reply_under_a_product_post_names_no_product_and_sells_it(either: XWorld) -> None:
    post = either.posts("je le prends !", reply_to=SHOWN_POST)
    assert "Mug bleu" in either.replied(post)
    either.writes("oui")
    either.tells("1 × Mug bleu")


def test_a_quote_of_a_product_post_is_answered_too(either: XWorld) -> None:
    """X lists a quote among the mentions only where it names the account; its events tell of every quote."""
    words = "combien ?" if either.mode == "webhook" else "@atelier_lumiere combien ?"
    post = either.posts(words, quote=SHOWN_POST)
    assert "Mug bleu" in either.replied(post)


def test_choices_are_numbers(either: XWorld) -> None:
    either.writes("je voudrais un mug")
    asked = either.tells("1. Mug bleu")
    assert "2. Mug noir" in asked["text"]
    either.writes("2")
    either.tells("1 × Mug noir")
    assert either.order(either.me)["status"] == "created"
    assert either.told()[-1]["picture"] is None  # this shop's products have none


def test_what_the_shop_believes_it_spent_is_what_x_charged(either: XWorld) -> None:
    either.replied(either.posts("@atelier_lumiere je voudrais un mug bleu"))
    either.writes("oui")
    either.tells("1 × Mug bleu")
    either.pays(either.order(either.me)["ref"])
    either.tells("Merci")
    either.quiet()
    until(lambda: either.ledger() == either.bill(), what=f"{either.ledger()} == {either.bill()}", seconds=5)

"""A sale through the installed command, as a process, against the sandbox over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.process.world import World, opened, until

pytestmark = pytest.mark.process


def test_a_french_and_an_english_sale_to_thank_you(either: World) -> None:
    either.says("je voudrais deux mugs bleus", chat=1001, language="fr")
    either.says("buy a blue mug", chat=2002, language="en")
    french, english = either.hears("2 × Mug bleu", chat=1001), either.hears("1 × Blue mug", chat=2002)
    assert "36,00" in french["text"]
    assert "€18.00" in english["text"]
    for chat, link, thanks in ((1001, french, "Merci"), (2002, english, "Thank you")):
        ref = re.findall(r"C-[0-9A-Z]{5}", link["text"])[0]
        either.pays(ref)
        assert ref in either.hears(thanks, chat=chat)["text"]
        assert either.order_is("paid", chat=chat)["ref"] == ref
    assert either.stock("mug-bleu") == (0, 3)
    assert {row["status"] for row in either.rows("v_payments")} == {"succeeded"}
    until(lambda: {row["state"] for row in either.rows("v_inbox")} == {"done"}, what="every event is done")
    either.quiet()
    assert either.stop() == 0


def test_the_pay_button_goes_once_the_order_is_paid(world: World) -> None:
    world.says("je voudrais un mug bleu")
    link = world.hears("Mug bleu")
    world.pays(world.order()["ref"])
    world.hears("Merci")
    until(lambda: not world.hears("gardée")["buttons"], what="the button is gone")
    assert link["message_id"] == world.hears("gardée")["message_id"]


def test_a_declined_card_changes_nothing_and_the_next_one_pays(world: World) -> None:
    world.says("je voudrais un mug bleu")
    world.hears("Mug bleu")
    ref = world.order()["ref"]
    world.pays(ref, "decline")
    assert world.order()["status"] == "created"
    assert world.stock("mug-bleu") == (1, 0)
    world.pays(ref)
    world.order_is("paid")


def test_a_bank_debit_is_thanked_when_it_settles(world: World) -> None:
    """F007"""
    world.says("je voudrais un mug bleu")
    world.hears("Mug bleu")
    ref = world.order()["ref"]
    world.pays(ref, "unpaid")
    world.hears("en cours")
    assert world.order()["status"] == "created"
    assert world.rows("v_payments", ref=ref)[0]["status"] == "processing"
    world.post(f"/stripe/sessions/{world.session(ref)['id']}/settle", outcome="succeed")
    world.hears("Merci")
    world.order_is("paid")


def test_a_hold_that_runs_out_is_released_and_said(tmp_path: Path) -> None:
    """F042"""
    with opened(tmp_path, hold="1s") as world:
        world.start()
        world.says("je voudrais un mug noir")
        world.hears("Mug noir")
        assert world.order_is("canceled")["cancel_reason"] == "expired"
        world.hears("Le temps est écoulé")
        assert world.stock("mug-noir") == (0, 0)
        assert world.session(world.order()["ref"])["status"] == "expired"


def test_a_webhook_that_comes_twice_thanks_once(world: World) -> None:
    """F001, F002"""
    world.post("/stripe/webhook", copies=3)
    world.says("je voudrais un mug bleu")
    world.hears("Mug bleu")
    world.pays(world.order()["ref"])
    world.hears("Merci")
    for event in world.get("/stripe/events"):
        world.post(f"/stripe/events/{event['id']}/deliver", copies=2)
    world.quiet()
    assert len([m for m in world.heard() if "Merci" in m["text"]]) == 1
    assert [r["to_status"] for r in world.rows("v_history")] == ["created", "paid"]


def test_events_in_reversed_order_end_the_same(world: World) -> None:
    """F004"""
    world.says("je voudrais un mug bleu")
    world.hears("Mug bleu")
    ref = world.order()["ref"]
    world.post("/stripe/webhook", paused=True)
    world.pays(ref)
    world.post(f"/stripe/payments/{world.session(ref)['payment_intent']}/refund")
    world.post("/stripe/webhook", paused=False, order="reversed")
    world.hears("Remboursement")
    order = world.order_is("paid")
    assert order["paid_minor"] == order["refunded_minor"] > 0
    assert world.rows("v_payments", ref=ref)[0]["status"] == "refunded"
    assert len([m for m in world.heard() if "Merci" in m["text"]]) == 1


def test_two_shoppers_and_the_last_one(world: World) -> None:
    """F040"""
    for chat in (1001, 2002):
        world.says("je voudrais un mug noir", chat=chat)

    def both() -> list[str]:
        texts = [m["text"] for chat in (1001, 2002) for m in world.heard(chat)]
        return texts if len(texts) == 2 else []

    said = until(both, what="both are answered")
    assert sorted("gardée" in text for text in said) == [False, True]
    assert world.stock("mug-noir") == (1, 0)


def test_the_order_page_tells_how_it_stands(world: World) -> None:
    world.says("je voudrais un mug bleu")
    world.hears("Mug bleu")
    ref = world.order()["ref"]
    page = world.session(ref)["cancel_url"]
    before = world.http.get(page)
    assert before.status_code == 200
    assert ref in before.text
    world.pays(ref)
    world.order_is("paid")
    after = world.http.get(page)
    assert after.text != before.text
    assert world.http.get(f"http://127.0.0.1:{world.port}/o/{'x' * 24}").status_code == 404


def test_an_edited_message_never_changes_an_order(world: World) -> None:
    """F059"""
    world.says("je voudrais un mug bleu")
    world.hears("Mug bleu")
    world.post("/telegram/edit", chat=1001, message_id=1, text="je voudrais 10 mugs bleus")
    world.says("merci")
    world.hears("plaisir")
    assert world.stock("mug-bleu") == (1, 0)


def test_no_secret_stands_in_a_log(world: World) -> None:
    """F120"""
    world.says("je voudrais un mug bleu, carte 4242 4242 4242 4242")
    world.hears("carte")
    world.stop()
    for secret in ("FakeTokenFakeToken", "rk_test_process", "whsec_process", "4242 4242", "a-secret-of-the-process"):
        assert secret not in world.log()

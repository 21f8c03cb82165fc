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


def test_the_pay_button_goes_once_the_order_is_paid(newcomer: World) -> None:
    newcomer.says("je voudrais un mug bleu")
    link = newcomer.hears("Mug bleu")
    newcomer.pays(newcomer.order()["ref"])
    newcomer.hears("Merci")
    until(lambda: not newcomer.hears("gardée")["buttons"], what="the button is gone")
    assert link["message_id"] == newcomer.hears("gardée")["message_id"]


def test_a_declined_card_changes_nothing_and_the_next_one_pays(newcomer: World) -> None:
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("Mug bleu")
    ref, stock = newcomer.order()["ref"], newcomer.stock("mug-bleu")
    newcomer.pays(ref, "decline")
    assert newcomer.order()["status"] == "created"
    assert newcomer.stock("mug-bleu") == stock
    newcomer.pays(ref)
    newcomer.order_is("paid")


def test_a_bank_debit_is_thanked_when_it_settles(newcomer: World) -> None:
    """F007"""
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("Mug bleu")
    ref = newcomer.order()["ref"]
    newcomer.pays(ref, "unpaid")
    newcomer.hears("en cours")
    assert newcomer.order()["status"] == "created"
    assert newcomer.rows("v_payments", ref=ref)[0]["status"] == "processing"
    newcomer.post(f"/stripe/sessions/{newcomer.session(ref)['id']}/settle", outcome="succeed")
    newcomer.hears("Merci")
    newcomer.order_is("paid")


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


def test_a_webhook_that_comes_twice_thanks_once(newcomer: World) -> None:
    """F001, F002"""
    newcomer.post("/stripe/webhook", copies=3)
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("Mug bleu")
    ref = newcomer.order()["ref"]
    newcomer.pays(ref)
    newcomer.hears("Merci")
    newcomer.post("/stripe/webhook", copies=1)
    for event in newcomer.get("/stripe/events"):
        newcomer.post(f"/stripe/events/{event['id']}/deliver", copies=2)
    newcomer.quiet()
    assert len([m for m in newcomer.heard() if "Merci" in m["text"]]) == 1
    assert [r["to_status"] for r in newcomer.rows("v_history", ref=ref)] == ["created", "paid"]


def test_events_in_reversed_order_end_the_same(newcomer: World) -> None:
    """F004"""
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("Mug bleu")
    ref = newcomer.order()["ref"]
    newcomer.post("/stripe/webhook", paused=True)
    newcomer.pays(ref)
    newcomer.post(f"/stripe/payments/{newcomer.session(ref)['payment_intent']}/refund")
    newcomer.post("/stripe/webhook", paused=False, order="reversed")
    newcomer.hears("Remboursement")
    order = newcomer.order_is("paid")
    assert order["paid_minor"] == order["refunded_minor"] > 0
    assert newcomer.rows("v_payments", ref=ref)[0]["status"] == "refunded"
    assert len([m for m in newcomer.heard() if "Merci" in m["text"]]) == 1


def test_two_shoppers_and_the_last_one(newcomer: World) -> None:
    """F040"""
    both = (newcomer.me, newcomer.me + 1)
    for chat in both:
        newcomer.says("je voudrais un mug noir", chat=chat)

    def answered() -> list[str]:
        texts = [m["text"] for chat in both for m in newcomer.heard(chat)]
        return texts if len(texts) == 2 else []

    said = until(answered, what="both are answered")
    assert sorted("gardée" in text for text in said) == [False, True]
    assert newcomer.stock("mug-noir") == (1, 0)


def test_the_order_page_tells_how_it_stands(newcomer: World) -> None:
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("Mug bleu")
    ref = newcomer.order()["ref"]
    page = newcomer.session(ref)["cancel_url"]
    before = newcomer.http.get(page)
    assert before.status_code == 200
    assert ref in before.text
    newcomer.pays(ref)
    newcomer.order_is("paid")
    after = newcomer.http.get(page)
    assert after.text != before.text
    assert newcomer.http.get(f"http://127.0.0.1:{newcomer.port}/o/{'x' * 24}").status_code == 404


def test_an_edited_message_never_changes_an_order(newcomer: World) -> None:
    """F059"""
    newcomer.says("je voudrais un mug bleu")
    newcomer.hears("Mug bleu")
    stock = newcomer.stock("mug-bleu")
    newcomer.post("/telegram/edit", chat=newcomer.me, message_id=1, text="je voudrais 10 mugs bleus")
    newcomer.says("merci")
    newcomer.hears("plaisir")
    assert newcomer.stock("mug-bleu") == stock


def test_no_secret_stands_in_a_log(world: World) -> None:
    """F120"""
    world.says("je voudrais un mug bleu, carte 4242 4242 4242 4242")
    world.hears("carte")
    world.stop()
    for secret in ("FakeTokenFakeToken", "rk_test_process", "whsec_process", "4242 4242", "a-secret-of-the-process"):
        assert secret not in world.log()

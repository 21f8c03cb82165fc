"""Selling on X: the mention, the one reply, the private conversation, and what the rules keep back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.policy import MESSAGES_AN_HOUR, REPLIES_AN_HOUR
from bot.domain.weights import has_address, weighted_length
from bot.errors import Permanent, Temporary, Unreachable
from tests.dialogs.on_x import XDialog, on_x


@pytest.fixture
def camille() -> Iterator[XDialog]:
    dialog = on_x()
    yield dialog
    dialog.store.close()


def test_a_mention_gets_one_public_reply_with_price_stock_and_delivery_and_no_link(camille: XDialog) -> None:
    (reply,) = camille.mentions("@atelier_lumiere je voudrais deux mugs bleus")
    assert reply.name == "public_offer"
    ((_, text),) = camille.x.public
    assert text.startswith("@camille Mug bleu")
    assert "18,00" in text
    assert "36,00" in text
    assert "plus que 5" in text
    assert "Livraison dès 4,90" in text
    assert "message privé" in text
    assert not has_address(text)
    assert weighted_length(text) <= 280
    assert camille.x.private == []
    assert camille.store.view("v_orders") == []


def test_yes_in_private_orders_what_was_asked_for_in_public(camille: XDialog) -> None:
    camille.mentions("@atelier_lumiere je voudrais deux mugs bleus")
    (link,) = camille.shopper("oui")
    assert link.name == "link"
    ((_, text),) = camille.x.private
    assert "2 × Mug bleu" in text
    assert "https://pay.example/" in text
    assert "annuler" in text
    (thanks,) = camille.pays()
    assert thanks.name == "thanks"
    assert camille.stock("mug-bleu") == (0, 2)


def test_a_private_message_is_enough_for_a_link(camille: XDialog) -> None:
    (link,) = camille.shopper("je voudrais un mug bleu")
    assert link.name == "link"


def test_an_english_mention_is_answered_in_english(camille: XDialog) -> None:
    camille.mentions("@atelier_lumiere I would like a blue mug please")
    assert "€18.00" in camille.x.public[0][1]


def test_a_reply_to_a_bound_post_needs_no_product_name(camille: XDialog) -> None:
    (reply,) = camille.mentions("@atelier_lumiere je le prends !", shows=("mug-bleu",))
    assert reply.name == "public_offer"
    assert "Mug bleu" in camille.x.public[0][1]
    (link,) = camille.shopper("oui")
    assert link.name == "link"


@pytest.mark.parametrize("words", ["combien ?", "prix ?", "how much is it?", "I'll take one"])
def test_a_question_under_a_bound_post_is_about_what_it_shows(camille: XDialog, words: str) -> None:
    (reply,) = camille.mentions(f"@atelier_lumiere {words}", shows=("mug-bleu",))
    assert reply.name == "public_offer"


@pytest.mark.parametrize(
    "words",
    [
        "bonjour !",
        "merci beaucoup",
        "j'adore mon mug bleu de chez vous",
        "magnifique théière",
        "love my blue mug",
        "quelle belle journée",
        "superbe photo",
    ],
)
def test_what_is_no_purchase_is_left_alone(camille: XDialog, words: str) -> None:
    assert camille.mentions(f"@atelier_lumiere {words}", shows=("mug-bleu",)) == []
    assert camille.x.public == []


def test_an_orders_matter_is_never_spoken_of_in_public(camille: XDialog) -> None:
    camille.shopper("je voudrais un mug bleu")
    camille.pays()
    (reply,) = camille.mentions("@atelier_lumiere où est ma commande ?")
    assert reply.name == "public_invite"
    assert camille.order().ref not in camille.x.public[0][1]


def test_several_products_are_named_with_their_prices(camille: XDialog) -> None:
    (reply,) = camille.mentions("@atelier_lumiere je voudrais un mug")
    assert reply.name == "public_choice"
    assert "Mug bleu, 18,00" in camille.x.public[0][1]


def test_the_same_post_twice_is_answered_once(camille: XDialog) -> None:
    """F079: by page and by event, edited or quoted, a post is one."""
    camille.mentions("@atelier_lumiere un mug bleu svp", post="500")
    assert camille.mentions("@atelier_lumiere un mug bleu svp !", post="500") == []
    assert len(camille.x.public) == 1


def test_nobody_is_answered_who_did_not_address_the_shop(camille: XDialog) -> None:
    """F078: the refusal is silence, and never a message out of the blue."""
    assert camille.mentions("je voudrais un mug bleu", summoned=False) == []
    assert camille.x.public == camille.x.private == []
    assert camille.record() == [("reply", False, "not_summoned")]


def test_a_mention_of_yesterday_is_not_answered_any_more(camille: XDialog) -> None:
    camille.x.refuses = [Temporary("X is down", retry_after=90_000)]
    assert camille.mentions("@atelier_lumiere un mug bleu svp") == []
    assert camille.hours(26) == []
    assert camille.record() == [("reply", False, "too_old")]


def test_stop_in_public_and_in_private_holds_until_start(camille: XDialog) -> None:
    assert camille.mentions("@atelier_lumiere stop") == []
    assert camille.mentions("@atelier_lumiere un mug bleu svp") == []
    assert camille.shopper("je voudrais un mug bleu") == []
    (back,) = camille.shopper("start")
    assert back.name == "welcome"
    assert len(camille.mentions("@atelier_lumiere un mug bleu svp")) == 1


def test_stop_is_confirmed_once_and_obeyed(camille: XDialog) -> None:
    (confirmed,) = camille.shopper("stop")
    assert confirmed.name == "stopped"
    assert ("message", True, "confirms_stop") in camille.record()
    assert camille.shopper("bonjour ?") == []


def test_what_waited_when_stop_came_is_not_sent_any_more(camille: XDialog) -> None:
    camille.x.refuses = [Temporary("X is down", retry_after=600)]
    camille.shopper("je voudrais un mug bleu")
    camille.shopper("stop")
    camille.hours(1)
    assert ("message", False, "opted_out") in camille.record()
    assert [text for _, text in camille.x.private if "Mug bleu" in text] == []


def test_a_paid_order_is_thanked_even_after_stop(camille: XDialog) -> None:
    camille.shopper("je voudrais un mug bleu")
    camille.shopper("stop")
    (thanks,) = camille.pays()
    assert thanks.name == "thanks"
    assert ("message", True, "order_owes") in camille.record()


def test_two_machines_fall_silent(camille: XDialog) -> None:
    """F082"""
    for _ in range(REPLIES_AN_HOUR + 10):
        camille.mentions("@atelier_lumiere un mug bleu svp")
    assert len(camille.x.public) == REPLIES_AN_HOUR
    for _ in range(MESSAGES_AN_HOUR + 10):
        camille.shopper("combien coûte le mug bleu ?")
    assert len(camille.x.private) == MESSAGES_AN_HOUR
    camille.now += timedelta(hours=2)
    assert len(camille.mentions("@atelier_lumiere un mug bleu svp")) == 1


def test_no_two_replies_of_a_day_are_the_same_words(camille: XDialog) -> None:
    """F078: X refuses duplicate content; a hundred people who ask the same get a hundred texts."""
    for number in range(100):
        camille.chat = str(50_000 + number)
        camille.mentions("@atelier_lumiere je voudrais une carte cadeau", handle="")
    texts = [text for _, text in camille.x.public]
    assert len(texts) == len(set(texts)) == 100
    assert all(weighted_length(text) <= 280 for text in texts)


def test_a_public_refusal_of_x_is_not_tried_again_and_costs_nothing(camille: XDialog) -> None:
    """F078"""
    camille.x.refuses = [Permanent("403: You are not permitted to reply")]
    assert camille.mentions("@atelier_lumiere un mug bleu svp") == []
    assert camille.hours(1) == []
    assert camille.x.private == []
    assert camille.costs() == {}
    ((act, allowed, reason),) = camille.record()
    assert (act, allowed) == ("reply", False)
    assert "not permitted" in str(reason)


def test_an_answer_of_unknown_fate_is_charged_and_may_be_tried_again(camille: XDialog) -> None:
    camille.x.refuses = [Temporary("no answer", uncertain=True)]
    camille.mentions("@atelier_lumiere un mug bleu svp")
    camille.hours(0.01)
    assert len(camille.x.public) == 1
    assert camille.costs() == {"summoned_reply": 20_000}


def test_who_shut_their_messages_is_told_so_in_public_when_they_ask_again(camille: XDialog) -> None:
    """F077"""
    camille.shopper("bonjour")
    camille.write(lambda books: books.shoppers.reachable("x", camille.chat, reachable=False))
    (reply,) = camille.mentions("@atelier_lumiere je voudrais un mug bleu")
    assert reply.name == "public_open"


def test_numbers_choose_where_there_are_no_buttons(camille: XDialog) -> None:
    (asked,) = camille.shopper("je voudrais un mug")
    assert asked.name == "choose_product"
    assert "1. Mug bleu" in camille.x.private[-1][1]
    (link,) = camille.shopper("1")
    assert link.name == "link"
    assert "1 × Mug bleu" in camille.x.private[-1][1]


def test_a_number_sent_twice_neither_orders_twice_nor_cancels(camille: XDialog) -> None:
    camille.shopper("je voudrais un mug")
    camille.shopper("1")
    camille.shopper("1")
    assert len(camille.store.view("v_orders")) == 1
    assert camille.order().closing is None
    assert camille.stock("mug-bleu") == (1, 0)


def test_a_number_that_was_not_offered_is_read_as_words(camille: XDialog) -> None:
    camille.shopper("je voudrais un mug")
    (said,) = camille.shopper("9")
    assert said.name in ("choose_product", "unknown", "too_many", "ask_quantity", "link")
    assert camille.store.view("v_orders") == [] or said.name == "link"


def test_cancel_is_a_word_on_x(camille: XDialog) -> None:
    camille.shopper("je voudrais un mug bleu")
    said = camille.shopper("annuler")
    assert [one.name for one in said] == ["order_canceled"]
    assert camille.stock("mug-bleu") == (0, 0)


def test_what_a_sale_cost_is_laid_on_its_order(camille: XDialog) -> None:
    camille.mentions("@atelier_lumiere je voudrais deux mugs bleus")
    camille.shopper("oui")
    camille.pays()
    rows = camille.store.view("v_costs")
    assert {row["ref"] for row in rows} == {camille.order().ref}
    assert camille.costs() == {"summoned_reply": 10_000, "dm_sent": 30_000}


def test_the_budget_gives_up_public_replies_first_then_all_but_paid_orders() -> None:
    camille = on_x(budget=100_000)
    camille.shopper("je voudrais un mug bleu")  # 15,000
    camille.pays()  # 30,000
    for number in range(4):  # 80,000 and more
        camille.shopper(f"combien coûte le mug bleu ? {number}")
    assert camille.mentions("@atelier_lumiere un mug bleu svp") == []
    assert camille.record()[-1] == ("reply", False, "over_budget")
    camille.shopper("combien coûte le mug noir ?")
    assert camille.shopper("combien coûte la théière ?") == []
    assert camille.record()[-1] == ("message", False, "over_budget")
    assert [row["kind"] for row in reversed(camille.store.view("v_alerts"))] == [
        "budget_slow",
        "budget_private",
        "budget_owed",
    ]
    camille.now += timedelta(hours=13)  # the next UTC day
    assert len(camille.shopper("combien coûte la théière ?")) == 1
    camille.store.close()


def test_a_paid_order_is_thanked_over_any_budget() -> None:
    camille = on_x(budget=15_000)
    camille.shopper("je voudrais un mug bleu")
    (thanks,) = camille.pays()
    assert thanks.name == "thanks"
    camille.store.close()


def test_the_days_messages_are_kept_for_paid_orders_and_the_others_are_shown_another_door(camille: XDialog) -> None:
    """F088"""
    camille.shopper("je voudrais un mug bleu")
    full = camille.now + timedelta(hours=8)
    camille.write(lambda books: books.ledger.keep_quota("x:dm_sends_a_day", 1440, 1400, full))
    assert camille.shopper("combien coûte le mug noir ?") == []
    assert camille.record()[-1] == ("message", False, "quota_used_up")
    assert [row["kind"] for row in camille.store.view("v_alerts")] == ["dm_quota"]
    (thanks,) = camille.pays()
    assert thanks.name == "thanks"
    camille.shop = replace(
        camille.shop,
        elsewhere=lambda _: "Telegram (atelier_bot)",
        full=lambda books, _, now: camille.accounts.wait(books, "dm_sends_a_day", now) > 0,
    )
    camille.mentions("@atelier_lumiere je voudrais un mug bleu")
    assert "Telegram (atelier_bot)" in camille.x.public[-1][1]
    assert not has_address(camille.x.public[-1][1])


def test_a_full_quarter_of_an_hour_only_delays(camille: XDialog) -> None:
    """F075: the window is a row; what waits for it leaves when it begins anew."""
    soon = camille.now + timedelta(minutes=10)
    camille.write(lambda books: books.ledger.keep_quota("x:dm_sends", 15, 15, soon))
    assert camille.shopper("je voudrais un mug bleu") == []
    assert camille.hours(0.1) == []
    assert "link" in [said.name for said in camille.hours(0.1)]


def test_a_closed_door_costs_nothing(camille: XDialog) -> None:
    camille.x.refuses = [Unreachable("You cannot send messages to this user.")]
    camille.shopper("je voudrais un mug bleu")
    assert camille.costs() == {}

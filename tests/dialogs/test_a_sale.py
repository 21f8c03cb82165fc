"""From "I would like" to "thank you", as a shopper lives it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.orders import OrderStatus
from tests.dialogs.dialog import Dialog


def test_one_message_is_enough_for_a_link(dialog: Dialog) -> None:
    (link,) = dialog.shopper("je voudrais deux mugs bleus")
    assert link.name == "link"
    assert "2 × Mug bleu" in link.text
    assert "36,00" in link.text
    assert dialog.order().ref in link.text
    assert link.url("Payer").startswith("https://pay.example/")
    assert dialog.stock("mug-bleu") == (2, 0)


def test_a_payment_is_thanked_once_with_the_orders_reference(dialog: Dialog) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    (thanks,) = dialog.pays()
    assert thanks.name == "thanks"
    assert dialog.order().ref in thanks.text
    assert dialog.order().status is OrderStatus.PAID
    assert dialog.stock("mug-bleu") == (0, 2)
    assert dialog.history(dialog.order().ref) == [(None, "created"), ("created", "paid")]


def test_an_english_shopper_is_served_in_english(dialog: Dialog) -> None:
    guest = dialog.other("2002", "en")
    (link,) = guest.shopper("buy a blue mug")
    assert "1 × Blue mug" in link.text
    assert "€18.00" in link.text
    (thanks,) = guest.pays()
    assert "Thank you" in thanks.text


def test_the_same_event_twice_changes_nothing_the_second_time(dialog: Dialog) -> None:
    """F001"""
    dialog.shopper("deux mugs bleus svp")
    dialog.pays()
    assert not dialog.redelivered().fresh
    assert dialog.delivered() == []
    assert dialog.stock("mug-bleu") == (0, 2)


def test_two_events_for_one_completion_thank_once(dialog: Dialog) -> None:
    """F003"""
    dialog.shopper("deux mugs bleus svp")
    assert [said.name for said in dialog.pays()] == ["thanks"]
    assert dialog.pays() == []
    assert dialog.stock("mug-bleu") == (0, 2)


def test_asking_again_gives_the_same_link_and_no_second_order(dialog: Dialog) -> None:
    """F036"""
    (first,) = dialog.shopper("je voudrais deux mugs bleus")
    (second,) = dialog.shopper("je voudrais deux mugs bleus")
    assert second.name == "link_again"
    assert second.url("Payer") == first.url("Payer")
    assert dialog.stock("mug-bleu") == (2, 0)


def test_a_missing_variant_is_asked_for_and_a_word_completes_it(dialog: Dialog) -> None:
    (asked,) = dialog.shopper("je voudrais un t-shirt blanc")
    if asked.name == "choose_option":
        (link,) = dialog.shopper("M")
    else:
        link = asked
    assert link.name == "link"
    assert "blanc" in link.text


def test_a_variant_is_chosen_by_button(dialog: Dialog) -> None:
    (asked,) = dialog.shopper("je voudrais un t-shirt")
    assert asked.name == "choose_option"
    assert any("noir" in label for label in asked.labels)
    (link,) = dialog.presses(asked, "noir")
    assert link.name == "link"
    assert dialog.order().lines[0].sku == "tee-noir-m"


def test_two_products_of_one_name_are_offered_as_choices(dialog: Dialog) -> None:
    (asked,) = dialog.shopper("je voudrais un mug")
    assert asked.name == "choose_product"
    (link,) = dialog.presses(asked, "Mug bleu")
    assert link.name == "link"


def test_a_double_tap_buys_once(dialog: Dialog) -> None:
    """F071"""
    (card,) = dialog.shopper("combien coûte le mug bleu ?")
    dialog.presses(card, "Acheter")
    assert dialog.presses(card, "Acheter") == []
    assert dialog.receipt.notice == "stale"
    assert dialog.stock("mug-bleu") == (1, 0)


def test_two_products_in_one_sentence_make_one_order_and_one_link(dialog: Dialog) -> None:
    (link,) = dialog.shopper("je voudrais un mug bleu et une carte cadeau")
    assert link.name == "link"
    assert "1 × Mug bleu" in link.text
    assert "1 × Carte cadeau" in link.text


@pytest.mark.parametrize(
    ("before", "then", "line"),
    [
        ("combien coûte le mug bleu ?", "j'en prends deux", ("mug-bleu", 2)),
        ("combien coûte le mug bleu ?", "deux", ("mug-bleu", 2)),
        ("je voudrais 8 mugs bleus", "oui", ("mug-bleu", 5)),
        ("je voudrais un t-shirt", "noir M", ("tee-noir-m", 1)),
        ("je voudrais des mugs bleus", "3", ("mug-bleu", 3)),
    ],
)
def test_a_few_words_complete_what_was_said_before(
    dialog: Dialog, before: str, then: str, line: tuple[str, int]
) -> None:
    dialog.shopper(before)
    said = dialog.shopper(then)
    assert [s.name for s in said] == ["link"], (said[0].name, said[0].text)
    assert (dialog.order().lines[0].sku, dialog.order().lines[0].quantity) == line


def test_a_link_names_the_delivery_where_any_of_its_goods_is_carried(dialog: Dialog) -> None:
    goods = dialog.shop.counter.catalogue
    card = goods.product("carte")
    assert card is not None
    other = tuple(replace(p, kind="service") if p is card else p for p in goods.products)
    mixed = replace(goods, products=other)
    dialog.shop = replace(dialog.shop, counter=replace(dialog.shop.counter, catalogue=mixed))
    dialog.perform = replace(dialog.perform, shop=dialog.shop)
    (link,) = dialog.shopper("je voudrais une carte cadeau et un mug bleu")
    assert "Colissimo" in link.text
    (alone,) = dialog.other("3003").shopper("je voudrais une carte cadeau")
    assert "Colissimo" not in alone.text


def test_a_question_about_one_variant_is_answered_for_that_variant(dialog: Dialog) -> None:
    (card,) = dialog.shopper("il reste des t-shirts noirs en L ?")
    assert card.name == "product"
    assert "Épuisé" in card.text


def test_a_question_about_delivery_is_answered_from_the_shops_own_ways(dialog: Dialog) -> None:
    (said,) = dialog.shopper("quels sont les frais de port ?")
    assert said.name == "answer"
    assert "4,90" in said.text


def test_what_is_sold_out_is_said_plainly(dialog: Dialog) -> None:
    (said,) = dialog.shopper("je voudrais une théière")
    assert said.name == "sold_out"
    assert "épuisé" in said.text


def test_more_than_there_is_gets_the_number_there_is(dialog: Dialog) -> None:
    """F044"""
    (said,) = dialog.shopper("je voudrais 8 mugs bleus")
    assert said.name == "not_enough"
    assert "5" in said.text
    (link,) = dialog.presses(said, "5")
    assert link.name == "link"
    assert dialog.stock("mug-bleu") == (5, 0)


def test_more_than_an_order_may_hold_is_refused_with_the_number(dialog: Dialog) -> None:
    (said,) = dialog.shopper("je voudrais 50 cartes cadeau")
    assert said.name == "too_many"
    assert "10" in said.text


def test_the_last_one_goes_to_one_shopper_only(dialog: Dialog) -> None:
    """F040"""
    (link,) = dialog.shopper("je voudrais un mug noir")
    (said,) = dialog.other("2002").shopper("je voudrais un mug noir")
    assert link.name == "link"
    assert said.name == "sold_out"
    assert dialog.stock("mug-noir") == (1, 0)


def test_a_shopper_cannot_hoard(dialog: Dialog) -> None:
    """F046"""
    for text in ("un mug bleu svp", "deux mugs bleus svp", "une carte cadeau svp"):
        dialog.shopper(text)
    (said,) = dialog.shopper("deux cartes cadeau svp")
    assert said.name == "too_many_open"


def test_a_product_link_shows_the_product(dialog: Dialog) -> None:
    (card,) = dialog.shopper("/start", product="mug-bleu")
    assert card.name == "product"
    assert card.body.picture


def test_a_group_is_answered_with_the_way_to_ones_own_chat(dialog: Dialog) -> None:
    """F060"""
    (said,) = dialog.shopper("je voudrais un mug bleu", private=False)
    assert said.name == "in_private"
    assert said.url("privé") == "start:p_mug-bleu"
    assert dialog.stock("mug-bleu") == (0, 0)


def test_stop_is_obeyed_until_start(dialog: Dialog) -> None:
    assert [said.name for said in dialog.shopper("stop")] == ["stopped"]
    assert dialog.shopper("je voudrais un mug bleu") == []
    assert [said.name for said in dialog.shopper("/start")] == ["welcome"]
    assert [said.name for said in dialog.shopper("je voudrais un mug bleu")] == ["link"]


def test_the_thank_you_of_a_paid_order_is_owed_even_after_stop(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug bleu")
    dialog.shopper("stop")
    assert [said.name for said in dialog.pays()] == ["thanks"]


def test_a_card_number_is_masked_before_anything_is_stored(dialog: Dialog) -> None:
    """F133"""
    said = dialog.shopper("je voudrais un mug, ma carte 4242 4242 4242 4242")
    assert said[0].name == "card_in_chat"
    whole = "\n".join(dialog.store._connection.iterdump())
    assert "4242 4242" not in whole
    assert "4242424242424242" not in whole

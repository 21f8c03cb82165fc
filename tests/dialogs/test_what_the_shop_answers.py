"""Questions that no single product answers, and words that point at what was just shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.catalogue import Shipping
from tests.dialogs.dialog import Dialog, catalogue, opened_shop


def told(**rules: object) -> Dialog:
    """A shop whose bot.toml says more: how long delivery takes, how long things may come back, what is new."""
    dialog = opened_shop()
    before = dialog.shop.counter
    first, *others = before.catalogue.products
    sold = replace(
        catalogue(),
        products=(*others, replace(first, new=True)),
        shipping=(Shipping("colissimo", "Colissimo", 490, 6000, ("FR",), (2, 4)),),
    )
    dialog.shop.become(
        replace(dialog.shop, counter=replace(before, catalogue=sold, rules=replace(before.rules, **rules)))  # type: ignore[arg-type]
    )
    return dialog


def test_what_delivery_costs_and_how_long_it_takes() -> None:
    (said,) = told().shopper("c'est combien la livraison et combien de temps ?")
    assert said.name == "answer"
    assert "4,90" in said.text
    assert "2 à 4 jours ouvrés" in said.text
    assert "offerte dès 60" in said.text


def test_what_the_delivery_of_one_thing_costs(dialog: Dialog) -> None:
    (said,) = dialog.shopper("combien coûte la livraison du mug bleu ?")
    assert "Livraison de Mug bleu" in said.text
    assert "4,90" in said.text


def test_how_long_a_thing_may_be_sent_back() -> None:
    assert "30 jours" in told(returns_days=30).shopper("quelle est votre politique de retour ?")[0].text


def test_who_to_ask_where_bot_toml_says_nothing_of_returns(dialog: Dialog) -> None:
    (said,) = dialog.shopper("quelle est votre politique de retour ?")
    assert "écrivez-nous" in said.text


@pytest.mark.parametrize("text", ["je peux payer par paypal ?", "quels moyens de paiement ?", "do you take visa?"])
def test_how_one_can_pay(dialog: Dialog, text: str) -> None:
    (said,) = dialog.shopper(text)
    assert said.name == "answer"
    assert "page sécurisée" in said.text


def test_what_is_new_is_what_bot_toml_calls_new() -> None:
    (said,) = told().shopper("quoi de neuf ?")
    assert said.name == "picks"
    assert said.labels == ["Mug bleu · 18,00\xa0€"]


def test_where_nothing_is_called_new_the_last_in_the_file_are(dialog: Dialog) -> None:
    (said,) = dialog.shopper("vous avez des nouveautés ?")
    assert said.labels[0].startswith("T-shirt Lumière")


def test_what_sells_best_is_what_was_sold_most(dialog: Dialog) -> None:
    dialog.shopper("je voudrais 2 mugs bleus")
    dialog.pays()
    dialog.hours(0.1)
    neighbour = dialog.other("1002")
    neighbour.shopper("je voudrais un tee noir en M")
    neighbour.pays()
    (said,) = dialog.shopper("qu'est-ce qui se vend le mieux ?")
    assert said.name == "picks"
    assert [label.split(" · ")[0] for label in said.labels] == ["Mug bleu", "T-shirt Lumière"]


def test_a_shop_that_sold_nothing_yet_shows_its_window(dialog: Dialog) -> None:
    assert [said.name for said in dialog.shopper("your best sellers?")] == ["window"]


def test_the_cheapest_of_all_and_the_cheapest_of_a_kind(dialog: Dialog) -> None:
    (all_of_them,) = dialog.shopper("le moins cher ?")
    assert all_of_them.name == "picks"
    assert [label.split(" · ")[0] for label in all_of_them.labels][:2] == ["Mug bleu", "Mug noir"]


def test_something_under_a_price(dialog: Dialog) -> None:
    (said,) = dialog.shopper("vous avez quelque chose à moins de 20 euros ?")
    assert said.name == "choose_product"
    assert [label.split(" · ")[0] for label in said.labels] == ["Mug bleu", "Mug noir"]


@pytest.mark.parametrize(
    ("text", "sku"), [("le deuxième", "mug-noir"), ("n°1", "mug-bleu"), ("le dernier", "mug-noir")]
)
def test_the_second_one_is_the_second_that_was_offered(dialog: Dialog, text: str, sku: str) -> None:
    dialog.shopper("je voudrais un mug")
    assert [said.name for said in dialog.shopper(text)] == ["link"]
    assert dialog.stock(sku) == (1, 0)


def test_pointing_at_more_than_was_offered_buys_nothing(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug")
    assert "link" not in [said.name for said in dialog.shopper("le troisième")]


def test_pointing_twice_orders_once(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug")
    dialog.shopper("le deuxième")
    assert "link" not in [said.name for said in dialog.shopper("le deuxième")]
    assert dialog.stock("mug-noir") == (1, 0)


def test_what_was_offered_yesterday_is_not_meant_any_more(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug")
    dialog.hours(25)
    assert "link" not in [said.name for said in dialog.shopper("le deuxième")]


def test_one_of_the_window_is_shown(dialog: Dialog) -> None:
    dialog.shopper("montrez-moi la boutique")
    (said,) = dialog.shopper("the second one")
    assert said.name == "product"
    assert "Mug noir" in said.text


def test_in_another_colour_is_asked_of_what_was_ordered(dialog: Dialog) -> None:
    dialog.shopper("un tee noir en M svp")
    (said,) = dialog.shopper("et en blanc ?")
    assert said.name == "product"
    assert "blanc" in said.text
    assert len(dialog.store.view("v_orders")) == 1


def test_in_another_colour_means_the_thing_that_was_ordered_and_not_all_of_that_colour(dialog: Dialog) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    (said,) = dialog.shopper("et en noir ?")
    assert said.name == "product"
    assert "Mug noir" in said.text


def test_rather_in_another_colour_changes_the_order(dialog: Dialog) -> None:
    dialog.shopper("un tee noir en M svp")
    said = dialog.shopper("plutôt en blanc")
    assert [one.name for one in said] == ["link"]
    assert (dialog.stock("tee-noir-m"), dialog.stock("tee-blanc-m")) == ((0, 0), (1, 0))


@pytest.mark.parametrize("text", ["oui", "ok merci", "super", "en blanc c'est joli"])
def test_a_word_after_the_order_buys_nothing_more(dialog: Dialog, text: str) -> None:
    dialog.shopper("un tee noir en M svp")
    dialog.shopper(text)
    assert len(dialog.store.view("v_orders")) == 1
    assert dialog.stock("tee-noir-m") == (1, 0)

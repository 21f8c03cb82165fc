"""A cart made of words: the order that waits for its payment is changed, and one link pays for all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.domain.orders import CancelReason, Line, OrderStatus
from bot.service.receive import receive
from tests.dialogs.dialog import Dialog, Said


def links(said: list[Said]) -> list[str]:
    """The lines of each link that was said."""
    return [line for one in said if one.name == "link" for line in one.text.splitlines() if " × " in line]


def orders(dialog: Dialog, status: str = "created") -> list[Mapping[str, object]]:
    return [row for row in dialog.store.view("v_orders") if row["status"] == status]


def test_what_is_added_joins_the_order_and_one_link_pays_for_both(dialog: Dialog) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    dialog.hours(0.1)
    said = dialog.shopper("ajoute aussi un mug noir")
    assert [one.name for one in said] == ["link"]
    assert links(said) == ["2 × Mug bleu (18,00\xa0€)", "1 × Mug noir"]
    assert len(orders(dialog)) == 1
    assert (dialog.stock("mug-bleu"), dialog.stock("mug-noir")) == ((2, 0), (1, 0))
    (thanks,) = dialog.pays()
    assert "54,00" in thanks.text


def test_adding_to_nothing_is_enough_for_a_link(dialog: Dialog) -> None:
    assert links(dialog.shopper("ajoute un mug noir au panier")) == ["1 × Mug noir"]


def test_what_is_taken_out_leaves_the_order_and_its_stock_is_free_again(dialog: Dialog) -> None:
    dialog.shopper("deux mugs bleus et un mug noir svp")
    said = dialog.shopper("enlève le mug noir")
    assert links(said) == ["2 × Mug bleu (18,00\xa0€)"]
    assert dialog.stock("mug-noir") == (0, 0)


def test_one_of_several_is_taken_out(dialog: Dialog) -> None:
    dialog.shopper("trois mugs bleus svp")
    assert links(dialog.shopper("retire un mug bleu")) == ["2 × Mug bleu (18,00\xa0€)"]


def test_taking_out_the_last_thing_cancels_the_order(dialog: Dialog) -> None:
    dialog.shopper("un mug noir svp")
    assert [one.name for one in dialog.shopper("enlève le mug noir")] == ["order_canceled"]
    assert orders(dialog) == []
    assert dialog.stock("mug-noir") == (0, 0)


@pytest.mark.parametrize("text", ["plutôt trois", "mettez-en 3 finalement", "make it three", "sorry, three"])
def test_a_number_alone_changes_how_many(dialog: Dialog, text: str) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    assert links(dialog.shopper(text)) == ["3 × Mug bleu (18,00\xa0€)"]
    assert dialog.stock("mug-bleu") == (3, 0)


@pytest.mark.parametrize("text", ["encore un", "un de plus", "another one please", "one more"])
def test_one_more_of_the_same(dialog: Dialog, text: str) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    assert links(dialog.shopper(text)) == ["3 × Mug bleu (18,00\xa0€)"]


@pytest.mark.parametrize("text", ["et aussi un mug noir", "und dazu noch eine schwarze Tasse", "a black mug too"])
def test_one_thing_more_joins_what_was_just_ordered(dialog: Dialog, text: str) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    assert links(dialog.shopper(text)) == ["2 × Mug bleu (18,00\xa0€)", "1 × Mug noir"]


def test_a_question_about_one_thing_more_buys_nothing(dialog: Dialog) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    assert [one.name for one in dialog.shopper("vous avez aussi le mug noir ?")] == ["product"]


def test_what_changes_nothing_is_answered_with_the_link(dialog: Dialog) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    assert [one.name for one in dialog.shopper("plutôt deux")] == ["link_again"]
    assert len(dialog.store.view("v_orders")) == 1


def test_another_thing_instead(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug bleu")
    assert links(dialog.shopper("pardon, plutôt le mug noir svp")) == ["1 × Mug noir"]
    assert (dialog.stock("mug-bleu"), dialog.stock("mug-noir")) == ((0, 0), (1, 0))


@pytest.mark.parametrize("text", ["comme la dernière fois", "la même chose svp", "same as last time please"])
def test_the_same_as_last_time(dialog: Dialog, text: str) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    dialog.pays()
    assert links(dialog.shopper(text)) == ["2 × Mug bleu (18,00\xa0€)"]


def test_more_than_there_are_is_said_and_the_cart_stays(dialog: Dialog) -> None:
    dialog.shopper("je voudrais trois mugs bleus")
    (refused,) = dialog.shopper("ajoute 3 mugs bleus")
    assert refused.name == "not_enough"
    assert "5" in refused.text
    assert refused.labels == []
    assert dialog.stock("mug-bleu") == (3, 0)
    assert len(orders(dialog)) == 1


def test_the_cart_shows_all_of_it_with_its_link(dialog: Dialog) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    dialog.shopper("ajoute un mug noir")
    (shown,) = dialog.shopper("mon panier")
    assert shown.name == "link_again"
    assert "Mug bleu" in shown.text
    assert "Mug noir" in shown.text


def test_an_emptied_cart_is_canceled(dialog: Dialog) -> None:
    dialog.shopper("deux mugs bleus et un mug noir svp")
    assert [one.name for one in dialog.shopper("vide le panier")] == ["order_canceled"]
    assert orders(dialog) == []


def test_two_changes_before_the_first_is_done_make_one_order(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug bleu")
    for text in ("ajoute un mug noir", "ajoute un mug bleu"):
        event = replace(dialog._event(), text=text)
        dialog.write(lambda books, event=event: receive(dialog.shop, books, event, dialog.now))  # type: ignore[misc]
    said = dialog.delivered()
    assert links(said) == ["2 × Mug bleu (18,00\xa0€)", "1 × Mug noir"]
    assert "one_moment" in [one.name for one in said]
    assert len(orders(dialog)) == 1


def test_a_change_that_is_taken_back_before_it_is_done_leaves_nothing(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug bleu")
    for text in ("plutôt deux", "enlève le mug bleu"):
        event = replace(dialog._event(), text=text)
        dialog.write(lambda books, event=event: receive(dialog.shop, books, event, dialog.now))  # type: ignore[misc]
    assert [one.name for one in dialog.delivered()][-1] == "order_canceled"
    assert orders(dialog) == []
    assert dialog.stock("mug-bleu") == (0, 0)


def test_an_order_that_is_paid_while_it_is_changed_stays_and_what_was_added_is_one_of_its_own(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug bleu")
    dialog.completed.add(dialog.payments()[-1].key)
    said = dialog.shopper("ajoute un mug noir")
    assert [one.name for one in said] == ["thanks", "link"]
    assert links(said) == ["1 × Mug noir"]
    assert [row["total_minor"] for row in orders(dialog, "paid")] == [1800]
    assert (dialog.stock("mug-bleu"), dialog.stock("mug-noir")) == ((0, 1), (1, 0))


def test_what_was_taken_out_of_an_order_that_is_paid_meanwhile_is_a_matter_for_a_human(dialog: Dialog) -> None:
    dialog.shopper("deux mugs bleus svp")
    dialog.completed.add(dialog.payments()[-1].key)
    said = dialog.shopper("retire un mug bleu")
    assert [one.name for one in said] == ["thanks", "cancel_paid"]
    assert dialog.stock("mug-bleu") == (0, 2)


def test_a_change_keeps_its_history(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug bleu")
    before = dialog.order().ref
    dialog.shopper("ajoute un mug noir")
    assert dialog.order(before).status is OrderStatus.CANCELED
    assert dialog.order(before).cancel_reason is CancelReason.CHANGED
    assert dialog.history(before) == [(None, "created"), ("created", "canceled")]


def test_what_cannot_be_had_any_more_when_the_page_is_closed_ends_the_order_with_a_word(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug bleu")
    ref, lines = dialog.order().ref, (Line("mug-noir", "Mug noir", 2, 1800),)
    dialog.write(lambda books: books.orders.change(ref, lines, dialog.now))
    assert [one.name for one in dialog.news("expired")] == ["order_canceled"]
    assert (dialog.stock("mug-bleu"), dialog.stock("mug-noir")) == ((0, 0), (0, 0))


@pytest.mark.parametrize(
    "text",
    [
        *("pas un de plus", "il en reste encore un ?", "encore une question", "une autre question svp", "pas encore"),
        *("not one more", "is there one more?", "one more thing", "give me one more minute", "another day please"),
        *(
            "otra pregunta",
            "noch eine Frage",
            "nicht noch eins",
            "un'altra domanda",
            "ancora un minuto",
            "mais um minuto",
        ),
        *("j'ai aussi un mug noir à la maison", "le mug noir est aussi joli", "j'aime aussi le mug noir"),
        *("montrez-moi aussi le mug noir", "I also have a black mug at home", "the black mug is also nice"),
        *("pardon, 5 minutes", "finalement dans 3 semaines", "oui", "merci"),
    ],
)
def test_chatter_beside_a_cart_changes_nothing(dialog: Dialog, text: str) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    ref = dialog.order().ref
    dialog.shopper(text)
    assert [(row["ref"], row["status"]) for row in dialog.store.view("v_orders")] == [(ref, "created")]
    assert dialog.stock("mug-bleu") == (2, 0)


@pytest.mark.parametrize(
    "text",
    [
        *("pas comme la dernière fois svp", "le facteur a fait la même chose", "c'est la même chose"),
        *("j'espère que ce sera comme la dernière fois", "not the same as last time", "is it the same again?"),
    ],
)
def test_a_sentence_about_last_time_orders_nothing(dialog: Dialog, text: str) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    dialog.pays()
    dialog.shopper(text)
    assert len(dialog.store.view("v_orders")) == 1


def test_one_more_of_a_named_thing_joins_the_cart(dialog: Dialog) -> None:
    dialog.shopper("je voudrais deux mugs bleus")
    assert links(dialog.shopper("encore un mug bleu svp")) == ["3 × Mug bleu (18,00\xa0€)"]
    assert len(orders(dialog)) == 1


def test_a_word_for_several_things_takes_none_of_them_out(dialog: Dialog) -> None:
    dialog.shopper("deux mugs bleus et un mug noir svp")
    assert [one.name for one in dialog.shopper("enlève un mug")] == ["link_again"]
    assert (dialog.stock("mug-bleu"), dialog.stock("mug-noir")) == ((2, 0), (1, 0))


def said_at_once(dialog: Dialog, *texts: str) -> list[str]:
    """What is said to these, all of them decided on before the first is carried out."""
    for text in texts:
        event = replace(dialog._event(), text=text)
        dialog.write(lambda books, event=event: receive(dialog.shop, books, event, dialog.now))  # type: ignore[misc]
    return [one.name for one in dialog.delivered()]


def test_what_is_canceled_while_it_is_changed_is_gone(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug bleu svp")
    assert "link" not in said_at_once(dialog, "plutôt deux", "annuler")
    assert orders(dialog) == []
    assert dialog.stock("mug-bleu") == (0, 0)


def test_which_of_two_orders_is_canceled_is_asked_also_while_one_is_changed(dialog: Dialog) -> None:
    dialog.shopper("une carte cadeau svp")
    dialog.hours(0.1)
    dialog.shopper("je voudrais un mug bleu svp")
    assert "cancel_which" in said_at_once(dialog, "plutôt deux", "annuler")
    assert dialog.stock("carte") == (1, 0)


def test_more_than_may_be_had_offers_no_second_order(dialog: Dialog) -> None:
    dialog.shopper("deux cartes cadeau svp")
    assert [one.name for one in dialog.shopper("make it 500")] == ["too_many"]
    dialog.shopper("oui")
    assert len(orders(dialog)) == 1
    assert dialog.stock("carte") == (2, 0)


def test_who_said_stop_is_written_no_new_link(dialog: Dialog) -> None:
    dialog.shopper("je voudrais un mug bleu")
    assert "link" not in said_at_once(dialog, "plutôt deux", "stop")
    assert dialog.stock("mug-bleu") == (0, 0)


def test_another_card_that_was_pressed_is_what_yes_means(dialog: Dialog) -> None:
    dialog.shopper("le mug bleu")
    (window,) = dialog.shopper("boutique")
    dialog.presses(window, "Carte cadeau")
    dialog.shopper("oui")
    assert dialog.stock("mug-bleu") == (0, 0)

"""Choices on X, which has no buttons: numbers and letters, of what, until when, and what is said in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.catalogue import Catalogue
from bot.service.receive import receive
from tests.dialogs.on_x import XDialog, on_x


@pytest.fixture
def camille() -> Iterator[XDialog]:
    dialog = on_x()
    yield dialog
    dialog.store.close()


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


def test_a_number_sent_twice_before_the_answer_came_hears_what_came_of_the_first(camille: XDialog) -> None:
    camille.shopper("je voudrais un mug")
    for _ in range(2):
        event = replace(camille._event(), text="1")
        camille.write(lambda books, event=event: receive(camille.shop, books, event, camille.now))  # type: ignore[misc]
    assert sorted(said.name for said in camille.delivered()) == ["link", "orders"]
    assert len(camille.store.view("v_orders")) == 1


def test_a_number_for_what_is_no_longer_sold_is_shown_what_is(camille: XDialog) -> None:
    assert camille.shopper("catalogue")[0].name == "window"
    camille.shop = replace(camille.shop, counter=replace(camille.shop.counter, catalogue=Catalogue("EUR", ())))
    assert [said.name for said in camille.shopper("1")] == ["window"]


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


def test_a_quantity_is_written_as_it_is_meant_and_letters_choose(camille: XDialog) -> None:
    """Where the choices are figures a "2" means two."""
    (asked,) = camille.shopper("je voudrais plusieurs mugs bleus")
    assert asked.name == "ask_quantity"
    text = camille.x.private[-1][1]
    assert "A. " in text
    assert "1. " not in text
    (link,) = camille.shopper("2")
    assert link.name == "link"
    assert "2 × Mug bleu" in camille.x.private[-1][1]


def test_a_letter_chooses_where_choices_are_figures(camille: XDialog) -> None:
    camille.shopper("je voudrais plusieurs mugs bleus")
    (link,) = camille.shopper("c")
    assert link.name == "link"
    assert "3 × Mug bleu" in camille.x.private[-1][1]


def test_a_product_shown_offers_to_buy_it_and_no_steps_of_a_quantity(camille: XDialog) -> None:
    """Its buttons for one more and one less are said in words on X."""
    (card,) = camille.shopper("combien coûte le mug bleu ?")
    assert card.name == "product"
    assert "1. " in camille.x.private[-1][1]
    assert "2. " not in camille.x.private[-1][1]
    (link,) = camille.shopper("1")
    assert link.name == "link"


def test_a_price_is_no_choice(camille: XDialog) -> None:
    camille.shopper("je voudrais un mug")
    camille.shopper("2€")
    assert camille.store.view("v_orders") == []


def test_a_number_is_of_what_had_been_read_when_it_was_typed(camille: XDialog) -> None:
    """A page brings it late: another question has been asked meanwhile."""
    camille.shopper("je voudrais un mug")
    typed = camille.now + timedelta(minutes=10)
    camille.now += timedelta(minutes=20)
    (asked,) = camille.shopper("je voudrais un t-shirt")
    assert asked.name == "choose_option"
    (link,) = camille.shopper("1", said_at=typed.isoformat())
    assert link.name == "link"
    assert "1 × Mug bleu" in camille.x.private[-1][1]


def test_a_number_typed_as_the_question_arrived_is_of_that_question(camille: XDialog) -> None:
    """X's clock and ours differ by a moment."""
    camille.shopper("je voudrais un mug")
    (link,) = camille.shopper("1", said_at=(camille.now - timedelta(seconds=2)).isoformat())
    assert link.name == "link"


def test_a_choice_of_yesterday_is_none_any_more(camille: XDialog) -> None:
    camille.shopper("je voudrais un mug")
    camille.now += timedelta(hours=24, seconds=1)
    camille.shopper("1")
    assert camille.store.view("v_orders") == []


def test_what_has_not_been_sent_yet_is_no_question(camille: XDialog) -> None:
    """It waits for a limit: whoever types a number has not seen it."""
    soon = camille.now + timedelta(minutes=10)
    camille.write(lambda books: books.ledger.keep_quota("x:dm_sends", 15, 15, soon))
    assert camille.shopper("je voudrais un mug") == []
    assert camille.shopper("1") == []
    assert camille.store.view("v_orders") == []

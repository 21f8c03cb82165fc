"""Selling on X: the mention, the one reply, the private conversation, and what is not answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.domain.weights import has_address, weighted_length
from bot.errors import Temporary
from bot.service.public import code_of
from bot.service.receive import ANSWERED_WITHIN
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


def test_no_two_replies_of_a_day_are_the_same_words(camille: XDialog) -> None:
    """F078: X refuses duplicate content; a hundred people who ask the same get a hundred texts."""
    for number in range(100):
        camille.chat = str(50_000 + number)
        camille.mentions("@atelier_lumiere je voudrais une carte cadeau", handle="")
    texts = [text for _, text in camille.x.public]
    assert len(texts) == len(set(texts)) == 100
    assert all(weighted_length(text) <= 280 for text in texts)


def test_who_shut_their_messages_is_told_so_in_public_when_they_ask_again(camille: XDialog) -> None:
    """F077"""
    camille.shopper("bonjour")
    camille.write(lambda books: books.shoppers.reachable("x", camille.chat, reachable=False))
    (reply,) = camille.mentions("@atelier_lumiere je voudrais un mug bleu")
    assert reply.name == "public_open"


@pytest.mark.parametrize("words", ["stop", "arrêtez", "start"])
def test_a_stop_or_a_start_that_does_not_address_the_shop_is_somebody_elses(camille: XDialog, words: str) -> None:
    """F083: a post in a thread that X's own list of names puts the shop into."""
    if words == "start":
        camille.mentions("@atelier_lumiere stop")
    assert camille.mentions(f"@atelier_lumiere @zoe {words}", summoned=False) == []
    answered = camille.mentions("@atelier_lumiere un mug bleu svp")
    assert len(answered) == (0 if words == "start" else 1)


def test_a_post_that_only_contains_start_takes_no_stop_back(camille: XDialog) -> None:
    camille.mentions("@atelier_lumiere stop")
    for words in ("on commence quand ?", "on peut commencer à commander"):
        assert camille.mentions(f"@atelier_lumiere {words}") == []
        assert camille.mentions("@atelier_lumiere un mug bleu svp") == []
    assert camille.mentions("@atelier_lumiere start svp") == []
    assert len(camille.mentions("@atelier_lumiere un mug bleu svp")) == 1


def test_stop_is_obeyed_in_doubt_however_long_the_post(camille: XDialog) -> None:
    """The negative twin: who is not sure to be left alone is left alone."""
    camille.mentions("@atelier_lumiere stop making me want a mug")
    assert camille.mentions("@atelier_lumiere un mug bleu svp") == []


def test_a_strangers_reference_lays_nothing_on_their_order(camille: XDialog) -> None:
    """F122: neither the message nor its cost is the stranger's."""
    camille.shopper("je voudrais un mug bleu")
    ref = camille.order().ref
    camille.chat = "2002"
    (said,) = camille.shopper(f"où en est ma commande {ref} ?")
    assert said.name == "unknown_ref"
    assert said.task.ref is None
    assert [row["ref"] for row in camille.store.view("v_costs") if row["chat"] == "2002"] == [None]
    camille.chat = "2001"
    (own,) = camille.shopper(f"annuler {ref}")
    assert own.task.ref == ref


# -- what was written long ago


def written(camille: XDialog, ago: timedelta) -> str:
    return (camille.now - ago).isoformat()


def test_what_was_found_days_late_is_not_answered_and_orders_nothing(camille: XDialog) -> None:
    """F080: its author has long turned to something else."""
    late = written(camille, ANSWERED_WITHIN + timedelta(seconds=1))
    assert camille.shopper("je voudrais un mug bleu", said_at=late) == []
    assert camille.store.view("v_orders") == camille.store.view("v_outbox") == []
    assert camille.stock("mug-bleu") == (0, 0)


def test_what_was_found_a_day_late_is_answered(camille: XDialog) -> None:
    """The negative twin."""
    (link,) = camille.shopper("je voudrais un mug bleu", said_at=written(camille, ANSWERED_WITHIN))
    assert link.name == "link"


def test_an_old_stop_and_an_old_start_are_obeyed_without_a_word(camille: XDialog) -> None:
    """F083"""
    week = written(camille, timedelta(days=7))
    assert camille.shopper("stop", said_at=week) == []
    assert camille.shopper("je voudrais un mug bleu") == []
    assert camille.shopper("start", said_at=week) == []
    assert len(camille.shopper("je voudrais un mug bleu")) == 1


def test_who_wrote_long_ago_has_written_first(camille: XDialog) -> None:
    """Whoever wrote in private may be answered later on, what they wrote then is not."""
    camille.shopper("bonjour", said_at=written(camille, timedelta(days=7)))
    person = camille.write(lambda books: books.shoppers.get("x", camille.chat))
    assert person is not None
    assert person.wrote


def test_an_offer_with_free_delivery_says_so(camille: XDialog) -> None:
    camille.mentions("@atelier_lumiere je voudrais 5 mugs bleus")
    assert "Livraison offerte" in camille.x.public[-1][1]


def test_several_things_that_are_certain_are_offered_together_and_one_yes_orders_them(camille: XDialog) -> None:
    camille.mentions("@atelier_lumiere un mug bleu et un mug noir svp")
    assert "pour le tout" in camille.x.public[-1][1]
    (link,) = camille.shopper("oui")
    assert "1 × Mug bleu" in link.text
    assert "1 × Mug noir" in link.text


def test_what_must_still_be_chosen_is_asked_for_and_not_promised(camille: XDialog) -> None:
    camille.mentions("@atelier_lumiere je veux un tee-shirt")
    assert "couleur et taille" in camille.x.public[-1][1]


def test_a_mere_number_under_a_bound_post_is_an_order_for_so_many(camille: XDialog) -> None:
    (reply,) = camille.mentions("@atelier_lumiere deux svp", shows=("mug-bleu",))
    assert "(2 pour 36,00" in camille.x.public[-1][1]
    assert reply.name == "public_offer"


def test_a_link_that_waited_until_its_order_was_canceled_is_not_sent(camille: XDialog) -> None:
    soon = camille.now + timedelta(minutes=10)
    camille.write(lambda books: books.ledger.keep_quota("x:dm_sends", 15, 15, soon))
    camille.shopper("je voudrais un mug bleu")
    camille.shopper("annuler")
    said = [one.name for one in camille.hours(0.2)]
    assert "order_canceled" in said
    assert "link" not in said


def test_a_link_does_not_wait_behind_small_talk(camille: XDialog) -> None:
    """Small talk leaves the last three messages of a window; an order's own takes two of them."""
    soon = camille.now + timedelta(minutes=10)
    camille.write(lambda books: books.ledger.keep_quota("x:dm_sends", 15, 12, soon))
    assert camille.shopper("combien coûte le mug noir ?") == []
    assert [one.name for one in camille.shopper("je voudrais un mug bleu")] == ["link"]


def test_start_is_answered_in_the_language_spoken_before_stop(camille: XDialog) -> None:
    camille.shopper("I would like a blue mug please")
    camille.mentions("@atelier_lumiere stop")
    (back,) = camille.shopper("start")
    assert "Welcome" in back.text


def test_no_two_posts_of_a_minute_have_the_same_code() -> None:
    """What is said in the same words is refused by the platform; ids that are 3.125 seconds apart end alike."""
    minute = [str((10**11 + milliseconds) << 22) for milliseconds in range(60_000)]
    assert minute[0][-5:] == minute[3125][-5:]
    assert len({code_of(post) for post in minute}) == len(minute)

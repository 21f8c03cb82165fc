"""The ways to say a thing in public: X takes each of them, whatever the goods are called."""

from __future__ import annotations

import pytest

from bot.domain.effects import Fact, Say
from bot.domain.weights import CASHTAG, LONGEST_POST, weighted_length
from bot.rendering import TemplateRenderer, Voice
from bot.service.wordings import WAYS, wordings

RENDERER = TemplateRenderer(Voice("Atelier", "USD", "America/New_York"))


def offer(name: str, language: str = "en") -> Say:
    facts: dict[str, Fact] = {
        "who": "camille",
        "wording": 0,
        "code": "12345",
        "elsewhere": "",
        "name": name,
        "price": 1800,
        "from": False,
        "stock": "few",
        "available": 5,
        "quantity": 2,
        "delivery": 490,
        "options": [],
    }
    return Say("public_offer", language, facts)


def texts(name: str, language: str = "en") -> list[str]:
    return list(wordings(RENDERER, offer(name, language), channel="x", task=1))


def test_no_name_makes_a_cashtag() -> None:
    """X takes one "$WORD" a post and refuses two (403)."""
    name = "Mug $TSLA and $gme ($A)"
    plain = RENDERER.say(offer(name), channel="x", task=1).text
    assert len(CASHTAG.findall(plain)) == 3, "the negative control"
    for text in texts(name):
        assert "Mug $ TSLA and $ gme ($ A)" in text
        assert CASHTAG.search(text) is None


def test_a_price_in_dollars_is_no_cashtag_and_stays_as_it_is() -> None:
    assert all("$18.00" in text and "$36.00" in text for text in texts("Mug"))


def test_a_price_in_dollars_as_french_writes_it_is_no_cashtag() -> None:
    """ "18,00 $US" is one."""
    plain = RENDERER.say(offer("Mug", "fr"), channel="x", task=1).text
    assert CASHTAG.search(plain) is not None, "the negative control"
    assert [text for text in texts("Mug", "fr") if CASHTAG.search(text) is not None] == []


def test_each_way_is_another_and_is_made_only_when_it_is_asked_for() -> None:
    assert len(set(texts("Mug"))) == len(texts("Mug")) == WAYS
    assert next(iter(wordings(RENDERER, offer("Mug"), channel="x", task=1))) == texts("Mug")[0]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("begins", ["", "$AB $CD $EF $GH $IJ "])
def test_every_name_leaves_every_text_short_enough(begins: str, language: str) -> None:
    """F084: what the names' dollars need is counted too."""
    for length in range(60, 150, 3):
        for text in texts(begins + "x" * length, language)[::6]:
            assert weighted_length(text) <= LONGEST_POST, (length, text)

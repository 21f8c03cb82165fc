"""The word files: data that a merchant may read, of the same make in every language."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from bot.domain.conversation.in_public import only_names
from bot.domain.understanding import Clerk, Intent
from bot.domain.understanding.words import load
from bot.rendering import LANGUAGES
from tests.understanding.shops import SHOPS

FILES = {
    file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
    for file in resources.files("bot.domain.understanding").joinpath("words").iterdir()
    if file.name.endswith(".toml")
}
MAY_DIFFER = frozenset({"spelling", "shorthand", "elision", "accents", "alike", "numbers", "multiples", "ordinals"})
"""Tables that list words of the language itself; all others have the same keys in each."""
MAY_DIFFER_TOO = frozenset({"plurals", "diminutives", "colours", "materials", "sizes", "units"})


def test_every_language_that_is_answered_in_is_understood() -> None:
    assert set(FILES) == set(LANGUAGES) == set(load().languages)


@pytest.mark.parametrize("language", sorted(set(FILES) - {"en"}))
def test_a_language_has_the_tables_and_lists_of_every_other(language: str) -> None:
    ours, model = FILES[language], FILES["en"]
    assert set(ours) == set(model)
    for name, table in model.items():
        if isinstance(table, dict) and name not in MAY_DIFFER | MAY_DIFFER_TOO:
            assert set(ours[name]) == set(table), name


@pytest.mark.parametrize("language", sorted(FILES))
def test_no_list_of_phrases_is_empty_and_none_stands_twice(language: str) -> None:
    for name in ("intents", "cues", "asides"):
        for meaning, phrases in FILES[language][name].items():
            assert phrases, meaning
            assert len(phrases) == len(set(phrases)), (meaning, [p for p in phrases if phrases.count(p) > 1])


@pytest.mark.parametrize("language", sorted(FILES))
def test_every_intent_but_the_last_resort_has_its_phrases(language: str) -> None:
    assert set(FILES[language]["intents"]) == {intent.value for intent in Intent} - {"unknown"}


def test_a_merchants_words_are_added_to_the_built_in_ones() -> None:
    catalogue, language = SHOPS["atelier"]
    said = "ça part au panier le mug bleu"
    assert Clerk(catalogue, language=language).understand(said).intent is not Intent.BUY
    clerk = Clerk(catalogue, language=language, keywords={"buy": ["ça part au panier"]})
    assert clerk.understand(said).intent is Intent.BUY
    assert clerk.understand("je voudrais un mug bleu").intent is Intent.BUY


@pytest.mark.parametrize(
    "text", ["svp", "s'il vous plaît", "por favor un", "uma pf", "un per favore", "eine bitte", "the 2"]
)
def test_an_article_and_please_ask_for_nothing_more_than_the_name(text: str) -> None:
    assert only_names(text)


@pytest.mark.parametrize("text", ["j'adore", "love this", "me encanta", "wunderschön", "che bello", "que lindo"])
def test_praise_is_more_than_a_name(text: str) -> None:
    assert not only_names(text)

"""Choices typed as numbers where a platform has no buttons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.conversation.typed import SAID_IN_WORDS, choices, chosen
from bot.domain.effects import Button, Say

ASKED = Say(
    "link",
    "fr",
    {},
    (
        (Button("pay", url="https://pay.example/1"),),
        (Button("choice", "a"), Button("choice", "b")),
        (Button("cancel_order", "cancel"),),
        (Button("browse", "c"),),
    ),
)
FIRST, SECOND, THIRD = 1, 2, 4
"""Places among all buttons, the one with an address and the one said in words counted in."""


def test_choices_are_numbered_from_one_without_addresses_and_what_is_said_in_words() -> None:
    assert [place for place, _ in choices(ASKED)] == [FIRST, SECOND, THIRD]
    assert [button.action for _, button in choices(ASKED)] == ["a", "b", "c"]
    assert "cancel_order" in SAID_IN_WORDS


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1", FIRST),
        ("2", SECOND),
        ("3", THIRD),
        (" 2 ", SECOND),
        ("2.", SECOND),
        ("(2)", SECOND),
        ("« 2 »", SECOND),
        ("02", SECOND),
        ("n°2", SECOND),
        ("no 2", SECOND),
        ("option 2", SECOND),
        ("Option 2 !", SECOND),
        ("choix 2", SECOND),
        ("choice 2", SECOND),
        ("numéro 2", SECOND),
        ("numero 2", SECOND),
        ("NUMÉRO 2", SECOND),
        ("number 2", SECOND),
        ("le 2", SECOND),
        ("la 2", SECOND),
        ("the 2", SECOND),
        ("2\ufe0f\u20e3", SECOND),
        ("\u0662", SECOND),
    ],
)
def test_a_number_however_it_is_written_names_its_choice(text: str, place: int) -> None:
    assert chosen(ASKED, text) == place


@pytest.mark.parametrize(
    "text",
    ["", "0", "4", "99", "100", "2 mugs", "deux", "1 2", "1,2", "1.5", "je veux le 2", "C-7Q4K2", "2e", "²", "12:30"],
)
def test_what_names_no_choice_chooses_nothing(text: str) -> None:
    assert chosen(ASKED, text) is None


def test_a_message_without_choices_takes_every_number_for_words() -> None:
    assert chosen(Say("thanks", "fr"), "1") is None


@given(st.text(max_size=30))
def test_whatever_is_typed_names_a_choice_or_nothing(text: str) -> None:
    assert chosen(ASKED, text) in (None, FIRST, SECOND, THIRD)

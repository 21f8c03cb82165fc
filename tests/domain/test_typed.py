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


def marks(say: Say) -> list[str]:
    return [mark for _, mark, _ in choices(say)]


def test_choices_are_numbered_from_one_without_addresses_and_what_is_said_in_words() -> None:
    assert [place for place, _, _ in choices(ASKED)] == [FIRST, SECOND, THIRD]
    assert marks(ASKED) == ["1", "2", "3"]
    assert [button.action for _, _, button in choices(ASKED)] == ["a", "b", "c"]


@pytest.mark.parametrize("label", sorted(SAID_IN_WORDS))
def test_what_is_said_in_words_has_no_mark(label: str) -> None:
    """A "1" sent twice must not cancel what the first one ordered, and a quantity is simply written."""
    card = Say("card", "fr", {}, ((Button(label, "fewer"), Button("buy", "buy")), (Button("browse", "browse"),)))
    assert [(place, mark) for place, mark, _ in choices(card)] == [(1, "1"), (2, "2")]
    assert chosen(card, "1") == 1


def test_the_words_are_those_of_a_quantity_and_of_giving_up() -> None:
    assert {"cancel_order", "fewer", "more", "count"} == SAID_IN_WORDS


def sized(*names: str) -> Say:
    """A question for a size or the like."""
    return Say("choose_variant", "fr", {}, tuple((Button("choice", name, facts={"name": name}),) for name in names))


def taken(*quantities: int) -> Say:
    """A question for a quantity."""
    rows = tuple((Button("take", str(it), facts={"quantity": it, "total": 1800 * it}),) for it in quantities)
    return Say("ask_quantity", "fr", {}, rows)


@pytest.mark.parametrize("say", [sized("38", "39", "40"), sized("S", "M", "2XL"), taken(1, 2, 3)])
def test_choices_that_begin_with_a_figure_have_letters(say: Say) -> None:
    """A "2" could be the second of them, or two of them: it names none."""
    assert marks(say) == ["A", "B", "C"]
    assert [chosen(say, it) for it in ("a", "B", " c. ", "option b", "le C", "(a)")] == [0, 1, 2, 1, 2, 0]
    assert [chosen(say, it) for it in ("1", "2", "38", "d", "h", "")] == [None] * 6


def test_letters_are_named_as_freely_as_numbers_and_nothing_else_names_them() -> None:
    say = sized(*(f"{number} cm" for number in range(10, 18)))
    assert marks(say) == list("ABCDEFGH")
    assert [chosen(say, letter) for letter in "abcdefgh"] == list(range(8))
    assert [chosen(say, it) for it in ("i", "à", "ab", "a b", "bah", "c'est bon", "a 2")] == [None] * 7


def test_a_number_names_no_letter_and_a_letter_no_number() -> None:
    assert [chosen(ASKED, it) for it in ("a", "b", "c")] == [None] * 3


def test_more_choices_than_letters_have_numbers() -> None:
    say = sized(*map(str, range(30, 39)))
    assert marks(say) == [str(number) for number in range(1, 10)]
    assert chosen(say, "9") == 8


def test_a_figure_elsewhere_in_a_choice_makes_no_letters() -> None:
    """A price, a total or another label: what is typed is compared with what the choice begins with."""
    assert marks(sized("Bleu 38", "Noir 40")) == ["1", "2"]
    browsed = Say("x", "fr", {}, ((Button("browse", "a", facts={"name": "2024"}), Button("choice", "b")),))
    assert marks(browsed) == ["1", "2"]


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


@pytest.mark.parametrize("text", ["2€", "2 €", "2$", "2 £", "2%", "2 € ?", "€2", "$2", "£ 2"])
def test_a_price_or_a_share_names_no_choice(text: str) -> None:
    """Each language writes the sign on its own side."""
    assert chosen(ASKED, text) is None


@pytest.mark.parametrize("word", ["lea", "lab", "nod", "thee"])
def test_a_word_that_ends_in_a_letter_names_no_letter(word: str) -> None:
    assert chosen(sized("38", "39", "40", "41", "42"), word) is None


def test_a_message_without_choices_takes_every_number_for_words() -> None:
    assert chosen(Say("thanks", "fr"), "1") is None


@given(st.text(max_size=30))
def test_whatever_is_typed_names_a_choice_or_nothing(text: str) -> None:
    assert chosen(ASKED, text) in (None, FIRST, SECOND, THIRD)

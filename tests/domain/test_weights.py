"""How X counts: the examples of its documents, what is an address and what only looks like one, and cutting."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.weights import ADDRESS_WEIGHT, LONGEST_POST, cut, has_address, weighted_length

JOINER = "\u200d"
FAMILY = JOINER.join("\U0001f468\U0001f469\U0001f467\U0001f466")
X_COUNTS_AN_EMOJI = 2

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
PIECES = [*"ae1. -/@€日", "\u0301", "\u0327", JOINER, "\ufe0f", "👍", "🏽", "…", "\n", "https://", "shop.fr", "x.com"]
tricky = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("café", 4),
        ("cafe\u0301", 4),
        ("Ünïcödé", 7),
        ("привет", 6),
        ("\u0648\u0631\u062f", 3),
        ("日本", 4),
        ("ネコ", 4),
        ("한국", 4),
        ("\u1112\u1161\u11ab", 2),
        ("😀", 2),
        ("❤", 2),
        ("€", 2),
        ("’", 1),
        ("–", 1),
        ("…", 2),
        ("\u2028", 2),
        ("https://example.com/a/very/long/path?with=a&query=too#and-more", 23),
        ("http://a.b", 23),
        ("see https://a.b/c now", 4 + 23 + 4),
        ("https://a.b https://c.d", 23 + 1 + 23),
        ("shop.example.com", 23),
        ("x" * LONGEST_POST, LONGEST_POST),
    ],
)
def test_a_text_weighs_what_x_counts(text: str, weight: int) -> None:
    """F084"""
    assert weighted_length(text) == weight


@pytest.mark.parametrize(
    ("emoji", "name"),
    [
        (FAMILY, "a family of four"),
        ("👍🏽", "a thumb with its skin"),
        ("🇫🇷", "a flag"),
        ("❤\ufe0f", "a heart in colour"),
        ("1\ufe0f\u20e3", "a key cap"),
        ("🏳\ufe0f\u200d🌈", "a flag of several parts"),
    ],
)
def test_a_joined_emoji_is_never_counted_for_less_than_x_does(emoji: str, name: str) -> None:
    """F084"""
    assert weighted_length(emoji) >= X_COUNTS_AN_EMOJI, name


@given(words | tricky)
def test_a_text_weighs_the_same_however_its_letters_are_composed(text: str) -> None:
    assert weighted_length(unicodedata.normalize("NFD", text)) == weighted_length(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://pay.example/c",
        "HTTP://SHOP.EXAMPLE",
        "voir shop.fr",
        "(atelier.com)",
        "Atelier.FR !",
        "www.atelier.de/mug?x=1",
        "écrire à atelier.shop, merci",
        "x.com",
        "t.me/atelier_bot",
        "atelier.paris",
        "le-mug.boutique",
    ],
)
def test_what_x_would_make_a_link_of_is_an_address(text: str) -> None:
    """F084: a link costs twenty times as much, and is forbidden in a public reply."""
    assert has_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "18,00 €",
        "€18.00",
        "1.234,56 €",
        "18.00EUR",
        "C-7Q4K2",
        "à 10.30 h",
        "10:30",
        "le 24.12.2026",
        "1.5 kg",
        "12.5cm",
        "bonjour@example.com",
        "prenom.nom@atelier-lumiere.fr",
        "@camille_m",
        "M. Dupont... oui",
        "p.m.",
        "etc.",
        "n.1 vs n.2",
        "",
    ],
)
def test_what_only_looks_like_an_address_is_none(text: str) -> None:
    assert not has_address(text)


@given(words | tricky, st.integers(2, LONGEST_POST))
@example("e\u0301" * 10, 7)
@example("日本語" * 5, 8)
@example(FAMILY * 3, 20)
@example("voir https://example.com/mug bleu", 27)
@example("a x.com bb.frx ccccccc", 26)
@example("https:// bbbbb", 12)
def test_a_cut_text_never_weighs_more_than_it_may(text: str, most: int) -> None:
    """F084"""
    assert weighted_length(cut(text, most)) <= most


@given(words | tricky, st.integers(2, LONGEST_POST))
@example("e\u0301" * 10, 7)
@example("\u0301" * 9, 4)
@example("\u200d0.AA", 3)
def test_a_cut_is_a_beginning_and_never_splits_a_letter(text: str, most: int) -> None:
    """F084: no half of a pair, no mark without its letter, nothing torn from a joiner."""
    shorter = cut(text, most)
    shorter.encode()  # a lone surrogate would not be encodable
    if shorter == text:
        return
    assert shorter.endswith("…")
    normal, kept = unicodedata.normalize("NFC", text), shorter[:-1]
    assert normal.startswith(kept)
    rest = normal[len(kept) :]
    if kept and rest and not rest[0].isspace():
        assert unicodedata.category(rest[0])[0] != "M"
        assert JOINER not in (kept[-1], rest[0])


@given(words, st.integers(2, LONGEST_POST))
def test_what_fits_is_left_as_it_is(text: str, most: int) -> None:
    if weighted_length(text) <= most:
        assert cut(text, most) == text


def test_a_cut_falls_between_words_where_there_are_some() -> None:
    assert cut("Grande théière en grès émaillé", 20) == "Grande théière en…"


@pytest.mark.parametrize("address", ["https://example.com/mug-bleu", "shop.example.com/mug"])
@pytest.mark.parametrize("most", [8, ADDRESS_WEIGHT, ADDRESS_WEIGHT + 3])
def test_an_address_is_cut_as_a_whole(address: str, most: int) -> None:
    """F084: half a link leads elsewhere."""
    assert cut(f"Mug {address}", most) == "Mug…"


def test_a_cut_name_is_never_more_than_the_ellipsis_where_nothing_fits() -> None:
    assert cut("日本語", 3) == "…"

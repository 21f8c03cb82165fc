"""How many: the table of exact answers, from nothing to beyond all measure (F118)."""

from __future__ import annotations

import pytest

from bot.domain.understanding import Intent, Wanted
from tests.understanding.shops import clerk_of

POSSIBLE = {
    "1": 1, "2": 2, "10": 10, "007": 7, "+3": 3, "٣": 3, "２": 2, "999999": 999_999, "1000000": 1_000_000,
    "1,000": 1000, "1 000": 1000, "deux": 2, "vingt et un": 21, "quatre-vingt-dix": 90, "une douzaine de": 12,
    "deux douzaines de": 24, "une demi-douzaine de": 6, "x2": 2, "2x": 2, "2 x": 2, "2×": 2, "une paire de": 2,
    "2 paires de": 4, "2️⃣": 2, "two": 2, "a dozen": 12,
}  # fmt: skip

IMPOSSIBLE = [
    "0", "00", "-1", "-2", "0.5", "0,5", "1.5", "½", "99999999999", "1000001", "1e9", "9" * 1900, "quelques",
    "plusieurs", "une dizaine de", "zéro", "2 3", "2 ou 3", "2-3", "2 à 3", "entre 2 et 3", "moins deux", "environ 10",
    "un demi", "1/2", "٠",
]  # fmt: skip


@pytest.mark.parametrize(("written", "count"), POSSIBLE.items())
def test_reads_a_possible_quantity_as_it_stands(written: str, count: int) -> None:
    meant = clerk_of("atelier").understand(f"je voudrais {written} mugs bleus")
    assert meant.lines == (Wanted("mug-bleu", count),)


@pytest.mark.parametrize("written", IMPOSSIBLE)
def test_asks_about_an_impossible_or_vague_quantity(written: str) -> None:
    meant = clerk_of("atelier").understand(f"je voudrais {written} mugs bleus")
    assert (meant.intent, meant.lines) == (Intent.BUY, ())
    assert meant.missing == ("quantity",)
    assert meant.candidates == ("mug-bleu",)


def test_does_not_convert_five_thousand_digits() -> None:
    assert clerk_of("atelier").understand(f"buy {'9' * 5000} blue mugs").lines == ()


@pytest.mark.parametrize(
    "text",
    [
        "je voudrais un mug bleu de 30 cl", "un mug bleu à 18 € svp", "un mug bleu pour le 12 mai svp",
        "un mug bleu pour ma fille de 8 ans svp", "un mug bleu pour 2 personnes svp", "un mug bleu à 14h svp",
        "un mug bleu dans 3 jours svp", "mug bleu² svp", "un mug bleu svp, mon numéro est 06 12 34 56 78",
        "I'd like a blue mug for my 2 kids", "a blue mug for our 10 year anniversary please",
    ],
)  # fmt: skip
def test_sizes_prices_dates_ages_and_lengths_are_no_quantities(text: str) -> None:
    assert clerk_of("atelier").understand(text).lines == (Wanted("mug-bleu", 1),)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a pair of slides size 9 please", Wanted("slides-9", 1)),
        ("3 pairs of socks please", Wanted("socks", 3)),
        ("a pair of caps please", Wanted("cap", 2)),
        ("2 WH-1000XM5 please", Wanted("xm5", 2)),
        ("2 trail runners v6 white 42 please", Wanted("runner-42-white", 2)),
        ("3 USB-C cables 2m please", Wanted("cable", 3)),
    ],
)
def test_pairs_of_what_is_worn_in_pairs_are_one_and_model_numbers_are_none(text: str, line: Wanted) -> None:
    assert clerk_of("corner").understand(text).lines == (line,)


def test_keeps_the_quantity_beside_what_must_be_chosen() -> None:
    meant = clerk_of("atelier").understand("je voudrais deux tee-shirts noirs")
    assert (meant.quantity, meant.missing, meant.lines) == (2, ("taille",), ())


def test_a_set_of_another_size_is_not_sold_as_what_there_is() -> None:
    assert clerk_of("atelier").understand("je voudrais le lot de 6 verres").lines == (Wanted("verres", 1),)
    assert clerk_of("atelier").understand("je voudrais un lot de 4 verres").lines == ()
    assert clerk_of("atelier").understand("je voudrais 6 verres").lines == ()

"""The clerk against labelled messages of six languages: what it must get right as a whole, and hardly ever do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pytest

from bot.domain.understanding import Intent
from tests.understanding.labels import EXAMINATION, LANGUAGES, SETS, STUDIED, Label, Meaning, Set
from tests.understanding.scoring import Heard, Score, by_language, listen
from tests.understanding.shops import SHOPS, clerk_of

FEWEST = 60
"""Messages of a language in each set."""
IDLE = 0.25
"""The share of messages, at least, that are no purchase."""
COINCIDENCE = 0.02
"""The share of the examination, at most, that also stands in the other set."""
A_SALE = Meaning("fr", "buy", {"mug-bleu": 2}, frozenset(), frozenset(), frozenset())
A_QUESTION = Meaning("fr", "ask", {}, frozenset(), frozenset(), frozenset({"mug-bleu"}))


@dataclass(frozen=True, slots=True)
class Bounds:
    """`exact` of the set and `weakest` of each language at least, the others at most."""

    exact: float
    weakest: float
    false_sales: float
    wrong_products: float


BOUNDS: Mapping[str, Bounds] = {
    "studied": Bounds(exact=0.95, weakest=0.90, false_sales=0.003, wrong_products=0.005),
    "examination": Bounds(exact=0.85, weakest=0.80, false_sales=0.003, wrong_products=0.01),
}
each_set = pytest.mark.parametrize("labelled", SETS, ids=lambda labelled: labelled.name)


def said(label: Label) -> tuple[str, str]:
    return label.shop, " ".join(label.say.casefold().split())


@cache
def heard(labelled: Set) -> tuple[Heard, ...]:
    clerks = {name: clerk_of(name) for name in SHOPS} if labelled is STUDIED else labelled.clerks()
    return listen(labelled.labels(), clerks)


def told(labelled: Set, failures: list[Heard]) -> str:
    """The failures in words; of a secret set no more than their number."""
    if labelled.secret:
        return f"{len(failures)} messages of a set that nobody looks at"
    return "\n".join(one.difference() for one in failures)


@each_set
def test_understands_nearly_all_to_the_letter(labelled: Set) -> None:
    wrong = [one for one in heard(labelled) if not one.exact]
    assert Score.of(heard(labelled)).rates()["exact"] >= BOUNDS[labelled.name].exact, told(labelled, wrong)


@each_set
@pytest.mark.parametrize("code", LANGUAGES)
def test_no_language_is_left_behind(labelled: Set, code: str) -> None:
    spoken = by_language(heard(labelled))[code]
    wrong = [one for one in spoken if not one.exact]
    assert Score.of(spoken).rates()["exact"] >= BOUNDS[labelled.name].weakest, told(labelled, wrong)


@each_set
def test_hardly_ever_sells_what_was_not_asked_for(labelled: Set) -> None:
    sold = [one for one in heard(labelled) if one.false_sale]
    assert Score.of(heard(labelled)).rates()["false_sales"] <= BOUNDS[labelled.name].false_sales, told(labelled, sold)


@each_set
def test_hardly_ever_sells_another_product(labelled: Set) -> None:
    sold = [one for one in heard(labelled) if one.wrong_product]
    assert Score.of(heard(labelled)).rates()["wrong_products"] <= BOUNDS[labelled.name].wrong_products, told(
        labelled, sold
    )


@each_set
def test_each_language_has_enough_messages_and_enough_that_are_no_purchase(labelled: Set) -> None:
    spoken = Counter(label.meaning.language for label in labelled.labels())
    idle = Counter(label.meaning.language for label in labelled.labels() if label.meaning.intent != "buy")
    assert all(spoken[code] >= FEWEST and idle[code] >= IDLE * spoken[code] for code in LANGUAGES), (spoken, idle)


def test_what_was_looked_at_is_four_hundred_messages_and_more_over_three_shops() -> None:
    assert len(STUDIED.labels()) >= 400
    assert {label.shop for label in STUDIED.labels()} == STUDIED.shops.keys()
    assert len(STUDIED.shops) >= 3


@each_set
def test_labels_name_what_the_shop_has(labelled: Set) -> None:
    intents = {intent.value for intent in Intent}
    for label in labelled.labels():
        goods, meaning = labelled.shops[label.shop].catalogue, label.meaning
        options = {name for variant in goods.variants() for name in variant.options}
        assert meaning.intent in intents
        assert all(goods.variant(sku) and count > 0 for sku, count in meaning.lines.items())
        assert all(goods.product(sku) for sku in meaning.candidates | meaning.about)
        assert meaning.missing <= options | {"quantity"}
        assert not meaning.lines or (meaning.intent == "buy" and not meaning.missing | meaning.candidates)


@each_set
def test_no_sentence_is_said_twice_to_a_shop(labelled: Set) -> None:
    assert len(set(map(said, labelled.labels()))) == len(labelled.labels())


def test_hardly_a_sentence_of_the_examination_was_looked_at() -> None:
    """Two who write shoppers' messages apart will sometimes hit upon the same."""
    alike = set(map(said, STUDIED.labels())) & set(map(said, EXAMINATION.labels()))
    assert len(alike) <= COINCIDENCE * len(EXAMINATION.labels()), len(alike)


def test_a_secret_failure_is_told_as_a_number() -> None:
    wrong = [Heard(Label("atelier", "vu le mug bleu", A_QUESTION), A_SALE)]
    assert "mug" not in told(EXAMINATION, wrong)
    assert told(STUDIED, wrong) == (
        "[fr, atelier] vu le mug bleu: intent buy, not ask; lines 2×mug-bleu, not none; about none, not mug-bleu"
    )


@pytest.mark.parametrize(
    ("wanted", "meant", "false_sales", "wrong_products", "lines"),
    [
        (A_SALE, A_SALE, 0, 0, 1),
        (A_SALE, A_QUESTION, 0, 0, 0),
        (A_QUESTION, A_SALE, 1, 1, 0),
        (A_SALE, Meaning("fr", "buy", {"mug-noir": 2}, frozenset(), frozenset(), frozenset()), 0, 1, 0),
        (A_SALE, Meaning("fr", "buy", {"mug-bleu": 3}, frozenset(), frozenset(), frozenset()), 0, 0, 0),
    ],
    ids=["as wanted", "a sale missed", "a false sale", "another product", "another number"],
)  # fmt: skip
def test_counts_what_was_sold_beside_what_was_wanted(
    wanted: Meaning, meant: Meaning, false_sales: int, wrong_products: int, lines: int
) -> None:
    score = Score.of([Heard(Label("atelier", "…", wanted), meant)])
    assert (score.false_sales, score.wrong_products, score.lines) == (false_sales, wrong_products, lines)


def test_a_question_asked_back_is_right_only_where_it_is_the_same() -> None:
    options = frozenset({"tablier-sable", "tablier-bleunuit"})
    open_one = Meaning("fr", "buy", {}, options, frozenset({"couleur"}), frozenset())
    label = Label("atelier", "un tablier svp", open_one)
    others = Meaning("fr", "buy", {}, frozenset({"theiere"}), frozenset(), frozenset())
    assert Score.of([Heard(label, open_one), Heard(label, others), Heard(label, A_SALE)]).rates()[
        "asked_back"
    ] == pytest.approx(1 / 3)


def test_the_same_message_means_the_same_in_capitals_and_without_accents() -> None:
    clerk = clerk_of("atelier")
    wanted = Meaning.of(clerk.understand("je voudrais une théière"))
    for text in ("JE VOUDRAIS UNE THÉIÈRE", "je voudrais une theiere", "Je Voudrais  une   Theiere"):
        assert Meaning.of(clerk.understand(text)) == wanted

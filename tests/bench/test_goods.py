"""The shop whose speed is measured is the same in every run, and as much of a muddle as a real one."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.bench.goods import LANGUAGES, LONG, LONGEST, Warehouse

KINDS = tuple(Warehouse(1).kinds)


def test_the_same_shop_and_messages_come_of_the_same_seed() -> None:
    first, again = Warehouse(200), Warehouse(200)
    assert first.catalogue.products == again.catalogue.products
    assert list(first.messages("two products", 20)) == list(again.messages("two products", 20))


def test_a_great_part_of_the_goods_share_a_noun_and_some_a_whole_series() -> None:
    makes = Warehouse(2000).makes
    ((_, commonest),) = Counter(make.thing["fr"] for make in makes).most_common(1)
    assert commonest > len(makes) / 5
    assert max(Counter(make.series for make in makes).values()) > 10


@pytest.mark.parametrize("kind", KINDS)
def test_messages_of_every_kind_are_whole(kind: str) -> None:
    for text in Warehouse(50).messages(kind, 5 * len(LANGUAGES)):
        assert text.strip()
        assert "{" not in text
        assert (len(text) > LONG * 0.8) == (kind == LONGEST)
        assert len(text) <= LONG

"""What the merchant says of the stock, against what was promised already: promises stand, and nothing more is sold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.catalogue import Catalogue, Level, Product, Variant
from bot.domain.stock import Stock
from bot.service.stocktaking import take_stock
from storage import SqliteStore
from storage.schema import migrate
from storage.shelf import SqlShelf
from tests.dialogs.dialog import START


def shelf_of(**stock: int | str) -> Catalogue:
    """SKU -> a count, or a coarse level."""

    def product(sku: str, said: int | str) -> Product:
        level: Level = "counted" if isinstance(said, int) else said  # type: ignore[assignment] # a level's name
        count = said if isinstance(said, int) else None
        return Product(sku, sku, (Variant(sku, sku, {}, 1800, count, level),))

    return Catalogue("EUR", tuple(product(sku, said) for sku, said in stock.items()))


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    store = SqliteStore(":memory:")
    store.write(lambda books: take_stock(books, shelf_of(mug=5, vase=3), START))
    yield store
    store.close()


def mug(store: SqliteStore) -> tuple[int | None, int, int, int | None]:
    """(total, held, sold, available)."""
    found = store.read(lambda books: books.shelf.get("mug"))
    return found.total, found.held, found.sold, found.available


def says(store: SqliteStore, **stock: int | str) -> list[str]:
    """The merchant changes bot.toml; -> what they are told of it."""
    before = len(store.view("v_alerts"))
    store.write(lambda books: take_stock(books, shelf_of(**stock), START))
    alerts = store.view("v_alerts")
    assert {row["kind"] for row in alerts} <= {"stock_below"}
    return [str(row["text"]) for row in alerts[: len(alerts) - before]]


def test_a_count_below_what_is_promised_leaves_nothing_and_the_promises_stand(store: SqliteStore) -> None:
    """F045"""
    assert store.write(lambda books: books.shelf.hold("mug", 3))
    assert store.write(lambda books: books.shelf.take("mug", 1))
    (told,) = says(store, mug=2, vase=3)
    assert "stock = 2" in told
    assert "3 are held and 1 sold" in told
    assert mug(store) == (4, 3, 1, 0)
    assert not store.write(lambda books: books.shelf.hold("mug", 1))
    assert not store.write(lambda books: books.shelf.take("mug", 1))
    assert store.write(lambda books: books.shelf.sell("mug", 1))
    assert mug(store) == (4, 2, 2, 0)
    assert says(store, mug=2, vase=3) == []


def test_promises_that_end_bring_the_count_back_to_the_merchants_word(store: SqliteStore) -> None:
    """F045: three are held of five; once bot.toml says two, the first release frees nothing and the second one."""
    store.write(lambda books: books.shelf.hold("mug", 3))
    says(store, mug=2, vase=3)
    store.write(lambda books: books.shelf.release("mug", 1))
    assert mug(store) == (2, 2, 0, 0)
    store.write(lambda books: books.shelf.release("mug", 1))
    assert mug(store) == (2, 1, 0, 1)


def test_a_product_that_is_taken_from_the_shelf_is_out_and_its_holds_are_honoured(store: SqliteStore) -> None:
    """F045, F035"""
    store.write(lambda books: books.shelf.hold("mug", 2))
    (told,) = says(store, vase=3)
    assert "mug stands no longer in bot.toml" in told
    assert "2 held" in told
    assert mug(store) == (2, 2, 0, 0)
    assert not store.write(lambda books: books.shelf.hold("mug", 1))
    assert store.write(lambda books: books.shelf.sell("mug", 1))
    assert store.write(lambda books: books.shelf.release("mug", 1))
    assert mug(store) == (1, 0, 1, 0)
    assert says(store, vase=3) == []


def test_a_product_that_comes_back_is_counted_with_what_was_sold_before(store: SqliteStore) -> None:
    store.write(lambda books: books.shelf.take("mug", 2))
    assert says(store, vase=3) == []
    assert says(store, mug=5, vase=3) == []
    assert mug(store) == (5, 0, 2, 3)


@pytest.mark.parametrize("level", ["unlimited", "limited", "out"])
def test_a_coarse_level_forgets_the_count_and_a_count_takes_it_up_again(store: SqliteStore, level: str) -> None:
    store.write(lambda books: books.shelf.hold("mug", 3))
    assert says(store, mug=level, vase=3) == []
    assert mug(store) == (None, 3, 0, 0 if level == "out" else None)
    store.write(lambda books: books.shelf.release("mug", 1))
    assert len(says(store, mug=1, vase=3)) == 1
    assert mug(store) == (2, 2, 0, 0)


def test_what_was_set_by_hand_stays_while_bot_toml_says_the_same(store: SqliteStore) -> None:
    store.write(lambda _: store._connection.execute("UPDATE stock SET total = 9 WHERE sku = 'mug'").rowcount)
    says(store, mug=5, vase=3)
    assert mug(store)[0] == 9


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened)
    yield opened
    opened.close()


MOVES = st.lists(
    st.tuples(
        st.sampled_from(
            ["hold", "hold", "hold", "release", "release", "sell", "take", "put_back", "says", "removes", "unlimited"]
        ),
        st.integers(1, 3),
    ),
    min_size=15,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(moves=MOVES)
def test_whatever_the_merchant_says_in_between_no_more_is_promised_than_there_is(
    connection: sqlite3.Connection, moves: list[tuple[str, int]]
) -> None:
    """F045, F048: against a model that knows the merchant's word."""
    shelf = SqlShelf(connection)
    connection.execute("DELETE FROM stock")
    shelf.sync(shelf_of(mug=5))
    word: int | None = 5
    held = sold = 0
    for move, n in moves:
        match move:
            case "says" | "removes" | "unlimited":
                word = {"says": 2 * n, "removes": 0, "unlimited": None}[move]
                said = {"says": {"mug": 2 * n}, "removes": {}, "unlimited": {"mug": "unlimited"}}[move]
                shelf.sync(shelf_of(**said))  # type: ignore[arg-type] # counts and levels
            case _:
                changed = getattr(shelf, move)("mug", n)
                free = word is None or word - held - sold >= n
                assert changed == {"hold": free, "take": free, "put_back": sold >= n}.get(move, held >= n)
                held += changed * {"hold": n, "release": -n, "sell": -n}.get(move, 0)
                sold += changed * {"sell": n, "take": n, "put_back": -n}.get(move, 0)
        stock = shelf.get("mug")
        assert (stock.held, stock.sold) == (held, sold)
        assert stock.total is None or stock.held + stock.sold <= stock.total
        assert stock.available == (None if word is None else max(0, word - held - sold))


def test_guards_that_are_left_out_break_the_books(store: SqliteStore) -> None:
    """The twins: a total that is but the merchant's word, and one that never comes back to it."""

    def plainly(change: str) -> Stock:
        store.write(lambda _: store._connection.execute(f"UPDATE stock SET {change} WHERE sku = 'mug'").rowcount)
        return store.read(lambda books: books.shelf.get("mug"))

    store.write(lambda books: books.shelf.hold("mug", 3))
    below = plainly("total = 2")
    assert below.total is not None
    assert below.held > below.total
    plainly("total = max(2, held + sold)")
    assert plainly("held = held - 1").available == 1  # and two are held: three of the two that are left

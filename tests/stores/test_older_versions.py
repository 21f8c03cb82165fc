"""A shop that sold before it was on X: its database keeps its rows, and is brought up to date by who may write."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from bot.domain.costs import Charge, Cost
from bot.domain.effects import Say
from bot.domain.policy import Act, Reason, Verdict
from bot.errors import StoreDamaged
from storage import SqliteStore
from storage.schema import VIEWS, m001_first_tables

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ALLOWED = Verdict(allowed=True, reason=Reason.SUMMONED)


def the_first_version(path: Path) -> sqlite3.Connection:
    """A database as the first migration alone makes it, with its views."""
    connection = sqlite3.connect(path, isolation_level=None)
    released = Migrations("comptoir")
    released(name="m001_first_tables")(m001_first_tables)
    released.apply(Database(connection))
    for name in set(VIEWS) - {"v_costs", "v_policy"}:
        connection.execute(f"CREATE VIEW {name} AS {VIEWS[name]}")
    return connection


def test_a_database_of_the_first_version_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    connection = the_first_version(path)
    moment = "2026-11-01T12:00:00.000Z"
    connection.execute("INSERT INTO inbox (source, key, received_at) VALUES ('telegram', '7', ?)", (moment,))
    connection.execute(
        "INSERT INTO shoppers (channel, chat, language, name, updated_at) VALUES ('telegram', '1', 'fr', 'Zoë', ?)",
        (moment,),
    )
    connection.execute("INSERT INTO stock (sku, declared, total, level) VALUES ('mug', '5', 5, 'in')")
    connection.execute(
        "INSERT INTO orders"
        " (ref, token, channel, chat, language, status, currency, items_minor, created_at, updated_at) VALUES"
        " ('C-7Q4K2', 't', 'telegram', '1', 'fr', 'paid', 'EUR', 1800, ?, ?)",
        (moment, moment),
    )
    assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'costs'").fetchall()
    connection.close()

    store = SqliteStore(str(path))
    try:
        assert not store.write(lambda books: books.inbox.accept("telegram", "7", NOON))
        zoe = store.read(lambda books: books.shoppers.get("telegram", "1"))
        assert zoe is not None
        assert (zoe.name, zoe.wrote) == ("Zoë", True)  # whoever was known wrote in private: there was nothing else
        assert store.read(lambda books: books.shelf.get("mug")).total == 5
        assert [row["ref"] for row in store.view("v_orders")] == ["C-7Q4K2"]
        mention = Cost(Charge.MENTION_READ, "500", "2001")
        assert store.write(lambda books: books.ledger.charge("x", mention, 1_000, NOON))
        store.write(
            lambda books: books.conduct.note(
                1, channel="x", chat="2001", act=Act.REPLY, post="500", verdict=ALLOWED, words="abc", now=NOON
            )
        )
        assert len(store.view("v_costs")) == len(store.view("v_policy")) == 1
        store.write(lambda books: books.outbox.put(Say("welcome", "fr"), channel="x", chat="2001", ref=None, now=NOON))
    finally:
        store.close()


def test_both_versions_lead_to_the_same_tables(tmp_path: Path) -> None:
    def shape(path: Path) -> set[tuple[str, str, str]]:
        connection = sqlite3.connect(path)
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        connection.close()
        return set(rows)

    the_first_version(tmp_path / "old.db").close()
    for name in ("old.db", "new.db"):
        SqliteStore(str(tmp_path / name)).close()
    assert shape(tmp_path / "old.db") == shape(tmp_path / "new.db")


def test_an_older_database_is_not_read_as_if_it_were_of_this_version(tmp_path: Path) -> None:
    """Who only reads (a report beside the shop) cannot bring it up to date, and must not ask for what is not there."""
    path = tmp_path / "shop.db"
    the_first_version(path).close()
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="older version: start the shop once"):
        SqliteStore(str(path), writes=False)
    assert path.read_bytes() == before
    SqliteStore(str(path)).close()
    reader = SqliteStore(str(path), writes=False)
    assert reader.view("v_costs") == []
    reader.close()


def test_a_shop_that_cannot_be_read_can_still_be_started(tmp_path: Path) -> None:
    """The refusal leaves no lock behind."""
    path = tmp_path / "shop.db"
    the_first_version(path).close()
    for _ in range(2):
        with pytest.raises(StoreDamaged):
            SqliteStore(str(path), writes=False)
    SqliteStore(str(path)).close()

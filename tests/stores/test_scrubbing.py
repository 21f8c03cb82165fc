"""What was erased is gone from the bytes of the files, not only from the tables."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.effects import Say
from bot.errors import Temporary
from storage import SqliteStore, sqlite
from storage.privacy import TABLES
from tests.dialogs.dialog import START

PEOPLE = 1500


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(str(path))
    yield opened
    opened.close()


def name(number: int) -> str:
    return f"Zq{number:05d}Name"


def crowded(store: SqliteStore) -> list[int]:
    """A database grown in no order, so that its pages were split and joined; -> some of the people in it."""
    dice = random.Random(4)
    do = store._connection.execute

    def grow(_: object) -> None:
        for number in dice.sample(range(PEOPLE), PEOPLE):
            words = name(number) * dice.choice((1, 3, 20, 60))
            do(
                "INSERT INTO shoppers (channel, chat, language, name, question, updated_at)"
                " VALUES ('telegram', ?, 'fr', ?, ?, '')",
                (str(number), name(number), words),
            )
            do(
                "INSERT INTO inbox (source, key, state, received_at, body) VALUES ('telegram', ?, 'dead', '', ?)",
                (str(number), f'{{"channel":"telegram","chat":"{number}","text":"{words}"}}'),
            )
            if number % 3 == 0:
                do("UPDATE shoppers SET question = ? WHERE chat = ?", (words * 2, str(number)))

    store.write(grow)
    return dice.sample(range(PEOPLE), 300)


def left(path: Path, gone: list[int]) -> int:
    written = b"".join(Path(f"{path}{part}").read_bytes() for part in ("", "-wal"))
    return sum(name(number).encode() in written for number in gone)


def test_every_table_that_names_a_chat_is_one_that_an_erasure_looks_at(store: SqliteStore, path: Path) -> None:
    """F131: a table that is added later is not forgotten."""
    with closing(sqlite3.connect(path)) as reader:
        tables = [table for (table,) in reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        named = {
            table for table in tables if "chat" in {row[1] for row in reader.execute(f"PRAGMA table_info({table})")}
        }
    assert named == TABLES


def test_what_was_erased_stands_in_no_gap_between_rows(store: SqliteStore, path: Path) -> None:
    """F131: secure_delete and an emptied log alone leave traces where SQLite once moved a row, which is the negative
    control; a scrub leaves none."""
    gone = crowded(store)

    drop = ", ".join(f"'{number}'" for number in gone)
    store.write(lambda _: store._connection.execute(f"DELETE FROM shoppers WHERE chat IN ({drop})").rowcount)
    store.write(lambda _: store._connection.execute(f"UPDATE inbox SET body = NULL WHERE key IN ({drop})").rowcount)
    assert store._alone(sqlite._log_emptied)
    assert 0 < left(path, gone) < len(gone)
    store.scrub()
    assert left(path, gone) == 0
    assert left(path, [number for number in range(PEOPLE) if number not in gone]) == PEOPLE - len(gone)


def test_a_scrub_waits_for_who_reads_and_says_so_where_they_do_not_end(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F131, F100"""
    monkeypatch.setattr(sqlite, "SCRUB_WAIT", 0.01)
    monkeypatch.setattr(sqlite, "SCRUBS", 3)
    store.write(lambda books: books.outbox.put(Say("welcome", "fr"), channel="x", chat="1", ref=None, now=START))
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM outbox").fetchone()
        with pytest.raises(Temporary, match="others read"):
            store.scrub()
        monkeypatch.setattr(sqlite, "SCRUBS", 500)
        ending = threading.Timer(0.2, lambda: reader.execute("COMMIT"))
        ending.start()
        store.scrub()
        ending.join()
    assert Path(f"{path}-wal").stat().st_size == 0


def test_a_scrub_is_done_between_what_others_write(store: SqliteStore) -> None:
    """F131: nothing that was submitted around it is lost or done inside of it."""
    done: list[str] = []
    threads = [threading.Thread(target=store.scrub) for _ in range(3)]
    for number in range(300):
        key = str(number)
        store.submit(
            lambda books, key=key: books.inbox.accept("load", key, START),  # type: ignore[misc]
            lambda fresh, error, key=key: done.append(key) if fresh and error is None else None,  # type: ignore[misc]
        )
        if number % 100 == 50:
            threads[number // 100].start()
    for thread in threads:
        thread.join()
    assert store.write(lambda books: books.inbox.accept("load", "last", START + timedelta(seconds=1)))
    assert done == [str(number) for number in range(300)]

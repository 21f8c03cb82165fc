"""A power cut, in short: one small run of the command, cut at every telling place, and the twins that must fail."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.power.books import broken, read, unsound
from tests.power.burst import traced_burst
from tests.power.disk import Choice, Disk
from tests.power.flows import cancels, sales
from tests.power.shop import Run, traced_shop
from tests.power.sweep import Evidence, in_memory, swept
from tests.power.trace import NEVER, unusable

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(unusable() is not None, reason=str(unusable())),
]


@pytest.fixture(scope="module")
def sold() -> Evidence:
    """What the installed command does to its disk, and promises, while it sells."""
    with tempfile.TemporaryDirectory(dir=in_memory()) as folder:
        return traced_shop(Run("short", [sales(2), cancels]), Path(folder))


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=in_memory()) as folder:
        yield Path(folder)


def test_no_power_cut_takes_back_what_was_acknowledged(sold: Evidence) -> None:
    """F094, F093: every image opens, shows whole commits, and keeps every promise made before the cut."""
    tally = swept(sold, most=4)
    assert tally.clean, tally.examples
    assert len(tally.hashes) > 50
    assert set(tally.kinds) >= {"event", "said", "ordered", "opening", "linked", "paid", "closing", "ended"}
    assert tally.lives > 0


TAMPERED: Sequence[tuple[str, str]] = (
    ("an event is gone", "DELETE FROM inbox WHERE source = 'telegram'"),
    ("a payment is gone", "DELETE FROM payments"),
    ("an order is gone", "DELETE FROM orders WHERE status = 'paid'"),
    ("an order is as it was before it was paid", "UPDATE orders SET status = 'created' WHERE status = 'paid'"),
    ("a message is gone", "DELETE FROM outbox WHERE kind = 'thanks'"),
    ("a link is forgotten", "UPDATE payments SET external_id = NULL"),
    ("a hold is counted twice", "UPDATE stock SET held = held + 1 WHERE total > 1"),
    ("a sale is counted twice", "UPDATE stock SET sold = sold + 1 WHERE total > 1"),
    ("a change of status is not written down", "DELETE FROM history WHERE to_status = 'paid'"),
)


@pytest.mark.parametrize("statement", [it for _, it in TAMPERED], ids=[name for name, _ in TAMPERED])
def test_what_is_missing_from_the_books_is_seen(sold: Evidence, folder: Path, statement: str) -> None:
    """The checks themselves: each loss that they are to see, made by hand."""
    with contextlib.closing(sqlite3.connect(_at_the_end(sold, folder), isolation_level=None)) as books:
        whole = read(books)
        assert not [*broken(whole, sold.promises), *unsound(whole)]
        assert books.execute(statement).rowcount > 0
        spoiled = read(books)
        assert [*broken(spoiled, sold.promises), *unsound(spoiled)]


def _at_the_end(evidence: Evidence, folder: Path) -> Path:
    """The database as the run left it."""
    disk = Disk(evidence.events)
    disk.advance(NEVER)
    changes = disk.uncertain(NEVER)
    image = disk.image(changes, Choice("everything", dict.fromkeys(range(len(changes))), {}))
    path = folder / "shop.db"
    path.write_bytes(image[evidence.database])
    return path


def test_a_disk_that_lies_about_its_syncs_is_found_out(sold: Evidence) -> None:
    """F094: the same run and the same checks, and losses: the sweep can see them."""
    tally = swept(sold, most=1, honest=False, stride=6)
    assert tally.spoiled > 0


def test_a_shop_that_syncs_at_checkpoints_only_is_found_out(folder: Path) -> None:
    """F094: synchronous=NORMAL loses what it acknowledged, and nothing worse."""
    tally = swept(traced_burst(folder, 6, careless=True), most=2, stride=3)
    assert tally.spoiled > 0
    assert not tally.unsound
    assert not tally.refused

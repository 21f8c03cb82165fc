"""The disk of the power cuts keeps what was synced and nothing else for certain."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.power.cuts import choices
from tests.power.disk import SECTOR, Choice, Disk, Unmodelled, events_of
from tests.power.trace import Call

FOLDER = "/shop"
DB = f"{FOLDER}/shop.db"
CREATED = Call("openat", DB, 0, 0, 3, creates=True)
FOLDER_SYNCED = Call("fdatasync", FOLDER, 1, 1, 0)


def write(place: int, data: bytes, begin: int, end: int | None = None) -> Call:
    return Call("pwrite64", DB, begin, begin if end is None else end, len(data), data, place)


def synced(begin: int, end: int | None = None) -> Call:
    return Call("fdatasync", DB, begin, begin if end is None else end, 0)


def left(*calls: Call, place: int = 1000, honest: bool = True) -> set[bytes | None]:
    """Every content that a cut just before `place` may leave; None where the file is not there at all."""
    disk = Disk(sorted(calls, key=lambda call: call.end), honest=honest)
    disk.advance(place)
    changes = disk.uncertain(place)
    names = {path: len(files) for path, files in disk.renamed.items()}
    images = [disk.image(changes, choice) for choice in choices(changes, names, random.Random(0), None)]
    return {bytes(image[DB]) if DB in image else None for image in images}


BORN: Sequence[Call] = (CREATED, FOLDER_SYNCED)


def test_what_was_synced_is_there() -> None:
    assert left(*BORN, write(0, b"one", 2), synced(3)) == {b"one"}


def test_what_was_not_synced_may_be_there() -> None:
    assert left(*BORN, write(0, b"one", 2)) == {b"", b"one"}


def test_a_sync_that_has_not_returned_promises_nothing() -> None:
    assert left(*BORN, write(0, b"one", 2), synced(3, 20), place=20) == {b"", b"one"}


def test_a_write_that_returned_after_the_sync_began_is_not_covered_by_it() -> None:
    assert left(*BORN, write(0, b"one", 2, 4), synced(3, 5)) == {b"", b"one"}


def test_a_write_under_way_may_be_there() -> None:
    assert left(*BORN, write(0, b"one", 2, 20), place=10) == {b"", b"one"}


def test_a_later_write_may_be_there_without_an_earlier_one() -> None:
    assert b"\0\0\0two" in left(*BORN, write(0, b"one", 2), write(3, b"two", 3))


def test_an_older_version_of_the_same_bytes_may_be_there() -> None:
    found = left(*BORN, write(0, b"one", 2), synced(3), write(0, b"two", 4), write(0, b"six", 5))
    assert found == {b"one", b"two", b"six"}


def test_a_long_write_is_torn_at_sectors_only() -> None:
    found = left(*BORN, write(0, b"a" * 3 * SECTOR, 2))
    torn = {content for content in found if content and 0 < content.count(b"a") < 3 * SECTOR}
    assert torn
    assert all(content.count(b"a") % SECTOR == 0 for content in torn)


def test_a_cut_of_the_file_may_not_have_come_about() -> None:
    cut = Call("ftruncate", DB, 4, 4, 0, place=1)
    assert left(*BORN, write(0, b"one", 2), synced(3), cut) == {b"one", b"o"}


def test_a_name_is_certain_once_its_folder_is_synced() -> None:
    assert left(CREATED, write(0, b"one", 2), synced(3)) == {None, b"one"}
    assert left(CREATED, write(0, b"one", 2), synced(3), Call("fsync", FOLDER, 4, 4, 0)) == {b"one"}


def test_a_removed_file_may_come_back() -> None:
    removed = Call("unlink", DB, 4, 4, 0)
    assert left(*BORN, write(0, b"one", 2), synced(3), removed) == {None, b"one"}
    assert left(*BORN, write(0, b"one", 2), synced(3), removed, Call("fsync", FOLDER, 5, 5, 0)) == {None}


def test_a_failed_call_changes_nothing() -> None:
    failed = Call("pwrite64", DB, 2, 2, -1, b"one", 0)
    assert left(*BORN, failed, Call("fdatasync", DB, 3, 3, -1)) == {b""}


def test_a_disk_that_lies_keeps_nothing_for_certain() -> None:
    assert left(*BORN, write(0, b"one", 2), synced(3), honest=False) == {None, b"", b"one"}


def test_a_way_of_writing_that_is_not_modelled_is_refused() -> None:
    with pytest.raises(Unmodelled):
        events_of([Call("fallocate", DB, 0, 0, 0)], DB)
    with pytest.raises(Unmodelled):
        events_of([Call("rename", DB, 0, 0, 0)], DB)


def test_what_a_cut_leaves_is_drawn_from_its_seed() -> None:
    disk = Disk([*BORN, write(0, b"a" * 2000, 2), write(2000, b"b" * 2000, 3)])
    disk.advance(1000)
    changes = disk.uncertain(1000)

    def drawn(seed: int) -> list[Choice]:
        return list(choices(changes, {}, random.Random(seed), None))

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)

"""At every telling place of a trace the power goes, and each image of the disk is opened and held to account."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import Busy, StoreDamaged
from storage import SqliteStore
from tests.power.books import Books, broken, read, unsound
from tests.power.cuts import EVERYTHING, NOTHING, choices
from tests.power.disk import SECTOR, SYNCS, Change, Disk, boundary
from tests.power.promises import Promise
from tests.power.trace import NEVER, Call

EXAMPLES = 20
"""Violations of which the words are kept."""
LIFE = 40
"""One image in so many goes on living: one more event is written, and it is opened a second time."""
DAMAGED = (StoreDamaged, Busy, sqlite3.DatabaseError)


@dataclass(frozen=True)
class Evidence:
    """What one traced run left: what it did to its disk and what it promised. `name` says which run it was."""

    name: str
    database: str
    events: Sequence[Call]
    promises: Sequence[Promise]
    syncs: bool = True
    """False where the run was told not to sync each commit, so that states between two commits may be found."""

    def places(self) -> list[int]:
        """Where the power goes: at the last moment of each sync, when most is uncertain, and after each promise, before
        the disk changes again. Any other moment leaves fewer images or binds to fewer promises."""
        after_syncs = {event.end for event in self.events if event.name in SYNCS}
        after_promises = {boundary(self.events, promise.place) for promise in self.promises}
        return sorted(after_syncs | after_promises | {NEVER - 1})


@dataclass
class Tally:
    """What a sweep has found. `lost` counts promises that an image does not keep."""

    places: int = 0
    images: int = 0
    promises: int = 0
    lost: int = 0
    spoiled: int = 0
    """Images that show a promise lost."""
    refused: int = 0
    """Images that the store would not open."""
    unsound: int = 0
    """Images whose books contradict themselves, fail quick_check, or show half a commit."""
    lives: int = 0
    """Images on which the shop went on: one more event kept, and found again."""
    hashes: set[bytes] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("places", "images", "promises", "lost", "spoiled", "refused", "unsound", "lives"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.hashes |= other.hashes
        self.kinds += other.kinds
        self.examples = (self.examples + other.examples)[:EXAMPLES]

    def tell(self, example: str) -> None:
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.refused or self.unsound)

    def figures(self) -> dict[str, int]:
        return {
            "places": self.places,
            "images": self.images,
            "distinct_images": len(self.hashes),
            "promises_checked": self.promises,
            "promises_lost": self.lost,
            "images_with_losses": self.spoiled,
            "refused_to_open": self.refused,
            "unsound": self.unsound,
            "lived_on": self.lives,
        }


def swept(
    evidence: Evidence, *, most: int | None, seed: int = 0, jobs: int = 1, honest: bool = True, stride: int = 1
) -> Tally:
    """Try the images of every `stride`-th place, at most `most` a place; shared among `jobs` processes.

    `honest` False gives the disk that lies about its syncs.
    """
    shares = [Share(most, seed, honest, stride * jobs, stride * job) for job in range(jobs)]
    if jobs == 1:
        return _share(evidence, shares[0])
    total = Tally()
    fork = multiprocessing.get_context("fork")  # what a trace says is large: it is inherited, not sent
    with ProcessPoolExecutor(jobs, mp_context=fork, initializer=_inherit, initargs=(evidence,)) as workers:
        for tally in workers.map(_inherited_share, shares):
            total.add(tally)
    return total


@dataclass(frozen=True, slots=True)
class Share:
    """What one process does: every `stride`-th place from the `first` on."""

    most: int | None
    seed: int
    honest: bool
    stride: int
    first: int


_inherited: list[Evidence] = []


def _inherit(evidence: Evidence) -> None:
    _inherited[:] = [evidence]


def _inherited_share(share: Share) -> Tally:
    return _share(_inherited[0], share)


def _share(evidence: Evidence, share: Share) -> Tally:
    tally = Tally()
    disk = Disk(evidence.events, honest=share.honest)
    with tempfile.TemporaryDirectory(prefix="power-", dir=in_memory()) as folder:
        sweeping = _Sweeping(evidence, disk, Path(folder), tally, strict=evidence.syncs and share.honest)
        for number, place in enumerate(evidence.places()):
            disk.advance(place)
            if number % share.stride == share.first:
                sweeping.cut(place, random.Random(f"{share.seed} {place}"), share.most)
    return tally


def in_memory() -> Path | None:
    """A folder in memory where there is one: an image costs milliseconds there."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else None


@dataclass
class _Sweeping:
    evidence: Evidence
    disk: Disk
    folder: Path
    tally: Tally
    strict: bool
    """Whether every image must show the last durable state or the one being written, and nothing between."""

    def cut(self, place: int, chance: random.Random, most: int | None) -> None:
        """Try the images that a cut just before `place` may leave."""
        self.tally.places += 1
        changes = self.disk.uncertain(place)
        names = {path: len(files) for path, files in self.disk.renamed.items()}
        touched = _touched(changes)
        bound = [promise for promise in self.evidence.promises if promise.place < place]
        states: set[int] = set()
        for choice in choices(changes, names, chance, most):
            self.tally.images += 1
            image = self.disk.image(changes, choice)
            if choice.label != EVERYTHING:  # it is what the next place finds certain: counted there
                self.tally.hashes.add(self._digest(image, touched))
            label = f"{self.evidence.name}, place {place}, {choice.label} of {len(changes)}"
            self._try(image, bound, label, states, extreme=choice.label.startswith((NOTHING, EVERYTHING)))

    def _try(
        self,
        image: Mapping[str, bytearray],
        bound: Sequence[Promise],
        label: str,
        states: set[int],
        *,
        extreme: bool,
    ) -> None:
        self._lay_out(image)
        live_on = self.tally.images % LIFE == 0
        try:
            books, problems = self._opened(live_on)
        except DAMAGED as error:
            self.tally.refused += 1
            self.tally.tell(f"{label}: will not open: {error}")
            return
        if extreme:
            states.add(books.state)
        elif self.strict and books.state not in states:
            problems.append("half a commit: neither the state before it nor the one after it")
        problems += unsound(books)
        lost = list(broken(books, bound))
        self.tally.promises += len(bound)
        self.tally.kinds.update(promise.kind for promise in bound)
        self.tally.lost += len(lost)
        self.tally.spoiled += bool(lost)
        self.tally.unsound += bool(problems)
        if lost or problems:
            self.tally.tell(f"{label}: {'; '.join([*lost[:3], *problems[:3]])}")

    def _opened(self, live_on: bool) -> tuple[Books, list[str]]:
        """Opened as the shop opens it, migrations and all. Raises what a damaged database raises."""
        path = self.folder / "shop.db"
        store = _store(path)
        try:
            with contextlib.closing(_reader(path)) as reader:
                check = "integrity_check" if live_on else "quick_check"
                problems = [text for (text,) in reader.execute(f"PRAGMA {check}").fetchall() if text != "ok"]
                books = read(reader)
            if live_on:
                problems += self._lives_on(store)
        finally:
            store.close()
        return books, problems

    def _lives_on(self, store: SqliteStore) -> list[str]:
        """One more event, then the power goes again: nothing was written that the next start cannot read."""
        self.tally.lives += 1
        now = datetime.now(UTC)
        store.write(lambda books: books.inbox.accept("test", "after the cut", now))
        files = {p.name: p.read_bytes() for p in self.folder.iterdir() if p.name in ("shop.db", "shop.db-wal")}
        with tempfile.TemporaryDirectory(dir=self.folder) as again:
            for name, content in files.items():
                (Path(again) / name).write_bytes(content)
            reopened = _store(Path(again) / "shop.db")
            try:
                kept = reopened.write(lambda books: books.inbox.accept("test", "after the cut", now))
            finally:
                reopened.close()
        return ["an event written after the cut is lost"] if kept else []

    def _digest(self, image: Mapping[str, bytearray], touched: Mapping[str, Sequence[int]]) -> bytes:
        """A hash of what tells this image from every other, without reading all of it: how much was certain, which
        files there are, how long, and the sectors that uncertain writes touch."""
        digest = hashlib.blake2b(f"{self.evidence.name} {self.disk.version}".encode(), digest_size=12)
        for path, content in sorted(image.items()):
            digest.update(f"{path} {len(content)}".encode())
            for sector in touched.get(path, ()):
                digest.update(content[sector * SECTOR : (sector + 1) * SECTOR])
        return digest.digest()

    def _lay_out(self, image: Mapping[str, bytearray]) -> None:
        for old in self.folder.iterdir():
            old.unlink()
        for path, content in image.items():
            (self.folder / ("shop.db" + path.removeprefix(self.evidence.database))).write_bytes(content)


def _store(path: Path) -> SqliteStore:
    """The product's own, except that a disk it cannot trust is told to whoever waits and does not end the sweep."""
    return SqliteStore(str(path), fatal=lambda _reason: None)


def _reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)


def _touched(changes: Sequence[Change]) -> dict[str, list[int]]:
    """Path -> the sectors that these changes may alter, in order."""
    sectors: dict[str, set[int]] = {}
    for change in changes:
        sectors.setdefault(change.file.partition("#")[0], set()).update(change.sectors())
    return {path: sorted(numbers) for path, numbers in sectors.items()}

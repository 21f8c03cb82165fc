"""A disk that promises no more than POSIX does: what was synced is there, of anything since any part may be.

Rules, and what they rest on: a completed fsync or fdatasync of a file covers the writes to it that had returned when
it was called; each sector of 512 bytes keeps or loses each later write by itself, in any order; a new name is certain
only once its folder is synced, and so is a removal (https://www.sqlite.org/atomiccommit.html, section 9).
"""

from __future__ import annotations

import bisect
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.power.trace import NEVER, Call

SECTOR = 512
WRITES = frozenset({"pwrite64", "ftruncate"})
SYNCS = frozenset({"fsync", "fdatasync"})
CHANGES = WRITES | SYNCS | {"openat", "unlink"}
HARMLESS = frozenset({"close", "read", "write", "readv", "recvfrom"})
AT_ONCE = 8
"""More threads than ever write to the database's files at once."""
NOT_KEPT = ("-shm", ".lock", ".hatch")
"""Files that no power cut can spoil: the index of the WAL is rebuilt, the others say nothing of orders."""


class Unmodelled(Exception):
    """The product wrote in a way that this disk does not know; the model must learn it before it can be believed."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write to a file, or a cut to `place` bytes where `data` is None; not certain yet."""

    file: str
    place: int
    data: bytes | None
    begin: int
    end: int

    def sectors(self) -> range:
        """The numbers of the sectors it touches; a cut has none."""
        if not self.data:
            return range(0)
        return range(self.place // SECTOR, (self.place + len(self.data) - 1) // SECTOR + 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the uncertain a power cut left: of each change all, nothing (absent here) or some of its sectors.

    `names` says for each uncertain name how many of its creations and removals came to be.
    """

    label: str
    kept: Mapping[int, frozenset[int] | None]
    names: Mapping[str, int]


@dataclass
class Disk:
    """The database's folder at one place of a trace; `advance` moves it on, `image` gives what a cut leaves there."""

    events: Sequence[Call]
    honest: bool = True
    """False for a disk that answers a sync and does nothing: the twin on which the guarantee must break."""

    sure: dict[str, bytearray] = field(default_factory=dict)
    """File -> bytes that are certain. A file is named by its path and, after a removal, a number."""
    open: list[Change] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Path -> file, for the names that are certain."""
    renamed: dict[str, list[str | None]] = field(default_factory=dict)
    """Path -> the files that it was to stand for one after the other, each uncertain; None for none."""
    version: int = 0
    """Grows with every change of what is certain."""
    _next: int = 0
    _made: int = 0

    def advance(self, place: int) -> None:
        """Move on to just before `place`. Places may only grow."""
        while self._next < len(self.events) and self.events[self._next].end < place:
            self._took_place(self.events[self._next])
            self._next += 1

    def _took_place(self, call: Call) -> None:
        if call.result is not None and call.result < 0:
            return
        if call.name in WRITES:
            self.open.append(self._change(call))
        elif call.name in SYNCS:
            self._synced(call)
        elif call.name == "openat" and call.creates and self._now(call.subject) is None:
            self._made += 1
            file = f"{call.subject}#{self._made}"
            self.sure[file] = bytearray()
            self.renamed.setdefault(call.subject, []).append(file)
        elif call.name == "unlink":
            self.renamed.setdefault(call.subject, []).append(None)

    def _now(self, path: str) -> str | None:
        """The file that the name stands for while the machine runs."""
        uncertain = self.renamed.get(path)
        return uncertain[-1] if uncertain else self.names.get(path)

    def _file(self, path: str) -> str:
        found = self._now(path)
        if found is None:
            raise Unmodelled(f"{path} was written after its removal, or before its creation was seen")
        return found

    def _change(self, call: Call) -> Change:
        data = call.data if call.name == "pwrite64" else None
        return Change(self._file(call.subject), call.place, data, call.begin, call.end)

    def _synced(self, call: Call) -> None:
        if not self.honest:
            return
        file = self._now(call.subject)
        if file is None:
            self._folder_synced(call.subject)
            return
        self.version += 1
        rest = []
        for change in self.open:
            if change.file == file and change.end < call.begin:
                self._keep(self.sure[file], change, None)
            else:
                rest.append(change)
        self.open = rest

    def _folder_synced(self, folder: str) -> None:
        self.version += 1
        for path in [path for path in self.renamed if os.path.dirname(path) == folder]:  # noqa: PTH120 - plain text
            file = self.renamed.pop(path)[-1]
            self.names.pop(path, None)
            if file is not None:
                self.names[path] = file

    def uncertain(self, place: int) -> list[Change]:
        """Every change that may or may not be there if the power goes just before `place`, oldest first.

        Those under way at that moment belong to them.
        """
        under_way = [
            self._change(call)
            for call in self.events[self._next : self._next + AT_ONCE]
            if call.begin < place and call.name in WRITES and (call.result is None or call.result >= 0)
        ]
        return sorted([*self.open, *under_way], key=lambda change: change.begin)

    def image(self, changes: Sequence[Change], choice: Choice) -> dict[str, bytearray]:
        """Path -> what is read there after the power is back. `changes` is what `uncertain` gave."""
        files: dict[str, bytearray] = {}
        for path in {*self.names, *self.renamed}:
            file = self._left(path, choice.names.get(path, len(self.renamed.get(path, ()))))
            if file is not None:
                files[path] = bytearray(self.sure[file])
                for number, change in enumerate(changes):
                    if change.file == file and number in choice.kept:
                        self._keep(files[path], change, choice.kept[number])
        return files

    def _left(self, path: str, done: int) -> str | None:
        return self.renamed[path][done - 1] if done and path in self.renamed else self.names.get(path)

    @staticmethod
    def _keep(content: bytearray, change: Change, sectors: frozenset[int] | None) -> None:
        if change.data is None:
            del content[change.place :]
            content.extend(bytes(change.place - len(content)))
            return
        first, last = change.place, change.place + len(change.data)
        pieces: Iterable[tuple[int, int]] = [(first, last)]
        if sectors is not None:
            pieces = [(max(first, s * SECTOR), min(last, (s + 1) * SECTOR)) for s in sorted(sectors)]
        for begin, end in pieces:
            if begin > len(content):
                content.extend(bytes(begin - len(content)))
            content[begin:end] = change.data[begin - first : end - first]


def events_of(calls: Iterable[Call], database: str) -> list[Call]:
    """The calls that change what is on the disk, in the order in which they ended.

    Raises Unmodelled for a way of writing to the database's files that the disk above does not know.
    """
    kept = []
    folder = os.path.dirname(database)  # noqa: PTH120 - a path of the trace, as text
    for call in calls:
        ours = call.subject == folder or (call.subject.startswith(database) and not call.subject.endswith(NOT_KEPT))
        if not ours:
            continue
        if call.name in CHANGES:
            kept.append(call)
        elif call.name not in HARMLESS or (call.name == "write" and call.subject.startswith(database)):
            raise Unmodelled(f"{call.name} on {call.subject}")
    return sorted(kept, key=lambda call: call.end)


def boundary(events: Sequence[Call], after: int) -> int:
    """The first place after `after` where the disk changes: up to there, a cut leaves the same images."""
    ends = [event.end for event in events]
    found = bisect.bisect_right(ends, after)
    return ends[found] if found < len(ends) else NEVER - 1

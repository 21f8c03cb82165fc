"""Kill points: what they are called, and how they are enumerated from one run of a flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from tests.sweep.shop import Mode
from tests.sweep.tracing import ANY, DISK, STEPS, Blow
from tests.sweep.tripwire import Moment


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """The `number`-th time (from 1) that `what` comes about in a flow: a Moment, or `blow:system call`.

    Written as FLOW/MODE/WHAT/NUMBER, such as `buy/x-polling/kill:pwrite64/17` and `pay/telegram-webhook/heard/2`.
    """

    flow: str
    mode: Mode
    what: str
    number: int

    def __str__(self) -> str:
        return f"{self.flow}/{self.mode}/{self.what}/{self.number}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ValueError."""
        flow, mode, what, number = text.split("/")
        return cls(flow, Mode(mode), what, int(number))

    @property
    def moment(self) -> Moment | None:
        return None if ":" in self.what else Moment(self.what)

    @property
    def blow(self) -> Blow | None:
        """What befalls the shop at a system call, None where it is killed at a Moment."""
        return Blow(self.what.partition(":")[0]) if ":" in self.what else None

    @property
    def call(self) -> str:
        return self.what.partition(":")[2]

    @property
    def kind(self) -> str:
        """What reports count by: a Moment or a Blow."""
        return self.what.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Census:
    """How often everything came about in one undisturbed run of a flow.

    `calls` are all system calls that are killed at, `on_disk` those on the database's files alone.
    """

    moments: Mapping[Moment, int]
    calls: Mapping[str, int]
    on_disk: Mapping[str, int]

    def points(self, flow: str, mode: Mode) -> Iterator[Point]:
        """Every point, those of one kind in their order."""
        for moment in Moment:
            yield from _numbered(flow, mode, moment.value, self.moments.get(moment, 0))
        for call, most in sorted(self.calls.items()):
            yield from _numbered(flow, mode, f"{Blow.KILL}:{call}", most)
        for blow in (Blow.EIO, Blow.ENOSPC, Blow.FULL):
            for call in DISK:
                yield from _numbered(flow, mode, f"{blow}:{call}", self.on_disk.get(call, 0))
        for number in STEPS:
            yield Point(flow, mode, f"{Blow.EVERYTHING}:{ANY}", number)


def _numbered(flow: str, mode: Mode, what: str, most: int) -> Iterator[Point]:
    return (Point(flow, mode, what, number) for number in range(1, most + 1))

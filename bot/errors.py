"""What can go wrong, in the few kinds that make a difference to the one who must act.

Every adapter turns its vendor's exceptions into these; above the adapters nobody catches a vendor's class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a file, with its place and its remedy. `line` counts from 1; 0 is the file as a whole."""

    file: str
    line: int
    key: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.wrong} -> {self.remedy}"


class ConfigError(Exception):
    """The shop cannot start as it is described; `problems` holds every fault found, not just the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Temporary(Exception):
    """It may succeed later. `retry_after` is in seconds where the other side named it.

    `uncertain` says that the other side may have carried it out all the same; `answered`, that it did say something,
    if only that it is in trouble: most likely it did nothing.
    """

    def __init__(
        self, why: str, *, retry_after: float | None = None, uncertain: bool = False, answered: bool = False
    ) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        self.uncertain = uncertain
        self.answered = answered


class Slowed(Temporary):
    """The other side's limits leave no room for now: nothing ails, it is only not our turn yet."""


class Permanent(Exception):
    """It will never succeed as it is; trying again is useless.

    `nothing_done` is False where the other side may have carried out an earlier, different try.
    """

    def __init__(self, why: str, *, nothing_done: bool = True) -> None:
        super().__init__(why)
        self.nothing_done = nothing_done


class Unreachable(Permanent):
    """The person on the other side cannot be written to: blocked, deactivated, kicked."""


class Moved(Permanent):
    """The chat goes on under another name: `to`."""

    def __init__(self, why: str, to: str) -> None:
        super().__init__(why)
        self.to = to


class Refused(Permanent):
    """The platform's rules or the shop's own limits forbid it; that is as it should be and nobody needs to look."""


class Forged(Exception):
    """The message does not come from whom it names: a bad, missing or outdated signature."""


class Busy(Exception):
    """Another process works on the same shop."""


class StoreDamaged(Exception):
    """The database cannot be trusted; nothing is started on it. The message says what to do."""

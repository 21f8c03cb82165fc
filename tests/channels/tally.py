"""A channel's account of what it asks and spends, kept in dictionaries, with everything it was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.costs import Cost
from bot.domain.pace import Quota
from bot.domain.policy import Thrift
from bot.errors import Temporary
from bot.ports import Clock, Told


@dataclass
class Tally:
    """Counts as the rows do: a limit is unknown until it was told, and a thing is charged once."""

    clock: Clock
    windows: dict[str, Told] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    cursors: dict[str, str] = field(default_factory=dict)
    costs: dict[tuple[str, str], Cost] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)
    step: Thrift = Thrift.NONE
    cannot_write: bool = False
    """Whether what it is told is lost, as where the disk is full."""

    async def ask(self, limit: str) -> None:
        known = self.windows.get(limit)
        if known is not None and known.until > self.clock() and known.left <= 0:
            raise Temporary(
                f"the limit of {limit} is used up", retry_after=(known.until - self.clock()).total_seconds()
            )
        self.asked.append(limit)

    async def told(self, limit: str, told: Told | None) -> None:
        self._write()
        if told is not None:
            self.windows[limit] = told

    async def charge(self, costs: Sequence[Cost]) -> None:
        for cost in costs:
            self.costs.setdefault((str(cost.charge), cost.resource), cost)

    async def cursor(self, name: str) -> str | None:
        return self.cursors.get(name)

    async def move(self, name: str, value: str | None) -> None:
        if value is None:
            self.cursors.pop(name, None)
        else:
            self.cursors[name] = value

    async def quota(self, limit: str) -> Quota | None:
        known = self.windows.get(limit)
        return Quota(known.left, known.until) if known is not None and known.until > self.clock() else None

    async def thrift(self) -> Thrift:
        return self.step

    async def tell(self, kind: str, text: str) -> None:
        assert text
        self._write()
        self.alerts.append(kind)

    def _write(self) -> None:
        if self.cannot_write:
            raise Temporary("the store cannot write")

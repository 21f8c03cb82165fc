"""The merchant is told once when a part of the shop ails, and not again until it was well in between."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog

from bot.domain.effects import Alert
from bot.ports import Books

log = structlog.get_logger(__name__)
AILING = "ails:"
LASTING = 5.0
"""Seconds after which what ails is worth telling: a part that starts, or stumbles once, is no news."""
WELL = 30.0
"""Seconds after which a part is well again: one that was not used yet after a restart only seems so."""


class Watch:
    """Keeps what was told in the books, so that a restart tells nothing twice (F032)."""

    def __init__(self) -> None:
        self._told: dict[str, float] | None = None
        """The parts that ail, each with the moment at which it was last seen to."""
        self._since: dict[str, float] = {}

    def sees(self, ailing: Mapping[str, str], moment: float) -> bool:
        """Whether there is something to note; `moment` in seconds of a steady clock."""
        self._since = {part: self._since.get(part, moment) for part in ailing}
        if self._told is None:
            return True
        self._told |= {part: moment for part in ailing if part in self._told}
        return bool(self._to_tell(ailing, moment)) or any(moment - seen >= WELL for seen in self._told.values())

    def _to_tell(self, ailing: Mapping[str, str], moment: float) -> Mapping[str, str]:
        told = self._told or {}
        return {part: why for part, why in ailing.items() if part not in told and moment - self._since[part] >= LASTING}

    def note(self, books: Books, ailing: Mapping[str, str], moment: float, now: datetime) -> None:
        if self._told is None:
            self._told = dict.fromkeys(books.ledger.cursors(AILING), moment)
        for part, why in self._to_tell(ailing, moment).items():
            log.error("part.ails", part=part, why=why)
            books.alert(Alert("ailing", f"{part}: {why}"), None, now)
            books.ledger.move(AILING + part, why, now)
            self._told[part] = moment
        for part in [part for part, seen in self._told.items() if moment - seen >= WELL]:
            log.info("part.is_well", part=part)
            books.ledger.move(AILING + part, None, now)
            del self._told[part]

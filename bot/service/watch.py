"""The merchant is told once when a part of the shop begins to ail, and not again until it was well in between."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog

from bot.domain.effects import Alert
from bot.ports import Books

log = structlog.get_logger(__name__)
AILING = "ails:"


class Watch:
    """Keeps what was told in the books, so that a restart tells nothing twice (F032)."""

    def __init__(self) -> None:
        self._told: dict[str, str] | None = None

    def changed(self, ailing: Mapping[str, str]) -> bool:
        """Whether there is anything to note; until the first note there is."""
        return self._told is None or self._told.keys() != ailing.keys()

    def note(self, books: Books, ailing: Mapping[str, str], now: datetime) -> None:
        known = books.ledger.cursors(AILING)
        for part, why in ailing.items():
            if part not in known:
                log.error("part.ails", part=part, why=why)
                books.alert(Alert("ailing", f"{part}: {why}"), None, now)
                books.ledger.move(AILING + part, why, now)
        for part in known.keys() - ailing.keys():
            log.info("part.is_well", part=part)
            books.ledger.move(AILING + part, None, now)
        self._told = dict(ailing)

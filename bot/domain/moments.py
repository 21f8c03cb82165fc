"""Moments as they are kept in text."""

from __future__ import annotations

from datetime import datetime


def moment_of(text: str | None) -> datetime | None:
    """The aware moment that was written down; None where there is none or nobody can read it."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None

"""Figures for Prometheus, read from the books when they are asked for."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from bot.ports import Store

ROWS = Gauge("comptoir_rows", "Rows of the shop's books by what they are and how they stand", ["book", "state"])


def measured(store: Store) -> tuple[bytes, str]:
    """(body, content type) of the metrics page."""
    ROWS.clear()
    for (book, state), count in store.figures().items():
        ROWS.labels(book, state).set(count)
    return generate_latest(), CONTENT_TYPE_LATEST

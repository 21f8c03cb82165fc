"""Figures for Prometheus, read from the books when they are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from bot.domain.costs import MICRO, day_of
from bot.ports import Books, Store

ROWS = Gauge("comptoir_rows", "Rows of the shop's books by what they are and how they stand", ["book", "state"])
COSTS = Gauge("comptoir_channel_cost_usd", "What a channel charged in the last 30 days, by kind", ["channel", "kind"])
TODAY = Gauge("comptoir_channel_cost_today_usd", "What a channel charged this UTC day", ["channel"])
PER_SALE = Gauge("comptoir_channel_cost_per_sale_usd", "30 days' cost by paid order of the channel", ["channel"])
POLICY = Gauge(
    "comptoir_channel_policy", "30 days' verdicts of a channel's gate", ["channel", "act", "reason", "allowed"]
)
CONFIG_REFUSED = Gauge("comptoir_config_refused", "1 while bot.toml as it lies there was refused by a reload")
WAL = Gauge("comptoir_wal_bytes", "Size of the database's write-ahead log")
METERED = ("x",)
WINDOW = timedelta(days=30)


def measured(store: Store) -> tuple[bytes, str]:
    """(body, content type) of the metrics page."""
    ROWS.clear()
    for (book, state), count in store.figures().items():
        ROWS.labels(book, state).set(count)
    WAL.set(store.log_bytes())
    for channel in METERED:
        _costs(store, channel, datetime.now(UTC))
    return generate_latest(), CONTENT_TYPE_LATEST


def _costs(store: Store, channel: str, now: datetime) -> None:
    since = now - WINDOW

    def read(books: Books) -> None:
        for gauge in (COSTS, PER_SALE, POLICY):
            gauge.clear()
        whole = 0
        for kind, (_, micros) in books.ledger.costs(channel, since).items():
            whole += micros
            COSTS.labels(channel, kind).set(micros / MICRO)
        TODAY.labels(channel).set(books.ledger.spent(channel, day_of(now)) / MICRO)
        sales, _ = books.ledger.sales(channel, since)
        if sales:
            PER_SALE.labels(channel).set(whole / sales / MICRO)
        for (act, reason, allowed), count in books.conduct.reasons(channel, since).items():
            POLICY.labels(channel, act, reason if ":" not in reason else "platform", str(allowed).lower()).inc(count)

    store.read(read)

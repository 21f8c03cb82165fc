"""`stats`: what was sold, what a platform cost for it, and what its rules allowed and refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app import store_of
from bot.cli.output import show
from bot.config import load
from bot.domain.costs import day_of, usd
from bot.ports import Books

METERED = "x"
"""The channel that costs by the message."""
LATEST = 20

Rows = Sequence[dict[str, object]]


def stats(config: Path, *, days: int, policy: bool, as_json: bool) -> int:
    """Figures of the last days: sales and costs, or with `policy` the record of the gate."""
    settings = load(config, secrets=False)
    now = datetime.now(UTC)
    since = now - timedelta(days=days)
    store = store_of(settings, writes=False)
    try:
        if policy:
            tables: dict[str, Rows] = {
                "reasons": store.read(lambda books: _reasons(books, since)),
                "latest": [dict(row) for row in store.view("v_policy", LATEST)],
            }
        else:
            tables = store.read(lambda books: _figures(books, since, now))
            tables["x"][0]["daily_budget_usd"] = str(settings.x.daily_budget_usd)
    finally:
        store.close()
    if as_json:
        print(json.dumps({"days": days} | tables, ensure_ascii=False, default=str))
        return 0
    for title, rows in tables.items():
        show(f"{title}, {days} days", rows, as_json=False)
    return 0


def _reasons(books: Books, since: datetime) -> Rows:
    found = books.conduct.reasons(METERED, since)
    return [
        {"act": act, "allowed": allowed, "reason": reason, "times": count}
        for (act, reason, allowed), count in found.items()
    ]


def _figures(books: Books, since: datetime, now: datetime) -> dict[str, Rows]:
    """Money that was paid is minor units with its currency; what X costs is US dollars as text, never a float."""
    sales, cost = books.ledger.sales(METERED, since)
    costs = books.ledger.costs(METERED, since)
    whole = sum(micros for _, micros in costs.values())
    return {
        "orders": [
            {"channel": channel, "status": status, "orders": count, "paid_minor": paid, "currency": currency}
            for channel, status, currency, count, paid in books.orders.counted(since)
        ],
        "costs": [
            {"channel": METERED, "kind": kind, "times": times, "usd": str(usd(micros))}
            for kind, (times, micros) in costs.items()
        ],
        "x": [
            {
                "paid_orders": sales,
                "cost_usd": str(usd(whole)),
                "cost_per_sale_usd": str(usd(round(whole / sales))) if sales else None,
                "of_their_conversations_usd": str(usd(cost)),
                "today_usd": str(usd(books.ledger.spent(METERED, day_of(now)))),
            }
        ],
    }

"""Commands that read the shop's books while it runs or rests."""

from __future__ import annotations

import json
from pathlib import Path

from bot.app import store_of
from bot.cli.output import FAILED, complain, show
from bot.config import load
from bot.merchant import do
from bot.merchant import reconcile as ask
from bot.ports import Store, View

DETAILS: tuple[View, ...] = ("v_order_lines", "v_payments", "v_history")


def _books(config: Path) -> Store:
    return store_of(load(config, secrets=False), writes=False)


def listed(config: Path, view: View, *, as_json: bool) -> int:
    store = _books(config)
    show(view.removeprefix("v_"), store.view(view, 10_000), as_json=as_json)
    store.close()
    return 0


def order(config: Path, ref: str, *, as_json: bool) -> int:
    """One order with all that belongs to it; exit 1 where there is none of this reference."""
    store = _books(config)
    found = [row for row in store.view("v_orders", 1_000_000) if str(row["ref"]).lower() == ref.lower()]
    if not found:
        complain(f"no order {ref}")
        return FAILED
    whole = {"order": dict(found[0])}
    details = {v: [r for r in store.view(v, 1_000_000) if r["ref"] == found[0]["ref"]] for v in DETAILS}
    store.close()
    if as_json:
        print(json.dumps(whole | {v.removeprefix("v_"): rows for v, rows in details.items()}, ensure_ascii=False))
        return 0
    show(str(found[0]["ref"]), found, as_json=False)
    for view, rows in details.items():
        show(view.removeprefix("v_"), rows, as_json=False)
    return 0


def done(config: Path, wish: str, sentence: str, **asked: str) -> int:
    """Raises Permanent with the reason where it cannot be done."""
    do(load(config, secrets=False), wish, **asked)
    print(sentence)
    return 0


def reconcile(config: Path, *, as_json: bool) -> int:
    """Raises Temporary where the provider cannot be asked."""
    found = ask(load(config))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    print(f"asked from {found['since']} on: {found['missed']} events missed, {found['ended']} pages had ended")
    for name in ("orphans", "drift"):
        for each in found[name]:  # type: ignore[attr-defined] # lists of text, see Found.wire
            complain(f"{name}: {each}")
    return 0


def catalogue(config: Path, *, as_json: bool) -> int:
    settings = load(config, secrets=False)
    rows = [
        {
            "sku": variant.sku,
            "name": product.name,
            "options": ", ".join(variant.options.values()),
            "unit_minor": variant.unit_minor,
            "currency": settings.shop.currency,
            "stock": variant.stock if variant.stock is not None else variant.level,
        }
        for product in settings.catalogue.products
        for variant in product.variants
    ]
    show("products", rows, as_json=as_json)
    return 0

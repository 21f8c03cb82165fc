"""Commands that keep the books safe: copy them while the shop sells, put a copy back after a loss."""

from __future__ import annotations

import json
from pathlib import Path

from bot.app import backed_up, restored
from bot.config import load


def backup(config: Path, path: Path, *, force: bool, as_json: bool) -> int:
    """Raises Permanent where the copy cannot be written there, StoreDamaged where the books cannot be trusted."""
    copy = backed_up(load(config, secrets=False), path, force=force)
    if as_json:
        facts = {"path": str(copy.path), "bytes": copy.size, "orders": copy.orders}
        print(json.dumps({**facts, "taken_at": copy.taken_at.isoformat()}, ensure_ascii=False))
    else:
        print(f"{copy.path}: {copy.size / 1e6:.1f} MB, {copy.orders} orders, whole and checked")
    return 0


def restore(config: Path, path: Path, *, as_json: bool) -> int:
    """Raises Busy while the shop runs, StoreDamaged where the copy cannot be trusted, Permanent where it is missing."""
    settings = load(config, secrets=False)
    put_back = restored(settings, path)
    aside = None if put_back.aside is None else str(put_back.aside)
    if as_json:
        facts = {"orders": put_back.copy.orders, "taken_at": put_back.copy.taken_at.isoformat(), "before": aside}
        print(json.dumps(facts, ensure_ascii=False))
        return 0
    print(f"{path} is in place: {put_back.copy.orders} orders, as of {put_back.copy.taken_at:%Y-%m-%d %H:%M:%S} UTC")
    if aside is not None:
        print(f"What stood there before lies in {aside}")
    print("Start the shop: it asks Stripe for what was paid since. Whom you erased since, erase again.")
    return 0

"""What the merchant does by command: handed to the running shop, or done on its books while it rests."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx

from bot.app import hatch_file, store_of
from bot.config import Settings
from bot.errors import Permanent, Temporary
from bot.parts import provider_of, shop_of, utc_now
from bot.service.merchant import ship

PATIENCE = 10.0


def ship_order(settings: Settings, ref: str, tracking: str) -> None:
    """Raises Permanent with the reason where the order cannot be shipped, Busy where the books are held."""
    if _handed_over(settings, "ship", {"ref": ref, "tracking": tracking}):
        return
    if not settings.database_path.exists():
        raise Permanent(f"there is no database at {settings.database_path} yet: start the shop first")
    store = store_of(settings)
    try:
        shop = shop_of(settings, provider_of(settings), lambda _channel, _chat: False)
        store.write(lambda books: ship(shop, books, ref, tracking, utc_now()))
    finally:
        store.close()


def _handed_over(settings: Settings, wish: str, asked: Mapping[str, str]) -> bool:
    """False where no shop runs that could be asked."""
    try:
        door = json.loads(hatch_file(settings).read_text(encoding="utf-8"))
        headers = {"authorization": f"Bearer {door['token']}"}
        with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            answer = client.post(f"{door['address']}/hatch/{wish}", json=dict(asked), headers=headers)
    except (OSError, ValueError, KeyError, httpx.TransportError):
        return False
    if answer.status_code == httpx.codes.OK:
        return True
    if answer.status_code == httpx.codes.CONFLICT:
        raise Permanent(str(answer.json()["error"]))
    raise Temporary(f"the running shop answered {answer.status_code}: try again")

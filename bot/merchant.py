"""What the merchant does by command: handed to the running shop, or done on its books while it rests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx

from bot.app import store_of
from bot.config import Settings
from bot.errors import Permanent, Temporary
from bot.hatching import hatch_file
from bot.parts import provider_of, shop_of, utc_now
from bot.ports import Store
from bot.service.crossing import Crossing
from bot.service.intake import Reception
from bot.service.privacy import erase, scrub
from bot.service.reconcile import Found, Reconciler
from bot.service.restoring import woken
from bot.service.wishes import WISHES

PATIENCE = 10.0
RECONCILING = 300.0
RELOADING = 120.0
ERASING = 120.0
"""Seconds that a running shop may take to write a large database anew."""


def do(settings: Settings, wish: str, **asked: str) -> None:
    """One of the WISHES. Raises Permanent with the reason where it cannot be granted, Busy where the books are held."""
    if _handed_over(settings, wish, asked) is not None:
        return
    with _at_rest(settings) as store:
        shop = shop_of(settings, provider_of(settings), lambda _channel, _chat: False)
        store.write(lambda books: WISHES[wish](shop, books, asked, utc_now()))


def reconcile(settings: Settings) -> Mapping[str, object]:
    """Ask the provider now what was missed, and mend it; -> what was found.

    While the shop rests, what is to be said of it waits for the next start. Raises Temporary where it cannot be asked.
    """
    answer = _handed_over(settings, "reconcile", {}, patience=RECONCILING)
    if answer is not None:
        return answer
    with _at_rest(settings) as store:
        return asyncio.run(_reconciled(settings, store)).wire()


async def _reconciled(settings: Settings, store: Store) -> Found:
    provider, write = provider_of(settings), Crossing(store)
    shop = shop_of(settings, provider, lambda _channel, _chat: False)
    reception = Reception(shop, write, utc_now, lambda _word, _language: "")
    await write(lambda books: woken(books, utc_now()))
    reconciler = Reconciler(shop, store, write, write, reception.settle, utc_now, every=settings.reconcile.every)
    try:
        return await reconciler.once()
    finally:
        await provider.stop()


def erase_shopper(settings: Settings, channel: str, chat: str) -> None:
    """Forget a shopper, in the books and in the bytes of their files.

    Raises Permanent where nothing is held on them, Temporary where it must be asked again, Busy as above.
    """
    if _handed_over(settings, "erase", {"channel": channel, "chat": chat}, patience=ERASING) is not None:
        return
    with _at_rest(settings) as store:
        store.write(lambda books: erase(books, channel, chat, utc_now()))
        scrub(store, utc_now())


def reload_shop(settings: Settings) -> Sequence[str]:
    """Have the running shop read bot.toml anew; -> the changed keys that take effect at its next start.

    Raises Permanent with every fault that it finds, and where no shop runs on this database.
    """
    answer = _handed_over(settings, "reload", {}, patience=RELOADING)
    if answer is None:
        raise Permanent(f"no shop runs on {settings.database_path}: bot.toml is read when it starts")
    waiting = answer.get("waiting")
    return [str(key) for key in waiting] if isinstance(waiting, list) else []


@contextmanager
def _at_rest(settings: Settings) -> Iterator[Store]:
    """The books of a shop that does not run."""
    if not settings.database_path.exists():
        raise Permanent(f"there is no database at {settings.database_path} yet: start the shop first")
    store = store_of(settings)
    try:
        yield store
    finally:
        store.close()


def _handed_over(
    settings: Settings, wish: str, asked: Mapping[str, str], patience: float = PATIENCE
) -> Mapping[str, object] | None:
    """What the running shop answered; None where no shop runs that could be asked."""
    try:
        door = json.loads(hatch_file(settings).read_text(encoding="utf-8"))
        headers = {"authorization": f"Bearer {door['token']}"}
        with httpx.Client(timeout=patience, trust_env=False) as client:
            answer = client.post(f"{door['address']}/hatch/{wish}", json=dict(asked), headers=headers)
    except (OSError, ValueError, KeyError, httpx.TransportError):
        return None
    if answer.status_code == httpx.codes.OK:
        return answer.json()["answer"] or {}
    if answer.status_code == httpx.codes.CONFLICT:
        raise Permanent(str(answer.json()["error"]))
    raise Temporary(f"the running shop answered {answer.status_code}: try again ({answer.text[:300]})")

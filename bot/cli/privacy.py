"""Commands for what a shopper may ask about themselves: what is held on them, and to be forgotten."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from bot.app import store_of
from bot.cli.output import FAILED, complain
from bot.config import Settings, load
from bot.merchant import erase_shopper
from bot.parts import CHANNELS, utc_now
from bot.service.privacy import export as held_on


def export(config: Path, who: str) -> int:
    """One JSON object. Raises Permanent where nothing is held."""
    channel, chat = _person(who)
    settings = load(config, secrets=False)
    store = store_of(settings, writes=False)
    try:
        held = store.read(lambda books: held_on(books, channel, chat))
    finally:
        store.close()
    asked = {"shop": settings.shop.name, "channel": channel, "user": chat, "at": utc_now().isoformat()}
    print(json.dumps({**asked, **held}, ensure_ascii=False, indent=2, default=str))
    return 0


def erase(config: Path, who: str, *, sure: bool, as_json: bool) -> int:
    """Raises Permanent where nothing is held, Temporary where it must be asked again."""
    channel, chat = _person(who)
    settings = load(config, secrets=False)
    held = _held(settings, channel, chat)
    if held and not sure and not typer.confirm(f"{_summary(who, held)}. Forget them? This cannot be undone", err=True):
        complain("nothing was changed")
        return FAILED
    erase_shopper(settings, channel, chat)
    if as_json:
        print(json.dumps({"erased": who, "orders_kept": len(held.get("orders", ()))}))
    else:
        print(
            f"{who} is forgotten; their orders are kept without them, an unpaid one is ended once its page is closed."
        )
        print("Not touched: log files (they name chats by their ids), copies made before, and what Stripe keeps.")
    return 0


def _held(settings: Settings, channel: str, chat: str) -> Mapping[str, Sequence[Mapping[str, object]]]:
    store = store_of(settings, writes=False)
    try:
        return store.read(lambda books: books.privacy.held(channel, chat))
    finally:
        store.close()


def _summary(who: str, held: Mapping[str, Sequence[Mapping[str, object]]]) -> str:
    unsent = [str(order["ref"]) for order in held["orders"] if order["status"] == "paid"]
    first = f"; note where to send {', '.join(unsent)} first" if unsent else ""
    return f"{who}: {len(held['orders'])} orders, {len(held['messages'])} messages{first}"


def _person(who: str) -> tuple[str, str]:
    """ "telegram:1001" -> ("telegram", "1001")."""
    channel, _, chat = who.partition(":")
    if channel not in CHANNELS or not chat:
        raise typer.BadParameter(f"write CHANNEL:USER, for example telegram:1001; channels: {', '.join(CHANNELS)}")
    return channel, chat

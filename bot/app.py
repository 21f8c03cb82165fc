"""The composition root: how a shop's parts are joined to its store, started and stopped."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import structlog

from bot.channels.telegram import TelegramChannel
from bot.config import Settings
from bot.domain.orders import Order
from bot.domain.payments import Payment
from bot.domain.retry import RetryPolicy
from bot.errors import ConfigError, Permanent, StoreDamaged, Temporary
from bot.front import Posts, Shown
from bot.hatching import hatch_file, open_hatch
from bot.metrics import measured
from bot.parts import (
    CHANNELS,
    ChannelMaker,
    accounts_of,
    clerk_of,
    enabled,
    provider_of,
    renderer_of,
    shop_of,
    utc_now,
)
from bot.payments.stripe import StripeProvider
from bot.ports import Books, Channel, Clock, Store
from bot.rehearsing import Rehearsal
from bot.reloading import Reloader
from bot.service import careful
from bot.service.crossing import Crossing, waking
from bot.service.deliver import Deliverer
from bot.service.gate import Gate
from bot.service.intake import Reception
from bot.service.journal import Journal
from bot.service.perform import Performer
from bot.service.privacy import erase, scrub, scrub_what_is_left
from bot.service.reconcile import Reconciler
from bot.service.restoring import woken
from bot.service.shop import Shop, new_ref, new_token
from bot.service.stocktaking import take_stock
from bot.service.sweep import Sweeper
from bot.service.wishes import WISHES, Wish
from bot.web.hatch import Hatch
from bot.web.hooks import Doorbell, Hooks
from bot.web.pages import Pages
from bot.web.site import Site
from bot.wording import Wording, Words, made_of
from storage import Copy, Restored, SqliteStore, copy_books, open_store, restore_books

T = TypeVar("T")
log = structlog.get_logger(__name__)
DRAIN = 5.0
"""Seconds that what is begun may take to end after SIGTERM; the whole stop is done within ten."""
SWEEP_EVERY = 0.5
RESTART_AFTER = 5.0


def store_of(settings: Settings, *, writes: bool = True) -> Store:
    return open_store(settings.storage.url, settings.path.parent, writes=writes)


def backed_up(settings: Settings, target: Path, *, force: bool) -> Copy:
    """A copy of the books, made while the shop runs or rests. Raises Permanent or StoreDamaged with the reason."""
    return copy_books(settings.database_path, target, utc_now(), force=force)


def restored(settings: Settings, copy: Path) -> Restored:
    """A copy put in the place of the books. Raises Busy while the shop runs, Permanent or StoreDamaged."""
    return restore_books(copy, settings.database_path)


@dataclass(frozen=True)
class Surroundings:
    """What a shop takes from where it runs. A simulation gives its own time, wires and dice."""

    clock: Clock = utc_now
    steady: Callable[[], float] = time.monotonic
    """Seconds of a clock that nobody puts forward or back."""
    store: Callable[[Settings], Store] = store_of
    channels: Mapping[str, ChannelMaker] = field(default_factory=lambda: CHANNELS)
    provider: Callable[[Settings, Clock], StripeProvider] = provider_of
    most_lives: int = careful.MOST_LIVES
    """Lives that may end badly before a shop is careful."""
    ref: Callable[[], str] = new_ref
    token: Callable[[], str] = new_token


@dataclass(frozen=True)
class Running:
    """A shop at work: what its commands and its demo look at."""

    store: Store
    site: Site
    wind_down: Callable[[], Awaitable[None]]
    """Take in nothing more and finish what is begun; what comes in meanwhile by webhook is kept for the next start."""
    reloader: Reloader


def rehearsed(settings: Settings, here: Surroundings = Surroundings()) -> Rehearsal:
    """A shop that needs no secret, no network and no file: for talking to it in a terminal."""
    store = SqliteStore(":memory:")
    store.write(lambda books: books.shelf.sync(settings.catalogue))
    clerk = clerk_of(settings)
    shop = shop_of(settings, here.provider(settings, here.clock), lambda _channel, _chat: True, clerk=clerk)
    told = replace(shop, ref=here.ref, token=here.token)
    return Rehearsal(told, clerk, renderer_of(settings), store, here.clock)


@asynccontextmanager
async def opened(settings: Settings, here: Surroundings = Surroundings()) -> AsyncIterator[Running]:
    """Every part of the shop, made, joined and at work, without a web server; ended in order on leaving.

    Raises Busy where another process runs the shop, StoreDamaged where its database cannot be trusted.
    """
    store, clock = here.store(settings), here.clock
    write = Crossing(store)
    wording = Wording(Words(renderer_of(settings), Pages(*made_of(settings)), settings.shop.locale))
    posts = Posts(dict(settings.posts))
    for_channels = replace(settings, posts=posts)
    channels = {name: here.channels[name](for_channels, wording, write, clock) for name in enabled(settings)}
    provider = here.provider(settings, clock)

    def made(settings: Settings) -> Shop:
        rules = shop_of(
            settings,
            provider,
            lambda channel, chat: channel in channels and channels[channel].free(chat),
            lambda channel: _elsewhere(channels, channel),
        )
        return replace(rules, ref=here.ref, token=here.token)

    shop = made(settings)
    shown = Shown(shop, provider, wording, posts)
    reloader = Reloader(shown.front(settings), shown, made, store, clock)
    gates = {"x": Gate(accounts_of(settings), write, clock)}
    perform = Performer(shop, store, channels, provider, wording, gates, clock)
    policy = RetryPolicy(settings.delivery.retry_base, settings.delivery.max_attempts)
    deliverer = Deliverer(perform, write, clock, policy=policy, lease=settings.delivery.lease)
    awake = waking(write, deliverer.wake)
    care = careful.Care()
    journal = Journal(shop, write, awake, clock, care, steady=here.steady)
    reception = Reception(shop, awake, clock, wording.word, care, journal)
    reconciler = Reconciler(shop, store, write, awake, reception.settle, clock, every=settings.reconcile.every)
    tasks: list[asyncio.Task[None]] = []

    def ailing() -> Mapping[str, str]:
        parts = {"storage": store.healthy(), provider.name: provider.healthy()}
        parts |= {name: channel.healthy() for name, channel in channels.items()}
        parts |= {task.get_name(): "it has ended" for task in tasks if task.done() and not task.cancelled()}
        return {name: why for name, why in parts.items() if why is not None}

    sweeper = Sweeper(
        shop,
        write,
        awake,
        clock,
        every=SWEEP_EVERY,
        steady=here.steady,
        ailing=ailing,
        care=care,
        journal=journal.wake,
    )
    await write(lambda books: take_stock(books, settings.catalogue, clock()))
    care.until(await write(lambda books: careful.born(books, clock(), here.most_lives)))
    await write(lambda books: woken(books, clock()))
    await write(lambda books: books.outbox.recover(clock()))
    await write(lambda books: books.outbox.hasten(clock()))
    await asyncio.to_thread(scrub_what_is_left, store, clock())
    tasks += [
        asyncio.create_task(deliverer.run(), name="deliveries"),
        asyncio.create_task(sweeper.run(), name="sweeping"),
        asyncio.create_task(reconciler.run(), name="reconciling"),
    ]
    deciding = asyncio.create_task(journal.run(), name="deciding")
    listening = [asyncio.create_task(_listen(channel, reception), name=name) for name, channel in channels.items()]
    hooks = _hooks(settings, channels, reception, provider, clock)

    async def wind_down() -> None:
        await _ended([*listening, deciding])
        await deliverer.drain(DRAIN)

    def granted(wish: Wish) -> Callable[[Mapping[str, str]], Awaitable[None]]:
        async def grant(asked: Mapping[str, str]) -> None:
            await awake(lambda books: wish(shop, books, asked, clock()))

        return grant

    async def reconciled(_asked: Mapping[str, str]) -> object:
        return (await reconciler.once()).wire()

    async def erased(asked: Mapping[str, str]) -> None:
        await awake(lambda books: erase(books, asked["channel"], asked["chat"], clock()))
        await asyncio.to_thread(scrub, store, clock())

    async def reloaded(_asked: Mapping[str, str]) -> object:
        try:
            return {"waiting": list(await reloader.reload())}
        except ConfigError as refused:
            raise Permanent(str(refused)) from refused

    wishes = {name: granted(wish) for name, wish in WISHES.items()}
    others = {"reconcile": reconciled, "erase": erased, "reload": reloaded}
    hatch = Hatch(secrets.token_urlsafe(24), {**wishes, **others})
    open_hatch(settings, hatch)
    try:
        tasks += [*listening, deciding]
        site = _site(wording, hooks, store, ailing, hatch)
        yield Running(store, site, wind_down, reloader)
    finally:
        hatch_file(settings).unlink(missing_ok=True)
        await _ended(tasks)
        await wind_down()
        for channel in channels.values():
            await channel.stop()
        await provider.stop()
        with suppress(Temporary, StoreDamaged):
            await write(lambda books: careful.said_goodbye(books, clock()))
        await asyncio.to_thread(store.close)


def _elsewhere(channels: Mapping[str, Channel], channel: str) -> str:
    """Where a shopper of that channel may write instead, without an @ or a link, which would mean others there."""
    telegram = channels.get("telegram")
    known = telegram.username if channel != "telegram" and isinstance(telegram, TelegramChannel) else ""
    return f"Telegram ({known})" if known else ""


async def _listen(channel: Channel, reception: Reception) -> None:
    """Start a channel and keep it listening; what the platform refuses for now is asked again."""
    while True:
        try:
            await channel.start(reception.take)
            await channel.listen()
        except Temporary as error:
            wait = error.retry_after or RESTART_AFTER
            log.warning("channel.waits", channel=channel.name, error=str(error), seconds=wait)
            await asyncio.sleep(wait)
        except StoreDamaged:
            raise
        except Permanent as error:
            log.error("channel.refused", channel=channel.name, error=str(error))  # noqa: TRY400 - no trace needed
            await asyncio.sleep(60)
        except Exception:  # whatever a platform sends, the shop goes on listening to it
            log.exception("channel.broke", channel=channel.name)
            await asyncio.sleep(RESTART_AFTER)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _hooks(
    settings: Settings, channels: Mapping[str, Channel], reception: Reception, provider: StripeProvider, clock: Clock
) -> Hooks:
    telegram = channels.get("telegram")
    hook_secret = settings.secrets.telegram_webhook_secret
    by_webhook = settings.telegram.mode == "webhook"
    return Hooks(
        provider=provider,
        settle=reception.settle,
        clock=clock,
        take=telegram.take if by_webhook and isinstance(telegram, TelegramChannel) else None,
        telegram_secret=hook_secret.get_secret_value() if hook_secret and by_webhook else "",
        x=x if isinstance(x := channels.get("x"), Doorbell) else None,
    )


def _site(wording: Wording, hooks: Hooks, store: Store, ailing: Callable[[], Mapping[str, str]], hatch: Hatch) -> Site:
    def look(token: str) -> tuple[Order, Sequence[Payment]] | None:
        def find(books: Books) -> tuple[Order, Sequence[Payment]] | None:
            order = books.orders.by_token(token)
            return None if order is None else (order, books.payments.of(order.ref))

        return store.read(find)

    return Site(hooks, wording, look, ailing, lambda: measured(store), lambda: wording.language, hatch)

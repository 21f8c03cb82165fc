"""The composition root: the only module that knows every concrete part, and how a shop starts and stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr

from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.x import XChannel, XKeys, XSettings
from bot.config import Settings
from bot.domain.conversation import Counter, Rules
from bot.domain.conversation.sales import link_facts
from bot.domain.costs import Charge, micro
from bot.domain.effects import Say
from bot.domain.messages import Inbound
from bot.domain.orders import Order
from bot.domain.payments import Payment
from bot.domain.retry import RetryPolicy
from bot.domain.understanding import Clerk
from bot.errors import Permanent, Problem, StoreDamaged, Temporary
from bot.metrics import measured
from bot.payments.stripe import CheckoutRequest, SignedEvents, StripeProvider
from bot.ports import Books, Channel, PaymentProvider, Rendered, Store, Task, Writer
from bot.rendering import LANGUAGES, TemplateRenderer, Voice, templates_folder
from bot.service.crossing import Crossing, waking
from bot.service.deliver import Deliverer
from bot.service.gate import Gate
from bot.service.intake import Reception
from bot.service.meter import Accounts, RowMeter
from bot.service.perform import Performer
from bot.service.receive import receive
from bot.service.shop import Shop
from bot.service.sweep import Sweeper
from bot.web.hooks import Hooks
from bot.web.pages import Pages, ShopFacts
from bot.web.site import Site
from storage import SqliteStore, open_store

T = TypeVar("T")
log = structlog.get_logger(__name__)
DRAIN = 5.0
"""Seconds that what is begun may take to end after SIGTERM; the whole stop is done within ten."""
SWEEP_EVERY = 0.5
RESTART_AFTER = 5.0
COMMANDS = ("start", "shop", "orders", "cart", "help", "terms", "support", "paysupport", "privacy", "stop")
"""What Telegram's menu offers, in this order."""
NO_KEY = "rk_test_none"
"""What stands for a key where nothing is ever asked of Stripe."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def renderer_of(settings: Settings) -> TemplateRenderer:
    shop = settings.shop
    voice = Voice(shop.name, shop.currency, shop.timezone, shop.privacy_url or "")
    return TemplateRenderer(voice, settings.path.parent / "templates", languages=_languages(settings))


def _languages(settings: Settings) -> tuple[str, ...]:
    """The shop's own first: it is what an unknown language falls back to."""
    return (settings.shop.locale, *(language for language in LANGUAGES if language != settings.shop.locale))


def clerk_of(settings: Settings) -> Clerk:
    return Clerk(settings.catalogue, keywords=settings.keywords, language=settings.shop.locale)


def counter_of(settings: Settings) -> Counter:
    rules = Rules(
        max_quantity=settings.orders.max_quantity,
        max_open=settings.orders.max_open,
        support=settings.shop.support or "",
        languages=_languages(settings),
        terms_url=settings.shop.terms_url,
        privacy_url=settings.shop.privacy_url,
    )
    return Counter(settings.catalogue, rules)


def public_url(settings: Settings) -> str:
    return (settings.web.public_url or f"http://{settings.web.host}:{settings.web.port}").rstrip("/")


def _page(settings: Settings) -> Callable[[str], str]:
    """The address of an order's page, from its token."""
    base = public_url(settings)
    return lambda token: f"{base}/o/{token}"


def store_of(settings: Settings, *, writes: bool = True) -> Store:
    return open_store(settings.storage.url, settings.path.parent, writes=writes)


def _provider(settings: Settings) -> StripeProvider:
    secrets = settings.secrets
    return StripeProvider(
        secrets.stripe_api_key.get_secret_value() if secrets.stripe_api_key else NO_KEY,
        host=settings.stripe.api_base,
        request=CheckoutRequest(
            catalogue=settings.catalogue,
            hold=settings.orders.hold,
            page=_page(settings),
            shipping_countries=settings.stripe.shipping_countries,
            promotion_codes=settings.stripe.allow_promotion_codes,
            automatic_tax=settings.stripe.automatic_tax,
        ),
        events=SignedEvents([secret.get_secret_value() for secret in secrets.stripe_webhook_secret]),
        clock=utc_now,
        livemode=settings.stripe.livemode,
    )


def _telegram(settings: Settings, renderer: TemplateRenderer, _write: Writer) -> Channel:
    own, secrets = settings.telegram, settings.secrets
    assert secrets.telegram_bot_token is not None
    hook_secret = secrets.telegram_webhook_secret
    worded = {
        language: [(command, renderer.word(f"command_{command}", language)) for command in COMMANDS]
        for language in _languages(settings)
    }
    return TelegramChannel(
        TelegramSettings(
            token=secrets.telegram_bot_token.get_secret_value(),
            api_base=own.api_base,
            poll_seconds=own.poll_timeout.total_seconds(),
            per_second=own.messages_per_second,
            per_chat_per_second=own.messages_per_chat_per_second,
            commands={"": worded[settings.shop.locale]} | worded,
            webhook=f"{public_url(settings)}/telegram/webhook" if own.mode == "webhook" else None,
            webhook_secret=hook_secret.get_secret_value() if hook_secret else "",
        )
    )


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def _accounts(settings: Settings) -> Accounts:
    """What X charges this shop, and the most it may cost a day."""
    prices = {charge: micro(getattr(settings.x.prices, charge.value)) for charge in Charge}
    return Accounts("x", prices, micro(settings.x.daily_budget_usd))


def _x(settings: Settings, _renderer: TemplateRenderer, write: Writer) -> Channel:
    own, secrets = settings.x, settings.secrets
    return XChannel(
        XSettings(
            keys=XKeys(
                _plain(secrets.x_consumer_key),
                _plain(secrets.x_consumer_secret),
                _plain(secrets.x_access_token),
                _plain(secrets.x_access_token_secret),
                _plain(secrets.x_bearer_token) or None,
            ),
            account=own.account or "",
            api_base=own.api_base,
            mentions_every=own.mentions_every,
            messages_every=own.dms_every,
            posts=settings.posts,
            zone=ZoneInfo(settings.shop.timezone),
            webhook=f"{public_url(settings)}/x/webhook" if own.mode == "webhook" else None,
        ),
        RowMeter(_accounts(settings), write, utc_now),
        utc_now,
    )


CHANNELS: Mapping[str, Callable[[Settings, TemplateRenderer, Writer], Channel]] = {"telegram": _telegram, "x": _x}
"""A new channel is one file and one line here."""


def _enabled(settings: Settings) -> list[str]:
    return [name for name in CHANNELS if getattr(settings, name).enabled]


@dataclass(frozen=True)
class Running:
    """A shop at work: what its commands and its demo look at."""

    store: Store
    site: Site
    wind_down: Callable[[], Awaitable[None]]
    """Take in nothing more and finish what is begun; what comes in meanwhile by webhook is kept for the next start."""


def _shop(
    settings: Settings,
    provider: StripeProvider,
    instant: Callable[[str, str], bool],
    elsewhere: Callable[[str], str] = lambda _channel: "",
) -> Shop:
    clerk, accounts = clerk_of(settings), _accounts(settings)
    return Shop(
        counter=counter_of(settings),
        understand=lambda text, language: clerk.understand(text, language=language),
        provider=provider,
        livemode=settings.stripe.livemode,
        languages=_languages(settings),
        language=settings.shop.locale,
        hold=settings.orders.hold,
        page=_page(settings),
        instant=instant,
        elsewhere=elsewhere,
        full=lambda books, channel, now: channel == "x" and accounts.wait(books, "dm_sends_a_day", now) > 0,
        metered=frozenset({"x"}),
    )


@dataclass(frozen=True)
class Rehearsal:
    """The shop with nobody outside: its rules and words over books that are forgotten."""

    shop: Shop
    renderer: TemplateRenderer
    store: SqliteStore

    def take(self, event: Inbound) -> Sequence[Rendered]:
        """What the shop says to an event. An order is only shown: nothing can be paid here."""

        def answered(books: Books) -> Sequence[tuple[int, Say]]:
            receipt = receive(self.shop, books, event, utc_now())
            return [(task.id, say) for task in receipt.tasks if (say := self._said(books, task)) is not None]

        said = self.store.write(answered)
        return [self.renderer.say(say, channel=event.channel, task=number) for number, say in said]

    @staticmethod
    def _said(books: Books, task: Task) -> Say | None:
        books.outbox.sent(task, None, utc_now())
        if isinstance(task.effect, Say):
            return task.effect
        order = books.orders.get(task.ref or "")
        if order is None or order.closing is not None:
            return None
        return Say("link_again", order.language, link_facts(order.ref, order.lines, order.total_minor))


def rehearsed(settings: Settings) -> Rehearsal:
    """A shop that needs no secret, no network and no file: for talking to it in a terminal."""
    store = SqliteStore(":memory:")
    store.write(lambda books: books.shelf.sync(settings.catalogue))
    shop = _shop(settings, _provider(settings), lambda _channel, _chat: True)
    return Rehearsal(shop, renderer_of(settings), store)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Running]:
    """Every part of the shop, made, joined and at work, without a web server; ended in order on leaving.

    Raises Busy where another process runs the shop, StoreDamaged where its database cannot be trusted.
    """
    store = store_of(settings)
    write = Crossing(store)
    renderer = renderer_of(settings)
    channels = {name: CHANNELS[name](settings, renderer, write) for name in _enabled(settings)}
    provider = _provider(settings)
    shop = _shop(
        settings,
        provider,
        lambda channel, chat: channel in channels and channels[channel].free(chat),
        lambda channel: _elsewhere(channels, channel),
    )
    gates = {"x": Gate(_accounts(settings), write, utc_now)}
    perform = Performer(shop, store, channels, provider, renderer, gates)
    policy = RetryPolicy(settings.delivery.retry_base, settings.delivery.max_attempts)
    deliverer = Deliverer(perform, write, utc_now, policy=policy, lease=settings.delivery.lease)
    awake = waking(write, deliverer.wake)
    reception = Reception(shop, awake, utc_now, renderer.word)
    sweeper = Sweeper(shop, write, awake, utc_now, every=SWEEP_EVERY)
    await write(lambda books: books.shelf.sync(settings.catalogue))
    await write(lambda books: books.outbox.recover(utc_now()))
    tasks = [
        asyncio.create_task(deliverer.run(), name="deliveries"),
        asyncio.create_task(sweeper.run(), name="sweeping"),
    ]
    listening = [asyncio.create_task(_listen(channel, reception), name=name) for name, channel in channels.items()]
    hooks = _hooks(settings, channels, reception, provider)

    async def wind_down() -> None:
        await _ended(listening)
        await deliverer.drain(DRAIN)

    try:
        site = _site(settings, hooks, store, channels, provider, [*tasks, *listening])
        yield Running(store, site, wind_down)
    finally:
        await wind_down()
        await _ended(tasks)
        for channel in channels.values():
            await channel.stop()
        await provider.stop()
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
    settings: Settings, channels: Mapping[str, Channel], reception: Reception, provider: StripeProvider
) -> Hooks:
    telegram = channels.get("telegram")
    hook_secret = settings.secrets.telegram_webhook_secret
    by_webhook = settings.telegram.mode == "webhook"
    return Hooks(
        provider=provider,
        settle=reception.settle,
        clock=utc_now,
        take=telegram.take if by_webhook and isinstance(telegram, TelegramChannel) else None,
        telegram_secret=hook_secret.get_secret_value() if hook_secret and by_webhook else "",
        x=x if isinstance(x := channels.get("x"), XChannel) else None,
    )


def _site(
    settings: Settings,
    hooks: Hooks,
    store: Store,
    channels: Mapping[str, Channel],
    provider: StripeProvider,
    tasks: Sequence[asyncio.Task[None]],
) -> Site:
    own = settings.path.parent / "templates"
    folders: list[Path] = [folder for folder in (own, templates_folder()) if folder.is_dir()]
    shop = settings.shop
    facts = ShopFacts(shop.name, shop.support or "", shop.terms_url, shop.privacy_url, shop.timezone, None)

    def look(token: str) -> tuple[Order, Sequence[Payment]] | None:
        def find(books: Books) -> tuple[Order, Sequence[Payment]] | None:
            order = books.orders.by_token(token)
            return None if order is None else (order, books.payments.of(order.ref))

        return store.read(find)

    def ailing() -> Mapping[str, str]:
        parts = {"storage": store.healthy(), provider.name: provider.healthy()}
        parts |= {name: channel.healthy() for name, channel in channels.items()}
        parts |= {task.get_name(): "it has ended" for task in tasks if task.done()}
        return {name: why for name, why in parts.items() if why is not None}

    return Site(hooks, Pages(folders, facts), look, ailing, lambda: measured(store), shop.locale)


class _Nowhere:
    """For a channel that is only looked at: nothing is kept of it."""

    def __call__(self, work: Callable[[Books], T]) -> Awaitable[T]:
        raise Permanent("nothing is kept here")


async def _asked(settings: Settings) -> list[Problem]:
    """Whether Telegram and Stripe accept the shop's keys and are set up for it."""
    found: list[Problem] = []
    renderer = renderer_of(settings)
    for name in _enabled(settings):
        channel = CHANNELS[name](settings, renderer, _Nowhere())
        found += [Problem("environment", 0, name, wrong, remedy) for wrong, remedy in await channel.examine()]
        await channel.stop()
    provider = _provider(settings)
    found += [Problem("environment", 0, provider.name, wrong, remedy) for wrong, remedy in await provider.examine()]
    await provider.stop()
    return found


async def _registered(settings: Settings) -> Mapping[str, Sequence[str]]:
    done: dict[str, Sequence[str]] = {}
    renderer = renderer_of(settings)
    parts: list[Channel | PaymentProvider] = [
        CHANNELS[name](settings, renderer, _Nowhere()) for name in _enabled(settings)
    ]
    parts.append(_provider(settings))
    for part in parts:
        try:
            if isinstance(part, StripeProvider):
                done[part.name] = await part.register(f"{public_url(settings)}/stripe/webhook")
            else:
                done[part.name] = await part.register()  # type: ignore[call-arg] # the others are channels
        except (Temporary, Permanent) as error:
            raise Permanent(f"{part.name}: {error}") from error
        finally:
            await part.stop()
    return done


def register_webhooks(settings: Settings) -> Mapping[str, Sequence[str]]:
    """`webhooks register`: who is to call the shop is told where; -> what was done, by service.

    Raises Permanent where one refuses; what was done before stays, and doing it again does nothing twice.
    """
    return asyncio.run(_registered(settings))


def online_problems(settings: Settings) -> list[Problem]:
    """`check --online`: each service asked, without changing anything there."""
    return asyncio.run(_asked(settings))

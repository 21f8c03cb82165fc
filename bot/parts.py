"""Every concrete part of a shop, made of its settings; nothing here connects, starts or keeps anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from bot.config import Settings
from bot.domain.conversation import Counter, Rules
from bot.domain.costs import Charge, micro
from bot.domain.invoices import InvoiceRequest
from bot.domain.orders import Order
from bot.domain.understanding import Clerk
from bot.ports import Channel, Clock, Renderer, Writer
from bot.rendering import LANGUAGES, TemplateRenderer, Voice
from bot.service.cashier import RowCashier
from bot.service.gate import can_answer
from bot.service.meter import Accounts, RowMeter
from bot.service.shop import Shop

if TYPE_CHECKING:  # a shop loads what it has; a command that asks nobody loads no client
    from stripe import HTTPClient
    from telegram.request import BaseRequest

    from bot.channels.x import XKeys, XWire
    from bot.payments.stripe import CheckoutRequest, StripeProvider

COMMANDS = ("start", "shop", "orders", "cart", "help", "terms", "support", "paysupport", "privacy", "stop")
"""What Telegram's menu offers, in this order."""
NO_KEY = "rk_test_none"
"""What stands for a key where nothing is ever asked of Stripe."""


MOST_READ = 1000
"""Characters of a message that are understood: nobody's order is longer, and a text of 4,096 takes up to 85 ms."""
STRIPES_LIMIT = 25.0
LIFTED = 1000.0
"""Messages a second from which on a shop has no platform before it that could count."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def renderer_of(settings: Settings) -> TemplateRenderer:
    shop = settings.shop
    voice = Voice(shop.name, shop.currency, shop.timezone, shop.privacy_url or "")
    return TemplateRenderer(voice, settings.path.parent / "templates", languages=languages_of(settings))


def languages_of(settings: Settings) -> tuple[str, ...]:
    """The shop's own first: it is what an unknown language falls back to."""
    return (settings.shop.locale, *(language for language in LANGUAGES if language != settings.shop.locale))


def clerk_of(settings: Settings) -> Clerk:
    return Clerk(settings.catalogue, keywords=settings.keywords, language=settings.shop.locale)


def counter_of(settings: Settings) -> Counter:
    rules = Rules(
        max_quantity=settings.orders.max_quantity,
        max_open=settings.orders.max_open,
        support=settings.shop.support or "",
        languages=languages_of(settings),
        terms_url=settings.shop.terms_url,
        privacy_url=settings.shop.privacy_url,
        returns_days=settings.shop.returns_days,
    )
    return Counter(settings.catalogue, rules)


def public_url(settings: Settings) -> str:
    return (settings.web.public_url or f"http://{settings.web.host}:{settings.web.port}").rstrip("/")


def page_of(settings: Settings) -> Callable[[str], str]:
    """The address of an order's page, from its token."""
    base = public_url(settings)
    return lambda token: f"{base}/o/{token}"


def request_of(settings: Settings) -> CheckoutRequest:
    from bot.payments.stripe import CheckoutRequest

    return CheckoutRequest(
        catalogue=settings.catalogue,
        hold=settings.orders.hold,
        page=page_of(settings),
        shipping_countries=settings.stripe.shipping_countries,
        promotion_codes=settings.stripe.allow_promotion_codes,
        automatic_tax=settings.stripe.automatic_tax,
    )


def creations_of(settings: Settings) -> float:
    """Payment pages a second; 0 is no limit, as for a benchmark that has lifted the platform's own."""
    if settings.stripe.creations_per_second is not None:
        return settings.stripe.creations_per_second
    return 0 if settings.telegram.messages_per_second >= LIFTED else STRIPES_LIMIT


def provider_of(
    settings: Settings, clock: Clock = utc_now, http: Callable[[], HTTPClient] | None = None
) -> StripeProvider:
    from bot.payments.stripe import SignedEvents, StripeProvider

    secrets = settings.secrets
    return StripeProvider(
        secrets.stripe_api_key.get_secret_value() if secrets.stripe_api_key else NO_KEY,
        host=settings.stripe.api_base,
        request=request_of(settings),
        events=SignedEvents([secret.get_secret_value() for secret in secrets.stripe_webhook_secret]),
        clock=clock,
        livemode=settings.stripe.livemode,
        creations_per_second=creations_of(settings),
        http=http,
    )


def telegram_of(
    settings: Settings,
    renderer: Renderer,
    write: Writer,
    clock: Clock,
    request: Callable[..., BaseRequest] | None = None,
) -> Channel:
    from bot.channels.telegram import AiohttpRequest, TelegramChannel, TelegramSettings

    own, secrets = settings.telegram, settings.secrets
    assert secrets.telegram_bot_token is not None
    hook_secret = secrets.telegram_webhook_secret
    worded = {
        language: [(command, renderer.word(f"command_{command}", language)) for command in COMMANDS]
        for language in languages_of(settings)
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
            provider_token=_plain(secrets.telegram_provider_token),
        ),
        request or AiohttpRequest,
        RowCashier(write, clock, renderer.word),
    )


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def accounts_of(settings: Settings) -> Accounts:
    """What X charges this shop, and the most it may cost a day."""
    prices = {charge: micro(getattr(settings.x.prices, charge.value)) for charge in Charge}
    return Accounts("x", prices, micro(settings.x.daily_budget_usd))


def x_of(
    settings: Settings,
    _renderer: Renderer,
    write: Writer,
    clock: Clock,
    wire: Callable[[XKeys, str, Clock], XWire] | None = None,
) -> Channel:
    from bot.channels.x import XChannel, XKeys, XSettings, XWire

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
        RowMeter(accounts_of(settings), write, clock),
        clock,
        wire or XWire,
    )


ChannelMaker = Callable[[Settings, Renderer, Writer, Clock], Channel]
CHANNELS: Mapping[str, ChannelMaker] = {"telegram": telegram_of, "x": x_of}
"""A new channel is one file and one line here."""


def enabled(settings: Settings) -> list[str]:
    return [name for name in CHANNELS if getattr(settings, name).enabled]


def invoices_of(settings: Settings) -> Mapping[str, Callable[[Order, str], str]]:
    """By channel with a payment sheet of its own that the shop uses: what freezes an order's invoice."""
    if settings.telegram.payments != "invoice":
        return {}
    return {"telegram": InvoiceRequest(settings.catalogue, settings.stripe.shipping_countries).freeze}


def shop_of(
    settings: Settings,
    provider: StripeProvider,
    instant: Callable[[str, str], bool],
    elsewhere: Callable[[str], str] = lambda _channel: "",
    *,
    clerk: Clerk | None = None,
) -> Shop:
    clerk, accounts = clerk or clerk_of(settings), accounts_of(settings)
    return Shop(
        counter=counter_of(settings),
        understand=lambda text, language: clerk.understand(text[:MOST_READ], language=language),
        follow=lambda text, before, language: clerk.follow(text[:MOST_READ], before, language=language),
        provider=provider,
        livemode=settings.stripe.livemode,
        languages=languages_of(settings),
        language=settings.shop.locale,
        hold=settings.orders.hold,
        page=page_of(settings),
        instant=instant,
        elsewhere=elsewhere,
        full=lambda books, channel, now: channel == "x" and accounts.wait(books, "dm_sends_a_day", now) > 0,
        can_answer=lambda books, channel, chat, now: channel != "x" or can_answer(accounts, books, chat, now),
        metered=frozenset({"x"}),
        invoices=invoices_of(settings),
    )

"""The tables of bot.toml apart from what is sold, with the default of every key."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.config.addresses import DatabaseAddress, ServiceAddress, WebAddress
from bot.config.amounts import Budget, Count, Duration, Hold, Rate, Switch, Usd
from bot.config.regions import Country, Currency, Zone
from bot.config.texts import Account, Host, Name, Support

Locale = Literal["fr", "en", "es", "de", "it", "pt"]


def _each(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Several = BeforeValidator(_each)
"""A TOML list becomes a tuple; anything else is left for pydantic to refuse."""


class Written(BaseModel):
    """A table of the file. A key that it does not know is a fault, for it is a misspelt one."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)


class Shop(Written):
    """Who sells, in which currency and language."""

    name: Name = Field(examples=["Atelier Lumière"])
    """The shop's name, as shoppers read it."""
    currency: Currency = Field(examples=["EUR"])
    """ISO 4217, in capitals; one for the whole shop."""
    locale: Locale = Field("fr", examples=["fr"])
    """The language used until the shopper's own is known."""
    support: Support | None = Field(None, examples=["bonjour@example.com"])
    """Whom a shopper may ask for a human: an e-mail address, a link or a @handle."""
    terms_url: WebAddress | None = Field(None, examples=["https://shop.example.com/cgv"])
    """The shop's terms of sale."""
    privacy_url: WebAddress | None = Field(None, examples=["https://shop.example.com/confidentialite"])
    """What the shop does with personal data."""
    returns_days: Annotated[Count, Field(le=3650)] | None = Field(None, examples=[30])
    """How many days after its arrival a thing may be sent back."""
    timezone: Zone = Field("Europe/Paris", examples=["Europe/Paris"])
    """For dates shown to people; stored times are UTC."""


class Orders(Written):
    """What a shopper may keep without having paid."""

    hold: Hold = Field(timedelta(minutes=30), examples=["30m"])
    """How long a shopper's stock is kept while the link is unpaid; from 100 ms to 24 h."""
    max_quantity: Annotated[Count, Field(le=9999)] = Field(10, examples=[10])
    """The most of one thing in one order."""
    max_open: Annotated[Count, Field(le=100)] = Field(3, examples=[3])
    """Unpaid orders a shopper may have at once."""


class Telegram(Written):
    """The shop's Telegram bot. Without this table the shop is not on Telegram."""

    enabled: Switch = Field(True, examples=[True])
    """Whether the shop answers there."""
    mode: Literal["polling", "webhook"] = Field("polling", examples=["polling"])
    """polling asks Telegram for messages; webhook is called by it and needs web.public_url."""
    payments: Literal["link", "invoice"] = Field("link", examples=["link"])
    """link sends a Stripe payment link; invoice is Telegram's own payment sheet."""
    api_base: ServiceAddress = Field("https://api.telegram.org", examples=["https://api.telegram.org"])
    """Another address only for a local Bot API server or a sandbox."""
    poll_timeout: Duration = Field(timedelta(seconds=30), examples=["30s"])
    """How long one question for messages may wait for an answer."""
    messages_per_second: Rate = Field(30.0, examples=[30])
    """Telegram's limit over all chats; raise it with paid rates."""
    messages_per_chat_per_second: Rate = Field(1.0, examples=[1])
    """Telegram's limit in one chat."""


class XPrices(Written):
    """What X charges, in US dollars, as of August 2026 (docs.x.com/x-api/getting-started/pricing)."""

    mention_read: Usd = Field(Decimal("0.001"), examples=[Decimal("0.001")])
    """A mention of your own account that was asked for."""
    dm_read: Usd = Field(Decimal("0.010"), examples=[Decimal("0.010")])
    """A direct message that was asked for."""
    user_read: Usd = Field(Decimal("0.010"), examples=[Decimal("0.010")])
    """What X knows of a person."""
    post_read: Usd = Field(Decimal("0.005"), examples=[Decimal("0.005")])
    """Any other post that was asked for."""
    mention_event: Usd = Field(Decimal("0.005"), examples=[Decimal("0.005")])
    """A mention that X called the webhook with."""
    dm_event: Usd = Field(Decimal("0.010"), examples=[Decimal("0.010")])
    """A direct message that X called the webhook with."""
    dm_sent: Usd = Field(Decimal("0.015"), examples=[Decimal("0.015")])
    """A direct message to a shopper."""
    post: Usd = Field(Decimal("0.015"), examples=[Decimal("0.015")])
    """A post, or a reply that nobody asked for, without a link."""
    post_with_url: Usd = Field(Decimal("0.200"), examples=[Decimal("0.200")])
    """A post or reply with a link in it."""
    summoned_reply: Usd = Field(Decimal("0.010"), examples=[Decimal("0.010")])
    """A reply to someone who mentioned the shop or quoted its post."""


class X(Written):
    """The shop's account on X. Without this table the shop is not on X."""

    enabled: Switch = Field(True, examples=[True])
    """Whether the shop answers there."""
    account: Account | None = Field(None, examples=["my_shop"])
    """The account's name, without @."""
    mode: Literal["polling", "webhook"] = Field("polling", examples=["polling"])
    """polling asks X for mentions and messages; webhook is the X Activity API and needs web.public_url."""
    api_base: ServiceAddress = Field("https://api.x.com", examples=["https://api.x.com"])
    """Another address only for a sandbox."""
    mentions_every: Duration = Field(timedelta(seconds=30), examples=["30s"])
    """How often mentions are asked for."""
    dms_every: Duration = Field(timedelta(seconds=60), examples=["60s"])
    """How often direct messages are asked for; X allows 15 questions in 15 minutes."""
    daily_budget_usd: Budget = Field(Decimal("5.00"), examples=[Decimal("5.00")])
    """The most that X may cost a day (UTC), in US dollars."""
    prices: XPrices = XPrices()


class Stripe(Written):
    """How shoppers pay."""

    api_base: ServiceAddress = Field("https://api.stripe.com", examples=["https://api.stripe.com"])
    """Another address only for a sandbox."""
    livemode: Switch = Field(False, examples=[False])
    """true takes real money; an event of the other mode is never believed."""
    automatic_tax: Switch = Field(False, examples=[False])
    """Stripe Tax works out the tax."""
    shipping_countries: Annotated[tuple[Country, ...], Several] = Field((), examples=[["FR", "BE"]])
    """Where parcels go, ISO 3166; without any no address is asked for."""
    allow_promotion_codes: Switch = Field(True, examples=[True])
    """Shoppers may type a promotion code of your Stripe account."""
    creations_per_second: Rate | None = Field(None, examples=[25])
    """Payment pages opened a second: Stripe's 25, or no limit where messages_per_second is lifted to 1000 or more."""


class Channels(Written):
    """Where the shop is spoken to."""

    telegram: Telegram = Telegram(enabled=False)
    x: X = X(enabled=False)


class Payments(Written):
    """Who takes the money."""

    stripe: Stripe = Stripe()


class Delivery(Written):
    """How answers that could not be sent are tried again."""

    retry_base: Duration = Field(timedelta(seconds=2), examples=["2s"])
    """The first pause before another try; each next one is longer."""
    max_attempts: Annotated[Count, Field(le=100)] = Field(8, examples=[8])
    """Tries before a message is put aside and the merchant told."""
    lease: Duration = Field(timedelta(seconds=30), examples=["30s"])
    """How long one sender may hold a chat before another takes over."""


class Reconcile(Written):
    """How Stripe and the channels are asked for what was missed."""

    every: Duration = Field(timedelta(minutes=5), examples=["5m"])
    """The pause between two such questions."""


class Web(Written):
    """The shop's pages and webhooks."""

    host: Host = Field("127.0.0.1", examples=["127.0.0.1"])
    """The address it listens on; 0.0.0.0 listens on all."""
    port: Annotated[Count, Field(le=65535)] = Field(8080, examples=[8080])
    """The port it listens on; the environment's PORT wins."""
    public_url: ServiceAddress | None = Field(None, examples=["https://shop.example.com"])
    """The address under which the world reaches it."""


class Storage(Written):
    """Where orders are kept."""

    url: DatabaseAddress = Field("sqlite:///shop.db", examples=["sqlite:///shop.db"])
    """A file relative to bot.toml; the environment's DATABASE_URL wins."""

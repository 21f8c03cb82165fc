"""All of a shop that bot.toml and the templates may change while it runs, as one value that is exchanged whole."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from bot.config import Settings, load
from bot.config.places import Places
from bot.config.syntax import text_of
from bot.errors import ConfigError, Problem
from bot.parts import request_of
from bot.payments.stripe import CheckoutRequest, StripeProvider
from bot.service.shop import Shop
from bot.wording import Wording, Words, words_of

FIXED = {
    "telegram": "channels.telegram",
    "x": "channels.x",
    "delivery": "delivery",
    "reconcile": "reconcile",
    "web": "web",
    "storage": "storage",
}
"""Settings of which running parts were made, by the names of their tables in bot.toml: taken over at the next start."""
EXCHANGED_OF_STRIPE = frozenset({"automatic_tax", "shipping_countries", "allow_promotion_codes"})
"""What goes into the requests of payment pages to come; the rest of that table is taken over at the next start."""

Posts = ChainMap[str, tuple[str, ...]]
"""The posts that show something for sale: one view for who looks there, whose only map is exchanged."""


@dataclass(frozen=True, slots=True)
class Front:
    """`waiting` are the keys that were changed too, and take effect at the next start."""

    settings: Settings
    shop: Shop
    request: CheckoutRequest
    words: Words
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """Where the running parts look the front up."""

    shop: Shop
    provider: StripeProvider
    wording: Wording
    posts: Posts

    def show(self, front: Front) -> None:
        """Called by the store's writer alone, between two events."""
        self.provider.offer(front.request)
        self.wording.now = front.words
        self.posts.maps[0] = dict(front.settings.posts)
        self.shop.become(front.shop)

    def front(self, settings: Settings) -> Front:
        """What is shown now, which was made of these settings."""
        return Front(settings, replace(self.shop), request_of(settings), self.wording.now)


def read_anew(running: Settings, make: Callable[[Settings], Shop]) -> Front:
    """What lies in the running shop's folder now, checked as `comptoir check` does; `make` makes its rules.

    Raises ConfigError with every fault.
    """
    written = load(running.path)
    _verify_exchange(running, written, text_of(running.path))
    settings = adopted(running, written)
    words = words_of(settings)
    return Front(settings, make(settings), request_of(settings), words, waiting(running, written))


def _verify_exchange(running: Settings, written: Settings, text: str) -> None:
    """Raises ConfigError. `price = 18.00` that was cut short after its 1 is good TOML, and cheap.

    Another currency is refused: what is held and queued is counted in the old one.
    """
    file = str(running.path)
    if not text.endswith("\n"):
        wrong, remedy = "its last line is not ended: the file may be half-written", "end it with a line break"
        raise ConfigError([Problem(file, text.count("\n") + 1, running.path.name, wrong, remedy)])
    if written.shop.currency != running.shop.currency:
        wrong = f"it was {running.shop.currency} when the shop opened and cannot change while it runs"
        line = Places(text).line(("shop", "currency"))
        raise ConfigError([Problem(file, line, "shop.currency", wrong, "stop the shop, then start it")])


def adopted(running: Settings, written: Settings) -> Settings:
    """What is written, but for what cannot change while the shop runs."""
    stripe = {key: getattr(written.stripe, key) for key in EXCHANGED_OF_STRIPE}
    kept = {name: getattr(running, name) for name in (*FIXED, "secrets")}
    return replace(written, stripe=running.stripe.model_copy(update=stripe), **kept)


def waiting(running: Settings, written: Settings) -> tuple[str, ...]:
    """The keys that differ and cannot change while the shop runs, as bot.toml and the environment spell them."""
    tables = {name: tuple(type(getattr(written, name)).model_fields) for name in FIXED}
    of_stripe = tuple(key for key in type(written.stripe).model_fields if key not in EXCHANGED_OF_STRIPE)
    tables |= {"stripe": of_stripe, "secrets": tuple(field.name for field in fields(written.secrets))}
    return tuple(
        _spelt(name, key)
        for name, keys in tables.items()
        for key in keys
        if getattr(getattr(written, name), key) != getattr(getattr(running, name), key)
    )


def _spelt(name: str, key: str) -> str:
    return key.upper() if name == "secrets" else f"{FIXED.get(name, 'payments.stripe')}.{key}"

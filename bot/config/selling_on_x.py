"""What a merchant should know before selling on X, where questions are rationed and every answer is paid for."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from bot.config.addresses import post_account
from bot.config.amounts import written_duration
from bot.config.places import Path
from bot.config.rules import Fault
from bot.config.settings import Settings
from bot.domain.catalogue import Product
from bot.domain.weights import ADDRESS

RATIONED_HOSTS = frozenset({"api.x.com", "api.twitter.com"})
WINDOW = timedelta(minutes=15)
RATIONS = {"mentions_every": 300, "dms_every": 15}
"""Questions that X answers in one window: https://docs.x.com/x-api/fundamentals/rate-limits."""
QUIET_DAY = Decimal("0.05")
"""US dollars. Direct messages have no since_id: the latest ones are read, and paid, anew each UTC day."""


def _names_that_are_links(settings: Settings) -> Iterator[Fault]:
    """A public reply names the product, and X charges $0.200 in place of $0.010 for one with a link in it."""
    for index, product in enumerate(settings.catalogue.products):
        for place, name in _names(product):
            if link := ADDRESS.search(unicodedata.normalize("NFC", name)):
                yield Fault(
                    ("products", index, *place),
                    f"X makes a link of {link[0]}, so no public reply can name {product.sku}",
                    "write it without a dot inside a word",
                )


def _names(product: Product) -> Iterator[tuple[Path, str]]:
    """Every word that stands in the name of what is sold, in every language, with its place in the product."""
    yield ("name",), product.name
    for index, variant in enumerate(product.variants):
        for option, value in variant.options.items():
            yield ("variants", index, "options", option), value
    for code, translation in product.translations.items():
        if translation.name is not None:
            yield ("translations", code, "name"), translation.name
        for word, translated in translation.options.items():
            yield ("translations", code, "options", word), translated


def _asked_too_often(settings: Settings) -> Iterator[Fault]:
    if urlsplit(settings.x.api_base).hostname not in RATIONED_HOSTS:
        return
    for key, most in RATIONS.items():
        shortest = WINDOW / most
        if getattr(settings.x, key) < shortest:
            yield Fault(
                ("channels", "x", key),
                f"X answers {most} such questions in 15 minutes, the others are refused",
                f'write {key} = "{written_duration(shortest)}"',
            )


def _too_little_to_spend(settings: Settings) -> Iterator[Fault]:
    if settings.x.daily_budget_usd < QUIET_DAY:
        yield Fault(
            ("channels", "x", "daily_budget_usd"),
            f"reading direct messages on a day without a sale may cost ${QUIET_DAY}, then the shop is silent on X",
            "write daily_budget_usd = 5.00",
        )


def _no_privacy_page(settings: Settings) -> Iterator[Fault]:
    """https://docs.x.com/developer-guidelines: customer support automation "includes privacy policy link in DMs"."""
    if settings.shop.privacy_url is None:
        yield Fault(
            ("shop", "privacy_url"),
            "X wants automated direct messages to name a privacy page",
            'write privacy_url = "https://shop.example.com/privacy"',
        )


def _posts_of_others(settings: Settings) -> Iterator[Fault]:
    own = (settings.x.account or "").casefold()
    for index, addresses in enumerate(settings.post_addresses):
        for number, address in enumerate(addresses):
            author = post_account(address)
            if author is not None and author.casefold() != own:
                yield Fault(
                    ("products", index, "posts", number),
                    f"it is a post of @{author}, the shop is @{settings.x.account}",
                    "write the address of a post of the shop's own account, or delete it",
                )


def _on_x(advice: Callable[[Settings], Iterator[Fault]]) -> Callable[[Settings], Iterator[Fault]]:
    return lambda settings: advice(settings) if settings.x.enabled else iter(())


ADVICE = tuple(
    map(_on_x, (_names_that_are_links, _asked_too_often, _too_little_to_spend, _no_privacy_page, _posts_of_others))
)
"""Silent where the shop is not on X."""

"""What works and may still surprise the merchant; none of it keeps the shop from opening."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from bot.config import selling_on_x, syntax
from bot.config.faults import named
from bot.config.places import Places
from bot.config.rules import Fault
from bot.config.settings import Settings
from bot.config.texts import folded
from bot.errors import ConfigError, Problem


def warnings(settings: Settings) -> list[Problem]:
    """Each with its line, as far as the file can still be read."""
    try:
        places: Places | None = Places(syntax.text_of(settings.path))
    except ConfigError:
        places = None
    file = _from_here(settings.path)
    return [
        Problem(file, places.line(fault.path) if places else 0, named(fault.path), fault.wrong, fault.remedy)
        for advice in ADVICE
        for fault in advice(settings)
    ]


def _from_here(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _digital_goods(settings: Settings) -> Iterator[Fault]:
    """https://core.telegram.org/bots/payments-stars: digital goods and services are sold in Stars only."""
    if not settings.telegram.enabled:
        return
    for index, product in enumerate(settings.catalogue.products):
        if product.kind != "physical":
            yield Fault(
                ("products", index, "kind"),
                f"Telegram wants digital goods and services to be sold in Stars, which {product.sku} is not",
                "sell it elsewhere, or ask Telegram first",
            )


def _nothing_to_sell(settings: Settings) -> Iterator[Fault]:
    if not settings.catalogue.products:
        yield Fault(("products",), "there is nothing to sell", "write a [[products]] table")


def _public_url(settings: Settings) -> Iterator[Fault]:
    if settings.web.public_url is None:
        here = f"http://{settings.web.host}:{settings.web.port}"
        yield Fault(
            ("web", "public_url"),
            f"it is missing, so links to order pages begin with {here}",
            'write public_url = "https://shop.example.com"',
        )


def _somebody_to_ask(settings: Settings) -> Iterator[Fault]:
    if settings.shop.support is None:
        yield Fault(
            ("shop", "support"),
            "a shopper who asks for a human is told of nobody",
            'write support = "bonjour@example.com"',
        )


def _terms(settings: Settings) -> Iterator[Fault]:
    if settings.shop.terms_url is None:
        yield Fault(
            ("shop", "terms_url"),
            "shoppers cannot read your terms of sale",
            'write terms_url = "https://shop.example.com/cgv"',
        )


def _key_that_may_do_everything(settings: Settings) -> Iterator[Fault]:
    key = settings.secrets.stripe_api_key
    if key is not None and key.get_secret_value().startswith("sk_"):
        yield Fault(
            ("STRIPE_API_KEY",),
            "a secret key may do everything with your account",
            "set a restricted key (rk_…) that may write Checkout Sessions and Refunds",
        )


def _names_used_twice(settings: Settings) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for index, product in enumerate(settings.catalogue.products):
        other = first.setdefault(folded(product.name), product.sku)
        if other != product.sku:
            yield Fault(
                ("products", index, "name"),
                f"{other} has the same name, so shoppers must choose by SKU",
                "write what sets it apart",
            )


def _words_never_used(settings: Settings) -> Iterator[Fault]:
    for index, product in enumerate(settings.catalogue.products):
        used = {word for variant in product.variants for pair in variant.options.items() for word in pair}
        for code, translation in product.translations.items():
            for word in translation.options.keys() - used:
                yield Fault(
                    ("products", index, "translations", code, "options", word),
                    "no variant has this option name or value",
                    "write it as it stands in the variants' options, or delete it",
                )


ADVICE: tuple[Callable[[Settings], Iterator[Fault]], ...] = (
    _nothing_to_sell,
    _digital_goods,
    _public_url,
    _somebody_to_ask,
    _terms,
    _key_that_may_do_everything,
    _names_used_twice,
    _words_never_used,
    *selling_on_x.ADVICE,
)

"""What must hold between several keys of bot.toml.

The rules read the file's plain values, right or wrong, so that they are told together with the faults of single keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from bot.config.literal import shown, written
from bot.config.places import Path
from bot.config.texts import folded, same_sku
from bot.domain.invoices import CURRENCIES

Table = Mapping[str, Any]
LineOf = Callable[[Path], int]


class Fault(NamedTuple):
    """A fault whose line is not looked up yet."""

    path: Path
    wrong: str
    remedy: str


def _tables(parent: object, key: str) -> list[tuple[int, Table]]:
    found = parent.get(key) if isinstance(parent, Mapping) else None
    return [(i, each) for i, each in enumerate(found) if isinstance(each, Mapping)] if isinstance(found, list) else []


def table(parent: Table, *keys: str) -> Table:
    """The table under these keys; empty where it is missing or not a table."""
    found: object = parent
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def sells_on(file: Table, channel: str) -> bool:
    """Whether the file has a table for the channel that does not switch it off."""
    return channel in table(file, "channels") and table(file, "channels", channel).get("enabled", True) is True


def _products(file: Table) -> Iterator[tuple[Path, Table]]:
    for index, product in _tables(file, "products"):
        yield ("products", index), product


def _variants(path: Path, product: Table) -> list[tuple[Path, Table]]:
    return [((*path, "variants", index), variant) for index, variant in _tables(product, "variants")]


def _unique(entries: Iterator[tuple[Path, str, str]], line: LineOf, what: str) -> Iterator[Fault]:
    """`entries` are (place, as written, as compared)."""
    first: dict[str, tuple[Path, str]] = {}
    for path, text, same in entries:
        if same in first:
            other, as_there = first[same]
            wrong = f"{what} {shown(text)} is that of line {line(other)} again"
            if as_there != text:
                wrong = f"{what} {shown(text)} is the same as {shown(as_there)} of line {line(other)}"
            yield Fault(path, wrong, f"give one of the two another {what}")
        else:
            first[same] = (path, text)


def skus_are_unique(file: Table, line: LineOf) -> Iterator[Fault]:
    def every() -> Iterator[tuple[Path, str, str]]:
        for path, product in _products(file):
            for place, entry in [(path, product), *_variants(path, product)]:
                if isinstance(sku := entry.get("sku"), str):
                    yield (*place, "sku"), sku, same_sku(sku)

    return _unique(every(), line, "SKU")


def shipping_is_unique(file: Table, line: LineOf) -> Iterator[Fault]:
    def every() -> Iterator[tuple[Path, str, str]]:
        for index, entry in _tables(file, "shipping"):
            if isinstance(name := entry.get("id"), str):
                yield ("shipping", index, "id"), name, same_sku(name)

    return _unique(every(), line, "id")


def stock_stands_with_what_is_counted(file: Table, line: LineOf) -> Iterator[Fault]:
    for path, product in _products(file):
        if product.get("variants") and "stock" in product:
            yield Fault(
                (*path, "stock"),
                "a product with variants has no stock of its own",
                "write stock under each [[products.variants]] and delete it here",
            )


def everything_has_a_price(file: Table, line: LineOf) -> Iterator[Fault]:
    for path, product in _products(file):
        if "price" in product:
            continue
        variants = _variants(path, product)
        without = [place for place, variant in variants if "price" not in variant]
        if without or not variants:
            yield Fault((*path, "price"), "it has no price", "write price = 18.00")


def variants_differ(file: Table, line: LineOf) -> Iterator[Fault]:
    for path, product in _products(file):
        first: Table | None = None
        seen: dict[frozenset[tuple[str, str]], Path] = {}
        for place, variant in _variants(path, product):
            options = variant.get("options")
            if not isinstance(options, Mapping) or not options:
                continue
            first = options if first is None else first
            if set(options) != set(first):
                yield Fault(
                    (*place, "options"),
                    f"it has the options {', '.join(options)}, the first variant {', '.join(first)}",
                    f"write options = {written(dict.fromkeys(first, '…'))}",
                )
                continue
            same = frozenset((name, folded(str(value))) for name, value in options.items())
            if same in seen:
                wrong = f"it has the same options as the variant of line {line(seen[same])}"
                yield Fault((*place, "options"), wrong, "write what sets it apart, or delete it")
            else:
                seen[same] = place


def a_keyword_means_one_thing(file: Table, line: LineOf) -> Iterator[Fault]:
    first: dict[str, tuple[Path, str]] = {}
    for intent, phrases in table(file, "keywords").items():
        for index, phrase in enumerate(phrases if isinstance(phrases, list) else []):
            if not isinstance(phrase, str):
                continue
            other, meaning = first.setdefault(folded(phrase), (("keywords", intent, index), intent))
            if meaning != intent:
                yield Fault(
                    ("keywords", intent, index),
                    f"{shown(phrase)} already means {meaning} (line {line(other)})",
                    "delete it in one of the two lists",
                )


def a_webhook_needs_an_address(file: Table, line: LineOf) -> Iterator[Fault]:
    for channel in ("telegram", "x"):
        webhook = sells_on(file, channel) and table(file, "channels", channel).get("mode") == "webhook"
        if webhook and "public_url" not in table(file, "web"):
            yield Fault(
                ("channels", channel, "mode"),
                "a webhook needs web.public_url, which is missing",
                'write public_url = "https://shop.example.com" under [web], or mode = "polling"',
            )


def x_needs_an_account(file: Table, line: LineOf) -> Iterator[Fault]:
    if sells_on(file, "x") and "account" not in table(file, "channels", "x"):
        yield Fault(("channels", "x", "account"), "it is missing", 'write account = "my_shop"')


def pays_by_invoice(file: Table) -> bool:
    """Whether orders on Telegram are paid in its own payment sheet."""
    return sells_on(file, "telegram") and table(file, "channels", "telegram").get("payments") == "invoice"


def an_invoice_carries_goods_alone(file: Table, line: LineOf) -> Iterator[Fault]:
    """https://core.telegram.org/bots/payments-stars: digital goods and services are sold in Stars only."""
    for path, product in _products(file) if pays_by_invoice(file) else ():
        if product.get("kind", "physical") in ("digital", "service"):
            yield Fault(
                (*path, "kind"),
                "Telegram's payment sheet takes money for goods alone; digital goods and services are sold in Stars",
                'delete the product, or write payments = "link" under [channels.telegram]',
            )


def an_invoice_has_telegrams_limits(file: Table, line: LineOf) -> Iterator[Fault]:
    """What https://core.telegram.org/bots/payments can do, and a link can do more."""
    if not pays_by_invoice(file):
        return
    payments = ("channels", "telegram", "payments")
    if isinstance(code := table(file, "shop").get("currency"), str) and code not in CURRENCIES:
        yield Fault(payments, f"Telegram's payment sheet does not take {shown(code)}", 'write payments = "link"')
    if table(file, "payments", "stripe").get("automatic_tax") is True:
        wrong = "Telegram's payment sheet does not work out a tax, and automatic_tax is true"
        yield Fault(payments, wrong, 'write payments = "link", or automatic_tax = false under [payments.stripe]')


RULES = (
    skus_are_unique,
    shipping_is_unique,
    stock_stands_with_what_is_counted,
    everything_has_a_price,
    variants_differ,
    a_keyword_means_one_thing,
    a_webhook_needs_an_address,
    x_needs_an_account,
    an_invoice_carries_goods_alone,
    an_invoice_has_telegrams_limits,
)


def broken(file: Table, line: LineOf) -> list[Fault]:
    """Every rule that the file breaks."""
    return [fault for rule in RULES for fault in rule(file, line)]

"""The shopper's order page, so that whoever paid in a chat has one quiet place that says how their order stands.

It holds no e-mail, chat or name of the shopper: whoever has the address sees the order and nothing of the person.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.numbers import format_currency
from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from bot.domain.money import to_decimal
from bot.domain.orders import Order, OrderStatus
from bot.domain.payments import Payment, PaymentStatus

FALLBACK = "en"
WORDS = "page.toml"
WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
MAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
OPEN = frozenset({PaymentStatus.PENDING, PaymentStatus.FAILED})

Say = Callable[..., Markup]


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What every page says of the shop. `support` is an e-mail address, a web address or plain words."""

    name: str
    support: str
    terms_url: str | None
    privacy_url: str | None
    timezone: str
    home: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One dot of the timeline. `state` is done, now, todo or ended."""

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Language:
    """One language's words, each a compiled template, and how its numbers and dates are written."""

    tag: str
    locale: Locale
    words: Mapping[str, Template]

    def say(self, name: str, **facts: object) -> Markup:
        """The word of this name. Raises KeyError where no language has it."""
        return Markup(self.words[name].render(**facts))  # noqa: S704 - the environment escapes every fact

    def money(self, minor: int, currency: str) -> str:
        """1800 EUR -> 18,00 €."""
        return format_currency(to_decimal(minor, currency), currency, locale=self.locale)

    def moment(self, at: datetime, zone: ZoneInfo) -> str:
        """An aware time, as the shop's own clock shows it."""
        return format_datetime(at, str(self.say("moment")), tzinfo=zone, locale=self.locale)


class Pages:
    """Pages from the templates in `templates`: folders that hold `web/` and `<language>/`, the first one wins.

    A language's words are those of every folder together, and English ones where none has the word. Everything is
    read and compiled here, once. Raises jinja2.TemplateError, OSError or tomllib.TOMLDecodeError for a template that
    is broken or missing, ZoneInfoNotFoundError for an unknown timezone.
    """

    def __init__(self, templates: Sequence[Path], shop: ShopFacts) -> None:
        environment = SandboxedEnvironment(
            loader=FileSystemLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._shop = shop
        self._zone = ZoneInfo(shop.timezone)
        self._languages = _languages(templates, environment)
        self._order = environment.get_template("web/order.html")
        self._not_found = environment.get_template("web/not_found.html")

    def order(self, order: Order, payments: Sequence[Payment], *, awaiting: bool = False) -> str:
        """The page of an order in its shopper's language; `payments` are its own, oldest first.

        `awaiting` says that the shopper comes from the payment page: until the proof is in, the page says so and
        asks the browser to load it anew every few seconds.
        """
        language = self._language(order.language)
        standing = _standing(order, payments, awaiting=awaiting)
        due = sum(p.paid_minor - p.refunded_minor for p in payments if p.status is PaymentStatus.REFUND_DUE)
        return self._order.render(
            self._common(language, order.ref),
            order=order,
            standing=standing,
            steps=_steps(order, payments),
            money=lambda minor: language.money(minor, order.currency),
            moment=lambda at: language.moment(at, self._zone),
            paid_minor=sum(p.paid_minor for p in payments),
            refunded_minor=sum(p.refunded_minor for p in payments),
            due_minor=due,
            disputed=any(p.status is PaymentStatus.DISPUTED for p in payments),
            pay_url=_pay_url(payments) if standing == "payable" else None,
            receipts=[url for p in payments if (url := _web(p.receipt_url))],
        )

    def not_found(self, language: str) -> str:
        """What is shown for every address that leads to no order, always the same (F122)."""
        return self._not_found.render(self._common(self._language(language), None))

    def _common(self, language: Language, ref: str | None) -> dict[str, object]:
        shop = self._shop
        return {
            "lang": language.tag,
            "direction": language.locale.text_direction,
            "say": language.say,
            "shop": shop,
            "home": _web(shop.home),
            "terms": _web(shop.terms_url),
            "privacy": _web(shop.privacy_url),
            "support_url": _support(shop.support, ref),
        }

    def _language(self, tag: str) -> Language:
        for known in (tag, tag.replace("_", "-").split("-")[0].lower(), FALLBACK):
            if known in self._languages:
                return self._languages[known]
        raise KeyError(FALLBACK)


def _languages(templates: Sequence[Path], environment: SandboxedEnvironment) -> Mapping[str, Language]:
    texts: dict[str, dict[str, str]] = {}
    for folder in reversed(templates):
        for file in sorted(folder.glob(f"*/{WORDS}")):
            texts.setdefault(file.parent.name, {}).update(tomllib.loads(file.read_text("utf-8")))
    return {
        tag: Language(
            tag,
            _locale(tag),
            {name: environment.from_string(text) for name, text in (texts[FALLBACK] | words).items()},
        )
        for tag, words in texts.items()
    }


def _locale(tag: str) -> Locale:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(FALLBACK)


def _all_given_back(payments: Sequence[Payment]) -> bool:
    paid = sum(payment.paid_minor for payment in payments)
    return 0 < paid <= sum(payment.refunded_minor for payment in payments)


def _standing(order: Order, payments: Sequence[Payment], *, awaiting: bool) -> str:
    """How the order stands, as the name of its words `is_<name>` and `note_<name>`."""
    if order.status is OrderStatus.PAID and _all_given_back(payments):
        return "refunded"
    if order.status is not OrderStatus.CREATED:
        return str(order.status)
    if any(p.status is PaymentStatus.PROCESSING for p in payments):
        return "processing"
    if order.needs_review:
        return "review"
    if awaiting and any(p.status is PaymentStatus.PENDING for p in payments):
        return "awaiting"
    if order.closing:
        return "closing"
    return "payable" if _pay_url(payments) else "preparing"


PATHS: Mapping[OrderStatus, tuple[str, ...]] = {
    OrderStatus.CREATED: ("ordered", "pay", "send"),
    OrderStatus.PAID: ("ordered", "paid", "send"),
    OrderStatus.FULFILLED: ("ordered", "paid", "sent"),
    OrderStatus.RETURNED: ("ordered", "paid", "sent", "returned"),
    OrderStatus.CANCELED: ("ordered", "canceled"),
}
TODO = frozenset({"pay", "send"})


def _steps(order: Order, payments: Sequence[Payment]) -> Sequence[Step]:
    """The timeline: what is done, what is awaited, or where it ended."""
    path = PATHS[order.status]
    if order.status is OrderStatus.CANCELED and any(p.paid_minor for p in payments):
        path = ("ordered", "paid", "canceled")
    if order.status is OrderStatus.PAID and _all_given_back(payments):
        path = ("ordered", "paid", "refunded")
    if order.status is OrderStatus.CREATED and any(p.status is PaymentStatus.PROCESSING for p in payments):
        path = ("ordered", "processing", "send")
    awaited = next((name for name in path if name in TODO or name == "processing"), None)
    states = {name: "todo" if name in TODO else "done" for name in path}
    if awaited is not None:
        states[awaited] = "now"
    if order.status is OrderStatus.CANCELED:
        states["canceled"] = "ended"
    return [Step(name, state) for name, state in states.items()]


def _pay_url(payments: Sequence[Payment]) -> str | None:
    return next((url for p in reversed(payments) if p.status in OPEN and (url := _web(p.url))), None)


def _web(address: str | None) -> str | None:
    """The address if it leads to the web: escaping alone does not stop `javascript:`."""
    return address if address and WEB_ADDRESS.match(address) else None


def _support(support: str, ref: str | None) -> str | None:
    """Where a click on the shop's support leads; None where it is words to read."""
    if MAIL_ADDRESS.fullmatch(support):
        return f"mailto:{quote(support, safe='@+')}" + (f"?subject={quote(ref)}" if ref else "")
    return _web(support)

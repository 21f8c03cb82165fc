"""The order page as a shopper's browser and a screen reader get it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.domain.orders import CancelReason, Line, Order, OrderStatus
from bot.domain.payments import Payment, PaymentStatus
from bot.rendering import LANGUAGES
from bot.web.pages import PATHS, Pages, ShopFacts

TEMPLATES = Path(__file__).parents[2] / "templates"
NOON = datetime(2026, 12, 3, 12, 0, tzinfo=UTC)
SHOP = ShopFacts(
    name="Atelier Lumière",
    support="bonjour@example.com",
    terms_url="https://example.com/terms",
    privacy_url="https://example.com/privacy",
    timezone="Europe/Paris",
    home=None,
)
ORDER = Order(
    ref="C-7Q4K2",
    token="t0ken",
    channel="telegram",
    chat="5550001234",
    language="en",
    status=OrderStatus.CREATED,
    currency="EUR",
    lines=(Line("mug-bleu", "Blue mug", 2, 1800), Line("tee-noir-m", "T-shirt, black, M", 1, 2990)),
    created_at=NOON,
    updated_at=NOON,
    items_minor=6590,
    hold_until=NOON + timedelta(minutes=30),
)
PAYMENT = Payment(
    key="key",
    ref="C-7Q4K2",
    provider="stripe",
    status=PaymentStatus.PENDING,
    currency="EUR",
    amount_minor=6590,
    request="customer_email=someone@example.net",
    created_at=NOON,
    url="https://checkout.stripe.com/c/pay/cs_1",
)
PAID = replace(ORDER, status=OrderStatus.PAID)
SUCCEEDED = replace(PAYMENT, status=PaymentStatus.SUCCEEDED, paid_minor=6590)


class Document(HTMLParser):
    """What a test asks of a page: its elements with their attributes, and the text that is seen or read aloud."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._within: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("style", "title"):
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if not self._within:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key.replace("_", "-")) == value for key, value in attributes.items())
        ]


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages([TEMPLATES], SHOP)


def page(pages: Pages, order: Order = ORDER, *payments: Payment, awaiting: bool = False) -> Document:
    return Document(pages.order(order, payments or (PAYMENT,), awaiting=awaiting))


def words_of(language: str) -> dict[str, str]:
    return tomllib.loads((TEMPLATES / language / "page.toml").read_text("utf-8"))


def test_an_unpaid_order_can_be_paid_until_its_hold_is_over(pages: Pages) -> None:
    shown = page(pages)
    assert "Pay €65.90" in shown.text
    assert "Kept for you until Thursday, December 3 at 13:30 (Paris)" in shown.text
    assert shown.all("a", href="https://checkout.stripe.com/c/pay/cs_1")


def test_the_lines_stand_with_quantity_unit_price_and_total(pages: Pages) -> None:
    shown = page(pages).text
    for words in (
        "C-7Q4K2",
        "Atelier Lumière",
        "Blue mug",
        "€18.00",
        "€36.00",
        "T-shirt, black, M",
        "€29.90",
        "€65.90",
    ):
        assert words in shown


def test_french_shoppers_read_french_words_money_and_dates(pages: Pages) -> None:
    shown = page(pages, replace(ORDER, language="fr"))
    assert shown.all("html", lang="fr")
    assert "Payer 65,90 €" in shown.text
    assert "jusqu’au jeudi 3 décembre à 13:30 (Paris)" in shown.text


@pytest.mark.parametrize(
    ("tag", "lang"), [("nl", "en"), ("", "en"), ("pt-BR", "pt"), ("fr-CA", "fr"), ("fr_BE", "fr"), ("EN-gb", "en")]
)
def test_an_unknown_language_is_answered_in_english(pages: Pages, tag: str, lang: str) -> None:
    assert page(pages, replace(ORDER, language=tag)).all("html", lang=lang)


@pytest.mark.parametrize(
    ("order", "payment", "headline"),
    [
        (ORDER, PAYMENT, "Waiting for your payment"),
        (ORDER, replace(PAYMENT, url=None), "We are preparing your payment link"),
        (ORDER, replace(PAYMENT, status=PaymentStatus.PROCESSING), "Payment under way"),
        (ORDER, replace(PAYMENT, status=PaymentStatus.FAILED), "Waiting for your payment"),
        (replace(ORDER, closing=CancelReason.EXPIRED), PAYMENT, "This order is being closed"),
        (replace(ORDER, needs_review="the goods cost 1"), PAYMENT, "We are looking at your payment"),
        (PAID, SUCCEEDED, "Paid, thank you!"),
        (replace(PAID, needs_review="paid twice"), SUCCEEDED, "Paid, thank you!"),
        (replace(ORDER, status=OrderStatus.FULFILLED), SUCCEEDED, "On its way"),
        (replace(ORDER, status=OrderStatus.RETURNED), SUCCEEDED, "Returned"),
        (replace(ORDER, status=OrderStatus.CANCELED, cancel_reason=CancelReason.EXPIRED), PAYMENT, "Canceled"),
    ],
)
def test_the_status_is_said_in_plain_words(pages: Pages, order: Order, payment: Payment, headline: str) -> None:
    shown = page(pages, order, payment)
    assert headline in shown.text
    assert len(shown.all("section", role="status")) == 1
    assert bool(shown.all("a", href=PAYMENT.url or "")) == (headline == "Waiting for your payment")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("reason", CancelReason)
def test_a_canceled_order_names_its_reason(pages: Pages, language: str, reason: CancelReason) -> None:
    order = replace(ORDER, status=OrderStatus.CANCELED, cancel_reason=reason, language=language)
    assert words_of(language)[f"reason_{reason}"].replace("\N{NO-BREAK SPACE}", " ") in page(pages, order).text


def test_the_timeline_marks_what_is_done_and_what_is_awaited(pages: Pages) -> None:
    classes = [step["class"] for step in page(pages).all("li")]
    assert classes == ["done", "now", "todo"]
    assert [step["class"] for step in page(pages, PAID, SUCCEEDED).all("li")] == ["done", "done", "now"]
    refunded = replace(SUCCEEDED, status=PaymentStatus.REFUND_DUE)
    canceled = replace(ORDER, status=OrderStatus.CANCELED, cancel_reason=CancelReason.SOLD_OUT)
    assert [step["class"] for step in page(pages, canceled, refunded).all("li")] == ["done", "done", "ended"]


def test_back_from_the_payment_page_it_refreshes_only_until_the_proof_is_in(pages: Pages) -> None:
    waiting = page(pages, awaiting=True)
    assert waiting.all("meta", http_equiv="refresh", content="5")
    assert "this page refreshes by itself" in waiting.text
    assert not waiting.all("a", href=PAYMENT.url or "")
    assert not page(pages).all("meta", http_equiv="refresh")
    assert not page(pages, PAID, SUCCEEDED, awaiting=True).all("meta", http_equiv="refresh")
    failed = replace(PAYMENT, status=PaymentStatus.FAILED)
    assert not page(pages, ORDER, failed, awaiting=True).all("meta", http_equiv="refresh")


def test_delivery_and_discounts_have_a_line_of_their_own(pages: Pages) -> None:
    delivered = page(pages, replace(PAID, extras_minor=490), SUCCEEDED).text
    assert "Delivery and extras €4.90" in delivered
    assert "€70.80" in delivered
    assert "Discount -€10.00" in page(pages, replace(PAID, extras_minor=-1000), SUCCEEDED).text
    assert "Delivery" not in page(pages, PAID, SUCCEEDED).text


def test_what_goes_back_to_the_shopper_is_counted(pages: Pages) -> None:
    partly = replace(SUCCEEDED, status=PaymentStatus.PARTIALLY_REFUNDED, refunded_minor=1000)
    assert "Refunded -€10.00" in page(pages, PAID, partly).text
    twice = replace(SUCCEEDED, key="second", status=PaymentStatus.REFUND_DUE)
    assert "To be refunded €65.90" in page(pages, PAID, SUCCEEDED, twice).text
    assert "To be refunded" not in page(pages, PAID, SUCCEEDED).text


def test_an_order_that_was_given_back_whole_is_no_longer_being_prepared(pages: Pages) -> None:
    whole = replace(SUCCEEDED, status=PaymentStatus.REFUNDED, refunded_minor=SUCCEEDED.paid_minor)
    document = page(pages, PAID, whole)
    assert "Refunded" in document.text
    assert "preparing" not in document.text
    assert [step["class"] for step in document.all("li")] == ["done", "done", "done"]


def test_the_receipt_is_linked_once_it_exists(pages: Pages) -> None:
    receipt = "https://pay.stripe.com/receipts/1"
    assert page(pages, PAID, replace(SUCCEEDED, receipt_url=receipt)).all("a", href=receipt)
    assert "receipt" not in page(pages, PAID, SUCCEEDED).text


@pytest.mark.parametrize(
    ("support", "href"),
    [
        ("bonjour@example.com", "mailto:bonjour@example.com?subject=C-7Q4K2"),
        ("https://example.com/help", "https://example.com/help"),
        ("+33 1 23 45 67 89", None),
        ("javascript:alert(1)", None),
    ],
)
def test_the_page_says_whom_to_write_to(support: str, href: str | None) -> None:
    shown = page(Pages([TEMPLATES], replace(SHOP, support=support)))
    assert support in shown.text
    assert [link["href"] for link in shown.all("a") if link["href"] not in KNOWN_LINKS] == ([href] if href else [])


KNOWN_LINKS = ("#order", PAYMENT.url, SHOP.terms_url, SHOP.privacy_url)


def test_hostile_names_stay_text() -> None:
    hostile = '<script>alert("x")</script>{{ 7*7 }}'
    pages = Pages([TEMPLATES], replace(SHOP, name=hostile, support=hostile))
    markup = pages.order(replace(ORDER, lines=(Line("x", hostile, 1, 6590),)), [PAYMENT])
    assert "<script" not in markup
    assert "49" not in Document(markup).text
    assert Document(markup).text.count(hostile) == 3


def test_addresses_that_are_none_are_not_linked() -> None:
    shop = replace(SHOP, terms_url="javascript:alert(1)", privacy_url=None, home="data:text/html,x")
    shown = page(Pages([TEMPLATES], shop), ORDER, replace(PAYMENT, url="javascript:alert(1)", receipt_url="file:///x"))
    assert {str(link["href"]).split(":")[0] for link in shown.all("a")} == {"#order", "mailto"}


def test_nothing_of_the_person_stands_on_the_page(pages: Pages) -> None:
    markup = pages.order(ORDER, [PAYMENT])
    for secret in (ORDER.chat, ORDER.token, PAYMENT.request, "telegram", PAYMENT.key + '"'):
        assert secret not in markup


def test_it_works_without_scripts_and_without_anything_from_outside(pages: Pages) -> None:
    markup = pages.order(ORDER, [PAYMENT], awaiting=True)
    shown = Document(markup)
    for tag in ("script", "img", "link", "iframe", "object", "form"):
        assert not shown.all(tag)
    assert not re.search(r"url\(|@import|\son\w+=", markup)


def test_it_is_dressed_for_day_night_and_paper(pages: Pages) -> None:
    markup = pages.order(ORDER, [PAYMENT])
    for query in ("prefers-color-scheme: dark", "@media print"):
        assert query in markup
    assert Document(markup).all("meta", name="color-scheme", content="light dark")


def test_search_engines_and_other_sites_do_not_learn_of_it(pages: Pages) -> None:
    for markup in (pages.order(ORDER, [PAYMENT]), pages.not_found("fr")):
        assert Document(markup).all("meta", name="robots", content="noindex")
        assert Document(markup).all("meta", name="referrer", content="no-referrer")


def test_a_screen_reader_finds_its_way(pages: Pages) -> None:
    shown = page(pages, PAID, SUCCEEDED)
    assert len(shown.all("h1")) == len(shown.all("main")) == len(shown.all("table")) == 1
    assert len(shown.all("h2")) == 3
    assert shown.all("meta", name="viewport")
    headers = shown.all("th")
    assert {header.get("scope") for header in headers} == {"col", "row"}
    assert len(shown.all("li", aria_current="step")) == 1
    ids = {attributes["id"] for _, attributes in shown.elements if "id" in attributes}
    assert {attributes["aria-labelledby"] for _, attributes in shown.elements if "aria-labelledby" in attributes} <= ids
    assert "(in progress)" in shown.text


def test_colours_keep_a_contrast_of_four_and_a_half() -> None:
    sheet = (TEMPLATES / "web" / "order.css").read_text("utf-8")
    day, night = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)[:2]
    pairs = [
        ("ink", "paper"), ("ink", "table"), ("quiet", "paper"), ("quiet", "table"), ("on-accent", "accent"),
        ("ink", "accent-wash"), ("ink", "warm-wash"), ("ink", "ended-wash"), ("ended", "paper"), ("warm", "paper"),
    ]  # fmt: skip
    for scheme in (day, night):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", scheme))
        for front, back in pairs:
            assert contrast(colours[front], colours[back]) >= 4.5, (front, back)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 reckons it."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((light(one), light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_every_language_has_every_word() -> None:
    assert all(set(words_of(language)) == set(words_of("en")) for language in LANGUAGES)
    wanted = {f"step_{name}" for path in PATHS.values() for name in path} | {f"reason_{it}" for it in CancelReason}
    assert wanted <= set(words_of("en"))


def test_an_address_without_an_order_says_the_same_to_everybody(pages: Pages) -> None:
    assert "No order here" in Document(pages.not_found("en")).text
    assert "Pas de commande ici" in Document(pages.not_found("fr")).text
    assert pages.not_found("xx") == pages.not_found("en")


def test_the_merchant_changes_a_word_or_a_page_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "page.toml").write_text('is_paid = "Hooray, {{ 1 + 1 }} cheers"\n')
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "page.toml").write_text('is_paid = "Bezahlt"\n')
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "not_found.html").write_text("gone, says {{ shop.name }}")
    pages = Pages([tmp_path, TEMPLATES], SHOP)
    assert "Hooray, 2 cheers" in page(pages, PAID, SUCCEEDED).text
    assert "Your payment has arrived" in page(pages, PAID, SUCCEEDED).text
    german = page(pages, replace(PAID, language="de"), SUCCEEDED)
    assert "Bezahlt" in german.text
    assert "65,90 €" in german.text
    assert pages.not_found("en") == "gone, says Atelier Lumière"
    assert "Payée, merci" in page(pages, replace(PAID, language="fr"), SUCCEEDED).text


@pytest.mark.parametrize(
    ("currency", "minor", "shown"), [("JPY", 1800, "¥1,800"), ("KWD", 18500, "KWD18.500"), ("ISK", 180000, "ISK1,800")]
)
def test_money_has_the_decimals_of_its_currency(pages: Pages, currency: str, minor: int, shown: str) -> None:
    order = replace(ORDER, currency=currency, items_minor=minor, lines=(Line("x", "X", 1, minor),))
    assert f"Pay {shown}" in page(pages, order).text

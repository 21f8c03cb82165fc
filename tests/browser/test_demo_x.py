"""X on the demo page, as a visitor plays it: a public word, a public answer without a link, the sale in private."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.browser.conftest import PATIENCE

pytestmark = pytest.mark.browser

HANDLE = re.compile(r"@\w{4,15}")
PRICE = re.compile(r"\d+,\d\d\s?€")
LINK = re.compile(r"https?://|/pay/")
THANKS = re.compile("merci", re.IGNORECASE)
HERE = "ce client"


@pytest.fixture
def x(page: Page, demo_url: str) -> Iterator[Page]:
    """The page with X's phone open; its console stays empty, where a breach of the content policy would be told."""
    told: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            told.append(message.text)

    page.on("console", note)
    page.goto(f"{demo_url}#x")
    expect(page.get_by_test_id("x-posts")).to_be_visible()
    yield page
    page.remove_listener("console", note)
    assert told == []


def own(page: Page) -> Locator:
    return page.get_by_test_id("x-post-shopper")


def answer(page: Page) -> Locator:
    """The shop's public answer: the post under which a message can be begun."""
    return page.get_by_test_id("x-post-shop").filter(has=page.get_by_test_id("x-open-dm"))


def posts(page: Page, text: str) -> None:
    """The shopper names the shop in public, as the composer proposes, and it answers."""
    composer = page.get_by_test_id("x-composer")
    prefix = composer.input_value()
    assert HANDLE.fullmatch(prefix.strip())
    composer.fill(f"{prefix}{text}")
    page.get_by_test_id("x-post").click()
    expect(own(page)).to_contain_text(text)
    expect(answer(page)).to_have_count(1)


def writes(page: Page, text: str) -> Locator:
    """The shopper writes a private message. -> the payment link that comes back"""
    page.get_by_test_id("x-dm-composer").fill(text)
    page.get_by_test_id("x-dm-send").click()
    expect(page.get_by_test_id("x-message-shopper").last).to_contain_text(text)
    link = page.get_by_test_id("x-messages").locator("a[href*='/pay/']")
    expect(link).to_have_count(1)
    return link


def pays(page: Page, link: Locator) -> None:
    link.click()
    expect(page.get_by_test_id("sheet")).to_be_visible()
    page.frame_locator("[data-testid=sheet-frame]").locator("button[type=submit]").click()
    expect(page.get_by_test_id("x-message-shop").filter(has_text=THANKS)).to_have_count(1)
    page.get_by_test_id("sheet-close").click()


def orders(page: Page) -> Locator:
    return page.get_by_test_id("orders").locator("tr").filter(has_text=HERE)


def sold(page: Page, sku: str) -> int:
    return int(page.get_by_test_id(f"stock-{sku}").locator(".sold.number").inner_text())


def test_a_mention_becomes_a_public_answer_a_private_sale_and_a_thank_you(x: Page) -> None:
    expect(x.get_by_test_id("stock-mug-noir")).to_be_visible()
    before = sold(x, "mug-noir")
    posts(x, "je voudrais deux mugs noirs")
    expect(answer(x)).to_contain_text(PRICE)
    expect(answer(x)).not_to_contain_text(LINK)
    expect(answer(x).locator("a")).to_have_count(0)
    x.get_by_test_id("x-open-dm").click()
    expect(x.get_by_test_id("x-dm-composer")).to_be_focused()
    link = writes(x, "je voudrais deux mugs noirs")
    expect(orders(x).get_by_test_id("order-status")).to_have_text("à payer")
    pays(x, link)
    expect(orders(x).get_by_test_id("order-status")).to_have_text("payée")
    expect(orders(x).locator(".via")).to_have_text("X")
    expect(x.get_by_test_id("stock-mug-noir").locator(".sold.number")).to_have_text(str(before + 2))


def test_a_reply_under_a_product_post_speaks_of_its_product(x: Page) -> None:
    product = x.get_by_test_id("x-post-shop").filter(has=x.get_by_test_id("x-quote")).last
    product.get_by_test_id("x-reply").click()
    expect(x.get_by_test_id("x-answering")).to_be_visible()
    expect(x.get_by_test_id("x-composer")).to_be_focused()
    x.get_by_test_id("x-hint").first.click()
    expect(own(x)).to_have_count(1)
    expect(answer(x)).to_contain_text(PRICE)
    expect(x.get_by_test_id("x-answering")).to_be_hidden()


def test_a_quoted_post_is_shown_in_the_post_that_quotes_it_and_is_answered(x: Page) -> None:
    x.get_by_test_id("x-quote").last.click()
    x.get_by_test_id("x-composer").fill("je le prends")
    x.keyboard.press("Enter")
    expect(own(x).locator("blockquote")).to_be_visible()
    expect(answer(x)).to_have_count(1)


def test_the_shops_account_says_that_a_program_writes(x: Page) -> None:
    expect(x.get_by_test_id("x-post-shop").first).to_contain_text("compte automatisé")
    x.get_by_test_id("x-view-dm").click()
    expect(x.locator("#x-with")).to_contain_text("compte automatisé")


def test_a_message_that_comes_while_the_posts_are_read_is_counted_and_told(x: Page) -> None:
    slow = {"service": "x", "method": "POST /2/dm_conversations/*", "kind": "delay", "seconds": 2}
    set_rule = (
        "rule => fetch('/sandbox/faults', {method: 'POST', body: JSON.stringify(rule)}).then(answer => answer.ok)"
    )
    assert x.evaluate(set_rule, slow)
    x.get_by_test_id("x-view-dm").click()
    x.get_by_test_id("x-dm-composer").fill("je voudrais un mug noir")
    x.get_by_test_id("x-dm-send").click()
    x.get_by_test_id("x-view-posts").click()
    badge = x.get_by_test_id("x-badge")
    expect(badge).to_have_text(re.compile(r"^[1-9]\d* non lus?$"))
    x.get_by_test_id("x-view-dm").click()
    expect(badge).to_be_hidden()


def test_a_deleted_post_is_gone(x: Page) -> None:
    posts(x, "un mug noir")
    x.get_by_test_id("x-delete").click()
    expect(own(x)).to_have_count(0)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a" * 280, 0),
        ("é" * 281, -1),
        ("voyez https://example.com/une/adresse/fort/longue/qui/ne/compte/que/vingt-trois", 251),
        ("👩‍👩‍👧‍👦", 278),
        ("青い", 276),
    ],
)
def test_the_counter_weighs_as_x_does(x: Page, text: str, left: int) -> None:
    x.get_by_test_id("x-composer").fill(text)
    expect(x.get_by_test_id("x-count")).to_have_text(str(left))
    expect(x.get_by_test_id("x-post")).to_have_attribute("aria-disabled", str(left < 0).lower())


def test_a_post_that_is_too_long_stays_in_the_composer(x: Page) -> None:
    text = "mug " * 80
    x.get_by_test_id("x-composer").fill(text)
    x.keyboard.press("Enter")
    expect(x.get_by_test_id("x-post")).to_have_attribute("aria-disabled", "true")
    expect(x.get_by_test_id("x-composer")).to_have_value(text)
    expect(own(x)).to_have_count(0)


def test_the_address_remembers_the_channel(x: Page) -> None:
    expect(x.get_by_test_id("channel-x")).to_have_attribute("aria-selected", "true")
    expect(x.get_by_test_id("composer")).to_be_hidden()
    x.get_by_test_id("channel-telegram").click()
    expect(x.get_by_test_id("composer")).to_be_visible()
    expect(x.get_by_test_id("x-composer")).to_be_hidden()
    assert "#" not in x.url
    x.keyboard.press("ArrowRight")
    expect(x.get_by_test_id("channel-x")).to_be_focused()
    assert x.url.endswith("#x")
    x.reload()
    expect(x.get_by_test_id("x-composer")).to_be_visible()


def test_a_visitor_stays_the_same_person_and_a_new_one_is_somebody_else(x: Page) -> None:
    posts(x, "je voudrais un mug noir")
    who = x.locator("#x-who").inner_text()
    x.reload()
    expect(own(x)).to_have_count(1)
    expect(x.locator("#x-who")).to_have_text(who)
    x.get_by_test_id("new-shopper").click()
    expect(own(x)).to_have_count(0)
    expect(x.locator("#x-who")).not_to_have_text(who)


def test_an_order_on_telegram_and_one_on_x_move_one_stock(x: Page) -> None:
    free = x.get_by_test_id("stock-mug-noir").locator(".free.number")
    expect(free).to_be_visible()
    before = int(free.inner_text())
    x.get_by_test_id("x-view-dm").click()
    writes(x, "je voudrais un mug noir")
    expect(free).to_have_text(str(before - 1))
    x.get_by_test_id("channel-telegram").click()
    x.get_by_test_id("composer").fill("je voudrais un mug noir")
    x.get_by_test_id("send").click()
    expect(free).to_have_text(str(before - 2))
    expect(orders(x).locator(".via")).to_have_text(["Telegram", "X"])


def test_the_words_of_the_phone_follow_the_language(x: Page) -> None:
    x.get_by_test_id("language").select_option("en")
    expect(x.get_by_test_id("x-post")).to_have_text("Post")
    expect(x.get_by_test_id("x-post-shop").first).to_contain_text("automated account")
    posts(x, "I would like a blue mug")
    expect(x.get_by_test_id("x-open-dm")).to_have_text("Message")


FITS = "document.documentElement.scrollWidth <= innerWidth"
LOOKS = 100


def fits(page: Page) -> None:
    """A window that has just been made narrow is laid out a moment later.

    Asked from outside: Playwright's own waiting evaluates text in the page at its second look, which the content
    policy forbids.
    """
    for _ in range(LOOKS):
        if page.evaluate(FITS):
            return
        page.wait_for_timeout(PATIENCE / LOOKS)
    pytest.fail("the page is wider than its window")


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1440])
def test_nothing_of_x_scrolls_sideways(x: Page, width: int) -> None:
    x.set_viewport_size({"width": width, "height": 844})
    expect(x.get_by_test_id("x-reply").first).to_be_visible()
    fits(x)
    x.get_by_test_id("x-view-dm").click()
    expect(x.get_by_test_id("x-dm-send")).to_be_in_viewport()
    fits(x)


def test_a_keyboard_is_enough_on_x(x: Page) -> None:
    x.get_by_test_id("x-composer").focus()
    x.keyboard.press("End")
    x.keyboard.type("je voudrais un mug noir")
    x.keyboard.press("Enter")
    expect(answer(x)).to_have_count(1)
    x.get_by_test_id("x-open-dm").focus()
    x.keyboard.press("Enter")
    x.keyboard.type("je voudrais un mug noir")
    x.keyboard.press("Enter")
    link = x.get_by_test_id("x-messages").locator("a[href*='/pay/']")
    expect(link).to_have_count(1)
    link.focus()
    x.keyboard.press("Enter")
    expect(x.get_by_test_id("sheet-close")).to_be_focused()
    x.keyboard.press("Escape")
    expect(x.get_by_test_id("sheet")).to_be_hidden()
    expect(link).to_be_focused()

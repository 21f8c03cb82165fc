"""The demo as a visitor plays it: a sentence, a link, a payment, a thank-you, and what may go wrong in between."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

pytestmark = pytest.mark.browser

REF = re.compile(r"C-[0-9A-Z]{5}")
DECLINED_CARD = "4000 0000 0000 9995"


def orders(page: Page, text: str = "je voudrais deux mugs bleus") -> str:
    """The shopper writes, and gets a link. -> the order's reference"""
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("message-shopper").last).to_contain_text(text)
    expect(page.get_by_test_id("url-button")).to_have_count(1)
    found = REF.search(page.get_by_test_id("chat").inner_text())
    assert found, "the message with the link names no order"
    return found[0]


def opens_the_link(page: Page) -> FrameLocator:
    page.get_by_test_id("url-button").click()
    expect(page.get_by_test_id("sheet")).to_be_visible()
    return page.frame_locator("[data-testid=sheet-frame]")


def status(page: Page, ref: str) -> Locator:
    return page.get_by_test_id(f"order-{ref}").get_by_test_id("order-status")


def test_a_sentence_becomes_a_paid_order_and_a_thank_you(page: Page, demo_url: str) -> None:
    page.goto(demo_url)
    ref = orders(page)
    expect(status(page, ref)).to_have_text("à payer")
    hosted = opens_the_link(page)
    hosted.locator("button[type=submit]").click()
    expect(hosted.locator("h1")).to_contain_text(ref)
    page.get_by_test_id("sheet-close").click()
    expect(page.get_by_test_id("sheet")).to_be_hidden()
    thanks = (
        page.get_by_test_id("message-shop").filter(has_text=ref).filter(has_text=re.compile("merci", re.IGNORECASE))
    )
    expect(thanks).to_have_count(1)
    expect(status(page, ref)).to_have_text("payée")


def test_a_declined_card_changes_nothing_and_the_next_one_pays(page: Page, demo_url: str) -> None:
    page.goto(demo_url)
    ref = orders(page)
    hosted = opens_the_link(page)
    hosted.locator("input[name=card]").fill(DECLINED_CARD)
    hosted.locator("button[type=submit]").click()
    expect(hosted.get_by_role("alert")).to_be_visible()
    expect(status(page, ref)).to_have_text("à payer")
    hosted.locator("input[name=card]").fill("4242 4242 4242 4242")
    hosted.locator("button[type=submit]").click()
    expect(status(page, ref)).to_have_text("payée")


def test_the_declined_card_can_be_tried_with_one_press(page: Page, demo_url: str) -> None:
    page.goto(demo_url)
    ref = orders(page)
    page.get_by_test_id("try-decline").click()
    expect(page.get_by_test_id("try-outcome")).to_contain_text(ref)
    expect(status(page, ref)).to_have_text("à payer")


def test_an_expired_link_cancels_the_order_and_says_so(page: Page, demo_url: str) -> None:
    page.goto(demo_url)
    ref = orders(page)
    before = page.get_by_test_id("message-shop").count()
    page.get_by_test_id("try-expire").click()
    expect(status(page, ref)).to_have_text("annulée")
    expect(page.get_by_test_id(f"order-{ref}")).to_contain_text("lien expiré")
    expect(page.get_by_test_id("message-shop").nth(before)).to_contain_text(ref)


def test_a_bank_debit_is_paid_later_and_may_be_refunded(page: Page, demo_url: str) -> None:
    page.goto(demo_url)
    ref = orders(page)
    page.get_by_test_id("try-debit").click()
    expect(status(page, ref)).to_have_text("paiement en cours")
    page.get_by_test_id("try-settle").click()
    expect(status(page, ref)).to_have_text("payée")
    page.get_by_test_id("try-refund").click()
    expect(status(page, ref)).to_have_text("remboursée")


def test_the_page_speaks_the_shoppers_language(page: Page, demo_url: str) -> None:
    page.goto(demo_url)
    page.get_by_test_id("language").select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    ref = orders(page, "I would like two blue mugs")
    expect(status(page, ref)).to_have_text("to pay")


def test_a_new_shopper_starts_with_an_empty_chat(page: Page, demo_url: str) -> None:
    page.goto(demo_url)
    orders(page)
    page.get_by_test_id("new-shopper").click()
    expect(page.get_by_test_id("message-shopper")).to_have_count(0)
    expect(page.get_by_test_id("message-shop")).to_have_count(0)


TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("*")]
    .filter((it) => it.getBoundingClientRect().right > innerWidth + 0.5)
    .map((it) => `${it.tagName} ${it.className} ${it.textContent.slice(0, 40)}`)"""
"""What reaches beyond the window's edge, where the page has to be pushed sideways."""


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1440])
def test_nothing_scrolls_sideways(page: Page, demo_url: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(demo_url)
    orders(page)
    assert page.evaluate(TOO_WIDE) == []
    if page.get_by_test_id("face-desk").is_visible():
        page.get_by_test_id("face-desk").click()
        expect(page.get_by_test_id("orders")).to_be_visible()
        assert page.evaluate(TOO_WIDE) == []


def test_a_keyboard_is_enough(page: Page, demo_url: str) -> None:
    page.goto(demo_url)
    page.get_by_test_id("composer").focus()
    page.keyboard.type("je voudrais un mug bleu")
    page.keyboard.press("Enter")
    link = page.get_by_test_id("url-button")
    expect(link).to_have_count(1)
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("sheet-close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("sheet")).to_be_hidden()
    expect(link).to_be_focused()

"""Orders for what bot.toml no longer names, or names at another price: they go by what their shopper was told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.domain.catalogue import Catalogue
from bot.domain.conversation import Counter
from bot.domain.orders import OrderStatus
from bot.domain.understanding import Clerk
from bot.payments.stripe import StripeProvider
from bot.ports import Books
from bot.rendering import templates_folder
from bot.service.merchant import refund, ship
from bot.service.stocktaking import take_stock
from bot.web.pages import Pages, ShopFacts
from tests.dialogs.dialog import Dialog, catalogue, opened_shop


@pytest.fixture
def dialog() -> Iterator[Dialog]:
    opened = opened_shop()
    yield opened
    opened.store.close()


def put_on_the_shelf(dialog: Dialog, goods: Catalogue) -> None:
    """What a reload does to a shop, without its files."""
    clerk, shop = Clerk(goods, language="fr"), dialog.shop
    counter = Counter(goods, shop.counter.rules)
    new = replace(
        shop,
        counter=counter,
        understand=lambda text, language: clerk.understand(text, language=language),
        follow=lambda text, before, language: clerk.follow(text, before, language=language),
    )
    provider = shop.provider
    assert isinstance(provider, StripeProvider)
    provider.offer(replace(provider._request, catalogue=goods))

    def exchange(books: Books) -> None:
        take_stock(books, goods, dialog.now)
        shop.become(new)

    dialog.write(exchange)


def without(sku: str) -> Catalogue:
    goods = catalogue()
    return replace(goods, products=tuple(product for product in goods.products if product.sku != sku))


def dearer() -> Catalogue:
    goods = catalogue()
    first = goods.products[0]
    variants = tuple(replace(variant, unit_minor=9900) for variant in first.variants)
    return replace(goods, products=(replace(first, variants=variants), *goods.products[1:]))


@pytest.fixture
def removed(dialog: Dialog) -> Dialog:
    """Two blue mugs are ordered, and then the blue mug is no longer in bot.toml."""
    dialog.shopper("je voudrais deux mugs bleus")
    put_on_the_shelf(dialog, without("mug-bleu"))
    return dialog


def test_an_order_for_what_is_no_longer_sold_is_paid_sent_and_given_back(removed: Dialog) -> None:
    """F035: from its snapshot, through its whole life."""
    ref = removed.order().ref
    (thanks,) = removed.pays()
    assert thanks.name == "thanks"
    assert "Mug bleu" in thanks.text
    assert removed.stock("mug-bleu") == (0, 2)
    removed.write(lambda books: ship(removed.shop, books, ref, "6A123", removed.now))
    assert [said.name for said in removed.delivered()] == ["shipped"]
    assert "Mug bleu" in removed.shopper("où est ma commande ?")[0].text
    removed.write(lambda books: refund(removed.shop, books, ref, None, removed.now))
    assert [said.name for said in removed.delivered()] == ["refunded"]
    page = Pages([templates_folder()], ShopFacts("Atelier", "", None, None, "Europe/Paris", None))
    assert "Mug bleu" in page.order(removed.order(), removed.payments())


def test_an_order_for_what_is_no_longer_sold_runs_out_and_frees_nothing_to_be_sold(removed: Dialog) -> None:
    """F035, F045"""
    (said,) = removed.hours(1)
    assert said.name == "order_expired"
    assert removed.order().status is OrderStatus.CANCELED
    assert removed.stock("mug-bleu") == (0, 0)
    found = removed.write(lambda books: books.shelf.get("mug-bleu"))
    assert (found.total, found.available) == (0, 0)


def test_its_shopper_may_cancel_it(removed: Dialog) -> None:
    """F035"""
    assert [said.name for said in removed.shopper("annuler ma commande")] == ["order_canceled"]
    assert removed.stock("mug-bleu") == (0, 0)


def test_what_is_paid_for_after_it_ran_out_and_is_no_longer_sold_is_given_back(removed: Dialog) -> None:
    """F006, F035"""
    removed.hours(1)
    names = [said.name for said in removed.pays()]
    assert "refund_due" in names
    assert removed.stock("mug-bleu") == (0, 0)


def test_nobody_buys_what_is_no_longer_sold(removed: Dialog) -> None:
    """F035: neither in words nor by a button that was shown before."""
    other = removed.other("2002")
    assert [said.name for said in other.shopper("je voudrais deux mugs bleus")] != ["link"]
    assert len(removed.store.view("v_orders")) == 1
    (expired,) = removed.hours(1)
    (window,) = removed.presses(expired, expired.labels[0])
    assert (window.name, removed.receipt.notice) == ("window", "gone")
    assert len(removed.store.view("v_orders")) == 1


def test_a_product_that_was_put_back_is_sold_again(removed: Dialog) -> None:
    put_on_the_shelf(removed, catalogue())
    assert removed.stock("mug-bleu") == (2, 0)
    assert [said.name for said in removed.other("2002").shopper("je voudrais trois mugs bleus")] == ["link"]
    assert [said.name for said in removed.other("3003").shopper("je voudrais un mug bleu")] == ["sold_out"]


def test_a_price_that_changes_between_quote_and_payment_is_not_asked_of_who_was_quoted(dialog: Dialog) -> None:
    """F034"""
    dialog.shopper("je voudrais un mug bleu")
    put_on_the_shelf(dialog, dearer())
    assert "18,00" in dialog.shopper("où est ma commande ?")[0].text
    (thanks,) = dialog.pays()
    assert "18,00" in thanks.text
    assert not dialog.order().needs_review
    (link,) = dialog.other("2002").shopper("je voudrais un mug bleu")
    assert "99,00" in link.text

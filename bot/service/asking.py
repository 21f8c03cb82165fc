"""The message that asks for an order's money, by a link or by an invoice in the platform's own payment sheet."""

from __future__ import annotations

from bot.domain.conversation.sales import invoice_rows, link_facts
from bot.domain.effects import Effect, OpenCheckout, Rows, Say
from bot.domain.invoices import PLATFORMS
from bot.domain.orders import Order
from bot.domain.payments import Payment
from bot.ports import Books
from bot.service.shop import Shop


def asked_to_pay(shop: Shop, books: Books, order: Order, rows: Rows, invoice: str | None = None) -> Say:
    """`invoice` is the payment's key where its sheet is shown; None for a link, which stands in `rows`."""
    facts = link_facts(order.ref, order.lines, order.total_minor)
    facts["minutes"] = max(1, round(shop.hold.total_seconds() / 60))
    facts["stock"] = facts["available"] = None
    if len(order.lines) == 1:
        stock = books.shelf.get(order.lines[0].sku)
        facts["stock"], facts["available"] = stock.wording, stock.available
    catalogue = shop.counter.catalogue
    products = [product for line in order.lines if (product := catalogue.product(line.sku)) is not None]
    ways = catalogue.shipping if any(product.kind == "physical" for product in products) else ()
    facts["deliveries"] = [{"name": way.name, "price": way.cost(order.items_minor)} for way in ways]
    picture = next((product.image for product in products if product.image), None)
    return Say("link", order.language, facts, rows, picture, invoice=invoice)


def first_asked(shop: Shop, books: Books, order: Order, payment: Payment) -> Effect:
    """What a fresh order needs for its money to be asked for. An invoice needs nobody else: it is said at once."""
    if payment.provider not in PLATFORMS:
        return OpenCheckout(payment.key)
    return asked_to_pay(shop, books, order, invoice_rows(order.ref, order.total_minor), payment.key)

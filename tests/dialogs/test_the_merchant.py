"""What the merchant does with an order, and what goes back: money by its refunds' ids, goods by their policy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.catalogue import Catalogue, Restock
from bot.domain.effects import GiveBack, OpenCheckout
from bot.domain.orders import CancelReason, OrderStatus
from bot.domain.payments import Dispute, PaymentStatus, Refund
from bot.errors import Permanent, Refused
from bot.ports import Books, Receipt, Task
from bot.service import merchant
from bot.service.wishes import WISHES
from tests.dialogs.dialog import Dialog, Said, catalogue, opened_shop

Does = Callable[..., list[Said]]


def wish(dialog: Dialog, name: str, **asked: str) -> list[Said]:
    """A command of the merchant about the newest order, and what is said after it."""
    about = {"ref": dialog.order().ref, **asked}
    dialog.write(lambda books: WISHES[name](dialog.shop, books, about, dialog.now))
    return dialog.delivered()


def with_policy(policy: Restock) -> Dialog:
    goods = catalogue()
    products = tuple(replace(product, restock=policy) for product in goods.products)
    return opened_shop(goods=Catalogue(goods.currency, products, goods.shipping))


def test_a_paid_order_that_is_canceled_is_given_back_and_its_goods_are_free(dialog: Dialog) -> None:
    """F047"""
    dialog.shopper("un mug noir svp")
    dialog.pays()
    assert [said.name for said in wish(dialog, "cancel")] == ["called_off", "refunded"]
    order, payment = dialog.order(), dialog.payments()[0]
    assert (order.status, order.cancel_reason) == (OrderStatus.CANCELED, CancelReason.MERCHANT)
    assert (payment.status, payment.refunded_minor) == (PaymentStatus.REFUNDED, 1800)
    assert dialog.stock("mug-noir") == (0, 0)
    with pytest.raises(Permanent):
        wish(dialog, "cancel")
    assert dialog.stock("mug-noir") == (0, 0)


def test_an_unpaid_order_is_canceled_by_asking_stripe_first(dialog: Dialog) -> None:
    """F042"""
    dialog.shopper("un mug noir svp")
    assert [said.name for said in wish(dialog, "cancel")] == ["order_canceled"]
    assert dialog.order().cancel_reason is CancelReason.MERCHANT
    assert dialog.stock("mug-noir") == (0, 0)


def test_an_order_that_is_paid_while_it_is_canceled_stays_paid(dialog: Dialog) -> None:
    """F042"""
    dialog.shopper("un mug noir svp")
    dialog.completed.add(dialog.payments()[0].key)
    assert [said.name for said in wish(dialog, "cancel")] == ["thanks"]
    assert dialog.order().status is OrderStatus.PAID
    assert dialog.stock("mug-noir") == (0, 1)


def test_what_was_not_believed_is_given_back_once_the_merchant_has_looked(dialog: Dialog) -> None:
    """F012"""
    dialog.shopper("un mug noir svp")
    key = dialog.payments()[0].key
    assert dialog.pays(amount_minor=1) == []
    assert dialog.order().needs_review
    opened = dialog.checkout

    def odd(key: str, state: str, *, paid: bool = False, **other: object):  # type: ignore[no-untyped-def]
        return opened(key, state, paid=paid, **{"amount_minor": 1, **other})

    dialog.completed.add(key)
    dialog.checkout = odd  # type: ignore[method-assign]
    assert [said.name for said in wish(dialog, "cancel")] == ["order_canceled", "refunded"]
    payment = dialog.payments()[0]
    assert (payment.status, payment.paid_minor, payment.refunded_minor) == (PaymentStatus.REFUNDED, 1, 1)
    assert dialog.stock("mug-noir") == (0, 0)


def test_a_part_is_given_back_by_command_and_then_the_rest(dialog: Dialog) -> None:
    """F016"""
    dialog.shopper("un mug noir svp")
    dialog.pays()
    key, ref = dialog.payments()[0].key, dialog.order().ref
    receipt = dialog.write(lambda books: merchant.refund(dialog.shop, books, ref, 500, dialog.now))
    assert [(task.effect.key, task.effect.amount_minor) for task in receipt.tasks] == [(key, 500)]  # type: ignore[union-attr]
    for refund, total, status in (
        (Refund("re_a", 500), 500, PaymentStatus.PARTIALLY_REFUNDED),
        (Refund("re_a", 500), 500, PaymentStatus.PARTIALLY_REFUNDED),
        (Refund("re_b", 1300), 1800, PaymentStatus.REFUNDED),
    ):
        dialog.write(lambda books, refund=refund: dialog.perform._given_back(books, key, [refund], dialog.now))  # type: ignore[misc]
        payment = dialog.payments()[0]
        assert (payment.refunded_minor, payment.status) == (total, status)


@pytest.mark.parametrize(("amount", "why"), [("99", "not paid so much"), ("0", "more than nothing"), ("abc", "amount")])
def test_an_impossible_refund_is_refused_with_a_sentence(dialog: Dialog, amount: str, why: str) -> None:
    dialog.shopper("un mug noir svp")
    dialog.pays()
    with pytest.raises(Permanent, match=why):
        wish(dialog, "refund", amount=amount)
    assert not [row for row in dialog.store.view("v_outbox") if row["kind"] == "refund"]


def test_all_is_given_back_once_however_often_it_is_asked(dialog: Dialog) -> None:
    dialog.shopper("un mug noir svp")
    dialog.pays()
    assert [said.name for said in wish(dialog, "refund")] == ["refunded"]
    with pytest.raises(Permanent):
        wish(dialog, "refund")
    assert len([row for row in dialog.store.view("v_outbox") if row["kind"] == "refund"]) == 1


def test_a_refund_that_comes_back_is_owed_again_and_told(dialog: Dialog) -> None:
    """F016: the bank sends a refund back; the order's money is with the merchant again."""
    dialog.shopper("un mug noir svp")
    dialog.pays()
    dialog.news("refund", refund=Refund("re_1", 1800))
    assert dialog.payments()[0].status is PaymentStatus.REFUNDED
    dialog.news("refund", refund=Refund("re_1", 1800, failed=True))
    payment = dialog.payments()[0]
    assert (payment.status, payment.refunded_minor) == (PaymentStatus.SUCCEEDED, 0)
    assert dialog.store.view("v_alerts")[0]["kind"] == "refund_failed"
    dialog.news("refund", refund=Refund("re_1", 1800))
    assert dialog.payments()[0].refunded_minor == 0


def test_a_charge_and_its_refunds_tell_of_the_same_money(dialog: Dialog) -> None:
    """F016: the charge's sum and the refunds by id come in any order and count once."""
    dialog.shopper("un mug noir svp")
    dialog.pays()
    dialog.news("refunded", refunded_minor=500)
    dialog.news("refund", refund=Refund("re_1", 500))
    dialog.news("refund", refund=Refund("re_2", 300))
    dialog.news("refunded", refunded_minor=800)
    assert dialog.payments()[0].refunded_minor == 800
    told = [row for row in dialog.store.view("v_outbox") if row["kind"] == "refunded"]
    assert len(told) == 2


@pytest.mark.parametrize(
    ("policy", "after_refund", "after_return"),
    [("asked", (0, 1), (0, 0)), ("always", (0, 0), (0, 0)), ("never", (0, 1), (0, 1))],
)
def test_each_product_says_when_it_is_for_sale_again(
    policy: Restock, after_refund: tuple[int, int], after_return: tuple[int, int]
) -> None:
    """F047"""
    dialog = with_policy(policy)
    dialog.shopper("un mug noir svp")
    dialog.pays()
    for _ in range(2):
        dialog.news("refund", refund=Refund("re_1", 1800))
    assert dialog.stock("mug-noir") == after_refund
    dialog.store.close()
    dialog = with_policy(policy)
    dialog.shopper("un mug noir svp")
    dialog.pays()
    wish(dialog, "ship")
    assert [said.name for said in wish(dialog, "return")] == ["returned"]
    with pytest.raises(Permanent):
        wish(dialog, "return")
    assert dialog.stock("mug-noir") == after_return
    assert dialog.order().status is OrderStatus.RETURNED
    dialog.store.close()


def test_what_is_in_dispute_is_not_sent_until_it_is_won(dialog: Dialog) -> None:
    """F017"""
    dialog.shopper("un mug noir svp")
    dialog.pays()
    dialog.news("dispute", dispute=Dispute("du_1", "open"))
    with pytest.raises(Permanent, match="in dispute"):
        wish(dialog, "ship")
    dialog.news("dispute", dispute=Dispute("du_1", "won"))
    assert [said.name for said in wish(dialog, "ship")] == ["shipped"]


def test_a_closed_dispute_is_not_opened_by_news_that_comes_late(dialog: Dialog) -> None:
    """F017, F004"""
    dialog.shopper("un mug noir svp")
    dialog.pays()
    for state in ("lost", "open", "inquiry"):
        dialog.news("dispute", dispute=Dispute("du_1", state))
        assert dialog.payments()[0].status is PaymentStatus.DISPUTED
    assert [row["kind"] for row in dialog.store.view("v_alerts")] == ["dispute_closed"]


def test_an_inquiry_takes_no_money(dialog: Dialog) -> None:
    """F017"""
    dialog.shopper("un mug noir svp")
    dialog.pays()
    dialog.news("dispute", dispute=Dispute("du_1", "inquiry"))
    assert dialog.payments()[0].status is PaymentStatus.SUCCEEDED
    assert dialog.store.view("v_alerts")[0]["kind"] == "dispute"


def test_a_dead_letter_is_tried_again_on_the_merchants_word(dialog: Dialog) -> None:
    """F102"""

    def dies(books: Books) -> Receipt:
        receipt = books.outbox.put(
            GiveBack("none"), channel="telegram", chat="1001", ref=None, now=dialog.now, eager=True
        )
        books.outbox.dead(receipt.tasks[0], "Stripe refused")
        return receipt

    dialog.write(dies)
    (letter,) = dialog.store.view("v_dead_letters")
    assert letter["error"] == "Stripe refused"
    with pytest.raises(Permanent):
        dialog.write(lambda books: WISHES["retry"](dialog.shop, books, {"rows": "999"}, dialog.now))
    receipt = dialog.write(lambda books: WISHES["retry"](dialog.shop, books, {"rows": str(letter["id"])}, dialog.now))
    assert len(receipt.lanes) == 1
    assert not dialog.store.view("v_dead_letters")
    assert dialog.store.view("v_outbox")[0]["state"] == "queued"
    with pytest.raises(Permanent):
        dialog.write(lambda books: WISHES["retry"](dialog.shop, books, {}, dialog.now))


def test_a_page_is_not_opened_for_an_order_that_is_over(dialog: Dialog) -> None:
    """F041: only who holds stock gets a page."""
    dialog.opens = False
    dialog.shopper("un mug noir svp")
    ref = dialog.order().ref
    dialog.write(lambda books: books.orders.become(ref, OrderStatus.CANCELED, "test", dialog.now))
    task = Task(99, f"pay:{ref}", "telegram", "1001", ref, OpenCheckout(dialog.payments()[0].key), 1)
    with pytest.raises(Refused):
        asyncio.run(dialog.perform(task))

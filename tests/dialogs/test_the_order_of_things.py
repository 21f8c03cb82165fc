"""Payments that come late, twice, out of order, or not at all."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.orders import CancelReason, OrderStatus
from bot.domain.payments import Dispute, News, NewsKind, PaymentStatus
from bot.service import settle
from tests.dialogs.dialog import Dialog, opened_shop


def test_a_hold_that_is_over_is_released_once_stripe_says_so(dialog: Dialog) -> None:
    """F042"""
    dialog.shopper("un mug noir svp")
    (said,) = dialog.hours(0.6)
    assert said.name == "order_expired"
    assert dialog.order().status is OrderStatus.CANCELED
    assert dialog.order().cancel_reason is CancelReason.EXPIRED
    assert dialog.stock("mug-noir") == (0, 0)


def test_a_hold_is_kept_where_the_page_was_paid_at_the_last_moment(dialog: Dialog) -> None:
    """F037: the answer to /expire is that the session is complete."""
    dialog.shopper("un mug noir svp")
    dialog.completed.add(dialog.payments()[0].key)
    (said,) = dialog.hours(0.6)
    assert said.name == "thanks"
    assert dialog.stock("mug-noir") == (0, 1)


def test_time_does_not_run_while_there_is_no_link_to_pay(dialog: Dialog) -> None:
    """F038"""
    dialog.opens = False
    dialog.shopper("un mug noir svp")
    assert dialog.hours(5) == []
    assert dialog.stock("mug-noir") == (1, 0)


def test_a_late_payment_is_honoured_while_there_is_stock(dialog: Dialog) -> None:
    """F005"""
    dialog.shopper("un mug noir svp")
    dialog.hours(0.6)
    (thanks,) = dialog.pays()
    assert thanks.name == "thanks"
    assert dialog.order().status is OrderStatus.PAID
    assert dialog.stock("mug-noir") == (0, 1)


def test_a_late_payment_for_what_is_gone_is_given_back_once(dialog: Dialog) -> None:
    """F006"""
    dialog.shopper("un mug noir svp")
    dialog.hours(0.6)
    first = dialog.payments()[0].key
    other = dialog.other("2002")
    other.shopper("un mug noir svp")
    other.pays()
    said = dialog.pays(key=first)
    assert [s.name for s in said] == ["refund_due", "refunded"]
    assert dialog.payments()[0].status is PaymentStatus.REFUNDED
    assert dialog.stock("mug-noir") == (0, 1)
    assert dialog.pays(key=first) == []


def test_a_wrong_reference_touches_no_other_order(dialog: Dialog) -> None:
    """F122"""
    dialog.shopper("un mug noir svp")
    assert [said.name for said in dialog.shopper("annuler C-ZZZZZ")] == ["unknown_ref"]
    assert dialog.order().status is OrderStatus.CREATED


def test_a_refunded_order_no_longer_reads_as_being_prepared(dialog: Dialog) -> None:
    dialog.shopper("un mug noir svp")
    dialog.pays()
    dialog.news("refunded", refunded_minor=1800)
    (said,) = dialog.shopper("où est ma commande ?")
    assert "remboursée" in said.text


def test_money_under_way_is_not_asked_for_again(dialog: Dialog) -> None:
    """F036"""
    dialog.shopper("un mug noir svp")
    dialog.pays(paid=False)
    (said,) = dialog.shopper("où est ma commande ?")
    assert not [label for label in said.labels if "Payer" in label]


def test_a_page_opened_before_a_change_of_prices_is_paid_at_its_own(dialog: Dialog) -> None:
    """F034: the delivery costs more by now; what the page was opened with counts."""
    dialog.shopper("un mug noir svp")
    goods = replace(dialog.shop.counter.catalogue, shipping=())
    dialog.shop = replace(dialog.shop, counter=replace(dialog.shop.counter, catalogue=goods))
    (thanks,) = dialog.pays(shipping_minor=490, amount_minor=2290)
    assert thanks.name == "thanks"


def test_a_refund_that_comes_days_before_its_payment_is_not_forgotten(dialog: Dialog) -> None:
    """F004"""
    dialog.shopper("un mug noir svp")
    dialog.news("refunded", event="evt_refunded", refunded_minor=1800)
    for _ in range(40):
        dialog.now += timedelta(hours=25)
        for source, key, _, attempts in dialog.write(lambda books: books.inbox.waiting(dialog.now, 100)):
            look_again(dialog, News(source, key, "refunded", False, "{}", intent="pi_x", refunded_minor=1800), attempts)
    assert dialog.store.view("v_inbox")[0]["state"] in ("new", "dead")
    dialog.pays()
    look_again_at_all(dialog)
    assert dialog.payments()[0].status is PaymentStatus.REFUNDED


def test_orders_that_are_being_canceled_still_count_as_held(dialog: Dialog) -> None:
    """F046: no hoarding by ordering and canceling while the provider is down."""
    dialog.opens = False
    for text in ("un mug bleu svp", "deux mugs bleus svp", "un t-shirt noir en M svp"):
        dialog.shopper(text)
        ref = dialog.order().ref
        dialog.write(lambda books, ref=ref: books.orders.begin_closing(ref, CancelReason.SHOPPER, dialog.now))  # type: ignore[misc]
    assert [said.name for said in dialog.shopper("une carte cadeau svp")] == ["too_many_open"]


def test_a_bank_debit_is_confirmed_only_when_the_money_is_there(dialog: Dialog) -> None:
    """F007"""
    dialog.shopper("un mug noir svp")
    (said,) = dialog.pays(paid=False)
    assert said.name == "payment_processing"
    assert dialog.hours(48) == []
    assert dialog.stock("mug-noir") == (1, 0)
    (thanks,) = dialog.news("settled")
    assert thanks.name == "thanks"


def test_a_bank_debit_that_fails_frees_the_stock_once(dialog: Dialog) -> None:
    """F008"""
    dialog.shopper("un mug noir svp")
    dialog.pays(paid=False)
    (said,) = dialog.news("failed")
    assert said.name == "payment_failed"
    assert dialog.order().cancel_reason is CancelReason.PAYMENT_FAILED
    assert dialog.news("failed") == []
    assert dialog.stock("mug-noir") == (0, 0)


def test_a_failure_after_the_success_is_old_news(dialog: Dialog) -> None:
    """F008"""
    dialog.shopper("un mug noir svp")
    dialog.pays(paid=False)
    dialog.news("settled")
    assert dialog.news("failed") == []
    assert dialog.order().status is OrderStatus.PAID


@pytest.mark.parametrize(
    "facts",
    [
        {"amount_minor": 1, "subtotal_minor": 1},
        {"amount_minor": 0},
        {"amount_minor": None},
        {"currency": "usd"},
        {"currency": None},
        {"shipping_minor": 300, "amount_minor": 2100},
        {"discount_minor": 500, "amount_minor": 1300},
        {"tax_minor": 100, "amount_minor": 1900},
    ],
    ids=str,
)
def test_a_payment_that_does_not_match_is_not_believed(dialog: Dialog, facts: dict[str, object]) -> None:
    """F012"""
    dialog.shopper("un mug noir svp")
    assert dialog.pays(**facts) == []
    assert dialog.order().status is OrderStatus.CREATED
    assert dialog.order().needs_review
    assert dialog.stock("mug-noir") == (1, 0)
    assert dialog.store.view("v_alerts")


def test_the_delivery_chosen_on_the_page_belongs_to_the_total(dialog: Dialog) -> None:
    dialog.shopper("un mug noir svp")
    (thanks,) = dialog.pays(shipping_minor=490, amount_minor=2290)
    assert "22,90" in thanks.text
    (row,) = dialog.store.view("v_orders")
    assert (row["total_minor"], row["paid_minor"]) == (2290, 2290)


def test_an_event_of_the_other_mode_is_ignored_and_told(dialog: Dialog) -> None:
    """F013"""
    dialog.shopper("un mug noir svp")
    dialog.shop = replace(dialog.shop, livemode=True)
    assert dialog.pays() == []
    assert dialog.order().status is OrderStatus.CREATED
    assert dialog.store.view("v_alerts")[0]["kind"] == "other_mode"


def test_the_webhook_may_come_before_the_answer_that_opened_the_page(dialog: Dialog) -> None:
    """F023"""
    dialog.opens = False
    dialog.shopper("un mug noir svp")
    (thanks,) = dialog.pays()
    assert thanks.name == "thanks"
    key = dialog.payments()[0].key
    late = dialog.checkout(key, "open")
    dialog.write(lambda books: dialog.perform._opened(books, key, late, dialog.now))
    assert dialog.delivered() == []


def test_a_refund_made_at_stripes_desk_is_told_once(dialog: Dialog) -> None:
    """F016"""
    dialog.shopper("un mug noir svp")
    dialog.pays()
    (said,) = dialog.news("refunded", refunded_minor=500)
    assert "5,00" in said.text
    assert dialog.payments()[0].status is PaymentStatus.PARTIALLY_REFUNDED
    assert dialog.news("refunded", refunded_minor=500) == []
    (rest,) = dialog.news("refunded", refunded_minor=1800)
    assert "13,00" in rest.text
    assert dialog.payments()[0].status is PaymentStatus.REFUNDED
    assert dialog.news("refunded", refunded_minor=500) == []
    assert dialog.payments()[0].refunded_minor == 1800


def test_a_dispute_won_says_nothing_twice(dialog: Dialog) -> None:
    """F017"""
    dialog.shopper("un mug noir svp")
    dialog.pays()
    assert dialog.news("dispute", dispute=Dispute("du_1", "open")) == []
    assert dialog.payments()[0].status is PaymentStatus.DISPUTED
    assert dialog.news("dispute", dispute=Dispute("du_1", "won")) == []
    assert dialog.payments()[0].status is PaymentStatus.SUCCEEDED
    assert dialog.news("dispute", dispute=Dispute("du_1", "open")) == []
    assert dialog.payments()[0].status is PaymentStatus.SUCCEEDED


def test_an_order_canceled_by_its_shopper_is_free_again(dialog: Dialog) -> None:
    dialog.shopper("un mug noir svp")
    (said,) = dialog.shopper("annuler")
    assert said.name == "order_canceled"
    assert dialog.order().cancel_reason is CancelReason.SHOPPER
    assert dialog.stock("mug-noir") == (0, 0)


def test_nobody_cancels_or_sees_anothers_order(dialog: Dialog) -> None:
    """F122"""
    dialog.shopper("un mug noir svp")
    ref = dialog.order().ref
    other = dialog.other("2002")
    assert [said.name for said in other.shopper(f"annuler {ref}")] == ["unknown_ref"]
    assert [said.name for said in other.shopper(f"où est ma commande {ref} ?")] == ["unknown_ref"]


EVENTS = ("completed", "settled", "expired", "refunded")


@pytest.mark.parametrize("order", list(itertools.permutations(EVENTS)), ids="-".join)
def test_events_in_any_order_end_in_one_state(order: tuple[str, ...]) -> None:
    """F004: a bank debit that succeeds and is then refunded, its events shuffled."""
    dialog = opened_shop()
    dialog.shopper("un mug noir svp")
    for kind in order:
        facts: dict[str, object] = {"refunded_minor": 1800} if kind == "refunded" else {}
        if kind == "completed":
            facts["paid"] = False
        dialog.news(kind, event=f"evt_{kind}", **facts)  # type: ignore[arg-type]
    look_again_at_all(dialog)
    payment = dialog.payments()[0]
    assert dialog.order().status is OrderStatus.PAID
    assert payment.status is PaymentStatus.REFUNDED
    assert dialog.stock("mug-noir") == (0, 1)
    said = [row["kind"] for row in dialog.store.view("v_outbox")]
    assert said.count("thanks") == 1
    assert said.count("refunded") == 1
    dialog.store.close()


def look_again_at_all(dialog: Dialog) -> None:
    """What the sweeper does with events that came ahead of their time."""
    for _ in range(4):
        dialog.now += timedelta(minutes=12)
        for source, key, _, attempts in dialog.write(lambda books: books.inbox.waiting(dialog.now, 100)):
            kind: NewsKind = "refunded" if key == "evt_refunded" else "failed"
            news = News(source, key, kind, False, "{}", intent=f"pi_{dialog.payments()[0].key}", refunded_minor=1800)
            look_again(dialog, news, attempts)
        dialog.delivered()


def look_again(dialog: Dialog, news: News, attempts: int) -> None:
    dialog.write(lambda books: settle.look_again(dialog.shop, books, news, attempts, dialog.now))


def test_a_page_that_was_opened_twice_and_paid_twice_is_one_sale_and_one_refund(dialog: Dialog) -> None:
    """F031: nobody was told of the first page, for its opening was never answered; somebody paid by it all the same."""
    dialog.shopper("un mug bleu svp")
    key = dialog.payments()[-1].key
    assert [said.name for said in dialog.pays()] == ["thanks"]
    said = dialog.pays(key=key, session="cs_of_another_page", intent="pi_of_another_page")
    assert [one.name for one in said] == ["refund_due", "refunded"]
    paid, again = dialog.payments()
    assert (paid.status, again.status) == (PaymentStatus.SUCCEEDED, PaymentStatus.REFUNDED)
    assert (paid.paid_minor - paid.refunded_minor, again.paid_minor - again.refunded_minor) == (1800, 0)
    assert dialog.stock("mug-bleu") == (0, 1)
    assert dialog.pays(key=key, session="cs_of_another_page", intent="pi_of_another_page") == []


def test_the_other_page_of_a_paid_order_is_closed(dialog: Dialog) -> None:
    """F031, F034"""
    dialog.shopper("un mug bleu svp")
    key = dialog.payments()[-1].key
    said = dialog.pays(key=key, session="cs_of_another_page", intent="pi_of_another_page")
    assert [one.name for one in said] == ["thanks"]
    told, used = dialog.payments()
    assert (told.status, used.status) == (PaymentStatus.FAILED, PaymentStatus.SUCCEEDED)
    assert dialog.order().status is OrderStatus.PAID
    assert dialog.stock("mug-bleu") == (0, 1)


def test_an_order_lives_on_while_another_page_of_it_is_being_paid(dialog: Dialog) -> None:
    dialog.shopper("un mug bleu svp")
    key = dialog.payments()[-1].key
    dialog.news("completed", key=key, paid=False, session="cs_of_another_page", intent="pi_of_another_page")
    dialog.news("expired", key=key)
    assert dialog.order().status is OrderStatus.CREATED
    assert dialog.stock("mug-bleu") == (1, 0)


def test_a_page_that_is_said_to_have_expired_ends_no_debit_that_is_under_way(dialog: Dialog) -> None:
    """F004, F007"""
    dialog.shopper("un mug bleu svp")
    dialog.news("completed", paid=False)
    dialog.news("expired")
    (payment,) = dialog.payments()
    assert payment.status is PaymentStatus.PROCESSING
    assert dialog.order().status is OrderStatus.CREATED
    assert dialog.stock("mug-bleu") == (1, 0)


def test_money_that_goes_back_to_another_page_is_not_taken_for_the_first_ones(dialog: Dialog) -> None:
    """F031: it is told before the page itself is."""
    dialog.shopper("un mug bleu svp")
    key = dialog.payments()[-1].key
    dialog.pays()
    news = News(
        "stripe", "evt_early", "refunded", False, "{}", intent="pi_of_another_page", payment=key, refunded_minor=1800
    )
    dialog.write(lambda books: settle.settle(dialog.shop, books, news, dialog.now))
    (paid,) = dialog.payments()
    assert (paid.status, paid.refunded_minor) == (PaymentStatus.SUCCEEDED, 0)
    assert [row["key"] for row in dialog.store.view("v_inbox") if row["state"] == "new"] == ["evt_early"]

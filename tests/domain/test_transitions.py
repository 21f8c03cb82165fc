"""Statuses change only along their tables; every pair is walked, in the domain and in the database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from bot.domain import orders, payments
from bot.domain.orders import CancelReason, OrderStatus
from bot.domain.payments import PaymentStatus
from tests.dialogs.dialog import START, Dialog, opened_shop


def test_every_status_has_its_row() -> None:
    assert set(orders.TRANSITIONS) == set(OrderStatus)
    assert set(payments.TRANSITIONS) == set(PaymentStatus)


def test_an_order_lives_relays_life() -> None:
    assert orders.may_become(OrderStatus.PAID) == (OrderStatus.CREATED, OrderStatus.CANCELED)
    assert orders.may_become(OrderStatus.CREATED) == ()
    assert orders.TRANSITIONS[OrderStatus.RETURNED] == frozenset()


@pytest.fixture(scope="module")
def sold() -> Iterator[Dialog]:
    dialog = opened_shop()
    dialog.shopper("un mug noir svp")
    yield dialog
    dialog.store.close()


@pytest.mark.parametrize(("source", "target"), list(itertools.product(OrderStatus, OrderStatus)))
def test_an_order_changes_only_along_the_table(sold: Dialog, source: OrderStatus, target: OrderStatus) -> None:
    ref = sold.order().ref
    sold.store._connection.execute("UPDATE orders SET status = ? WHERE ref = ?", (source, ref))
    changed = sold.write(lambda books: books.orders.become(ref, target, "test", START, reason=CancelReason.EXPIRED))
    assert changed == (target in orders.TRANSITIONS[source])
    assert sold.order().status is (target if changed else source)


@pytest.mark.parametrize(("source", "target"), list(itertools.product(PaymentStatus, PaymentStatus)))
def test_a_payment_changes_only_along_the_table(sold: Dialog, source: PaymentStatus, target: PaymentStatus) -> None:
    key = sold.payments()[0].key
    sold.store._connection.execute("UPDATE payments SET status = ? WHERE key = ?", (source, key))
    changed = sold.write(lambda books: books.payments.become(key, target, START))
    assert changed == (target in payments.TRANSITIONS[source])
    assert sold.payments()[0].status is (target if changed else source)

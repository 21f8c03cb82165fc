"""Payments that are nobody's here, a page paid twice, one shelf for every channel, and messages that break the shop."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from bot.domain.messages import Inbound
from bot.domain.orders import OrderStatus
from bot.domain.payments import PaymentStatus
from bot.domain.understanding import Understanding
from bot.errors import Refused
from bot.ports import Books, Receipt
from bot.service.intake import Reception
from bot.service.settle import settle
from bot.service.sweep import Sweeper
from tests.dialogs.dialog import Dialog, Said, opened_shop
from tests.dialogs.on_x import on_x

T = TypeVar("T")


@pytest.fixture
def dialog() -> Dialog:
    return opened_shop()


def alerts(dialog: Dialog) -> list[str]:
    return [str(row["kind"]) for row in reversed(dialog.store.view("v_alerts"))]


# -- payments


async def test_a_payment_that_is_no_orders_invents_none_and_is_told_once(dialog: Dialog) -> None:
    """F014: an unknown session, and one that names another order of ours."""
    dialog.shopper("un mug noir svp")
    before = dialog.order()
    stranger = replace(dialog.checkout(dialog.payments()[0].key, "complete", paid=True), session="cs_x", key="C-X-1")
    event = {
        "id": "evt_stranger",
        "type": "checkout.session.completed",
        "livemode": False,
        "data": {
            "object": {
                "id": stranger.session,
                "status": "complete",
                "payment_status": "paid",
                "client_reference_id": before.ref,
                "metadata": {"payment": stranger.key},
                "amount_total": stranger.amount_minor,
                "currency": "eur",
                "livemode": False,
            }
        },
    }
    news = dialog.shop.provider.reread(json.dumps(event))
    assert news is not None
    shop = Working(dialog)
    await shop.reception.settle(news)
    for wait in (2, 15, 90, 800, 5_000, 30_000, 120_000):
        dialog.now += timedelta(seconds=wait)
        await shop.sweeper.once()
    assert [row["ref"] for row in dialog.store.view("v_orders")] == [before.ref]
    assert dialog.stock("mug-noir") == (1, 0), "nothing is sold by it"
    assert alerts(dialog) == ["orphan"]
    (kept,) = (row for row in dialog.store.view("v_inbox") if row["key"] == "evt_stranger")
    assert kept["state"] == "dead", "kept for a human, with its body"


def test_an_event_of_another_account_touches_nothing_and_is_told(dialog: Dialog) -> None:
    """F015"""
    dialog.shopper("un mug noir svp")
    paid = dialog.checkout(dialog.payments()[0].key, "complete", paid=True)
    event = {"id": "evt_theirs", "type": "checkout.session.completed", "livemode": False, "account": "acct_theirs"}
    body = json.dumps(
        event | {"data": {"object": _session(paid.session, dialog.order().ref, dialog.payments()[0].key)}}
    )
    news = dialog.shop.provider.reread(body)
    assert news is not None
    assert news.account == "acct_theirs"
    dialog.write(lambda books: _settled(dialog, books, body))
    assert dialog.delivered() == []
    assert dialog.order().status is OrderStatus.CREATED
    assert dialog.payments()[0].status is PaymentStatus.PENDING
    assert alerts(dialog) == ["other_account"]
    own = json.dumps({**json.loads(body), "id": "evt_own", "account": None})
    dialog.write(lambda books: _settled(dialog, books, own))
    assert dialog.order().status is OrderStatus.PAID, "the negative control: the same of our own account counts"


def _session(session: str, ref: str, key: str) -> dict[str, object]:
    return {
        "id": session,
        "status": "complete",
        "payment_status": "paid",
        "client_reference_id": ref,
        "metadata": {"payment": key},
        "amount_total": 1800,
        "amount_subtotal": 1800,
        "currency": "eur",
        "livemode": False,
        "payment_intent": f"pi_{key}",
    }


def _settled(dialog: Dialog, books: Books, body: str) -> Receipt:
    news = dialog.shop.provider.reread(body)
    assert news is not None
    return settle(dialog.shop, books, news, dialog.now)


def test_an_order_whose_two_pages_are_both_paid_is_given_one_of_them_back(dialog: Dialog) -> None:
    """F036: one page an order is the rule; where a second one came about all the same, its money goes back."""
    dialog.shopper("un mug noir svp")
    first = dialog.payments()[0]
    second = replace(first, key=f"{first.ref}-second", external_id=None, intent=None, url=None)
    dialog.write(lambda books: books.payments.add(second))
    (thanks,) = dialog.pays(key=first.key)
    assert thanks.name == "thanks"
    said = dialog.pays(key=second.key)
    assert said[0].name == "refund_due"
    assert "second" in said[0].text
    assert dialog.payment(first.key).status is PaymentStatus.SUCCEEDED
    assert dialog.payment(second.key).status in (PaymentStatus.REFUND_DUE, PaymentStatus.REFUNDED)
    assert dialog.order().status is OrderStatus.PAID
    assert dialog.stock("mug-noir") == (0, 1)
    assert "refund_due" in alerts(dialog)
    assert dialog.pays(key=second.key) == []


# -- one shelf


def test_the_last_one_is_sold_once_whatever_the_channel() -> None:
    """F040: somebody on X and somebody on Telegram want the same last thing."""
    for first in ("x", "telegram"):
        there = on_x()
        here = Dialog(there.shop, there.store, there.renderer, there.perform, chat="1001")
        both = [there, here] if first == "x" else [here, there]
        said = [one.shopper("je voudrais un mug noir svp")[0].name for one in both]
        assert said == ["link", "sold_out"]
        assert here.stock("mug-noir") == (1, 0)
        there.store.close()


# -- words that came too late


async def test_a_link_that_waited_until_its_order_was_over_is_not_said(dialog: Dialog) -> None:
    """F105: after an outage nobody is asked to pay for what is canceled, being closed, or paid already."""
    endings: list[Callable[[], list[Said]]] = [lambda: dialog.hours(0.6), dialog.pays]
    for ends in endings:
        (link,) = dialog.shopper("un mug noir svp")
        assert link.name == "link"
        ends()
        with pytest.raises(Refused, match="no longer to be paid"):
            await dialog.perform(link.task)


# -- messages that break the shop


class Working:
    """A shop whose intake and sweeper run as they do, with the dialog's clock."""

    def __init__(self, dialog: Dialog) -> None:
        self.reception = Reception(dialog.shop, self._written(dialog), lambda: dialog.now, lambda name, _: name)
        write = self._written(dialog)
        self.sweeper = Sweeper(
            dialog.shop,
            write,  # type: ignore[arg-type]
            write,
            lambda: dialog.now,
            every=1,
            steady=lambda: dialog.now.timestamp(),
        )

    @staticmethod
    def _written(dialog: Dialog) -> Callable[[Callable[[Books], T]], Awaitable[T]]:
        def write(work: Callable[[Books], T]) -> Awaitable[T]:
            async def done() -> T:
                return dialog.write(work)

            return done()

        return write


def breaking(dialog: Dialog, word: str) -> dict[str, bool]:
    """The shop breaks at this word for as long as the value under "broken" is true."""
    state = {"broken": True}
    understand = dialog.shop.understand

    def breaks(text: str, language: str | None) -> Understanding:
        if state["broken"] and word in text:
            raise KeyError(text)
        return understand(text, language)

    dialog.shop = replace(dialog.shop, understand=breaks)
    return state


def event(key: str, text: str) -> Inbound:
    return Inbound("telegram", key, "telegram", "1001", "1001", "Camille", "fr", text)


async def test_a_message_that_breaks_the_shop_is_set_aside_and_its_chat_goes_on(dialog: Dialog) -> None:
    """F072: acknowledged, looked at again for a day and more, then for a human; and never with a card number in it."""
    breaking(dialog, "poison")
    shop = Working(dialog)
    receipts = await shop.reception.take(
        [event("1", "poison 4242 4242 4242 4242"), event("2", "je voudrais un mug noir"), event("3", "poison")]
    )
    assert len(receipts) == 3
    assert [row["chat"] for row in dialog.store.view("v_orders")] == ["1001"]
    dialog.delivered()
    for wait in (2, 15, 90, 800, 5_000, 30_000, 120_000):
        dialog.now += timedelta(seconds=wait)
        await shop.sweeper.once()
    kept = {row["key"]: row["state"] for row in dialog.store.view("v_inbox") if row["source"] == "telegram"}
    assert kept == {"1": "dead", "2": "done", "3": "dead"}
    assert alerts(dialog).count("poison") == 2
    rows = dialog.store._query("SELECT body, error FROM inbox", ())
    assert not [row for row in rows if "4242 4242" in f"{row['body']}{row['error']}"]
    assert (await shop.reception.take([event("1", "poison")]))[0].fresh is False


async def test_what_was_set_aside_is_answered_once_the_shop_is_mended(dialog: Dialog) -> None:
    """F072"""
    state = breaking(dialog, "mug noir")
    shop = Working(dialog)
    await shop.reception.take([event("1", "je voudrais un mug noir")])
    assert dialog.store.view("v_orders") == []
    state["broken"] = False
    dialog.now += timedelta(seconds=2)
    await shop.sweeper.once()
    assert [said.name for said in dialog.delivered()] == ["link"]
    (row,) = dialog.store.view("v_inbox")
    assert row["state"] == "done"

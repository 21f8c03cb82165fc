"""A shop on an older copy of its books says nothing twice that it may have said, and asks for what it missed."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.effects import Say
from bot.domain.orders import OrderStatus
from bot.ports import Books
from bot.service.restoring import COPY, gap_since, may_have_been_said, woken
from tests.dialogs.dialog import START, Dialog


def copied(dialog: Dialog, at: datetime) -> None:
    dialog.write(lambda books: books.ledger.move(COPY, at.isoformat(), at))


def put(dialog: Dialog, at: datetime) -> None:
    def queue(books: Books) -> None:
        books.outbox.put(Say("welcome", "fr", {"name": "Zoé"}), channel="telegram", chat="1", ref=None, now=at)

    dialog.write(queue)


def wakes(dialog: Dialog) -> None:
    dialog.write(lambda books: woken(books, dialog.now))


def states(dialog: Dialog) -> list[object]:
    return [row["state"] for row in reversed(dialog.store.view("v_outbox"))]


def test_only_what_is_recent_is_still_said(dialog: Dialog) -> None:
    """F097"""
    put(dialog, START - timedelta(hours=20))
    put(dialog, START - timedelta(minutes=5))
    copied(dialog, START - timedelta(hours=19))
    wakes(dialog)
    assert states(dialog) == ["dead", "queued"]
    assert dialog.store.view("v_alerts")[0]["kind"] == "restored"
    assert dialog.write(gap_since) == START - timedelta(hours=19)


def test_a_shop_on_its_own_books_says_all_that_waits(dialog: Dialog) -> None:
    """F097, the other way round: a shop that was only down keeps what it has to say."""
    put(dialog, START - timedelta(hours=20))
    wakes(dialog)
    assert states(dialog) == ["queued"]
    assert not dialog.store.view("v_alerts")


def test_an_old_sale_that_is_found_again_is_settled_without_a_word(dialog: Dialog) -> None:
    """F097"""
    dialog.shopper("un mug noir svp")
    paid_at = dialog.now + timedelta(minutes=10)
    copied(dialog, dialog.now + timedelta(minutes=5))
    dialog.now += timedelta(days=1)
    wakes(dialog)
    assert dialog.pays(made_at=paid_at) == []
    assert dialog.order().status is OrderStatus.PAID
    assert dialog.stock("mug-noir") == (0, 1)


def test_a_sale_paid_just_now_is_thanked_for(dialog: Dialog) -> None:
    """F097"""
    dialog.shopper("un mug noir svp")
    copied(dialog, dialog.now)
    dialog.now += timedelta(days=1)
    wakes(dialog)
    assert [said.name for said in dialog.pays(made_at=dialog.now)] == ["thanks"]


def test_without_a_copy_nothing_is_kept_silent(dialog: Dialog) -> None:
    assert not dialog.write(lambda books: may_have_been_said(books, START - timedelta(days=300)))

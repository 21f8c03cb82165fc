"""One person who writes without end does not take the others' time."""

from __future__ import annotations

from dataclasses import replace

from bot.service.receive import MOST_UNHEARD, receive
from tests.dialogs.dialog import Dialog


def writes(dialog: Dialog, *texts: str) -> None:
    """Messages that come before any answer could be sent."""
    for text in texts:
        event = replace(dialog._event(), text=text)
        dialog.write(lambda books, event=event: receive(dialog.shop, books, event, dialog.now))  # type: ignore[misc]


def waiting(dialog: Dialog, chat: str = "1001") -> int:
    return sum(row["state"] == "queued" and row["chat"] == chat for row in dialog.store.view("v_outbox"))


def test_whoever_does_not_wait_for_an_answer_gets_no_more_of_them(dialog: Dialog) -> None:
    """F114"""
    writes(dialog, *["bonjour"] * 500)
    assert waiting(dialog) == MOST_UNHEARD + 1
    assert len(dialog.store.view("v_inbox", 1000)) == 500
    other = dialog.other("2002")
    writes(other, "un mug bleu svp")
    assert dialog.store.view("v_orders")[0]["chat"] == "2002"
    dialog.delivered()
    assert [said.name for said in dialog.shopper("bonjour")] == ["welcome"]


def test_stop_is_obeyed_in_the_middle_of_a_flood(dialog: Dialog) -> None:
    """F114"""
    writes(dialog, *["bonjour"] * 100, "stop")
    dialog.delivered()
    assert dialog.shopper("bonjour") == []

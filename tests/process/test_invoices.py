"""Telegram's own payment sheet through the installed command: asked, agreed, paid, told, and on bad days."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.process.world import World, until

pytestmark = pytest.mark.process
PROMISED = 3.0
"""Seconds within which a question is answered, whatever the shop is busy with; Telegram waits for ten."""
BACKLOG = {"polling": 500, "webhook": 200}
"""Messages that Telegram holds before the question: five pages of a poll, or as many calls, forty at a time."""


@dataclass
class SheetWorld(World):
    """A world whose shop is paid by invoice."""

    def __post_init__(self) -> None:
        super().__post_init__()
        path = self.folder / "bot.toml"
        path.write_text(path.read_text().replace('mode = "', 'payments = "invoice"\nmode = "', 1))

    @property
    def secrets(self) -> dict[str, str]:
        return super().secrets | {"TELEGRAM_PROVIDER_TOKEN": "284685063:TEST:NGI1ZmE2NjQyOTY4"}

    def invoice(self, chat: int) -> Mapping[str, Any]:
        """The invoice that the shop showed in a chat."""
        found = until(
            lambda: next((m for m in reversed(self.heard(chat)) if m["invoice"]), None),
            what=f"an invoice in {[m['text'] for m in self.heard(chat)]}",
        )
        assert isinstance(found, Mapping)
        return found

    def confirms(self, chat: int, **more: object) -> dict[str, Any]:
        """Somebody confirms the sheet; what became of it once the shop has answered."""
        message = self.invoice(chat)["message_id"]
        outcome = self.post("/telegram/invoice", chat=chat, message_id=message, **more)
        assert isinstance(outcome, dict)
        return outcome

    def buys(self, chat: int, text: str = "je voudrais un mug bleu", **more: Any) -> Mapping[str, Any]:
        self.says(text, chat=chat, **more)
        return self.invoice(chat)


@contextlib.contextmanager
def opened_sheets(folder: Path, **settings: Any) -> Iterator[SheetWorld]:
    world = SheetWorld(folder, **settings)
    try:
        world.start()
        yield world
    finally:
        world.close()


@pytest.fixture(scope="module", params=["polling", "webhook"])
def sheets(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SheetWorld]:
    """One shop for the tests of a mode, each with chats of its own."""
    with opened_sheets(tmp_path_factory.mktemp("sheets"), mode=request.param) as world:
        yield world


def test_a_french_and_an_english_sale_by_invoice_to_thank_you(sheets: SheetWorld) -> None:
    for chat, text, language, thanks in (
        (1101, "je voudrais deux mugs bleus", "fr", "Merci"),
        (1102, "buy two blue mugs", "en", "Thank you"),
    ):
        shown = sheets.buys(chat, text, language=language)
        assert shown["invoice"]["total_amount"] == 3600
        assert shown["invoice"]["start_parameter"]
        assert [button.get("pay", False) for row in shown["buttons"] for button in row] == [True, False]
        outcome = sheets.confirms(chat)
        assert outcome["paid"], outcome
        assert outcome["waited"] < PROMISED
        assert "40,90" in (said := sheets.hears(thanks, chat=chat)["text"]) or "40.90" in said
        order = sheets.order_is("paid", chat=chat)
        (payment,) = sheets.rows("v_payments", ref=order["ref"])
        assert (payment["provider"], payment["status"], payment["amount_minor"]) == ("telegram", "succeeded", 4090)
        assert payment["external_id"] == outcome["charge"]
        assert "12 rue des Lilas" in payment["ship_to"]
        assert sheets.get("/stripe/sessions", client_reference_id=order["ref"]) == []


def test_the_news_of_a_payment_that_comes_four_times_counts_once(sheets: SheetWorld) -> None:
    """F064"""
    sheets.buys(1201)
    outcome = sheets.confirms(1201)
    sheets.hears("Merci", chat=1201)
    sheets.post("/telegram/redeliver", update_id=outcome["update_id"], copies=3)
    sheets.says("merci beaucoup", chat=1201)
    sheets.hears("plaisir", chat=1201)
    sheets.quiet()
    assert len([m for m in sheets.heard(1201) if "Merci" in m["text"]]) == 1
    assert len(sheets.rows("v_payments", ref=sheets.order(1201)["ref"])) == 1


def test_a_payment_by_somebody_else_is_refused_and_the_buyers_is_not(sheets: SheetWorld) -> None:
    """F063"""
    sheets.buys(1301)
    foreign = sheets.confirms(1301, user=666)
    assert (foreign["paid"], "quelqu'un d'autre" in foreign["why"]) == (False, True)
    assert sheets.confirms(1301)["paid"]
    sheets.order_is("paid", chat=1301)
    again = sheets.confirms(1301)
    assert (again["paid"], "déjà payée" in again["why"]) == (False, True)


def test_a_country_where_nothing_goes_is_refused(sheets: SheetWorld) -> None:
    sheets.buys(1401)
    outcome = sheets.confirms(1401, country="US")
    assert (outcome["paid"], "livrons pas" in outcome["why"]) == (False, True)
    assert sheets.order(1401)["status"] == "created"
    assert sheets.confirms(1401)["paid"]


def test_a_canceled_order_is_refused_with_its_reason_and_its_invoice_goes(sheets: SheetWorld) -> None:
    """F062"""
    shown = sheets.buys(1501)
    outcome: dict[str, Any] = {}
    held, sold = sheets.stock("mug-bleu")
    sheets.presses(shown, "Annuler", chat=1501)
    sheets.order_is("canceled", chat=1501)
    with contextlib.suppress(AssertionError):  # the message may be gone already
        outcome = sheets.post("/telegram/invoice", chat=1501, message_id=shown["message_id"])
    assert not outcome.get("paid")
    until(lambda: not [m for m in sheets.heard(1501) if m["invoice"]], what="the invoice is taken back")
    assert sheets.stock("mug-bleu") == (held - 1, sold)


def test_a_payment_whose_amount_does_not_match_is_for_a_human(sheets: SheetWorld) -> None:
    """F064"""
    sheets.buys(1601)
    ref = sheets.order(1601)["ref"]
    person = {"id": 1601, "is_bot": False, "first_name": "Camille", "language_code": "fr"}
    for charge, payload in (("tpc_wrong", _payload(sheets, ref)), ("tpc_unknown", "C-00000-nothing")):
        paid = {
            "currency": "EUR",
            "total_amount": 1,
            "invoice_payload": payload,
            "telegram_payment_charge_id": charge,
            "provider_payment_charge_id": f"ch_{charge}",
        }
        message = {
            "message_id": 9000,
            "date": 1,
            "from": person,
            "chat": {"id": 1601, "type": "private", "first_name": "Camille"},
            "successful_payment": paid,
        }
        sheets.post("/telegram/update", message=message)
    until(lambda: sheets.order(1601)["needs_review"], what="a human must look")
    until(lambda: [a for a in sheets.rows("v_alerts", kind="orphan") if "tpc_unknown" in a["text"]], what="an orphan")
    assert sheets.order(1601)["status"] == "created"


def _payload(sheets: SheetWorld, ref: str) -> str:
    with contextlib.closing(sqlite3.connect(f"file:{sheets.folder / 'shop.db'}?mode=ro", uri=True)) as reader:
        (key,) = reader.execute("SELECT key FROM payments WHERE ref = ?", (ref,)).fetchone()
    return str(key)


def test_a_question_is_answered_in_time_behind_a_backlog_while_every_wire_hangs(sheets: SheetWorld) -> None:
    """F061: hundreds of messages wait before it, and Telegram's sends and Stripe hang for longer than may be waited."""
    sheets.buys(1801)
    sheets.quiet()
    sheets.breaks(service="telegram", method="sendMessage", kind="hang", seconds=4, times=-1)
    sheets.breaks(service="stripe", method="*", kind="hang", seconds=4, times=-1)
    assert sheets.shop is not None
    sheets.shop.send_signal(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(8) as crowd:
            list(crowd.map(lambda n: sheets.says("bonjour", chat=20_000 + n), range(BACKLOG[sheets.mode])))
            paying = crowd.submit(sheets.confirms, 1801)
            until(lambda: sheets.get("/telegram/questions"), what="Telegram asks")
            sheets.shop.send_signal(signal.SIGCONT)
            outcome = paying.result()
    finally:
        sheets.shop.send_signal(signal.SIGCONT)
        sheets.mends()
    assert outcome["paid"], outcome
    assert outcome["waited"] < PROMISED
    sheets.order_is("paid", chat=1801)


def test_a_locked_database_is_no_reason_to_keep_a_payer_waiting(sheets: SheetWorld) -> None:
    """F061, F092: nothing can be agreed to, and that is said in time."""
    sheets.buys(1901)
    with contextlib.closing(sqlite3.connect(sheets.folder / "shop.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        sheets.says("bonjour", chat=1902)
        outcome = sheets.confirms(1901)
        other.execute("ROLLBACK")
    assert (outcome["paid"], "Un instant" in outcome["why"]) == (False, True)
    assert outcome["waited"] < PROMISED
    sheets.hears("Bienvenue", chat=1902)
    assert sheets.confirms(1901)["paid"]
    sheets.order_is("paid", chat=1901)


def test_a_payment_agreed_to_before_a_kill_is_waited_for_though_its_hold_is_over(tmp_path: Path) -> None:
    """F051, F042: Telegram keeps the news until somebody takes it."""
    with opened_sheets(tmp_path, hold="2s") as world:
        world.buys(1001, "je voudrais un mug noir")
        world.quiet()
        world.breaks(service="telegram", method="getUpdates", kind="hang", seconds=0.2, times=-1, skip=1)
        outcome = world.confirms(1001)
        world.kill()
        assert outcome["paid"], outcome
        assert world.order()["status"] == "created"
        until(lambda: time.time() > _made_at(world) + 2.5, what="its hold is over")
        world.start()
        until(lambda: world.rows("v_outbox", kind="close_checkout"), what="the order is being closed")
        assert world.stock("mug-noir") == (1, 0)
        world.mends()
        world.hears("Merci")
        assert world.order_is("paid")
        assert world.stock("mug-noir") == (0, 1)


def _made_at(world: SheetWorld) -> float:
    return datetime.fromisoformat(world.order()["created_at"]).timestamp()


def test_an_invoice_that_runs_out_is_refused_released_and_said(tmp_path: Path) -> None:
    """F062, F042"""
    with opened_sheets(tmp_path, hold="1s") as world:
        shown = world.buys(1001, "je voudrais un mug noir")
        assert world.order_is("canceled")["cancel_reason"] == "expired"
        world.hears("Le temps est écoulé")
        assert world.stock("mug-noir") == (0, 0)
        until(lambda: not [m for m in world.heard() if m["invoice"]], what="the invoice is taken back")
        assert world.http.post(
            f"{world.sandbox}/sandbox/telegram/invoice", json={"chat": 1001, "message_id": shown["message_id"]}
        ).is_client_error

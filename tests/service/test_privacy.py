"""A shopper asks what is held on them, or to be forgotten: every table of a real database is looked through."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.costs import Charge, Cost
from bot.domain.invoices import InvoiceRequest
from bot.domain.messages import Inbound, Paid
from bot.domain.privacy import PERSONAL, is_alias, without_person
from bot.domain.shoppers import Shopper
from bot.errors import Permanent
from bot.payments.stripe.events import read_event
from bot.service.desk import Desk
from bot.service.privacy import BODIES_LIVE, SCRUB, erase, export, forget_old_bodies, scrub, scrub_what_is_left
from bot.service.receive import look_again, put_aside
from storage import SqliteStore
from tests.dialogs.dialog import START, Dialog, Said, catalogue, opened_shop
from tests.dialogs.on_x import XDialog, on_x
from tests.dialogs.test_invoices import SheetDialog

ZOE, MAX = "7313377001", "7313377002"
NAME, WORDS = "Zoraïde", "mug Xylocope gravé pour Tante Ursuline"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


def on_file(dialog: Dialog, path: Path) -> Dialog:
    """The same shop over a database on the disk, whose bytes can be looked at."""
    store = SqliteStore(str(path))
    store.write(lambda books: books.shelf.sync(catalogue()))
    return replace(dialog, store=store, perform=replace(dialog.perform, store=store))


@pytest.fixture
def zoe(path: Path) -> Iterator[Dialog]:
    dialog = on_file(opened_shop(), path).other(ZOE)
    yield dialog
    dialog.store.close()


@pytest.fixture
def zoe_on_x(path: Path) -> Iterator[XDialog]:
    dialog = on_file(on_x(), path).other(ZOE)
    assert isinstance(dialog, XDialog)
    yield dialog
    dialog.store.close()


def says(dialog: Dialog, text: str) -> list[Said]:
    return dialog.shopper(text, name=NAME)


def forgets(dialog: Dialog, chat: str = ZOE, channel: str = "telegram") -> list[Said]:
    """Erase a shopper, and then say and do all that waits."""
    dialog.write(lambda books: erase(books, channel, chat, dialog.now))
    scrub(dialog.store, dialog.now)
    return dialog.delivered()


def everything(path: Path) -> str:
    """Every cell of every table, as one text."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        tables = [name for (name,) in reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in reader.execute(f"SELECT * FROM {table}")]
    return "\n".join(str(cell) for row in rows for cell in row)


def in_files(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir() if file.name.startswith(path.name))


def traces(path: Path, *words: str) -> list[str]:
    """Which of these words stand in a table or anywhere in a file's bytes."""
    held, written = everything(path), in_files(path)
    return [word for word in words if word in held or word.encode() in written]


def test_an_export_holds_everything_of_one_shopper_and_nothing_of_another(zoe: Dialog) -> None:
    """F132"""
    says(zoe, "je voudrais deux mugs bleus")
    zoe.pays()
    says(zoe, "un tee-shirt noir")
    other = zoe.other(MAX, "en")
    other.shopper("buy a gift card", name="Maximilian")
    held = zoe.store.read(lambda books: export(books, "telegram", ZOE))
    (order,) = held["orders"]
    assert order["status"] == "paid"
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [("mug-bleu", 2)]  # type: ignore[attr-defined]
    assert [payment["paid_minor"] for payment in order["payments"]] == [3600]  # type: ignore[attr-defined]
    assert [row["to_status"] for row in order["history"]] == ["created", "paid"]  # type: ignore[attr-defined]
    assert {"link", "thanks"} <= {str(message["kind"]) for message in held["messages"]}
    assert (held["shopper"][0]["name"], held["shopper"][0]["question"]) == (NAME, "T-shirt Lumière")
    text = json.dumps(held, ensure_ascii=False)
    (theirs,) = [row["ref"] for row in zoe.store.view("v_orders") if row["chat"] == MAX]
    assert not [word for word in (MAX, "Maximilian", str(theirs), "carte") if word in text]
    for key in ("token", "request"):
        assert f'"{key}"' not in text


def test_events_that_wait_are_in_the_export_of_who_sent_them_or_paid(zoe: Dialog) -> None:
    """F132"""
    says(zoe, "je voudrais un mug bleu")
    ref = zoe.order().ref
    event = Inbound("telegram", "900", "telegram", ZOE, ZOE, NAME, text=WORDS)
    zoe.write(lambda books: put_aside(zoe.shop, books, event, "KeyError()", START))
    zoe.write(lambda books: put_aside(zoe.shop, books, replace(event, key="901", chat=MAX), "KeyError()", START))
    body = json.dumps({"id": "evt_7", "data": {"object": {"client_reference_id": ref}}})
    zoe.write(lambda books: books.inbox.set_aside("stripe", "evt_7", body, "why", again_at=None, now=START))
    zoe.write(lambda books: books.inbox.set_aside("stripe", "evt_8", '{"id": "x"}', "why", again_at=None, now=START))
    held = zoe.store.read(lambda books: export(books, "telegram", ZOE))
    assert [(row["source"], row["key"]) for row in held["events"]] == [("telegram", "900"), ("stripe", "evt_7")]


def test_of_a_stranger_nothing_is_held(zoe: Dialog) -> None:
    """F132"""
    says(zoe, "bonjour")
    for chat, channel in (("1", "telegram"), (ZOE, "x")):
        with pytest.raises(Permanent, match=f"nothing is held on {channel}:{chat}"):
            zoe.store.read(lambda books, channel=channel, chat=chat: export(books, channel, chat))  # type: ignore[misc]
        with pytest.raises(Permanent, match="nothing is held"):
            zoe.write(lambda books, channel=channel, chat=chat: erase(books, channel, chat, START))  # type: ignore[misc]


def test_who_is_forgotten_stands_in_no_table_and_in_no_byte_of_a_file(zoe: Dialog, path: Path) -> None:
    """F131"""
    zoe.other(MAX, "en").shopper("buy a gift card", name="Maximilian")
    says(zoe, f"je voudrais un mug bleu, {WORDS}")
    says(zoe, f"combien coûte un {WORDS} ?")
    asked = Shopper("telegram", ZOE, "fr", NAME, question="une lanterne", asked_at=START)
    zoe.write(lambda books: books.shoppers.keep(asked, START))
    event = Inbound("telegram", "900", "telegram", ZOE, ZOE, NAME, text=WORDS)
    zoe.write(lambda books: put_aside(zoe.shop, books, event, f"KeyError({WORDS!r})", START))
    words = (ZOE, NAME, "Xylocope", "Ursuline", "une lanterne")
    assert traces(path, *words) == list(words)
    assert forgets(zoe) == []
    assert traces(path, *words) == []
    assert MAX in everything(path)
    assert "Maximilian" in everything(path)
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_erasure_that_is_not_scrubbed_leaves_its_bytes_in_the_files(zoe: Dialog, path: Path) -> None:
    """F131: the negative control of `scrub`; and what a shop that ended before it makes up for at its next start."""
    says(zoe, "un tee-shirt noir")
    zoe.write(lambda books: erase(books, "telegram", ZOE, START))
    assert NAME not in everything(path)
    assert NAME.encode() in in_files(path)
    zoe.write(lambda books: erase(books, "telegram", ZOE, START))  # asked again before it is done: nothing more
    scrub_what_is_left(zoe.store, START)
    assert traces(path, ZOE, NAME, "tee-shirt noir") == []
    assert zoe.store.read(lambda books: books.ledger.cursor(SCRUB)) is None
    with pytest.raises(Permanent, match="nothing is held"):
        zoe.write(lambda books: erase(books, "telegram", ZOE, START))


def test_a_paid_order_is_kept_without_its_shopper(zoe: Dialog) -> None:
    """F131: the tax office asks for it for years."""
    says(zoe, "je voudrais deux mugs bleus")
    zoe.pays()
    before = zoe.order()
    assert forgets(zoe) == []
    after = zoe.order()
    assert is_alias(after.chat)
    assert replace(after, chat=ZOE) == before
    assert {row["chat"] for row in (*zoe.store.view("v_orders"), *zoe.store.view("v_outbox"))} == {after.chat}
    assert zoe.history(after.ref) == [(None, "created"), ("created", "paid")]
    assert zoe.payments()[0].paid_minor == 3600
    assert zoe.stock("mug-bleu") == (0, 2)


def test_two_forgotten_shoppers_are_not_one(zoe: Dialog) -> None:
    """F131"""
    for dialog in (zoe, zoe.other(MAX)):
        says(dialog, "je voudrais un mug bleu")
        forgets(dialog, dialog.chat)
    aliases = {row["chat"] for row in zoe.store.view("v_orders")}
    assert len(aliases) == 2
    assert all(is_alias(str(alias)) for alias in aliases)


def test_an_unpaid_order_is_ended_once_its_page_is_closed_and_nobody_is_told(zoe: Dialog) -> None:
    """F131, F042"""
    says(zoe, "je voudrais un mug bleu")
    zoe.write(lambda books: erase(books, "telegram", ZOE, zoe.now))
    assert zoe.order().status == "created"
    assert zoe.stock("mug-bleu") == (1, 0)  # nobody has said yet that the page can no longer be paid
    waiting = [row["kind"] for row in zoe.store.view("v_outbox") if row["state"] == "queued"]
    assert waiting == ["close_checkout"]
    assert zoe.delivered() == []
    assert (zoe.order().status, zoe.order().cancel_reason) == ("canceled", "shopper")
    assert zoe.stock("mug-bleu") == (0, 0)


def test_who_pays_while_they_are_forgotten_has_paid(zoe: Dialog) -> None:
    """F131, F042: the closing finds the page complete."""
    says(zoe, "je voudrais un mug bleu")
    zoe.completed.add(zoe.payments()[0].key)
    assert forgets(zoe) == []
    assert zoe.order().status == "paid"
    assert zoe.stock("mug-bleu") == (0, 1)


def test_a_bank_debit_on_its_way_is_waited_for(zoe: Dialog) -> None:
    """F131, F007"""
    says(zoe, "je voudrais un mug bleu")
    zoe.pays(paid=False)
    assert forgets(zoe) == []
    assert (zoe.order().status, zoe.order().closing) == ("created", None)
    assert zoe.news("settled") == []
    assert zoe.order().status == "paid"


@pytest.mark.parametrize("kind", ["completed", "expired"])
def test_a_later_event_of_a_forgotten_shopper_still_counts(zoe: Dialog, kind: str) -> None:
    """F131"""
    says(zoe, "je voudrais un mug bleu")
    zoe.write(lambda books: erase(books, "telegram", ZOE, zoe.now))
    assert zoe.news(kind) == []  # type: ignore[arg-type]
    assert zoe.order().status == {"completed": "paid", "expired": "canceled"}[kind]
    held, sold = zoe.stock("mug-bleu")
    assert (held, sold) == {"completed": (0, 1), "expired": (0, 0)}[kind]


@pytest.mark.parametrize("waits", [False, True])
def test_an_invoice_agreed_to_before_is_paid_after_its_shopper_is_forgotten(path: Path, waits: bool) -> None:
    """F131, F062: the news comes after the erasure, or waits in the inbox while it happens."""
    plain = opened_shop()
    goods = plain.shop.counter.catalogue
    shop = replace(plain.shop, invoices={"telegram": InvoiceRequest(goods, ("FR",)).freeze})
    sheet = SheetDialog(shop, plain.store, plain.renderer, replace(plain.perform, shop=shop))
    zoe = on_file(sheet, path).other(ZOE)
    assert isinstance(zoe, SheetDialog)
    says(zoe, "je voudrais un mug bleu")
    assert zoe.confirms() == ""
    asked = zoe.question()
    it = Paid("tpc_1", "ch_1", asked.payload, asked.currency, asked.amount, asked.way, f"{NAME}\n3 rue Ursuline")
    event = Inbound("telegram", "paid:tpc_1", "telegram", ZOE, ZOE, NAME, paid=it)
    if waits:
        zoe.write(lambda books: put_aside(zoe.shop, books, event, "KeyError()", zoe.now))
    assert forgets(zoe) == []
    assert traces(path, ZOE, NAME, "Ursuline") == []
    assert zoe.confirms() != ""  # nothing more is agreed to
    if waits:
        zoe.now += timedelta(days=1)
        ((source, key, _, _),) = zoe.write(lambda books: books.inbox.waiting(zoe.now, 10))
        zoe.write(lambda books: look_again(zoe.shop, books, source, key, zoe.now))
    else:
        zoe.does(event)
    assert (zoe.order().status, zoe.stock("mug-bleu")) == ("paid", (0, 1))
    assert zoe.payments()[0].status == "succeeded"
    assert zoe.delivered() == []
    zoe.store.close()


def test_who_writes_again_after_being_forgotten_is_somebody_new(zoe: Dialog) -> None:
    """F131"""
    (link,) = [said for said in says(zoe, "je voudrais un mug bleu") if said.name == "link"]
    cancels = next(label for label in link.labels if "nnuler" in label)
    zoe.pays()
    forgets(zoe)
    assert zoe.presses(link, cancels) == []
    assert zoe.receipt.notice == "stale"
    assert says(zoe, "où en est ma commande ?")[-1].name != "order_status"
    assert zoe.order().status == "paid"


def test_what_was_still_to_be_said_is_not_said_and_not_brought_back(zoe: Dialog) -> None:
    """F131"""
    says(zoe, "je voudrais un mug bleu")
    zoe.pays()
    order = zoe.order()
    zoe.write(lambda books: Desk(zoe.shop, books, zoe.now).say(order, "shipped", {"tracking": "6A0001"}))
    claimed = zoe.write(lambda books: books.outbox.claim(f"telegram:{ZOE}", zoe.now, timedelta(seconds=30)))
    assert claimed is not None
    zoe.write(lambda books: Desk(zoe.shop, books, zoe.now).say(order, "refund_due", {"twice": True}))
    assert forgets(zoe) == []
    states = {row["kind"]: row["state"] for row in zoe.store.view("v_outbox")}
    assert (states["shipped"], states["refund_due"], states["thanks"]) == ("dead", "dead", "sent")
    assert not zoe.write(lambda books: books.outbox.sent(claimed, "9", zoe.now))  # whoever had it in hand is too late
    assert zoe.write(lambda books: books.outbox.revive(None, zoe.now)) == frozenset()


def test_on_x_posts_costs_and_the_record_of_the_rules_forget_too(zoe_on_x: XDialog, path: Path) -> None:
    """F131, F132"""
    zoe = zoe_on_x
    zoe.mentions("@atelier combien coûte le mug bleu ?", post="8800880011", handle="zoraide_x")
    says(zoe, "je voudrais un mug bleu")
    zoe.pays()
    zoe.write(lambda books: books.ledger.charge("x", Cost(Charge.DM_READ, "990099", ZOE), 10_000, zoe.now))
    held = zoe.store.read(lambda books: export(books, "x", ZOE))
    assert all(held[kind] for kind in ("shopper", "orders", "messages", "costs", "conduct"))
    words = ("8800880011", "990099", "zoraide_x", ZOE, NAME)
    assert traces(path, *words) == list(words)
    assert forgets(zoe, channel="x") == []
    left = everything(path).replace("post:8800880011", "")  # the key under which the post is never answered again
    assert not [word for word in words if word in left]
    assert traces(path, *words[1:]) == []
    assert zoe.costs()["dm_read"] == 10_000  # what they cost stays in the sums
    assert zoe.mentions("@atelier combien coûte le mug bleu ?", post="8800880011") == []


def test_what_settles_a_payment_survives_without_who_paid_it() -> None:
    """F131: an event that waits while its shopper is forgotten is still applied."""
    session = {
        "id": "cs_1",
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "client_reference_id": "C-7Q4K2",
        "metadata": {"payment": "C-7Q4K2-k", "order": "C-7Q4K2"},
        "amount_total": 2290,
        "amount_subtotal": 1800,
        "currency": "eur",
        "livemode": False,
        "payment_intent": "pi_1",
        "total_details": {"amount_shipping": 490, "amount_discount": 0, "amount_tax": 0},
        "customer_details": {"name": NAME, "email": "z@example.com", "address": {"line1": "3 rue Ursuline"}},
        "collected_information": {"shipping_details": {"name": NAME}},
        "custom_fields": [{"text": {"value": WORDS}}],
    }
    event = {"id": "evt_1", "type": "checkout.session.completed", "livemode": False, "data": {"object": session}}
    body = json.dumps(event, ensure_ascii=False)
    rest = without_person(body)
    assert rest is not None
    assert not [word for word in (NAME, "example.com", "Ursuline", "Xylocope") if word in rest]
    before, after = read_event(body), read_event(rest)
    assert before is not None
    assert after is not None
    assert replace(after, body="") == replace(before, body="")
    assert "metadata" not in PERSONAL


def test_what_is_no_json_keeps_nothing() -> None:
    """F131"""
    assert without_person(f"{{ {NAME}") is None


def test_a_body_set_aside_for_good_is_forgotten_after_its_time_and_its_key_is_not(zoe: Dialog, path: Path) -> None:
    """F132"""
    for day, key in ((0, "900"), (5, "901")):
        now = START + timedelta(days=day)
        event = Inbound("telegram", key, "telegram", ZOE, ZOE, NAME, text=f"{WORDS} {key}")
        body = json.dumps({"channel": "telegram", "chat": ZOE, "text": event.text})
        zoe.write(lambda books: books.inbox.set_aside("telegram", key, body, WORDS, again_at=None, now=now))  # noqa: B023
    later = START + BODIES_LIVE + timedelta(days=1)
    assert zoe.write(lambda books: forget_old_bodies(books, later)) == 1
    assert zoe.write(lambda books: forget_old_bodies(books, later)) == 0
    kept = zoe.store.read(lambda books: export(books, "telegram", ZOE))
    assert [row["key"] for row in kept["events"]] == ["901"]
    assert {row["key"]: row["state"] for row in zoe.store.view("v_inbox")} == {"900": "dead", "901": "dead"}
    assert not zoe.write(lambda books: books.inbox.accept("telegram", "900", later))


def test_an_event_that_still_waits_keeps_its_body_however_old_it_is(zoe: Dialog) -> None:
    """F132"""
    zoe.write(lambda books: books.inbox.set_aside("stripe", "evt_1", "{}", "why", again_at=START, now=START))
    assert zoe.write(lambda books: forget_old_bodies(books, START + timedelta(days=400))) == 0
    assert zoe.write(lambda books: books.inbox.waiting(START, 10))

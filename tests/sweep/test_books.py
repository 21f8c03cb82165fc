"""The oracle is not blind: books that are right pass, and each way in which they can be wrong is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.sweep.books import Books, Row, broken, wrong
from tests.sweep.outside import Outside, Page, Said


def right() -> tuple[Books, Outside]:
    """One shopper bought two mugs, paid, and was thanked."""
    order = {
        "ref": "C-AAAAA",
        "chat": "1001",
        "status": "paid",
        "hold": "sold",
        "needs_review": 0,
        "paid_minor": 4090,
        "refunded_minor": 0,
    }
    said = [("link", "41", "voici le lien"), ("thanks", "42", "merci")]
    books = Books(
        orders=[order],
        lines=[{"ref": "C-AAAAA", "sku": "mug", "quantity": 2}],
        payments=[{"ref": "C-AAAAA", "external_id": "cs_1", "status": "succeeded"}],
        stock=[{"sku": "mug", "total": 25, "held": 0, "sold": 2}],
        inbox=[{"source": "telegram", "key": "1", "state": "done"}],
        outbox=[
            {
                "id": number,
                "chat": "1001",
                "kind": kind,
                "ref": "C-AAAAA",
                "state": "sent",
                "ambiguous": 0,
                "lane": "telegram:1001",
                "external_id": name,
            }
            for number, (kind, name, _) in enumerate(said)
        ],
        history=[
            {"ref": "C-AAAAA", "from_status": None, "to_status": "created"},
            {"ref": "C-AAAAA", "from_status": "created", "to_status": "paid"},
        ],
    )
    thread = [Said("40", ours=False, text="deux mugs"), *(Said(name, ours=True, text=text) for _, name, text in said)]
    return books, Outside({"1001": thread}, [Page("cs_1", "C-AAAAA", 4090, 0, 0)], 4090)


def changed(rows: object, place: int = 0, **news: object) -> list[Row]:
    """The rows with one of them changed."""
    assert isinstance(rows, list)
    return [{**row, **news} if number == place else row for number, row in enumerate(rows)]


Tamper = Callable[[Books, Outside], tuple[Books, Outside]]
TAMPERED: tuple[tuple[str, Tamper], ...] = (
    ("1 held", lambda b, o: (replace(b, stock=changed(b.stock, held=1)), o)),
    ("2 of 1 are promised", lambda b, o: (replace(b, stock=changed(b.stock, total=1)), o)),
    ("its hold is live", lambda b, o: (replace(b, orders=changed(b.orders, hold="live")), o)),
    ("its history ends with", lambda b, o: (replace(b, history=b.history[:1]), o)),
    ("created became returned", lambda b, o: (replace(b, history=changed(b.history, 1, to_status="returned")), o)),
    ("has 2 orders", lambda b, o: (replace(b, orders=[*b.orders, {**b.orders[0], "ref": "C-BBBBB"}]), o)),
    ("waits for a human", lambda b, o: (replace(b, orders=changed(b.orders, needs_review=1)), o)),
    ("has 2 payment pages", lambda b, o: (b, replace(o, pages=[*o.pages, replace(o.pages[0], id="cs_2")]))),
    ("which is no order", lambda b, o: (b, replace(o, pages=[*o.pages, Page("cs_2", "C-CCCCC", 0, 0, 0)]))),
    ("that does not exist", lambda b, o: (b, replace(o, pages=[]))),
    ("Stripe says 4000", lambda b, o: (b, replace(o, pages=[replace(o.pages[0], paid_minor=4000)]))),
    ("Stripe's balance is 1", lambda b, o: (b, replace(o, balance_minor=1))),
    ("is sending", lambda b, o: (replace(b, outbox=changed(b.outbox, 1, state="sending")), o)),
    ("is dead", lambda b, o: (replace(b, outbox=changed(b.outbox, 1, state="dead")), o)),
    ("inbox telegram 1 is new", lambda b, o: (replace(b, inbox=changed(b.inbox, state="new")), o)),
    ("thanked for 0 times", lambda b, o: (replace(b, outbox=b.outbox[:1]), o)),
    ("thanked for 2 times", lambda b, o: (replace(b, outbox=[*b.outbox, b.outbox[1]]), o)),
    ("heard 2 times", lambda b, o: (b, heard(o, Said("43", ours=True, text="merci")))),
    ("no such message", lambda b, o: (b, replace(o, threads={"1001": o.threads["1001"][:2]}))),
    ("heard 1 times, 0 at most", lambda b, o: (b, heard(o, Said("43", ours=True, text="autre chose")))),
    ("was not answered", lambda b, o: (b, heard(o, Said("43", ours=False, text="allô ?")))),
    ("before outbox 0", lambda b, o: (b, replace(o, threads={"1001": [o.threads["1001"][i] for i in (0, 2, 1)]}))),
    ("who is nobody", lambda b, o: (b, replace(o, threads={}))),
    ("is damaged", lambda b, o: (replace(b, sound="row 7 missing from index"), o)),
)


def heard(outside: Outside, more: Said) -> Outside:
    return replace(outside, threads={"1001": [*outside.threads["1001"], more]})


def test_books_that_are_right_pass() -> None:
    assert wrong(*right()) == []


@pytest.mark.parametrize(("words", "tamper"), TAMPERED, ids=[words for words, _ in TAMPERED])
def test_books_that_are_wrong_are_reported(words: str, tamper: Tamper) -> None:
    """F048, F089: the negative control of every check."""
    assert any(words in sentence for sentence in wrong(*tamper(*right())))


def test_a_copy_that_is_owned_up_to_passes() -> None:
    """F101: a message whose fate was unknown may stand there twice."""
    books, outside = right()
    books = replace(books, outbox=changed(books.outbox, 1, ambiguous=1))
    assert wrong(books, heard(outside, Said("43", ours=True, text="merci"))) == []
    assert wrong(books, heard(heard(outside, Said("43", ours=True, text="merci")), Said("44", ours=True, text="merci")))


def test_a_fault_in_the_log_is_reported() -> None:
    assert broken("fine\nTraceback (most recent call last)\n  …")
    assert broken('{"event": "shop.open"}') == []

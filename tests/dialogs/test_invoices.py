"""Sales in the platform's own payment sheet: asked before the money is taken, told after, and everything in between."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.domain.effects import CloseCheckout
from bot.domain.invoices import LATEST_PAYMENT, ONE_AT_A_TIME, Asked, InvoiceRequest, Way, thawed
from bot.domain.messages import Inbound, Paid
from bot.domain.orders import OrderStatus
from bot.domain.payments import Payment, PaymentStatus
from bot.errors import Temporary
from bot.ports import Books, Rendered, Task
from bot.service.cashier import RowCashier, agree, ways
from bot.service.crossing import Crossing
from bot.service.receive import receive
from bot.service.shop import dump_inbound, load_inbound
from tests.dialogs.dialog import MUG_PRICE, Dialog, Said, opened_shop

DELIVERY = 490
ADDRESS = "Camille Martin\n12 rue des Lilas\n75011 Paris\nFR"


@dataclass
class SheetDialog(Dialog):
    """A dialog whose shop is paid by invoice; closing one is the product's own doing, with its own waits."""

    waiting: list[tuple[timedelta, Task]] = field(default_factory=list)
    queries: Iterator[int] = field(default_factory=itertools.count)

    def _outside(self, task: Task) -> None:
        if not isinstance(task.effect, CloseCheckout):
            super()._outside(task)
            return
        try:
            _, mark = asyncio.run(replace(self.perform, clock=lambda: self.now)(task))
        except Temporary as later:
            assert later.retry_after is not None
            self.waiting.append((timedelta(seconds=later.retry_after), task))
        else:
            self.write(lambda books: mark(books, self.now))

    def waits(self, span: timedelta) -> list[Said]:
        """Time passes; what was to be tried again by then is."""
        self.now += span
        tried, self.waiting = self.waiting, []
        for wait, task in tried:
            if wait > span:
                self.waiting.append((wait - span, task))
            else:
                self._outside(task)
        return [*self.swept(), *self.delivered()]

    @property
    def asks(self) -> Payment:
        return self.payments()[0]

    def question(self, **more: object) -> Asked:
        """What Telegram asks when the shopper confirms the sheet."""
        invoice = thawed(self.asks.request)
        usual = Asked(
            id=f"q{next(self.queries)}",
            payload=invoice.payload,
            user=self.chat,
            language=self.language,
            currency=invoice.currency,
            amount=invoice.asks("colissimo") or 0,
            way="colissimo",
            country="FR",
        )
        return replace(usual, **more)  # type: ignore[arg-type]

    def confirms(self, **more: object) -> str:
        """The shop's answer to that question: "" where it agrees, else the reason's name."""
        asked = self.question(**more)
        return self.answer(asked)

    def answer(self, asked: Asked) -> str:
        refused = self.write(lambda books: agree(books, asked, self.now))
        return "" if refused is None else refused.name

    def is_charged(self, charge: str = "tpc_1", user: str | None = None, **more: object) -> list[Said]:
        """The news that Telegram took the money."""
        asked = self.question()
        paid = Paid(charge, f"ch_{charge}", asked.payload, asked.currency, asked.amount, asked.way, ADDRESS)
        paid = replace(paid, **more)  # type: ignore[arg-type]
        user = user or self.chat
        self.told = Inbound("telegram", f"paid:{charge}", "telegram", user, user, "Camille", paid=paid)
        return self.does(self.told)

    def told_again(self) -> bool:
        """Whether the last news, come once more, is new to the shop."""
        return self.write(lambda books: receive(self.shop, books, self.told, self.now)).fresh

    def alerts(self) -> list[object]:
        return [row["kind"] for row in reversed(self.store.view("v_alerts"))]


@pytest.fixture
def counter() -> Iterator[SheetDialog]:
    plain = opened_shop()
    goods = plain.shop.counter.catalogue
    shop = replace(plain.shop, invoices={"telegram": InvoiceRequest(goods, ("FR",)).freeze})
    yield SheetDialog(shop, plain.store, plain.renderer, replace(plain.perform, shop=shop))
    plain.store.close()


def test_one_message_is_answered_with_an_invoice_that_says_what_it_is_for(counter: SheetDialog) -> None:
    (said,) = counter.shopper("je voudrais deux mugs bleus")
    assert said.name == "link"
    assert counter.order().ref in said.text
    assert "2 × Mug bleu" in said.text
    assert "<" not in said.text
    assert said.body.rows[0] == (("Payer 36,00\xa0€", None, None),)
    assert said.token("Annuler")
    assert counter.stock("mug-bleu") == (2, 0)
    assert (counter.asks.provider, counter.asks.amount_minor) == ("telegram", 2 * MUG_PRICE)


def test_an_invoice_is_frozen_with_prices_ways_and_an_address_to_ask_for(counter: SheetDialog) -> None:
    """F034"""
    counter.shopper("je voudrais deux mugs bleus")
    invoice = thawed(counter.asks.request)
    assert invoice.payload == counter.asks.key
    assert len(invoice.payload.encode()) <= 128
    assert invoice.prices == (("2 × Mug bleu", 3600),)
    assert invoice.ways == (Way("colissimo", "Colissimo", DELIVERY, ("FR",)),)
    assert invoice.addressed
    assert len(invoice.title) <= 32


def test_a_sale_by_invoice_is_thanked_and_the_merchant_knows_where_to_send_it(counter: SheetDialog) -> None:
    counter.shopper("je voudrais deux mugs bleus")
    assert counter.confirms() == ""
    (thanks,) = counter.is_charged()
    assert thanks.name == "thanks"
    assert "40,90" in thanks.text
    order = counter.order()
    assert (order.status, order.total_minor) == (OrderStatus.PAID, 3600 + DELIVERY)
    assert counter.stock("mug-bleu") == (0, 2)
    paid = counter.asks
    assert (paid.status, paid.external_id, paid.intent) == (PaymentStatus.SUCCEEDED, "tpc_1", "ch_tpc_1")
    assert paid.ship_to == ADDRESS


def test_an_english_shopper_reads_an_english_invoice(counter: SheetDialog) -> None:
    guest = replace(counter, chat="2002", language="en")
    (said,) = guest.shopper("buy a blue mug")
    assert "kept for 30 min" in said.text
    assert "1 × Blue mug" in said.text


def test_asking_again_shows_the_same_invoice_and_places_no_second_order(counter: SheetDialog) -> None:
    """F036"""
    counter.shopper("je voudrais deux mugs bleus")
    (again,) = counter.shopper("je voudrais deux mugs bleus")
    assert again.name == "link_again"
    effect = again.task.effect
    assert getattr(effect, "invoice", None) == counter.asks.key
    assert len(counter.payments()) == 1
    assert counter.stock("mug-bleu") == (2, 0)


def test_the_news_of_one_payment_counts_once(counter: SheetDialog) -> None:
    """F064: known by its charge, under whatever update it comes."""
    counter.shopper("je voudrais deux mugs bleus")
    counter.confirms()
    counter.is_charged()
    assert not counter.told_again()
    assert counter.delivered() == []
    assert counter.stock("mug-bleu") == (0, 2)
    assert len(counter.payments()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 1},
        {"amount": 3600},
        {"currency": "USD"},
        {"way": None},
        {"way": "somewhere"},
    ],
    ids=str,
)
def test_a_payment_that_does_not_match_is_not_believed(counter: SheetDialog, wrong: dict[str, object]) -> None:
    """F064"""
    counter.shopper("je voudrais deux mugs bleus")
    counter.confirms()
    assert counter.is_charged(**wrong) == []  # type: ignore[arg-type]
    order = counter.order()
    assert order.status is OrderStatus.CREATED
    assert order.needs_review is not None
    assert "needs_review" in counter.alerts()
    assert counter.stock("mug-bleu") == (2, 0)
    assert counter.hours(25) == []  # nothing is given up before somebody has looked


def test_a_payment_of_an_unknown_invoice_invents_no_order(counter: SheetDialog) -> None:
    """F064"""
    counter.shopper("je voudrais deux mugs bleus")
    assert counter.is_charged(payload="C-00000-nothing") == []
    assert counter.alerts() == ["orphan"]
    assert counter.order().status is OrderStatus.CREATED


def test_a_second_payment_of_the_same_invoice_is_given_back(counter: SheetDialog) -> None:
    """F063"""
    counter.shopper("je voudrais deux mugs bleus")
    counter.confirms()
    counter.is_charged("tpc_1")
    told = counter.is_charged("tpc_2")
    assert [said.name for said in told] == ["refund_due", "refunded"]
    first, second = counter.payments()
    assert (first.status, second.status) == (PaymentStatus.SUCCEEDED, PaymentStatus.REFUNDED)
    assert counter.order().status is OrderStatus.PAID
    assert counter.stock("mug-bleu") == (0, 2)


def test_somebody_elses_payment_that_lands_all_the_same_is_given_back(counter: SheetDialog) -> None:
    """F063: the invoice still waits for whom it was made."""
    counter.shopper("je voudrais deux mugs bleus")
    assert counter.confirms(user="666") == "invoice_not_yours"
    counter.is_charged("tpc_9", user="666")
    mine, foreign = counter.payments()
    assert (mine.status, foreign.status) == (PaymentStatus.PENDING, PaymentStatus.REFUNDED)
    assert counter.order().status is OrderStatus.CREATED
    assert counter.stock("mug-bleu") == (2, 0)
    assert counter.confirms() == ""
    assert [said.name for said in counter.is_charged("tpc_1")] == ["thanks"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"user": "666"}, "invoice_not_yours"),
        ({"amount": 3600}, "invoice_changed"),
        ({"currency": "USD"}, "invoice_changed"),
        ({"way": None, "amount": 3600}, "invoice_changed"),
        ({"way": "express"}, "invoice_changed"),
        ({"country": "US"}, "invoice_no_delivery"),
        ({"payload": "C-00000-nothing"}, "invoice_unknown"),
    ],
)
def test_what_is_not_as_it_was_frozen_is_refused_with_its_reason(
    counter: SheetDialog, more: dict[str, object], why: str
) -> None:
    """F062, F063"""
    counter.shopper("je voudrais deux mugs bleus")
    assert counter.confirms(**more) == why
    assert counter.stock("mug-bleu") == (2, 0)
    for language in ("fr", "en"):
        assert 20 < len(counter.renderer.word(why, language)) <= 200
    assert counter.confirms() == ""


def test_an_order_that_ran_out_is_refused_and_released_though_nobody_swept_yet(counter: SheetDialog) -> None:
    """F062"""
    counter.shopper("un mug noir svp")
    counter.now += timedelta(minutes=31)
    assert counter.confirms() == "invoice_over"
    assert counter.stock("mug-noir") == (1, 0)
    assert [said.name for said in counter.swept()] == ["order_expired"]
    assert counter.confirms() == "invoice_over"
    assert counter.stock("mug-noir") == (0, 0)
    assert counter.asks.status is PaymentStatus.FAILED


def test_a_canceled_order_is_refused(counter: SheetDialog) -> None:
    """F062"""
    (said,) = counter.shopper("un mug noir svp")
    (canceled,) = counter.presses(said, "Annuler")
    assert canceled.name == "order_canceled"
    assert counter.confirms() == "invoice_over"
    assert counter.stock("mug-noir") == (0, 0)


def test_a_paid_order_is_refused(counter: SheetDialog) -> None:
    """F063"""
    counter.shopper("un mug noir svp")
    counter.confirms()
    counter.is_charged()
    assert counter.confirms() == "invoice_paid"


def test_two_taps_are_not_both_agreed_to_and_a_declined_card_is_tried_again(counter: SheetDialog) -> None:
    """F063"""
    counter.shopper("un mug noir svp")
    assert counter.confirms() == ""
    assert counter.confirms() == "invoice_under_way"
    counter.now += ONE_AT_A_TIME
    assert counter.confirms() == ""


def test_the_same_question_again_gets_the_same_answer(counter: SheetDialog) -> None:
    """F051: a process that ended before its answer left is asked once more."""
    counter.shopper("un mug noir svp")
    asked = counter.question()
    assert counter.answer(asked) == counter.answer(asked) == ""


def test_a_payment_that_was_agreed_to_is_waited_for_before_its_stock_is_given_up(counter: SheetDialog) -> None:
    """F042: the hold ends between the shop's yes and the bank's."""
    counter.shopper("un mug noir svp")
    counter.now += timedelta(minutes=29)
    assert counter.confirms() == ""
    assert counter.waits(timedelta(minutes=2)) == []
    assert counter.confirms() == "invoice_over"
    assert counter.stock("mug-noir") == (1, 0)
    (thanks,) = counter.is_charged()
    assert thanks.name == "thanks"
    assert counter.stock("mug-noir") == (0, 1)
    assert counter.waits(LATEST_PAYMENT) == []
    assert counter.order().status is OrderStatus.PAID


def test_a_payment_that_was_agreed_to_and_never_comes_keeps_nothing_for_ever(counter: SheetDialog) -> None:
    """F042, F043"""
    counter.shopper("un mug noir svp")
    counter.now += timedelta(minutes=29)
    counter.confirms()
    assert counter.waits(timedelta(minutes=2)) == []
    assert [said.name for said in counter.waits(LATEST_PAYMENT)] == ["order_expired"]
    assert counter.stock("mug-noir") == (0, 0)
    assert counter.waits(LATEST_PAYMENT) == []


def test_a_payment_after_its_stock_was_given_up_takes_it_again_or_goes_back(counter: SheetDialog) -> None:
    """F006"""
    counter.shopper("un mug noir svp")
    counter.confirms()
    counter.waits(timedelta(minutes=41))
    assert counter.order().status is OrderStatus.CANCELED
    (thanks,) = counter.is_charged()
    assert thanks.name == "thanks"
    assert counter.stock("mug-noir") == (0, 1)


def test_a_payment_for_what_is_sold_by_now_goes_back(counter: SheetDialog) -> None:
    """F006"""
    counter.shopper("un mug noir svp")
    counter.confirms()
    asked, ref = counter.question(), counter.order().ref
    counter.waits(timedelta(minutes=41))
    other = replace(counter, chat="2002")
    other.shopper("un mug noir svp")
    paid = Paid("tpc_1", "ch_1", asked.payload, asked.currency, asked.amount, asked.way)
    told = counter.does(Inbound("telegram", "paid:tpc_1", "telegram", "1001", "1001", paid=paid))
    assert [said.name for said in told] == ["refund_due", "refunded"]
    assert counter.order(ref).status is OrderStatus.CANCELED
    assert counter.stock("mug-noir") == (1, 0)


def test_a_country_is_offered_the_ways_that_go_there(counter: SheetDialog) -> None:
    counter.shopper("deux mugs bleus svp")

    def offered(country: str, **more: object) -> object:
        asked = counter.question(country=country, **more)
        return counter.write(lambda books: ways(books, asked, counter.now))

    assert offered("FR") == [Way("colissimo", "Colissimo", DELIVERY, ("FR",))]
    assert getattr(offered("US"), "name", None) == "invoice_no_delivery"
    assert getattr(offered("FR", user="666"), "name", None) == "invoice_not_yours"


def test_an_invoice_that_cannot_be_shown_ends_its_order(counter: SheetDialog) -> None:
    """F033: Telegram refuses the sheet itself."""
    counter.write(
        lambda books: receive(counter.shop, books, replace(counter._event(), text="un mug noir svp"), counter.now)
    )
    task = counter._next()
    assert task is not None

    def refused(books: Books) -> None:
        books.outbox.dead(task, "CURRENCY_TOTAL_AMOUNT_INVALID")
        counter.perform.given_up(books, task, "CURRENCY_TOTAL_AMOUNT_INVALID", counter.now, nothing_done=True)

    counter.write(refused)
    assert [said.name for said in counter.delivered()] == ["cannot_be_paid"]
    assert counter.stock("mug-noir") == (0, 0)


def test_what_a_payment_told_survives_being_set_aside(counter: SheetDialog) -> None:
    """F072"""
    counter.shopper("un mug noir svp")
    counter.is_charged()
    assert load_inbound(dump_inbound(counter.told)) == counter.told


async def test_a_busy_store_is_no_reason_to_keep_a_payer_waiting(counter: SheetDialog) -> None:
    """F061: and what was refused for want of time is not agreed to afterwards."""
    counter.shopper("un mug noir svp")
    asked = counter.question()
    write = Crossing(counter.store)
    held, released = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(_books: Books) -> None:
        loop.call_soon_threadsafe(held.set)
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()

    holding = asyncio.ensure_future(write(hold))
    await held.wait()
    cashier = RowCashier(write, lambda: counter.now, counter.renderer.word, patience=0.05)
    assert await cashier.agree(asked) == counter.renderer.word("invoice_busy", "fr")
    released.set()
    await holding
    assert await write(lambda books: books.payments.get(asked.payload).agreed_at) is None  # type: ignore[union-attr]
    assert await cashier.agree(asked) == ""


def test_an_invoice_needs_no_markup_and_fits(counter: SheetDialog) -> None:
    """F056"""
    (said,) = counter.shopper("deux mugs bleus svp")
    assert isinstance(said.body, Rendered)
    assert len(said.text) <= 255

"""Telegram's payment sheet on the real wire: what is sent, how questions are answered in time, what is read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.telegram import channel as channel_module
from bot.channels.telegram.invoices import ANSWER_WITHIN, TIMED, Till, read_asked, read_paid, sheet
from bot.channels.telegram.updates import ALLOWED, Me, read_update
from bot.channels.telegram.wire import AiohttpRequest
from bot.domain.invoices import CURRENCIES, Asked, Invoice, Way, cut, minor_units, platform_units, thawed
from bot.domain.messages import Inbound
from bot.errors import Permanent
from bot.ports import Envelope, Receipt, Rendered
from bot.sandbox.faults import Rule
from bot.sandbox.server import Sandbox, serving
from bot.sandbox.telegram import shoppers
from bot.sandbox.telegram.invoices import Payer, pay
from tests.sandbox.bot_api_spec import faults_of_call

TOKEN = "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok"
ME = Me(7, "atelier_bot")
PERSON = {"id": 1001, "is_bot": False, "first_name": "Camille", "language_code": "fr"}
INVOICE = Invoice(
    payload="C-7Q4K2-key",
    ref="C-7Q4K2",
    title="C-7Q4K2 · 2 × Mug",
    currency="EUR",
    prices=(("2 × Mug", 3600),),
    ways=(Way("colissimo", "Colissimo", 490, ("FR",)),),
    addressed=True,
    countries=("FR",),
)
BODY = Rendered("Commande C-7Q4K2", ((("Payer 36 €", None, None),), (("Annuler", "1.1", None),)))


@dataclass
class Clerk:
    """A cashier who says what a test wants, and remembers what was asked."""

    word: str = ""
    asked: list[Asked] = field(default_factory=list)

    async def agree(self, asked: Asked) -> str:
        self.asked.append(asked)
        return self.word

    async def ways(self, asked: Asked) -> Sequence[Way] | str:
        self.asked.append(asked)
        return INVOICE.ways_to(asked.country or "") or "nous ne livrons pas là"


@dataclass
class Line:
    sandbox: Sandbox
    channel: TelegramChannel
    clerk: Clerk
    taken: list[Inbound]
    slow: asyncio.Event
    """While it is clear the store takes nothing in."""
    came: asyncio.Event
    """The news of a payment was taken in."""
    entered: asyncio.Event
    """The store was handed something that it does not take in yet."""

    async def shows(self, invoice: Invoice = INVOICE) -> int:
        sent = await self.channel.send(Envelope("1001", BODY, invoice=invoice.frozen()))
        assert sent is not None
        return int(sent)

    async def pays(self, message: int, **payer: Any) -> dict[str, Any]:
        chat = self.sandbox.telegram.chats.peek(1001)
        assert chat is not None
        return await pay(self.sandbox.telegram, chat, message, Payer(PERSON, **payer))

    def calls(self, method: str) -> list[dict[str, Any]]:
        return [dict(entry.params) for entry in self.sandbox.journal.of("telegram", method)]


@asynccontextmanager
async def opened(request: Callable[..., AiohttpRequest] = AiohttpRequest) -> AsyncIterator[Line]:
    sandbox, clerk, slow = Sandbox(seed=1), Clerk(), asyncio.Event()
    came, entered = asyncio.Event(), asyncio.Event()
    slow.set()
    taken: list[Inbound] = []

    async def intake(events: Sequence[Inbound]) -> Sequence[Receipt]:
        if not slow.is_set():
            entered.set()
        await slow.wait()
        taken.extend(events)
        if any(event.paid for event in events):
            came.set()
        return [Receipt() for _ in events]

    async with serving(sandbox) as address:
        settings = TelegramSettings(TOKEN, f"{address}/telegram", 1, 1000, 1000, {}, provider_token="1:TEST:x")
        channel = TelegramChannel(settings, request, clerk)
        await channel.start(intake)
        shoppers.say(sandbox.telegram, 1001, "bonjour", name="Camille", language="fr")
        await channel.take(await channel._poll(None))
        listening = asyncio.create_task(channel.listen())
        yield Line(sandbox, channel, clerk, taken, slow, came, entered)
        slow.set()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await channel.stop()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with opened() as opening:
        yield opening


async def test_an_invoice_is_sent_as_telegram_documents_it(line: Line) -> None:
    """F063: a start parameter, so that nobody can pay a forwarded copy."""
    await line.shows()
    (sent,) = line.calls("sendInvoice")
    assert faults_of_call("sendInvoice", sent) == []
    assert (sent["payload"], sent["provider_token"]) == ("C-7Q4K2-key", "1:TEST:x")
    assert sent["start_parameter"] == "C-7Q4K2"
    assert json.loads(sent["prices"]) == [{"label": "2 × Mug", "amount": 3600}]
    assert {"is_flexible", "need_shipping_address", "need_name"} <= set(sent)
    first = json.loads(sent["reply_markup"])["inline_keyboard"][0][0]
    assert first == {"text": "Payer 36 €", "pay": True}


async def test_what_is_asked_for_at_no_door_asks_for_no_address(line: Line) -> None:
    await line.shows(replace(INVOICE, ways=(), addressed=False, countries=()))
    (sent,) = line.calls("sendInvoice")
    assert not {"is_flexible", "need_shipping_address", "need_name"} & set(sent)


async def test_a_question_is_answered_with_ways_then_yes_and_the_payment_comes_in(line: Line) -> None:
    outcome = await line.pays(await line.shows())
    assert outcome["paid"], outcome
    ways, agreed = line.clerk.asked
    assert (ways.country, ways.user) == ("FR", "1001")
    assert (agreed.amount, agreed.way, agreed.currency) == (4090, "colissimo", "EUR")
    await asyncio.wait_for(line.came.wait(), 3)
    paid = [event for event in line.taken if event.paid]
    assert paid[0].key == f"paid:{outcome['charge']}"
    assert paid[0].paid is not None
    assert paid[0].paid.ship_to == "Camille Martin\n12 rue des Lilas\n75011 Paris\nFR"
    for method in ("answerShippingQuery", "answerPreCheckoutQuery"):
        assert [faults_of_call(method, params) for params in line.calls(method)] == [[]]


async def test_a_refusal_carries_its_reason(line: Line) -> None:
    """F062"""
    line.clerk.word = "Le temps est écoulé"
    outcome = await line.pays(await line.shows())
    assert (outcome["paid"], outcome["why"]) == (False, "Le temps est écoulé")
    abroad = await line.pays(await line.shows(), country="US")
    assert (abroad["paid"], abroad["why"]) == (False, "nous ne livrons pas là")


@pytest.mark.parametrize("rule", [{"kind": "drop_before"}, {"kind": "status", "code": 502}, {"kind": "hang"}], ids=str)
async def test_an_answer_that_did_not_arrive_is_given_again_in_time(line: Line, rule: dict[str, Any]) -> None:
    """F061"""
    line.sandbox.faults.add(Rule(service="telegram", method="answerPreCheckoutQuery", **rule))
    outcome = await line.pays(await line.shows(replace(INVOICE, ways=())))
    assert outcome["paid"], outcome
    assert outcome["waited"] < ANSWER_WITHIN + 0.5


async def test_a_question_that_is_shown_twice_is_answered_once(line: Line) -> None:
    await line.pays(await line.shows(replace(INVOICE, ways=())))
    update = next(u for u in line.sandbox.telegram.history.values() if "pre_checkout_query" in u)
    for _ in range(3):
        await line.channel.take([update])
    assert len(line.clerk.asked) == 1


async def test_sends_that_hang_on_every_connection_do_not_hold_up_an_answer() -> None:
    """F061"""
    async with opened(_few_connections) as line:
        assert await _answered_while_sends_hang(line)


async def test_without_connections_of_its_own_an_answer_waits_behind_them() -> None:
    """F061: the control of the test above."""
    wires: list[AiohttpRequest] = []

    def shared(**how: Any) -> AiohttpRequest:
        """One wire for everything but the polls."""
        wires.append(_few_connections(**how))
        return wires[-1] if len(wires) < 3 else wires[1]

    async with opened(shared) as line:
        assert not await _answered_while_sends_hang(line)


def _few_connections(*, connections: int = 2, read_seconds: float = 15.0) -> AiohttpRequest:
    return AiohttpRequest(connections=connections, read_seconds=read_seconds)


async def _answered_while_sends_hang(line: Line) -> bool:
    """Whether a question is answered within a second while Telegram lets every send hang for longer."""
    shown = await line.shows(replace(INVOICE, ways=()))
    line.sandbox.faults.add(Rule(service="telegram", method="sendMessage", kind="hang", seconds=2, times=-1))
    sends = [asyncio.create_task(line.channel.send(Envelope("1001", Rendered("x")))) for _ in range(4)]
    await asyncio.sleep(0)
    paying = asyncio.create_task(line.pays(shown))
    done, _ = await asyncio.wait({paying}, timeout=1)
    for task in (*sends, paying):
        task.cancel()
    await asyncio.gather(*sends, paying, return_exceptions=True)
    return bool(done)


async def test_a_question_that_comes_while_the_store_takes_its_time_is_seen(line: Line) -> None:
    """F061"""
    assert await _answered_while_the_store_is_slow(line)


async def test_without_another_look_it_would_not_be(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """F061: the control of the test above."""
    monkeypatch.setattr(channel_module, "LOOK_EVERY", 60.0)
    assert not await _answered_while_the_store_is_slow(line)


async def _answered_while_the_store_is_slow(line: Line) -> bool:
    """Whether a question is answered within 2 s though the intake does not return; and nothing is confirmed by it."""
    shown = await line.shows(replace(INVOICE, ways=()))
    line.slow.clear()
    shoppers.say(line.sandbox.telegram, 1001, "un mug", name="Camille", language="fr")
    await asyncio.wait_for(line.entered.wait(), 5)
    paying = asyncio.create_task(line.pays(shown))
    done, _ = await asyncio.wait({paying}, timeout=2)
    assert [u for u in line.sandbox.telegram.queue.pending.values() if u.get("message", {}).get("text") == "un mug"]
    paying.cancel()
    await asyncio.gather(paying, return_exceptions=True)
    return bool(done)


async def test_an_invoice_is_taken_back_and_one_that_is_gone_is_no_failure(line: Line) -> None:
    shown = str(await line.shows())
    for _ in range(2):
        assert await line.channel.send(Envelope("1001", Rendered(""), shown, withdrawn=True)) == shown
    assert len(line.calls("deleteMessage")) == 2


async def test_a_picture_that_telegram_cannot_fetch_costs_no_invoice(line: Line) -> None:
    _refuses(line, "failed to get HTTP URL content")
    assert await line.shows(replace(INVOICE, picture="https://shop.example/mug.jpg"))
    assert ["photo_url" in params for params in line.calls("sendInvoice")] == [True, False]


async def test_another_refusal_of_an_invoice_is_none_of_its_pictures(line: Line) -> None:
    """F033"""
    _refuses(line, "CURRENCY_TOTAL_AMOUNT_INVALID")
    with pytest.raises(Permanent):
        await line.shows(replace(INVOICE, picture="https://shop.example/mug.jpg"))
    assert len(line.calls("sendInvoice")) == 1


def _refuses(line: Line, sentence: str) -> None:
    body = json.dumps({"ok": False, "error_code": 400, "description": f"Bad Request: {sentence}"})
    line.sandbox.faults.add(Rule(service="telegram", method="sendInvoice", kind="status", code=400, body=body))


def test_telegram_is_asked_for_every_question_that_it_times() -> None:
    assert set(TIMED) <= set(ALLOWED)


def test_the_news_of_a_payment_is_known_by_its_charge() -> None:
    """F064"""
    payment = {
        "currency": "EUR",
        "total_amount": 3600,
        "invoice_payload": "C-7Q4K2-key",
        "telegram_payment_charge_id": "tpc_1",
        "provider_payment_charge_id": "ch_1",
    }
    chat = {"id": 1001, "type": "private", "first_name": "Camille"}
    message = {"message_id": 1, "date": 1, "chat": chat, "from": PERSON, "successful_payment": payment}
    keys = set()
    for number in (5, 6):
        found = read_update({"update_id": number, "message": message}, ME)
        assert found is not None
        assert found[0].paid == read_paid(payment)
        keys.add(found[0].key)
    assert keys == {"paid:tpc_1"}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("id from invoice_payload currency total_amount order_info shipping_address".split()),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


class Deaf(AiohttpRequest):
    """A wire on which every answer is refused."""

    async def do_request(self, *_: object, **__: object) -> tuple[int, bytes]:
        return 400, b'{"ok": false, "error_code": 400, "description": "Bad Request: query is too old"}'


@given(st.lists(st.dictionaries(st.sampled_from([*TIMED, "update_id"]), JUNK, max_size=3), max_size=4))
def test_no_question_however_it_is_shaped_ends_the_listening(updates: list[dict[str, Any]]) -> None:
    """F072"""

    async def looked() -> None:
        till = Till(Deaf(), "http://127.0.0.1:9", Clerk())
        till.look(updates)
        await asyncio.gather(*till._answering)

    asyncio.run(looked())


@pytest.mark.parametrize(("currency", "minor", "units"), [("EUR", 1800, 1800), ("JPY", 500, 500), ("ISK", 50_000, 500)])
def test_amounts_are_counted_as_telegram_counts_them(currency: str, minor: int, units: int) -> None:
    assert platform_units(minor, currency) == units
    assert minor_units(units, currency) == minor
    assert currency in CURRENCIES
    frozen = replace(INVOICE, currency=currency, prices=(("x", minor),)).frozen()
    assert sheet(frozen, BODY, "1:TEST:x")["prices"][0].amount == units


def test_a_fraction_that_telegram_cannot_count_is_no_amount() -> None:
    with pytest.raises(ValueError, match="fraction"):
        platform_units(50_050, "ISK")


@given(st.text(max_size=300), st.integers(2, 60))
def test_what_is_cut_fits_and_is_what_it_began_with(text: str, most: int) -> None:
    """F056"""
    short = cut(text, most)
    assert len(short.encode("utf-16-le", "surrogatepass")) // 2 <= most
    assert short == text or text.startswith(short.removesuffix("…"))


def test_an_invoice_thaws_as_it_was_frozen() -> None:
    assert thawed(INVOICE.frozen()) == INVOICE
    assert read_asked({"id": "1", "from": PERSON, "invoice_payload": "x"}).country is None
    assert partial(INVOICE.asks)("colissimo") == 4090

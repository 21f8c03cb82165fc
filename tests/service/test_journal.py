"""Whole pages are kept first and decided on after: in order, once, whatever happens in between."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot.domain.messages import Inbound
from bot.errors import Temporary
from bot.ports import Books, Receipt
from bot.service import careful, intake
from bot.service.crossing import Crossing, waking
from bot.service.intake import Reception
from bot.service.journal import PAGE, Journal
from bot.service.receive import look_again, receive
from bot.service.rush import CROWD, FULL
from bot.service.shop import Shop
from bot.service.sweep import Sweeper
from tests.dialogs.dialog import Dialog, opened_shop

PATIENCE = 20.0


class Died(BaseException):
    """The process is gone; nothing of it catches this."""


@dataclass
class Counter:
    """A shop at work with a journal; `heard` is what it has decided on, in the order in which it did."""

    dialog: Dialog
    full: float = FULL
    broken: set[str] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)
    moment: float = 0.0
    """What a steady clock shows."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._understand = self.dialog.shop.understand
        self.shop = replace(self.dialog.shop, understand=self._listens)
        self.opens()

    def opens(self, care: careful.Care | None = None) -> None:
        """One process: what an earlier one had in mind is gone."""
        self.write = Crossing(self.dialog.store)
        self.awake = waking(self.write, lambda _receipt: None)
        self.care = care or careful.Care()
        self.journal = Journal(
            self.shop, self.write, self.awake, self.clock, self.care, full=self.full, steady=lambda: self.moment
        )
        self.reception = Reception(
            self.shop, self.awake, self.clock, lambda word, _language: word, self.care, self.journal
        )
        self.sweeper = Sweeper(
            self.shop,
            self.write,
            self.awake,
            self.clock,
            every=0.5,
            steady=lambda: self.dialog.now.timestamp(),
            journal=self.journal.wake,
        )

    def clock(self) -> Any:
        return self.dialog.now

    def _listens(self, text: str, language: str | None) -> Any:
        if text in self.broken:
            raise KeyError(text)
        self.heard.append(text)
        return self._understand(text, language)

    def says(self, text: str, chat: int = 1001, **more: Any) -> Inbound:
        return Inbound("telegram", str(next(self.numbers)), "telegram", str(chat), str(chat), "Zoë", text=text, **more)

    def crowd(self, size: int, first: int = 5000) -> list[Inbound]:
        return [self.says(f"bonjour {chat}", chat) for chat in range(first, first + size)]

    async def take(self, events: Iterable[Inbound]) -> Sequence[Receipt]:
        return await self.reception.take(list(events))

    def states(self) -> dict[str, object]:
        return {str(row["key"]): row["state"] for row in self.dialog.store.view("v_inbox", 10_000)}

    def orders(self) -> int:
        return len(self.dialog.store.view("v_orders"))

    def quiet(self, chat: int) -> bool:
        shopper = self.dialog.store.read(lambda books: books.shoppers.get("telegram", str(chat)))
        return shopper is not None and shopper.quiet


@pytest.fixture
async def counter() -> AsyncIterator[Counter]:
    shop = Counter(opened_shop())
    yield shop
    shop.dialog.store.close()


def texts(events: Iterable[Inbound]) -> list[str]:
    return [event.text for event in events]


async def polled(counter: Counter, pages: Sequence[Sequence[Inbound]]) -> int:
    """Pages taken one after another, as a poll does; -> how many messages were decided on when the last was kept."""
    deciding = asyncio.create_task(counter.journal.run())
    try:
        for page in pages:
            await counter.take(page)
        return len(counter.heard)
    finally:
        deciding.cancel()
        await asyncio.gather(deciding, return_exceptions=True)


# -- what is seen early


async def test_the_last_page_of_a_backlog_is_kept_before_most_of_it_is_decided_on(counter: Counter) -> None:
    """F061: so a question that is timed and came last is seen, and answered, in time."""
    backlog = counter.crowd(1000)
    pages = [backlog[start : start + PAGE] for start in range(0, len(backlog), PAGE)]
    assert await polled(counter, pages) <= 2 * PAGE
    assert len(counter.states()) == len(backlog)
    counter.journal.rush.over()
    await counter.journal.once()
    assert counter.heard == texts(backlog)


async def test_without_a_journal_all_of_it_is_decided_on_first() -> None:
    """F061: the control of the test above."""
    counter = Counter(opened_shop(), full=math.inf)
    backlog = counter.crowd(1000)
    pages = [backlog[start : start + PAGE] for start in range(0, len(backlog), PAGE)]
    assert await polled(counter, pages) == len(backlog)
    counter.dialog.store.close()


async def test_few_messages_are_decided_on_at_once(counter: Counter) -> None:
    await counter.take(counter.crowd(FULL - 1))
    assert len(counter.heard) == FULL - 1
    assert set(counter.states().values()) == {"done"}


async def test_many_calls_at_once_are_kept_as_a_page_is(counter: Counter) -> None:
    """F061: where a platform calls the shop, a backlog comes singly, as many at a time as it has calls open."""
    calls = [counter.reception.take([event]) for event in counter.crowd(2 * CROWD)]
    await asyncio.gather(*calls)
    assert len(counter.heard) == CROWD - 1
    assert not counter.journal.rush.lasts(counter.moment)  # nobody is in hand any more
    await counter.journal.once()
    assert len(counter.heard) == 2 * CROWD
    await counter.take([counter.says("merci")])
    assert counter.heard[-1] == "merci"


# -- in order, once


async def test_who_writes_behind_a_kept_page_is_heard_after_it(counter: Counter) -> None:
    page = [*counter.crowd(FULL), counter.says("un mug bleu svp")]
    await counter.take(page)
    (receipt,) = await counter.take([counter.says("annuler")])
    assert (receipt.fresh, counter.heard) == (True, [])
    await counter.journal.once()
    assert counter.heard[-2:] == ["un mug bleu svp", "annuler"]
    assert counter.dialog.order().closing is not None
    await counter.take([counter.says("bonjour")])
    assert counter.heard[-1] == "bonjour"


@pytest.mark.parametrize("seed", range(4))
async def test_the_order_in_a_chat_is_kept_across_pages_and_single_messages(counter: Counter, seed: int) -> None:
    sent = await _a_busy_day(counter, random.Random(seed))
    assert _by_chat(counter.heard) == _by_chat(sent)


async def test_an_order_that_is_not_minded_would_be_seen(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: whoever comes singly is served without a look at who waits."""

    def at_once(shop: Shop, books: Books, event: Inbound, clock: Callable[[], Any]) -> Receipt:
        return receive(shop, books, event, clock())

    monkeypatch.setattr(intake, "receive_in_turn", at_once)
    sent = await _a_busy_day(counter, random.Random(0))
    assert sorted(counter.heard) == sorted(sent)
    assert _by_chat(counter.heard) != _by_chat(sent)


async def _a_busy_day(counter: Counter, dice: random.Random) -> list[str]:
    """Ten chats write numbered words, in batches of every size, while the journal is at work; -> all they sent."""
    counter.shop.understand("", None)
    counter.heard.clear()
    deciding = asyncio.create_task(counter.journal.run())
    sent: list[str] = []
    for _ in range(30):
        size = dice.choice((1, 2, 5, FULL, 80, 130))
        batch = [counter.says(f"{dice.randrange(10)} {len(sent) + place}") for place in range(size)]
        batch = [replace(event, chat=event.text.split()[0]) for event in batch]
        sent += texts(batch)
        await counter.take(batch)
        counter.moment += dice.choice((0.0, 1.0))
    counter.moment += 100.0
    async with asyncio.timeout(PATIENCE):
        while len(counter.heard) < len(sent):
            await counter.take([])
            await counter.write(lambda _books: None)
    deciding.cancel()
    await asyncio.gather(deciding, return_exceptions=True)
    return sent


def _by_chat(said: Iterable[str]) -> dict[str, list[str]]:
    return {chat: [text for text in said if text.split()[0] == chat] for chat in map(str, range(10))}


async def test_a_page_that_comes_twice_is_answered_once(counter: Counter) -> None:
    """F050"""
    page = counter.crowd(FULL)
    assert all(receipt.fresh for receipt in await counter.take(page))
    assert not any(receipt.fresh for receipt in await counter.take(page))
    (again,) = await counter.take(page[:1])
    assert not again.fresh
    await counter.journal.once()
    assert not any(receipt.fresh for receipt in await counter.take(page))
    await counter.take(page[3:9])
    await counter.journal.once()
    assert counter.heard == texts(page)


async def test_stop_behind_a_thousand_messages_is_obeyed_and_nothing_is_said_after(counter: Counter) -> None:
    backlog = counter.crowd(1000)
    backlog[700] = counter.says("bonjour", 77)
    await counter.take(backlog)
    await counter.take([counter.says("stop", 77)])
    await counter.take([*counter.crowd(FULL, 9000), counter.says("bonjour encore", 77)])
    await counter.journal.once()
    assert counter.quiet(77)
    said = [row["kind"] for row in reversed(counter.dialog.store.view("v_outbox", 2000)) if row["chat"] == "77"]
    assert said == ["welcome", "stopped"]


async def test_a_button_pressed_in_a_backlog_does_its_work_without_a_notice(counter: Counter) -> None:
    """F071: the platform waits seconds for the answer to a press, not minutes."""
    (link,) = (said for said in counter.dialog.shopper("un mug bleu svp") if said.name == "link")
    cancels = link.token("Annuler")
    presses = [counter.says("", press=cancels), counter.says("", press=cancels)]
    receipts = await counter.take([*counter.crowd(FULL), *presses])
    assert {receipt.notice for receipt in receipts} == {""}
    assert counter.dialog.order().closing is None
    await counter.journal.once()
    assert counter.dialog.order().closing is not None
    (receipt,) = await counter.take([counter.says("", press=cancels)])
    assert receipt.notice == "stale"


# -- what goes wrong


async def test_what_was_kept_before_a_crash_is_decided_on_by_the_next_life(counter: Counter) -> None:
    """F051: a page is acknowledged once it is kept, so nobody brings it again."""
    backlog = [*counter.crowd(3 * PAGE), counter.says("un mug bleu svp")]
    await counter.take(backlog)
    counter.journal.write = _dies_after(counter, looks=2)  # type: ignore[assignment]
    with pytest.raises(Died):
        await counter.journal.once()
    assert counter.heard == texts(backlog[: 2 * PAGE])
    counter.opens()
    await counter.take([counter.says("annuler")])
    async with asyncio.timeout(PATIENCE):
        await counter.journal.once()
    assert counter.heard == [*texts(backlog), "annuler"]
    assert counter.orders() == 1


def _dies_after(counter: Counter, looks: int) -> Callable[[Callable[[Books], Any]], Awaitable[Any]]:
    left = itertools.count(looks, -1)

    async def write(work: Callable[[Books], Any]) -> Any:
        if not next(left):
            raise Died
        return await counter.write(work)

    return write


async def test_the_sweeper_sees_to_it_that_nothing_stays_lying(counter: Counter) -> None:
    """Whatever nobody was woken for is found at the next sweep."""
    page = counter.crowd(FULL)
    await counter.take(page)
    counter.opens()
    deciding = asyncio.create_task(counter.journal.run())
    counter.journal._woken.clear()
    await counter.sweeper.once()
    assert counter.journal._woken.is_set() or counter.heard
    async with asyncio.timeout(PATIENCE):
        while counter.heard != texts(page):
            await counter.sweeper.once()
    deciding.cancel()
    await asyncio.gather(deciding, return_exceptions=True)


async def test_a_poison_message_in_the_middle_is_set_aside_and_the_others_are_answered(counter: Counter) -> None:
    """F072"""
    page = [*counter.crowd(FULL), counter.says("boum"), counter.says("un mug bleu svp"), *counter.crowd(5, 7000)]
    counter.broken.add("boum")
    await counter.take(page)
    await counter.journal.once()
    assert counter.heard == [text for text in texts(page) if text != "boum"]
    assert [key for key, state in counter.states().items() if state == "new"] == [page[FULL].key]
    await counter.journal.once()
    counter.broken.clear()
    await counter.sweeper.once()
    assert "boum" not in counter.heard
    counter.dialog.now += timedelta(minutes=1)
    await counter.sweeper.once()
    assert counter.heard[-1] == "boum"
    assert set(counter.states().values()) == {"done"}


async def test_a_page_with_a_message_that_cannot_be_kept_loses_no_other(counter: Counter) -> None:
    """F072: what no database takes stands where nobody cleans it."""
    page = [*counter.crowd(FULL), replace(counter.says("bonsoir"), language="fr\ud800"), *counter.crowd(5, 7000)]
    receipts = await counter.take(page)
    assert [receipt.fresh for receipt in receipts] == [True] * len(page)
    await counter.journal.once()
    assert sorted(counter.heard) == sorted(texts(page))


async def test_a_store_that_cannot_write_acknowledges_nothing(counter: Counter) -> None:
    """F090"""

    async def refused(_work: object) -> object:
        raise Temporary("the disk is full", retry_after=1)

    page = counter.crowd(FULL)
    counter.journal.write = refused  # type: ignore[assignment]
    with pytest.raises(Temporary):
        await counter.take(page)
    counter.opens()
    await counter.take(page)
    await counter.journal.once()
    assert counter.heard == texts(page)


async def test_an_event_is_decided_on_once_whoever_comes_first(counter: Counter) -> None:
    event = counter.says("un mug bleu svp")
    await counter.take([*counter.crowd(FULL), event])
    now = counter.dialog.now
    works = [lambda books: look_again(counter.shop, books, "telegram", event.key, now) for _ in range(2)]
    receipts = [await counter.write(work) for work in works]
    assert [receipt.fresh for receipt in receipts] == [True, False]
    await counter.journal.once()
    assert (counter.orders(), counter.heard.count(event.text)) == (1, 1)


async def test_a_forgotten_shopper_is_not_served_from_the_journal(counter: Counter) -> None:
    """F131"""
    await counter.take([*counter.crowd(FULL), counter.says("un mug bleu svp", 77)])
    await counter.write(lambda books: books.privacy.forget("telegram", "77", "erased-1"))
    await counter.journal.once()
    assert counter.heard == [f"bonjour {chat}" for chat in range(5000, 5000 + FULL)]
    assert counter.orders() == 0
    assert not await counter.write(lambda books: books.privacy.held("telegram", "77"))


async def test_a_kept_event_that_kills_every_life_is_set_aside_and_the_next_are_served(counter: Counter) -> None:
    """F127"""
    page = counter.crowd(FULL)
    deadly = page[7].key
    await counter.take(page)
    lives = 0
    while set(counter.states().values()) & {"new"}:
        care = careful.Care()
        care.until(counter.dialog.now + careful.WITHIN)
        counter.opens(care)
        counter.journal.awake = partial(_kills, counter, deadly)
        lives += 1
        assert lives <= careful.MOST_TRIES + 1
        with contextlib.suppress(Died):
            await counter.journal.once()
    assert counter.states()[deadly] == "dead"
    assert counter.heard == texts(page[:7] + page[8:])


async def _kills(counter: Counter, deadly: str, work: Any) -> Receipt:
    if work.args[1] == deadly:
        raise Died
    return await counter.awake(work)


async def test_a_careful_shop_keeps_the_order_too(counter: Counter) -> None:
    """F127"""
    page = counter.crowd(FULL)
    await counter.take(page)
    care = careful.Care()
    care.until(counter.dialog.now + careful.WITHIN)
    counter.opens(care)
    later = [counter.says("un mug bleu svp"), counter.says("annuler")]
    await counter.take(later)
    assert counter.heard == []
    await counter.journal.once()
    assert counter.heard == texts(page + later)
    await counter.take(later)
    assert counter.heard == texts(page + later)


async def test_nothing_is_decided_on_while_a_rush_lasts(counter: Counter) -> None:
    """F061"""
    for page in (counter.crowd(FULL), counter.crowd(FULL, 6000)):
        await counter.take(page)
    deciding = asyncio.create_task(counter.journal.once())
    for _ in range(20):
        await counter.write(lambda _books: None)
    assert counter.heard == []
    counter.moment += 0.6
    async with asyncio.timeout(PATIENCE):
        await deciding
    assert len(counter.heard) == 2 * FULL

"""An event on which the whole process dies ends some lives, not all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bot.domain.messages import Inbound
from bot.service import careful
from bot.service.crossing import Crossing
from bot.service.intake import Reception
from tests.dialogs.dialog import Dialog, opened_shop


class Died(BaseException):
    """The process is gone; nothing of it catches this."""


@dataclass
class Lives:
    dialog: Dialog

    async def life(self, *events: Inbound, goodbye: bool = False) -> bool:
        """One process that is given these events again; -> whether it lived to see the last."""
        now = self.dialog.now
        write = Crossing(self.dialog.store)
        care = careful.Care()
        care.until(await write(lambda books: careful.born(books, now)))
        reception = Reception(self.dialog.shop, write, lambda: now, lambda word, _language: word, care)
        self.dialog.now += timedelta(seconds=5)
        for event in events:
            try:
                await self.take(reception, event)
            except Died:
                return False
        if goodbye:
            await write(lambda books: careful.said_goodbye(books, now))
        return True

    async def take(self, reception: Reception, event: Inbound) -> None:
        """As the intake does; a death in the writer's thread is the death of all."""
        if event.text == "boum" and not (
            reception.care.needed(self.dialog.now) and await self.set_aside_by(reception, event)
        ):
            raise Died
        if event.text != "boum":
            await reception.take([event])

    async def set_aside_by(self, reception: Reception, event: Inbound) -> bool:
        """Whether the careful reception turns it away; else it is begun, and death comes with it."""
        return not await reception._begun(event.source, event.key, "{}")

    def alerts(self) -> list[object]:
        return [row["kind"] for row in reversed(self.dialog.store.view("v_alerts"))]


@pytest.fixture
async def lives() -> AsyncIterator[Lives]:
    dialog = opened_shop()
    yield Lives(dialog)
    dialog.store.close()


def event(key: str, text: str) -> Inbound:
    return Inbound("telegram", key, "telegram", "1001", "1001", "Camille", "fr", text=text)


async def test_an_event_that_kills_every_life_is_set_aside_and_the_next_is_served(lives: Lives) -> None:
    """F127"""
    deadly, sale = event("1", "boum"), event("2", "un mug bleu svp")
    survived = [await lives.life(deadly, sale) for _ in range(8)]
    assert survived == [False] * 6 + [True] * 2
    assert lives.dialog.store.view("v_orders")
    assert lives.alerts().count("poison") == 1
    assert "restarts" in lives.alerts()
    states = {row["key"]: row["state"] for row in lives.dialog.store.view("v_inbox")}
    assert states == {"1": "dead", "2": "done"}


async def test_lives_that_end_in_order_make_nobody_careful(lives: Lives) -> None:
    """F127, the other way round"""
    for number in range(8):
        assert await lives.life(event(str(number), "bonjour"), goodbye=True)
    assert lives.alerts() == []
    assert not lives.dialog.store.read(lambda books: books.ledger.cursor(careful.LIVES))


async def a_careful_life(lives: Lives) -> tuple[Crossing, careful.Care, datetime]:
    """The life after so many that ended badly, as it begins."""
    for _ in range(careful.MOST_LIVES):
        await lives.life()
    write, care, now = Crossing(lives.dialog.store), careful.Care(), lives.dialog.now
    care.until(await write(lambda books: careful.born(books, now)))
    return write, care, now


async def test_a_careful_shop_answers_each_message_once(lives: Lives) -> None:
    """F127, F050"""
    for _ in range(careful.MOST_LIVES):
        await lives.life()
    for _ in range(3):
        await lives.life(event("7", "un mug bleu svp"))
    assert len(lives.dialog.store.view("v_orders")) == 1
    assert [row["state"] for row in lives.dialog.store.view("v_inbox")] == ["done"]


async def test_a_store_that_refuses_for_a_while_is_no_death(lives: Lives) -> None:
    """F127, F090: the same event comes again and again in one life, and is handled in the end."""
    write, care, now = await a_careful_life(lives)
    for _ in range(20):
        assert await write(lambda books: care.begin(books, "telegram", "7", "{}", now))
    assert "poison" not in lives.alerts()


async def test_what_a_careful_life_had_begun_when_it_ended_is_taken_up_by_the_next(lives: Lives) -> None:
    """F127, F051: nobody sends it again, for it was acknowledged when it was set aside the first time."""
    write, care, now = await a_careful_life(lives)
    assert await write(lambda books: care.begin(books, "stripe", "evt_1", "{}", now))
    later = now + timedelta(seconds=5)
    assert await write(lambda books: books.inbox.waiting(later, 10)) == []
    await write(lambda books: careful.born(books, later))
    assert [key for _, key, _, _ in await write(lambda books: books.inbox.waiting(later, 10))] == ["evt_1"]


async def test_what_was_early_once_and_is_begun_again_is_taken_up_as_well(lives: Lives) -> None:
    """F127, F004: set aside in order, begun a second time by the same life, which ends over it."""
    write, care, now = await a_careful_life(lives)
    assert await write(lambda books: care.begin(books, "stripe", "evt_1", "{}", now))
    await write(lambda books: books.inbox.set_aside("stripe", "evt_1", "{}", "too early", again_at=now, now=now))
    assert await write(lambda books: care.begin(books, "stripe", "evt_1", "{}", now))
    later = now + timedelta(seconds=5)
    await write(lambda books: careful.born(books, later))
    assert [key for _, key, _, _ in await write(lambda books: books.inbox.waiting(later, 10))] == ["evt_1"]


async def test_news_that_are_only_early_outlive_a_careful_shop(lives: Lives) -> None:
    """F127, F004: what is set aside in order has killed nobody, however often it is looked at."""
    for _ in range(careful.MOST_LIVES):
        await lives.life()
    now = lives.dialog.now
    for _ in range(12):
        write, care = Crossing(lives.dialog.store), careful.Care()
        care.until(await write(lambda books: careful.born(books, now)))
        assert await write(lambda books, care=care: care.begin(books, "stripe", "evt_1", "{}", now))  # type: ignore[misc]
        await write(lambda books: books.inbox.set_aside("stripe", "evt_1", "{}", "too early", again_at=now, now=now))
    assert "poison" not in lives.alerts()

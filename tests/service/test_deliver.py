"""The outbox's workers: in order, again after a failure, never doubled beyond what is recorded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from bot.domain.effects import Say
from bot.domain.retry import RetryPolicy
from bot.errors import Moved, Permanent, Temporary, Unreachable
from bot.ports import Books, Envelope, Intake, Receipt
from bot.service.crossing import Crossing
from bot.service.deliver import Deliverer
from bot.service.perform import Performer
from storage import SqliteStore
from tests.dialogs.dialog import opened_shop

T = TypeVar("T")


@dataclass
class Wire:
    """A platform that fails as told in chat 1, then delivers."""

    name: str = "telegram"
    failures: deque[Exception] = field(default_factory=deque)
    said: list[tuple[str, str]] = field(default_factory=list)
    slow: dict[str, float] = field(default_factory=dict)

    async def start(self, intake: Intake) -> None: ...
    async def listen(self) -> None: ...
    async def stop(self) -> None: ...
    async def ready(self, chat: str) -> None: ...
    async def register(self) -> list[str]:
        return []

    async def examine(self) -> list[tuple[str, str]]:
        return []

    def free(self, chat: str) -> bool:
        return True

    def healthy(self) -> str | None:
        return None

    async def send(self, envelope: Envelope) -> str:
        await asyncio.sleep(self.slow.get(envelope.chat, 0))
        if self.failures and envelope.chat == "1":
            raise self.failures.popleft()
        self.said.append((envelope.chat, envelope.body.text))
        return str(len(self.said))


@dataclass
class Office:
    store: SqliteStore
    wire: Wire
    deliverer: Deliverer
    write: Crossing

    async def put(self, name: str, *, chat: str = "1", eager: bool = False) -> Receipt:
        """Queue a message, claimed at once where it is eager; nobody is woken yet."""
        say = Say("welcome", "fr", {"name": name})
        now = datetime.now(UTC)
        return await self.write(
            lambda books: books.outbox.put(say, channel="telegram", chat=chat, ref=None, now=now, eager=eager)
        )

    async def say(self, *names: str, chat: str = "1", eager: bool = False) -> None:
        for name in names:
            self.deliverer.wake(await self.put(name, chat=chat, eager=eager))

    async def quiet(self) -> None:
        for _ in range(500):
            await asyncio.sleep(0.01)
            if not self.deliverer.busy and all(row["state"] in ("sent", "dead") for row in self.store.view("v_outbox")):
                return
        raise AssertionError([dict(row) for row in self.store.view("v_outbox")])

    def heard(self, chat: str = "1") -> list[str]:
        return [text.split("Bonjour ")[1].split("\u00a0!")[0] for whose, text in self.wire.said if whose == chat]

    def states(self) -> list[str]:
        return [str(row["state"]) for row in reversed(self.store.view("v_outbox"))]


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    dialog = opened_shop()
    wire, write = Wire(), Crossing(dialog.store)
    perform = Performer(dialog.shop, dialog.store, {"telegram": wire}, dialog.shop.provider, dialog.renderer)
    policy = RetryPolicy(timedelta(milliseconds=10), 3)
    deliverer = Deliverer(perform, write, lambda: datetime.now(UTC), policy=policy, lease=timedelta(seconds=30))
    running = asyncio.create_task(deliverer.run(0.02))
    yield Office(dialog.store, wire, deliverer, write)
    running.cancel()
    await deliverer.drain(1)
    dialog.store.close()


async def test_what_waits_for_a_group_that_has_moved_is_said_where_it_is_now(office: Office) -> None:
    """F058"""
    office.wire.failures.append(Moved("the group has moved to -1007", "-1007"))
    await office.say("a", "b", "c")
    await office.quiet()
    assert office.heard("1") == []
    assert office.heard("-1007") == ["a", "b", "c"]
    assert office.states() == ["sent"] * 3


@pytest.mark.parametrize("eager", [True, False])
async def test_what_is_said_to_one_chat_comes_in_order(office: Office, eager: bool) -> None:
    """F104"""
    names = [f"n{i}" for i in range(30)]
    await office.say(*names, eager=eager)
    await office.quiet()
    assert office.heard() == names


async def test_a_failure_is_tried_again_before_what_comes_after_it(office: Office) -> None:
    office.wire.failures.extend([Temporary("502"), Temporary("502")])
    await office.say("a", "b")
    await office.quiet()
    assert office.heard() == ["a", "b"]


async def test_after_the_last_try_the_rest_of_the_chat_goes_on(office: Office) -> None:
    """F102"""
    office.wire.failures.extend([Temporary("502")] * 3)
    await office.say("a", "b")
    await office.quiet()
    assert office.heard() == ["b"]
    assert office.states() == ["dead", "sent"]
    assert office.store.view("v_alerts")[0]["kind"] == "dead_letter"


async def test_a_platform_that_asks_to_wait_is_waited_for_and_it_is_no_failure(office: Office) -> None:
    """F054"""
    office.wire.failures.extend([Temporary("429", retry_after=0.05)] * 10)
    await office.say("a")
    await office.quiet()
    assert office.heard() == ["a"]
    assert office.store.view("v_outbox")[0]["attempts"] == 0


async def test_a_message_whose_fate_is_unknown_is_sent_once_more_and_says_so(office: Office) -> None:
    """F066"""
    office.wire.failures.append(Temporary("no answer", uncertain=True))
    await office.say("a")
    await office.quiet()
    (row,) = office.store.view("v_outbox")
    assert (row["state"], row["ambiguous"]) == ("sent", 1)


async def test_a_message_whose_fate_is_unknown_twice_waits_for_a_human(office: Office) -> None:
    """F066"""
    office.wire.failures.extend([Temporary("no answer", uncertain=True)] * 2)
    await office.say("a", "b")
    await office.quiet()
    assert office.states() == ["dead", "sent"]
    assert [row["kind"] for row in office.store.view("v_alerts")] == ["dead_letter"]


async def test_a_door_that_is_shut_sets_aside_what_waits_for_it(office: Office) -> None:
    """F055"""
    office.wire.slow["1"] = 0.02
    office.wire.failures.append(Unreachable("blocked"))
    await office.say("a", "b", "c")
    await office.say("x", chat="2")
    await office.quiet()
    assert office.heard() == []
    assert office.heard("2") == ["x"]


async def test_a_message_that_can_never_be_sent_holds_up_nobody(office: Office) -> None:
    """F102"""
    office.wire.failures.append(Permanent("message is too long"))
    await office.say("a", "b")
    await office.quiet()
    assert office.heard() == ["b"]


async def test_a_slow_chat_holds_up_no_other(office: Office) -> None:
    """F106"""
    office.wire.slow["1"] = 0.5
    await office.say("a", chat="1")
    await office.say("x", "y", chat="2")
    await asyncio.sleep(0.2)
    assert office.heard("2") == ["x", "y"]
    assert office.heard("1") == []
    await office.quiet()


async def test_a_fault_of_ours_in_one_message_stops_no_other(office: Office) -> None:
    office.wire.failures.extend([KeyError("ours")] * 3)
    await office.say("a", "b")
    await office.quiet()
    assert office.heard() == ["b"]


async def test_what_is_claimed_while_the_last_ends_is_laid_down_before_the_shop_stops(office: Office) -> None:
    """F126"""
    office.wire.slow["1"] = 0.1
    await office.say("a", eager=True)
    claimed = await office.put("b", chat="2", eager=True)
    (last,) = office.deliverer._workers

    async def slowly(work: Callable[[Books], T]) -> T:
        await asyncio.sleep(0.05)
        return await office.write(work)

    def comes_late(_: object) -> None:
        office.deliverer._write = slowly
        office.deliverer.wake(claimed)

    last.add_done_callback(comes_late)
    await office.deliverer.drain(2)
    assert (office.heard(), office.heard("2")) == (["a"], [])
    assert office.states() == ["sent", "queued"]


async def test_draining_finishes_what_is_begun_and_begins_nothing(office: Office) -> None:
    """F126"""
    office.wire.slow["1"] = 0.2
    await office.say("a", "b", eager=True)
    await office.deliverer.drain(2)
    assert office.heard() == ["a"]
    assert office.states() == ["sent", "queued"]

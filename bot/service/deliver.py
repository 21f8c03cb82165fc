"""The outbox's workers: claim, do, mark; one lane one worker, so that a slow chat holds up nobody but itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

import stamina
import structlog

from bot.domain.effects import OpenCheckout, Say
from bot.domain.retry import RetryPolicy
from bot.errors import Moved, Permanent, Refused, StoreDamaged, Temporary, Unreachable
from bot.ports import Books, Clock, Receipt, Task, Writer
from bot.service.perform import Mark, Performer

T = TypeVar("T")
log = structlog.get_logger(__name__)
DUE_AT_ONCE = 500
PAYMENTS_AT_ONCE = 20
"""Calls to the payment provider under way at once: Stripe allows 25 creations a second."""


class Deliverer:
    """Carries out what the outbox holds. `wake` may be called from anywhere on the event loop."""

    def __init__(
        self, perform: Performer, write: Writer, clock: Clock, *, policy: RetryPolicy, lease: timedelta
    ) -> None:
        self._perform, self._write, self._clock = perform, write, clock
        self._policy, self._lease = policy, lease
        self._lanes: dict[str, deque[Task]] = {}
        self._again: set[str] = set()
        self._workers: set[asyncio.Task[None]] = set()
        self._payments = asyncio.Semaphore(PAYMENTS_AT_ONCE)
        self._in_hand: set[int] = set()
        self._stop = asyncio.Event()

    def wake(self, receipt: Receipt) -> None:
        """Start on what a transaction has claimed or queued."""
        for task in receipt.tasks:
            self._in_hand.add(task.id)
            self._start(task.lane, task)
        for lane in receipt.lanes:
            self._start(lane, None)

    def wake_lanes(self, lanes: Iterable[str]) -> None:
        for lane in lanes:
            self._start(lane, None)

    @property
    def busy(self) -> int:
        return len(self._lanes)

    def _start(self, lane: str, task: Task | None) -> None:
        claimed = self._lanes.get(lane)
        if claimed is not None:
            self._again.add(lane) if task is None else claimed.append(task)
            return
        if self._stop.is_set() and task is None:
            return
        self._lanes[lane] = deque([task] if task else [])
        worker = asyncio.create_task(self._work(lane), name=f"lane {lane}")
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _work(self, lane: str) -> None:
        claimed = self._lanes[lane]
        try:
            while True:
                early = bool(claimed)
                task = claimed.popleft() if claimed else await self._next(lane)
                while task is not None:
                    task = await self._one(task, claimed_early=early)
                    early = True
                if not claimed and (self._stop.is_set() or lane not in self._again):
                    return
        except (Temporary, StoreDamaged) as error:
            log.warning("lane.rests", lane=lane, error=str(error))
        finally:
            del self._lanes[lane]
            self._again.discard(lane)

    async def _next(self, lane: str) -> Task | None:
        """The lane's next row, claimed only once the platform's limits leave room for it."""
        self._again.discard(lane)
        if not await self._may_go(lane):
            return None
        task = await self._write(lambda books: books.outbox.claim(lane, self._clock(), self._lease))
        if task is not None:
            self._in_hand.add(task.id)
        return task

    async def _may_go(self, lane: str) -> bool:
        """Wait for the platform's limits; False where the shop stops first."""
        channel, _, chat = lane.partition(":")
        wire = self._perform.channels.get(channel)
        if self._stop.is_set() or wire is None:
            return not self._stop.is_set()
        if wire.free(chat):
            await wire.ready(chat)
            return True
        waits = [asyncio.ensure_future(wire.ready(chat)), asyncio.ensure_future(self._stop.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return not self._stop.is_set()

    async def _one(self, task: Task, *, claimed_early: bool) -> Task | None:
        """Do one task and mark it; -> the lane's next one, claimed in the same transaction."""
        try:
            if claimed_early and not await self._may_go(task.lane) and task.effect_is_spoken:
                await self._noted(lambda books: self._unsent(books, task))
                return None
            return await self._tried(task)
        finally:
            self._in_hand.discard(task.id)

    def _unsent(self, books: Books, task: Task) -> bool:
        """Lay down what was claimed and never begun, as if it had not been claimed."""
        return books.outbox.again(task, "the shop stopped first", self._clock(), failed=False, uncertain=False)

    async def _tried(self, task: Task) -> Task | None:
        try:
            if task.effect_is_spoken:
                external, mark = await self._perform(task)
            else:
                async with self._payments:
                    external, mark = await self._perform(task)
        except Temporary as error:
            await self._failed(task, error)
        except Refused as error:
            why = str(error)
            self._again.add(task.lane)  # what waits behind it has not been refused
            await self._noted(lambda books: books.outbox.dead(task, why))
        except Moved as error:
            await self._moved(task, error)
        except Unreachable as error:
            await self._unreachable(task, str(error))
        except Permanent as error:
            await self._dead(task, str(error), nothing_done=error.nothing_done)
        except Exception as error:  # a fault of ours in one message must not stop the others
            log.exception("task.broke", task=task.id, lane=task.lane)
            await self._failed(task, Temporary(f"{type(error).__name__}: {error}"))
        else:
            return await self._marked(task, external, mark)
        return None

    async def _marked(self, task: Task, external: str | None, mark: Mark) -> Task | None:
        try:
            return await self._done(task, external, mark)
        except (Temporary, StoreDamaged):
            raise
        except Exception as error:  # done outside, and its outcome breaks our books: a human must look
            log.exception("outcome.broke", task=task.id, lane=task.lane)
            await self._dead(task, f"{type(error).__name__}: {error}", nothing_done=False)
            return None

    async def _done(self, task: Task, external: str | None, mark: Mark) -> Task | None:
        def done(books: Books) -> tuple[Receipt, Task | None]:
            now = self._clock()
            if not books.outbox.sent(task, external, now):
                return Receipt(), None
            receipt = mark(books, now)
            return receipt, books.outbox.claim(task.lane, now, self._lease) if room else None

        wire = self._perform.channels.get(task.channel)
        room = not self._stop.is_set() and (wire is None or wire.free(task.chat))
        if not room:
            self._again.add(task.lane)
        receipt, following = await self._noted(done)
        if following is not None:
            self._in_hand.add(following.id)
        self.wake(receipt)
        return following

    async def _noted(self, work: Callable[[Books], T]) -> T:
        """Write what has happened outside, as often as it takes: it cannot be undone by a full disk here."""
        async for attempt in stamina.retry_context(on=Temporary, attempts=None, timeout=None, wait_max=5):
            with attempt:
                return await self._write(work)
        raise AssertionError("unreachable")

    async def _failed(self, task: Task, error: Temporary) -> None:
        """Try again later. Uncertain is what a person might see twice, and a page that may have been opened."""
        uncertain = error.uncertain and isinstance(task.effect, Say | OpenCheckout)
        if uncertain and not error.answered and task.uncertain and isinstance(task.effect, Say):
            await self._dead(task, f"{error}: whether it arrived is unknown, twice", uncertain=True)
            return
        wait = self._policy.wait(task.attempts + 1, asked=error.retry_after)
        if wait is None and not task.effect_is_spoken:
            wait = self._policy.wait(1)  # money is never given up on for want of an answer
        if wait is None:
            await self._dead(task, str(error))
            return
        log.warning("task.again", task=task.id, lane=task.lane, error=str(error), seconds=wait.total_seconds())

        def again(books: Books) -> Receipt:
            at = self._clock() + wait
            failed = error.retry_after is None
            books.outbox.again(task, str(error), at, failed=failed, uncertain=uncertain)
            return self._one_moment(books, task)

        self.wake(await self._noted(again))
        asyncio.get_running_loop().call_later(wait.total_seconds() + 0.005, self._start, task.lane, None)

    def _one_moment(self, books: Books, task: Task) -> Receipt:
        """After the first failure to open a page the shopper is told, once, that it takes a moment (F028)."""
        if task.epoch > 1 or not isinstance(task.effect, OpenCheckout) or task.ref is None:
            return Receipt()
        order = books.orders.get(task.ref)
        if order is None:
            return Receipt()
        say = Say("one_moment", order.language, {"ref": order.ref})
        return books.outbox.put(say, channel=order.channel, chat=order.chat, ref=order.ref, now=self._clock())

    async def _dead(self, task: Task, why: str, *, uncertain: bool = False, nothing_done: bool = True) -> None:
        log.error("task.dead", task=task.id, lane=task.lane, error=why)
        self._again.add(task.lane)

        def dead(books: Books) -> Receipt:
            now = self._clock()
            if not books.outbox.dead(task, why, uncertain=uncertain):
                return Receipt()
            return self._perform.given_up(books, task, why, now, nothing_done=nothing_done and not task.uncertain)

        self.wake(await self._noted(dead))

    async def _moved(self, task: Task, error: Moved) -> None:
        """A group has become a supergroup: what waits for it, this first, is said there (F058)."""

        def move(books: Books) -> Receipt:
            books.outbox.again(task, str(error), self._clock(), failed=False, uncertain=False)
            books.outbox.move_chat(task.channel, task.chat, error.to)
            return Receipt(lanes=frozenset({f"{task.channel}:{error.to}"}))

        self.wake(await self._noted(move))

    async def _unreachable(self, task: Task, why: str) -> None:
        """The person has shut the door: what waits for them is set aside, their order stands (F055)."""

        def bury(books: Books) -> Receipt:
            books.outbox.dead(task, why)
            books.outbox.bury(task.channel, task.chat, why)
            books.shoppers.reachable(task.channel, task.chat, reachable=False)
            return Receipt()

        await self._noted(bury)

    async def run(self, every: float = 0.5) -> None:
        """Look for what is due, and for rows that nobody holds any more, until cancelled: the net under `wake`."""
        while True:
            try:
                self.wake_lanes(await self._write(lambda books: books.outbox.due(self._clock(), DUE_AT_ONCE)))
                await self._take_back()
            except Temporary as error:
                log.warning("outbox.rests", error=str(error))
            except StoreDamaged:
                raise
            except Exception:  # whatever it was, the next look may be better
                log.exception("outbox.look_broke")
            await asyncio.sleep(every)

    async def _take_back(self) -> None:
        """A row whose lease is over and that no worker of this process has in hand was left lying by one."""
        lapsed = await self._write(lambda books: books.outbox.lapsed(self._clock()))
        left = [row for row in lapsed if row not in self._in_hand]
        if left:
            log.error("outbox.left_lying", rows=len(left))
            await self._write(lambda books: books.outbox.recover(self._clock(), left))

    async def drain(self, seconds: float) -> None:
        """Finish what is begun, lay down what is not, and end what still runs after so many seconds."""
        self._stop.set()
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while self._workers and clock() < until:  # what is claimed meanwhile has a worker of its own, to lay it down
            await asyncio.wait(set(self._workers), timeout=until - clock())
        left = set(self._workers)
        if left:
            log.warning("shop.stopped_busy", lanes=len(left))
        for worker in left:
            worker.cancel()
        await asyncio.gather(*left, return_exceptions=True)

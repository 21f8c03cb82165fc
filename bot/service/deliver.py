"""The outbox's workers: claim, do, mark; one lane one worker, so that a slow chat holds up nobody but itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

import stamina
import structlog

from bot.domain.effects import OpenCheckout, Retire, Say
from bot.domain.retry import RetryPolicy
from bot.errors import Permanent, StoreDamaged, Temporary, Unreachable
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
        self._stopping = False

    def wake(self, receipt: Receipt) -> None:
        """Start on what a transaction has claimed or queued."""
        for task in receipt.tasks:
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
        if self._stopping and task is None:
            return
        self._lanes[lane] = deque([task] if task else [])
        worker = asyncio.create_task(self._work(lane), name=f"lane {lane}")
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _work(self, lane: str) -> None:
        claimed = self._lanes[lane]
        try:
            while True:
                task = claimed.popleft() if claimed else await self._next(lane)
                while task is not None:
                    task = await self._one(task)
                if not claimed and (self._stopping or lane not in self._again):
                    return
        except (Temporary, StoreDamaged) as error:
            log.warning("lane.rests", lane=lane, error=str(error))
        finally:
            del self._lanes[lane]
            self._again.discard(lane)

    async def _next(self, lane: str) -> Task | None:
        self._again.discard(lane)
        if self._stopping:
            return None
        return await self._write(lambda books: books.outbox.claim(lane, self._clock(), self._lease))

    async def _free(self, lane: str) -> None:
        """Wait until the platform's limits allow one more message."""
        channel, _, chat = lane.partition(":")
        if (wire := self._perform.channels.get(channel)) is not None:
            await wire.ready(chat)

    async def _one(self, task: Task) -> Task | None:
        """Do one task and mark it; -> the lane's next one, claimed in the same transaction."""
        try:
            await self._free(task.lane)
            if isinstance(task.effect, Say | Retire):
                external, mark = await self._perform(task)
            else:
                async with self._payments:
                    external, mark = await self._perform(task)
        except Temporary as error:
            await self._failed(task, error)
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
            return receipt, None if self._stopping else books.outbox.claim(task.lane, now, self._lease)

        receipt, following = await self._noted(done)
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
        if uncertain and task.uncertain and isinstance(task.effect, Say):
            await self._dead(task, f"{error}: whether it arrived is unknown, twice", uncertain=True)
            return
        wait = self._policy.wait(task.attempts + 1, asked=error.retry_after)
        if wait is None and not isinstance(task.effect, Say | Retire):
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
        books.outbox.put(
            Say("one_moment", order.language, {"ref": order.ref}),
            channel=order.channel,
            chat=order.chat,
            ref=order.ref,
            now=self._clock(),
        )
        return Receipt(lanes=frozenset({f"{order.channel}:{order.chat}"}))

    async def _dead(self, task: Task, why: str, *, uncertain: bool = False, nothing_done: bool = True) -> None:
        log.error("task.dead", task=task.id, lane=task.lane, error=why)

        def dead(books: Books) -> Receipt:
            now = self._clock()
            if not books.outbox.dead(task, why, uncertain=uncertain):
                return Receipt()
            return self._perform.given_up(books, task, why, now, nothing_done=nothing_done and not task.uncertain)

        self.wake(await self._noted(dead))

    async def _unreachable(self, task: Task, why: str) -> None:
        """The person has shut the door: what waits for them is set aside, their order stands (F055)."""

        def bury(books: Books) -> Receipt:
            books.outbox.dead(task, why)
            books.outbox.bury(task.channel, task.chat, why)
            books.shoppers.reachable(task.channel, task.chat, reachable=False)
            return Receipt()

        await self._noted(bury)

    async def run(self, every: float = 0.5) -> None:
        """Look for what is due until cancelled: the net under `wake`."""
        while True:
            try:
                due = await self._write(lambda books: books.outbox.due(self._clock(), DUE_AT_ONCE))
                self.wake_lanes(due)
            except Temporary as error:
                log.warning("outbox.rests", error=str(error))
            await asyncio.sleep(every)

    async def drain(self, seconds: float) -> bool:
        """Finish what is claimed and begin nothing new; False where something was still under way at the end."""
        self._stopping = True
        if not self._workers:
            return True
        _, left = await asyncio.wait(set(self._workers), timeout=seconds)
        return not left

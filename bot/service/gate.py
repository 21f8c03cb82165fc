"""The gate of a platform with rules: judged, counted and charged in one transaction before anything leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.costs import Charge, Cost
from bot.domain.effects import Say
from bot.domain.policy import Act, Reason, Standing, Verdict, judge
from bot.domain.weights import LONGEST_POST, has_address, weighted_length
from bot.errors import Permanent, Refused, Temporary
from bot.ports import Books, Clock, Task, Writer
from bot.service.meter import Accounts

log = structlog.get_logger(__name__)
AN_HOUR = timedelta(hours=1)
LONGEST_WAIT = 1000.0
"""Seconds that an answer may wait for a limit: a quarter of an hour, not a day, after which it would answer nothing."""
SAME_TEXT_LIVES = timedelta(hours=24)


@dataclass(frozen=True)
class Gate:
    """Lets one channel's messages out, or not, and keeps the record of why."""

    accounts: Accounts
    write: Writer
    clock: Clock

    async def pass_through(self, task: Task, say: Say, wordings: Sequence[str], send: Sending) -> str | None:
        """Send the first of these wordings that may leave; -> the platform's id of the message.

        Raises Refused where none may, Temporary where it must wait, and whatever `send` raises.
        """
        outcome = await self.write(lambda books: self._let(books, task, say, wordings, self.clock()))
        if isinstance(outcome, _Wait):
            raise Temporary(f"it waits: {outcome.reason}", retry_after=outcome.seconds)
        if isinstance(outcome, Verdict):
            log.info("policy.refused", task=task.id, lane=task.lane, reason=str(outcome.reason))
            raise Refused(f"refused: {outcome.reason}")
        try:
            return await send(outcome)
        except Permanent as error:
            await self._not_done(task, str(error))
            raise
        except Temporary as error:
            if not error.uncertain:
                await self._not_done(task, str(error))
            raise

    def _let(self, books: Books, task: Task, say: Say, wordings: Sequence[str], now: datetime) -> str | Verdict | _Wait:
        act = Act.MESSAGE if say.answers is None else Act.REPLY
        standing = self._standing(books, task, say, act, now)
        verdict, text = self._judged(books, task, act, standing, wordings, now)
        wait = self._counted(books, act, now, owed=standing.order_owes) if verdict.allowed else 0.0
        if wait:
            verdict = Verdict(allowed=False, reason=Reason.QUOTA)
        if verdict.allowed or not task.uncertain:  # an earlier try may have arrived and counts on
            self._note(books, task, say, act, verdict, text, now)
        if 0 < wait <= LONGEST_WAIT:
            return _Wait(wait, verdict.reason)
        if not verdict.allowed:
            return verdict
        charge = Charge.DM_SENT if act is Act.MESSAGE else Charge.SUMMONED_REPLY
        self.accounts.charge(books, [Cost(charge, _resource(task), task.chat, task.ref)], now)
        return text

    def _judged(
        self, books: Books, task: Task, act: Act, it: Standing, wordings: Sequence[str], now: datetime
    ) -> tuple[Verdict, str]:
        """The verdict on the first wording that may leave, or on the last one."""
        verdict, text = judge(act, it), wordings[0]
        if act is Act.MESSAGE:
            return verdict, text
        for text in wordings:
            since = now - SAME_TEXT_LIVES
            said = books.conduct.said(task.channel, _mark(text), since, but=task.id)
            long, link = weighted_length(text) > LONGEST_POST, has_address(text)
            verdict = judge(act, replace(it, same_text=said, too_long=long, has_link=link))
            if verdict.allowed:
                break
        return verdict, text

    def _standing(self, books: Books, task: Task, say: Say, act: Act, now: datetime) -> Standing:
        person = books.shoppers.get(task.channel, task.chat)
        post = say.answers
        return Standing(
            summoned=post is not None and post.summoned,
            answered=post is not None and books.conduct.answered(post.id, but=task.id),
            age=now - datetime.fromisoformat(post.at) if post is not None else timedelta(),
            wrote_first=person is not None and person.wrote,
            opted_out=person is not None and person.quiet,
            confirms_stop=say.message == "stopped",
            order_owes=task.ref is not None and any(p.paid_minor > 0 for p in books.payments.of(task.ref)),
            turns=books.conduct.turns(task.channel, task.chat, act, now - AN_HOUR, but=task.id),
            thrift=self.accounts.thrift(books, now),
        )

    def _counted(self, books: Books, act: Act, now: datetime, *, owed: bool) -> float:
        """Count the call against every limit that it meets; -> seconds to wait where one is used up."""
        limits = ("posts",) if act is Act.REPLY else ("dm_sends", "dm_sends_a_day")
        waits = {limit: self.accounts.wait(books, limit, now, owed=owed) for limit in limits}
        if waits.get("dm_sends_a_day"):
            text = "the day's private messages are nearly used up: only paid orders are still written to"
            self.accounts.tell(books, "dm_quota", text, now)
        if any(waits.values()):
            return max(waits.values())
        for limit in limits:
            self.accounts.count(books, limit, now)
        return 0.0

    def _note(self, books: Books, task: Task, say: Say, act: Act, verdict: Verdict, text: str, now: datetime) -> None:
        books.conduct.note(
            task.id,
            channel=task.channel,
            chat=task.chat,
            act=act,
            post=say.answers.id if say.answers else None,
            verdict=verdict,
            words=_mark(text) if act is Act.REPLY else "",
            now=now,
        )

    async def _not_done(self, task: Task, why: str) -> None:
        """What surely did not leave is not charged and counts for nothing; unless an earlier try may have."""

        def taken_back(books: Books) -> None:
            books.ledger.void(self.accounts.channel, _resource(task))
            if not task.uncertain:
                books.conduct.take_back(task.id, f"platform: {why}"[:200])

        await self.write(taken_back)


Sending = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class _Wait:
    seconds: float
    reason: Reason


def _resource(task: Task) -> str:
    """Each try is charged by itself."""
    return f"out:{task.id}:{task.epoch}"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]

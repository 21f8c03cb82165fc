"""The gate of a platform with rules: judged, counted and charged in one transaction before anything leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.costs import Charge, Cost
from bot.domain.effects import Say
from bot.domain.policy import Act, Reason, Standing, Verdict, judge
from bot.domain.weights import LONGEST_POST, has_address, weighted_length
from bot.errors import Permanent, Refused, Slowed, Temporary
from bot.ports import Books, Clock, Task, Writer
from bot.service.meter import Accounts

log = structlog.get_logger(__name__)
AN_HOUR = timedelta(hours=1)
LONGEST_WAIT = 1000.0
"""Seconds that an answer may wait for a limit: a quarter of an hour, not a day, after which it would answer nothing."""
SAME_TEXT_LIVES = timedelta(hours=24)
LIMITS_OF: Mapping[Act, Sequence[str]] = {Act.REPLY: ("posts",), Act.MESSAGE: ("dm_sends", "dm_sends_a_day")}
CHARGES: Mapping[Act, Charge] = {Act.REPLY: Charge.SUMMONED_REPLY, Act.MESSAGE: Charge.DM_SENT}


@dataclass(frozen=True)
class Gate:
    """Lets one channel's messages out, or not, and keeps the record of why."""

    accounts: Accounts
    write: Writer
    clock: Clock

    async def pass_through(self, task: Task, say: Say, wordings: Iterable[str], send: Sending) -> str | None:
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
            await self._not_done(task, say, error)
            raise
        except Temporary as error:
            if not error.uncertain:
                await self._not_done(task, say, error)
            raise

    def _let(self, books: Books, task: Task, say: Say, wordings: Iterable[str], now: datetime) -> str | Verdict | _Wait:
        act = act_of(say)
        standing = self._standing(books, task, say, act, now)
        verdict, text = self._judged(books, task, act, standing, wordings, now)
        wait = self._counted(books, task, say, now) if verdict.allowed else 0.0
        if wait:
            verdict = Verdict(allowed=False, reason=Reason.QUOTA)
        if verdict.allowed or not task.uncertain:  # an earlier try may have arrived and counts on
            self._note(books, task, say, verdict, text, now)
        if wait and (say.owed or wait <= LONGEST_WAIT):
            return _Wait(wait, verdict.reason)
        if not verdict.allowed:
            return verdict
        self.accounts.charge(books, [Cost(CHARGES[act], _resource(task), task.chat, task.ref)], now)
        return text

    def _judged(
        self, books: Books, task: Task, act: Act, it: Standing, wordings: Iterable[str], now: datetime
    ) -> tuple[Verdict, str]:
        """The verdict on the first wording that may leave, or on the last one. What may stand there already is said
        in the same words or not at all: only then does the platform know it again."""
        verdict, text = judge(act, it), ""
        if not verdict.allowed:
            return verdict, text
        noted = books.conduct.words(task.id) if task.uncertain else None
        for text in [noted] if noted else wordings:
            if act is Act.MESSAGE:
                break
            said = books.conduct.said(task.channel, text, now - SAME_TEXT_LIVES, but=task.id)
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
            order_owes=say.owed,
            turns=books.conduct.turns(task.channel, task.chat, act, now - AN_HOUR, but=task.id),
            thrift=self.accounts.thrift(books, now),
        )

    def _counted(self, books: Books, task: Task, say: Say, now: datetime) -> float:
        """Count the call against every limit that it meets; -> seconds to wait where one is used up."""
        ordered = task.ref is not None
        waits = {
            limit: self.accounts.wait(books, limit, now, owed=say.owed, ordered=ordered)
            for limit in LIMITS_OF[act_of(say)]
        }
        if waits.get("dm_sends_a_day"):
            text = "the day's private messages are nearly used up: only paid orders are still written to"
            self.accounts.tell(books, "dm_quota", text, now)
        if any(waits.values()):
            return max(waits.values())
        for limit in waits:
            self.accounts.count(books, limit, now)
        return 0.0

    def _note(self, books: Books, task: Task, say: Say, verdict: Verdict, text: str, now: datetime) -> None:
        books.conduct.note(
            task.id,
            channel=task.channel,
            chat=task.chat,
            act=act_of(say),
            post=say.answers.id if say.answers else None,
            verdict=verdict,
            words=text if say.answers else "",
            now=now,
        )

    async def _not_done(self, task: Task, say: Say, why: Exception) -> None:
        """What surely did not leave is neither charged nor counted; the record keeps an earlier try that may have.

        A window of which the platform has just said that it is full stays full.
        """

        def taken_back(books: Books) -> None:
            now = self.clock()
            books.ledger.void(self.accounts.channel, _resource(task))
            for limit in () if isinstance(why, Slowed) else LIMITS_OF[act_of(say)]:
                self.accounts.count(books, limit, now, by=-1)
            if not task.uncertain:
                books.conduct.take_back(task.id, f"platform: {why}"[:200])

        try:
            await self.write(taken_back)
        except Temporary as error:  # the failure itself matters more than its bookkeeping
            log.warning("policy.not_taken_back", task=task.id, error=str(error))


def can_answer(accounts: Accounts, books: Books, chat: str, now: datetime) -> bool:
    """Whether an ordinary private answer to somebody who just wrote could leave today."""
    turns = books.conduct.turns(accounts.channel, chat, Act.MESSAGE, now - AN_HOUR, but=0)
    standing = Standing(wrote_first=True, turns=turns, thrift=accounts.thrift(books, now))
    waits = (accounts.wait(books, limit, now) for limit in LIMITS_OF[Act.MESSAGE])
    return judge(Act.MESSAGE, standing).allowed and max(waits) <= LONGEST_WAIT


def act_of(say: Say) -> Act:
    return Act.MESSAGE if say.answers is None else Act.REPLY


Sending = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class _Wait:
    seconds: float
    reason: Reason


def _resource(task: Task) -> str:
    """Each try is charged by itself."""
    return f"out:{task.id}:{task.epoch}"

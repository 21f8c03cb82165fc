"""What X allows an automated account, and why: one verdict for everything that would leave for it.

An automated account answers who addressed it, once, and writes in private only to who wrote first; it stops when it
is told to (X's automation rules and the reply restriction of POST /2/tweets, which X answers with 403). What is
refused in public becomes silence, never a message out of the blue. The figures are ours and stricter than X's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import assert_never

REPLIES_AN_HOUR = 5
"""Public replies to one author an hour; beyond it two machines are talking, or somebody plays (F082)."""
MESSAGES_AN_HOUR = 30
"""Private answers to one person an hour, apart from what an order owes them."""
SUMMONS_LIVES = timedelta(hours=24)
"""A mention older than this is not answered any more: its author has long turned to something else."""


class Act(StrEnum):
    """What is about to be done on X."""

    REPLY = "reply"
    MESSAGE = "message"


class Thrift(IntEnum):
    """How far the day's budget is used up; each step gives up what the one before still did."""

    NONE = 0
    SLOW = 1
    """Ask X more seldom."""
    PRIVATE = 2
    """No public replies."""
    OWED = 3
    """Only messages about paid orders; nothing is asked of X any more."""


STEPS: tuple[tuple[float, Thrift], ...] = ((0.95, Thrift.OWED), (0.8, Thrift.PRIVATE), (0.5, Thrift.SLOW))
"""The share of the daily budget from which each step holds."""


def thrift(spent: int, budget: int) -> Thrift:
    """The step for what was spent today, both in millionths of a dollar."""
    return next((step for share, step in STEPS if spent >= share * budget), Thrift.NONE)


class Reason(StrEnum):
    """Why it was allowed or refused, as the record keeps it."""

    SUMMONED = "summoned"
    WROTE_FIRST = "wrote_first"
    ORDER_OWES = "order_owes"
    CONFIRMS_STOP = "confirms_stop"
    OPTED_OUT = "opted_out"
    NOT_SUMMONED = "not_summoned"
    ANSWERED = "already_answered"
    TOO_OLD = "too_old"
    TURNS = "too_many_turns"
    SAME_TEXT = "same_text"
    HAS_LINK = "has_link"
    TOO_LONG = "too_long"
    NEVER_WROTE = "never_wrote"
    BUDGET = "over_budget"
    QUOTA = "quota_used_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand between the shop and one person when something is about to leave for them.

    `summoned`, `answered` and `age` are of the post that would be answered: whether it addresses the shop, whether it
    had its reply, how old it is. `turns` are what left for this person within the hour, publicly or privately as
    the act is. `same_text` says that the account posted these very words within the day.
    """

    summoned: bool = False
    answered: bool = False
    age: timedelta = timedelta()
    wrote_first: bool = False
    opted_out: bool = False
    confirms_stop: bool = False
    order_owes: bool = False
    turns: int = 0
    same_text: bool = False
    has_link: bool = False
    too_long: bool = False
    thrift: Thrift = Thrift.NONE


@dataclass(frozen=True, slots=True)
class Verdict:
    allowed: bool
    reason: Reason


def judge(act: Act, it: Standing) -> Verdict:
    """Whether the act may be done now. Pure: the same standing always gets the same verdict."""
    match act:
        case Act.REPLY:
            return _judge_reply(it)
        case Act.MESSAGE:
            return _judge_message(it)
        case _:
            assert_never(act)


def _judge_reply(it: Standing) -> Verdict:
    hindrances = (
        (it.opted_out, Reason.OPTED_OUT),
        (not it.summoned, Reason.NOT_SUMMONED),
        (it.answered, Reason.ANSWERED),
        (it.age > SUMMONS_LIVES, Reason.TOO_OLD),
        (it.turns >= REPLIES_AN_HOUR, Reason.TURNS),
        (it.has_link, Reason.HAS_LINK),
        (it.too_long, Reason.TOO_LONG),
        (it.same_text, Reason.SAME_TEXT),
        (it.thrift >= Thrift.PRIVATE, Reason.BUDGET),
    )
    reason = next((why for holds, why in hindrances if holds), None)
    return Verdict(allowed=reason is None, reason=reason or Reason.SUMMONED)


def _judge_message(it: Standing) -> Verdict:
    if not it.wrote_first:
        return Verdict(allowed=False, reason=Reason.NEVER_WROTE)
    if it.order_owes:
        return Verdict(allowed=True, reason=Reason.ORDER_OWES)
    if it.confirms_stop:
        return Verdict(allowed=True, reason=Reason.CONFIRMS_STOP)
    if it.opted_out:
        return Verdict(allowed=False, reason=Reason.OPTED_OUT)
    if it.turns >= MESSAGES_AN_HOUR:
        return Verdict(allowed=False, reason=Reason.TURNS)
    if it.thrift >= Thrift.OWED:
        return Verdict(allowed=False, reason=Reason.BUDGET)
    return Verdict(allowed=True, reason=Reason.WROTE_FIRST)

"""Who may be answered on X: every verdict, which one comes first, and what no standing whatever allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.policy import (
    MESSAGES_AN_HOUR,
    REPLIES_AN_HOUR,
    STEPS,
    SUMMONS_LIVES,
    Act,
    Reason,
    Standing,
    Thrift,
    judge,
    thrift,
)

SUMMONED = Standing(summoned=True)
WROTE = Standing(wrote_first=True)
MOMENT = timedelta(seconds=1)

TABLE: list[tuple[Act, Standing, bool, Reason]] = [
    (Act.REPLY, SUMMONED, True, Reason.SUMMONED),
    (Act.REPLY, replace(SUMMONED, age=SUMMONS_LIVES), True, Reason.SUMMONED),
    (Act.REPLY, replace(SUMMONED, turns=REPLIES_AN_HOUR - 1), True, Reason.SUMMONED),
    (Act.REPLY, replace(SUMMONED, thrift=Thrift.SLOW), True, Reason.SUMMONED),
    (Act.REPLY, Standing(), False, Reason.NOT_SUMMONED),
    (Act.REPLY, replace(SUMMONED, opted_out=True), False, Reason.OPTED_OUT),
    (Act.REPLY, replace(SUMMONED, answered=True), False, Reason.ANSWERED),
    (Act.REPLY, replace(SUMMONED, age=SUMMONS_LIVES + MOMENT), False, Reason.TOO_OLD),
    (Act.REPLY, replace(SUMMONED, turns=REPLIES_AN_HOUR), False, Reason.TURNS),
    (Act.REPLY, replace(SUMMONED, has_link=True), False, Reason.HAS_LINK),
    (Act.REPLY, replace(SUMMONED, too_long=True), False, Reason.TOO_LONG),
    (Act.REPLY, replace(SUMMONED, same_text=True), False, Reason.SAME_TEXT),
    (Act.REPLY, replace(SUMMONED, thrift=Thrift.PRIVATE), False, Reason.BUDGET),
    (Act.REPLY, replace(SUMMONED, thrift=Thrift.OWED), False, Reason.BUDGET),
    (Act.MESSAGE, WROTE, True, Reason.WROTE_FIRST),
    (Act.MESSAGE, replace(WROTE, turns=MESSAGES_AN_HOUR - 1), True, Reason.WROTE_FIRST),
    (Act.MESSAGE, replace(WROTE, thrift=Thrift.PRIVATE), True, Reason.WROTE_FIRST),
    (Act.MESSAGE, Standing(), False, Reason.NEVER_WROTE),
    (Act.MESSAGE, SUMMONED, False, Reason.NEVER_WROTE),
    (Act.MESSAGE, Standing(order_owes=True), False, Reason.NEVER_WROTE),
    (Act.MESSAGE, Standing(confirms_stop=True), False, Reason.NEVER_WROTE),
    (Act.MESSAGE, replace(WROTE, opted_out=True), False, Reason.OPTED_OUT),
    (Act.MESSAGE, replace(WROTE, opted_out=True, confirms_stop=True), True, Reason.CONFIRMS_STOP),
    (Act.MESSAGE, replace(WROTE, opted_out=True, order_owes=True), True, Reason.ORDER_OWES),
    (Act.MESSAGE, replace(WROTE, turns=MESSAGES_AN_HOUR), False, Reason.TURNS),
    (Act.MESSAGE, replace(WROTE, turns=MESSAGES_AN_HOUR, order_owes=True), True, Reason.ORDER_OWES),
    (Act.MESSAGE, replace(WROTE, thrift=Thrift.OWED), False, Reason.BUDGET),
    (Act.MESSAGE, replace(WROTE, thrift=Thrift.OWED, order_owes=True), True, Reason.ORDER_OWES),
    (Act.MESSAGE, replace(WROTE, has_link=True, same_text=True, too_long=True), True, Reason.WROTE_FIRST),
]

AT_THE_GATE = {Reason.QUOTA}
"""Verdicts that no standing holds: the gate gives the first for a limit of X, the second is X's own answer."""

REPLY_HINDRANCES: list[tuple[dict[str, object], Reason]] = [
    ({"opted_out": True}, Reason.OPTED_OUT),
    ({"summoned": False}, Reason.NOT_SUMMONED),
    ({"answered": True}, Reason.ANSWERED),
    ({"age": SUMMONS_LIVES + MOMENT}, Reason.TOO_OLD),
    ({"turns": REPLIES_AN_HOUR}, Reason.TURNS),
    ({"has_link": True}, Reason.HAS_LINK),
    ({"too_long": True}, Reason.TOO_LONG),
    ({"same_text": True}, Reason.SAME_TEXT),
    ({"thrift": Thrift.PRIVATE}, Reason.BUDGET),
]
MESSAGE_HINDRANCES: list[tuple[dict[str, object], Reason]] = [
    ({"wrote_first": False}, Reason.NEVER_WROTE),
    ({"opted_out": True}, Reason.OPTED_OUT),
    ({"turns": MESSAGES_AN_HOUR}, Reason.TURNS),
    ({"thrift": Thrift.OWED}, Reason.BUDGET),
]

standings = st.builds(
    Standing,
    summoned=st.booleans(),
    answered=st.booleans(),
    age=st.timedeltas(timedelta(), timedelta(days=3)),
    wrote_first=st.booleans(),
    opted_out=st.booleans(),
    confirms_stop=st.booleans(),
    order_owes=st.booleans(),
    turns=st.integers(0, 2 * MESSAGES_AN_HOUR),
    same_text=st.booleans(),
    has_link=st.booleans(),
    too_long=st.booleans(),
    thrift=st.sampled_from(Thrift),
)


@pytest.mark.parametrize(("act", "standing", "allowed", "reason"), TABLE)
def test_a_standing_has_its_verdict(act: Act, standing: Standing, allowed: bool, reason: Reason) -> None:
    """F078, F082"""
    verdict = judge(act, standing)
    assert (verdict.allowed, verdict.reason) == (allowed, reason)


def test_every_reason_is_reached_by_a_row_or_is_the_gates_own() -> None:
    assert {reason for *_, reason in TABLE} | AT_THE_GATE == set(Reason)


@pytest.mark.parametrize(
    ("act", "good", "hindrances"),
    [(Act.REPLY, SUMMONED, REPLY_HINDRANCES), (Act.MESSAGE, WROTE, MESSAGE_HINDRANCES)],
)
def test_of_two_hindrances_the_weightier_is_the_reason(
    act: Act, good: Standing, hindrances: list[tuple[dict[str, object], Reason]]
) -> None:
    for (weighty, reason), (lighter, _) in pairwise(hindrances):
        assert judge(act, replace(good, **lighter, **weighty)).reason is reason  # type: ignore[arg-type]


@given(standings)
def test_nobody_is_written_to_who_did_not_write_first(standing: Standing) -> None:
    verdict = judge(Act.MESSAGE, replace(standing, wrote_first=False))
    assert not verdict.allowed
    assert verdict.reason is Reason.NEVER_WROTE


@given(standings, st.sampled_from(["unsummoned", "answered", "opted out"]))
def test_no_post_is_answered_unsummoned_twice_or_after_stop(standing: Standing, how: str) -> None:
    """F078, F079"""
    held = {
        "unsummoned": replace(standing, summoned=False),
        "answered": replace(standing, answered=True),
        "opted out": replace(standing, opted_out=True),
    }[how]
    assert not judge(Act.REPLY, held).allowed


@given(standings)
def test_no_public_reply_carries_a_link_or_more_than_fits(standing: Standing) -> None:
    """F084"""
    if judge(Act.REPLY, standing).allowed:
        assert not standing.has_link
        assert not standing.too_long
        assert not standing.same_text
        assert standing.turns < REPLIES_AN_HOUR


@given(standings, st.sampled_from(Act))
def test_an_allowed_act_has_a_reason_that_allows(standing: Standing, act: Act) -> None:
    allowing = {Reason.SUMMONED, Reason.WROTE_FIRST, Reason.ORDER_OWES, Reason.CONFIRMS_STOP}
    verdict = judge(act, standing)
    assert verdict.allowed == (verdict.reason in allowing)


@given(standings)
def test_after_stop_only_its_confirmation_and_what_an_order_owes_is_said(standing: Standing) -> None:
    verdict = judge(Act.MESSAGE, replace(standing, opted_out=True))
    assert not verdict.allowed or standing.confirms_stop or standing.order_owes


@pytest.mark.parametrize(
    ("spent", "step"),
    [
        (0, Thrift.NONE),
        (499_999, Thrift.NONE),
        (500_000, Thrift.SLOW),
        (799_999, Thrift.SLOW),
        (800_000, Thrift.PRIVATE),
        (949_999, Thrift.PRIVATE),
        (950_000, Thrift.OWED),
        (2_000_000, Thrift.OWED),
    ],
)
def test_a_step_holds_from_its_share_of_the_budget(spent: int, step: Thrift) -> None:
    assert thrift(spent, 1_000_000) is step


def test_without_a_budget_only_what_an_order_owes_is_said() -> None:
    assert thrift(0, 0) is Thrift.OWED


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 10**9))
def test_who_has_spent_more_is_never_the_freer(one: int, other: int, budget: int) -> None:
    less, more = sorted((one, other))
    assert thrift(less, budget) <= thrift(more, budget)


def test_the_steps_are_listed_from_the_last_to_the_first() -> None:
    assert [step for _, step in STEPS] == sorted((step for _, step in STEPS), reverse=True)
    assert [share for share, _ in STEPS] == sorted((share for share, _ in STEPS), reverse=True)

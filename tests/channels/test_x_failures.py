"""The real client against a server that says anything: what each failure means."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator

import pytest

from bot.channels.x import wire as module
from bot.channels.x.failures import (
    UNTIL_ACCOUNT_IS_MENDED,
    UNTIL_CREDITS_COME,
    UNTIL_KEYS_ARE_MENDED,
    AccountRefused,
    Duplicate,
    NoCredits,
)
from bot.channels.x.wire import THREADS, XWire
from bot.errors import Permanent, Temporary, Unreachable
from tests.channels.scripted import Answer, html, problem, said
from tests.channels.wired import KEYS, ME, NOW, SHORT, US, Line, connected


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with connected() as opened:
        yield opened


UNCERTAIN, CERTAIN = True, False


@pytest.mark.parametrize(
    ("answer", "uncertain"),
    [
        (said({"title": "Service Unavailable"}, 503), UNCERTAIN),
        (said({}, 500), UNCERTAIN),
        (html(502), UNCERTAIN),
        ((504, {}, b""), UNCERTAIN),
        (html(200), UNCERTAIN),
        ((200, {"content-type": "application/json"}, b""), UNCERTAIN),
        ((200, {"content-type": "application/json"}, b'{"data": '), UNCERTAIN),
        (said([{"data": {}}]), UNCERTAIN),
        (said("ok"), UNCERTAIN),
        (said(None), UNCERTAIN),
        (said([], 503), UNCERTAIN),
        ("cut", UNCERTAIN),
        ("half", UNCERTAIN),
        (html(403), CERTAIN),
        (html(404), CERTAIN),
        (html(400), CERTAIN),
        (html(401), CERTAIN),
        ((418, {"content-type": "application/json"}, b"{}"), CERTAIN),
    ],
)
async def test_what_may_pass_is_tried_again_and_says_whether_it_may_have_been_done(
    line: Line, answer: Answer, uncertain: bool
) -> None:
    """F076, F087: a page of somebody in between proves nothing, and what broke off may have arrived."""
    with pytest.raises(Temporary) as failed:
        await line.posts(answer)
    assert failed.value.uncertain is uncertain
    assert len(line.script.asked) == 1


async def test_a_connection_that_was_never_made_has_done_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    wire = XWire(KEYS, f"http://127.0.0.1:{port}", lambda: NOW)
    try:
        with pytest.raises(Temporary) as refused:
            await wire.json("GET", "/2/users/me")
        assert not refused.value.uncertain
    finally:
        wire.close()


async def test_a_hung_connection_is_given_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """F087"""
    monkeypatch.setattr(module, "READ_SECONDS", SHORT)
    began = time.monotonic()
    with pytest.raises(Temporary) as hung:
        await line.posts("hang")
    assert hung.value.uncertain
    assert time.monotonic() - began < 5
    assert (await line.asks(ME))["data"]["id"] == US


async def test_an_answer_that_drips_is_given_up_and_the_next_call_is_made(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F087: each byte is in time, the answer never; more of them than there are threads take none away."""
    monkeypatch.setattr(module, "PATIENCE", SHORT)
    drips: list[Answer] = ["drip" for _ in range(THREADS + 1)]
    line.script.says(*drips)
    calls = [asyncio.create_task(line.posts()) for _ in range(THREADS + 1)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(it, Temporary) and it.uncertain for it in outcomes)
    monkeypatch.setattr(module, "PATIENCE", 5.0)
    line.script.answers.clear()
    assert (await line.asks(ME))["data"]["id"] == US
    left = [thread for thread in threading.enumerate() if thread.name.startswith("x")]
    assert left
    assert all(thread.daemon for thread in left), "the process could not end before the answer does"


async def test_refused_keys_are_tried_again_later_and_named(line: Line) -> None:
    with pytest.raises(Temporary, match="X_CONSUMER_KEY") as refused:
        await line.asks(problem(401, "Unauthorized", title="Unauthorized"))
    assert refused.value.retry_after == UNTIL_KEYS_ARE_MENDED
    assert not refused.value.uncertain


async def test_without_credits_the_merchant_is_told_and_it_is_tried_much_later(line: Line) -> None:
    with pytest.raises(NoCredits) as out:
        await line.asks(problem(402, "no credits", title="CreditsDepleted"))
    assert out.value.retry_after == UNTIL_CREDITS_COME
    assert line.meter.alerts == ["no_credits"]
    out_then = line.wire.out_of_credits
    await line.asks(ME)
    assert (out_then, line.wire.out_of_credits) == (True, False)
    assert line.meter.alerts == ["no_credits"]


async def test_a_broken_connection_does_not_bring_credits_back(line: Line) -> None:
    with pytest.raises(NoCredits):
        await line.asks(problem(402, "no credits", title="CreditsDepleted"))
    with pytest.raises(Temporary):
        await line.asks("cut")
    assert line.wire.out_of_credits


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (
            problem(403, "You are not allowed to create a Tweet with duplicate content."),
            Duplicate,
            "Forbidden: You are not allowed to create a Tweet with duplicate content.",
        ),
        (problem(403, "You cannot send messages to this user."), Unreachable, "cannot send messages to this user"),
        (
            problem(403, "You do not have permission to DM one or more participants."),
            Unreachable,
            "permission to DM",
        ),
        (problem(403, "User has been suspended: [2001]."), Unreachable, "suspended"),
        (problem(404, "Could not find user with id: [2001].", title="Not Found Error"), Unreachable, "find user"),
        (
            problem(403, "Reply to this conversation is not allowed because you have not been mentioned."),
            Permanent,
            "not allowed because",
        ),
        (
            problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you."),
            Permanent,
            "deleted",
        ),
        (problem(404, "Could not find tweet with id: [5].", title="Not Found Error"), Permanent, "find tweet"),
        (
            problem(
                400, "One or more parameters to your request was invalid.", messages=["Your media IDs are invalid"]
            ),
            Permanent,
            "media IDs are invalid",
        ),
        (said({"errors": [{"code": 186, "message": "Tweet needs to be a bit shorter."}]}, 403), Permanent, "shorter"),
        (said({}, 403), Permanent, "403"),
    ],
)
async def test_a_refusal_of_xs_own_is_final(line: Line, answer: Answer, kind: type[Permanent], sentence: str) -> None:
    """F077, F078, F083: told by X's sentence, with what is wrong with which parameter."""
    with pytest.raises(Permanent) as refused:
        await line.posts(answer)
    assert type(refused.value) is kind
    assert sentence in str(refused.value)
    assert len(line.script.asked) == 1


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        (
            "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
            "oauth1-permissions",
        ),
        ("You must use keys and tokens from an App that is attached to a Project.", "client-forbidden"),
        ("This account is not enrolled.", "client-not-enrolled"),
        ("Your account is suspended and is not permitted to access this feature.", ""),
        ("To protect our users from spam, this account is temporarily locked.", ""),
        ("Usage cap exceeded: Monthly product cap", "usage-capped"),
    ],
)
async def test_a_refusal_of_the_account_is_no_messages_fault(line: Line, detail: str, kind: str) -> None:
    """F083: somebody must mend it; until then every message waits, and none is given up for it."""
    with pytest.raises(AccountRefused, match="X refuses the account") as refused:
        await line.posts(problem(403, detail, kind=kind))
    assert refused.value.retry_after == UNTIL_ACCOUNT_IS_MENDED == 300
    assert not refused.value.uncertain
    assert line.wire.ails == str(refused.value)
    with pytest.raises(Permanent):
        await line.posts(problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you."))
    assert line.wire.ails == str(refused.value), "another refusal does not mend it"
    await line.asks(ME)
    assert line.wire.ails is None


async def test_the_suspension_of_somebody_else_is_no_refusal_of_the_account(line: Line) -> None:
    """The negative twin."""
    with pytest.raises(Unreachable):
        await line.posts(problem(403, "User has been suspended: [2001]."))
    assert line.wire.ails is None


async def test_a_refusal_of_another_shape_is_no_verdict(line: Line) -> None:
    """JSON, but not X's: a list of nothing."""
    with pytest.raises(Temporary):
        await line.posts(said([], 403))

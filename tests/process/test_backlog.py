"""Thousands of messages wait as the shop comes back: who is about to pay is answered before they are decided on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.telegram import shoppers
from tests.process.starts import Process, surroundings
from tests.process.test_invoices import SheetWorld, opened_sheets
from tests.process.world import World, opened, until

pytestmark = pytest.mark.process
PAYER = 1801
WAITING = {"polling": 3_000, "webhook": 300}
"""Messages before the question. Telegram calls one at a time, forty open: it takes those calls longer to come."""
FEW = 400
WITHOUT_JOURNAL = (
    "from bot.service.intake import Reception; Reception.take = Reception._each; from bot.start import main; main()"
)


def without_journal(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    """The command as it would be if each message were decided on as it comes."""
    with log.open("ab") as errors:
        command = [sys.executable, "-c", WITHOUT_JOURNAL, *arguments]
        return subprocess.Popen(command, cwd=Path(__file__).parents[2], env=surroundings(environment), stderr=errors)


def people(size: int) -> range:
    return range(20_000, 20_000 + size)


def crowd(world: World, size: int) -> None:
    """So many people write at once, each in a chat of their own."""

    def write(sandbox: Sandbox) -> None:
        for chat in people(size):
            shoppers.say(sandbox.telegram, chat, "bonjour")

    world.neighbour.within(write)


def decided(world: World) -> int:
    return len(world.rows("v_inbox", source="telegram", state="done"))


def asked_behind(world: SheetWorld, size: int) -> tuple[Mapping[str, object], int]:
    """While the shop rests so many write, and then somebody confirms the sheet.

    -> what became of that, and how many messages were decided on by then.
    """
    world.buys(PAYER)
    world.quiet()
    assert world.shop is not None
    world.shop.send_signal(signal.SIGSTOP)
    try:
        crowd(world, size)
        with ThreadPoolExecutor(1) as paying:
            outcome = paying.submit(world.confirms, PAYER)
            until(lambda: world.get("/telegram/questions"), what="Telegram asks")
            world.shop.send_signal(signal.SIGCONT)
            return outcome.result(), decided(world)
    finally:
        world.shop.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("mode", WAITING)
def test_a_question_behind_many_messages_is_answered_before_most_of_them_are_decided_on(
    tmp_path: Path, mode: str
) -> None:
    """F061; how long that takes is the machine's affair, but Telegram asks for an answer within ten seconds."""
    with opened_sheets(tmp_path, mode=mode) as world:
        outcome, before = asked_behind(world, WAITING[mode])
        assert outcome["paid"], outcome
        assert before < WAITING[mode] / 2


def test_without_a_journal_all_of_them_are_decided_on_before(tmp_path: Path) -> None:
    """F061: the control of the test above."""
    with opened_sheets(tmp_path, by=without_journal) as world:
        _, before = asked_behind(world, FEW)
        assert before >= FEW


def test_what_is_kept_when_the_shop_is_killed_is_answered_once_by_the_next(tmp_path: Path) -> None:
    """F051, F050: Telegram has forgotten the messages by then."""
    with opened(tmp_path) as world:
        world.start()
        crowd(world, FEW)
        until(lambda: len(world.rows("v_inbox", state="new")) > FEW / 3, what="many of them are kept")
        world.kill()
        assert decided(world) < FEW
        world.start()
        until(lambda: decided(world) == FEW, what="all are decided on")
        world.quiet()
        said = [row["chat"] for row in world.rows("v_outbox", kind="welcome")]
        assert sorted(said) == [str(chat) for chat in people(FEW)]

"""Windows of mentions and messages that break off anywhere: each human post has exactly one answer in the end."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from tests.process.commands import told
from tests.process.on_x import XWorld, opened_on_x
from tests.process.world import until

pytestmark = pytest.mark.process

SETTLED = 60.0


def wishes(world: XWorld, first: int, count: int) -> list[str]:
    """So many people who each ask for the same thing."""
    return [
        world.posts("@atelier_lumiere je voudrais un mug bleu", user=10_000 + number, name=f"P{number}")
        for number in range(first, first + count)
    ]


def has_moved(world: XWorld) -> bool:
    with contextlib.closing(sqlite3.connect(f"file:{world.folder / 'shop.db'}?mode=ro", uri=True)) as reader:
        return bool(reader.execute("SELECT 1 FROM cursors WHERE name = 'x:mentions'").fetchall())


def test_250_mentions_over_three_pages_with_30_arriving_between_a_429_and_a_kill_get_one_answer_each(
    tmp_path: Path,
) -> None:
    """F074, F075, F079: the cursor moves only once the whole window is durable, and what was read twice is known."""
    with opened_on_x(tmp_path, every="500ms") as world:
        world.limits("POST /2/tweets", 100_000)
        posts = wishes(world, 0, 250)
        # the first window: page one passes slowly, page two is refused, thirty more arrive, then the process dies
        world.breaks(service="x", method="GET /2/users/:id/mentions", kind="status", code=429, skip=1, reset_in=1)
        world.breaks(service="x", method="GET /2/users/:id/mentions", kind="delay", seconds=0.5, times=-1)
        world.start()
        until(lambda: "slow down" in world.log(), what="page two was refused")
        posts += wishes(world, 250, 30)
        world.kill()
        assert not has_moved(world)
        world.mends()
        world.breaks(service="x", method="GET /2/users/:id/mentions", kind="delay", seconds=0.3, times=-1)
        world.start()
        until(lambda: len(world.rows("v_inbox", source="x")) >= 200, what="page two is durable")
        world.kill()
        assert not has_moved(world) or len(world.rows("v_inbox", source="x")) == 280
        world.mends()
        world.start()
        until(lambda: len(world.replies()) >= 280, seconds=SETTLED, what=f"{len(world.replies())} of 280 replies")
        world.quiet()
        answered = [it["reply_to"] for it in world.replies()]
        assert sorted(answered) == sorted(posts)
        assert len(world.rows("v_inbox", source="x")) == 280


def test_a_lost_cursor_answers_nobody_twice(tmp_path: Path) -> None:
    """F080"""
    with opened_on_x(tmp_path) as world:
        world.start()
        posts = wishes(world, 0, 5)
        until(lambda: len(world.replies()) == 5, what="five replies")
        for damage in ("DELETE FROM cursors", "UPDATE cursors SET value = 'not a number'"):
            world.kill()
            with sqlite3.connect(world.folder / "shop.db") as books:
                books.execute(damage)
            world.start()
            (new,) = wishes(world, len(posts), 1)
            posts.append(new)
            world.replied(new)
        world.quiet()
        assert sorted(it["reply_to"] for it in world.replies()) == sorted(posts)


def test_polling_and_webhook_may_overlap(tmp_path: Path) -> None:
    """F079, F086: an event that comes by webhook, by page and once more days later is one event."""
    with opened_on_x(tmp_path, mode="webhook") as world:
        world.start()
        told(world, "webhooks", "register")
        post = world.posts("@atelier_lumiere je voudrais un mug bleu")
        world.replied(post)
        world.post("/x/redeliver", copies=5)
        world.kill()
        world.start()  # which asks for what it may have missed
        world.writes("bonjour")
        world.tells("Bienvenue")
        world.quiet()
        assert len(world.replies()) == 1
        assert len(world.told()) == 1


def test_messages_are_read_to_the_last_one_seen_through_an_outage(tmp_path: Path) -> None:
    """F074: private messages have no since_id; what came while the shop was down is answered, and only that."""
    with opened_on_x(tmp_path) as world:
        world.limits("POST /2/dm_conversations/with/:participant_id/messages", 100_000)
        world.start()
        world.writes("bonjour", user=2001)
        world.tells("Bienvenue", user=2001)
        world.kill()
        people = range(3001, 3041)
        for user in people:
            world.writes("combien coûte le mug bleu ?", user=user)
        world.start()
        for user in people:
            world.tells("18,00", user=user)
        world.quiet()
        assert {user: len(world.told(user)) for user in (2001, *people)} == dict.fromkeys((2001, *people), 1)


def test_a_budget_of_reads_outlives_a_restart(tmp_path: Path) -> None:
    """F075: the row says when X may be asked again; a new process does not ask sooner."""
    with opened_on_x(tmp_path) as world:
        world.breaks(service="x", method="GET /2/dm_events", kind="status", code=429, reset_in=600)
        world.start()
        until(lambda: "slow down" in world.log(), what="refused once")
        asked = len(world.get("/requests", service="x", method="GET /2/dm_events"))
        world.kill()
        world.start()
        post = world.posts("@atelier_lumiere je voudrais un mug bleu")
        world.replied(post)
        assert len(world.get("/requests", service="x", method="GET /2/dm_events")) == asked
        assert json.dumps(world.rows("v_inbox", source="x"))

"""Bad days on X, each met through the installed command: nothing lost, nothing doubled, nothing said out of turn."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.policy import REPLIES_AN_HOUR
from bot.sandbox.server import Sandbox
from bot.sandbox.x.account import X_KEYS
from tests.process.commands import told
from tests.process.on_x import SHOWN_POST, XWorld, opened_on_x
from tests.process.world import until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XWorld]:
    """One shop for the tests of this module that leave it as they found it, each with people of its own."""
    with opened_on_x(tmp_path_factory.mktemp("shop")) as world:
        world.limits("POST /2/dm_conversations/with/:participant_id/messages", 100_000)
        world.start()
        yield world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[XWorld]:
    with opened_on_x(tmp_path) as opening:
        opening.limits("POST /2/dm_conversations/with/:participant_id/messages", 100_000)
        opening.start()
        yield opening


def taken_in(world: XWorld) -> set[str]:
    """The posts that the shop has made durable."""
    return {row["key"].removeprefix("post:") for row in world.rows("v_inbox", source="x")}


def silent_about(world: XWorld, post: str) -> None:
    """The shop has seen the post and said nothing."""
    sign = world.posts("@atelier_lumiere je voudrais un mug bleu", user=900_000 + int(post) % 90_000, name="Sign")
    world.replied(sign)
    assert world.replies(post) == []


def test_a_mention_that_was_deleted_is_given_up_at_once(shared: XWorld) -> None:
    """F083"""
    shared.breaks(service="x", method="POST /2/tweets", kind="delay", seconds=1.0)
    post = shared.posts("@atelier_lumiere je voudrais un mug bleu", user=2101)
    until(lambda: shared.rows("v_outbox", chat="2101"), what="the reply is on its way")
    shared.post("/x/delete", id=post)
    until(lambda: [r for r in shared.rows("v_outbox", chat="2101") if r["state"] in ("dead", "sent")], what="an end")
    assert shared.rows("v_outbox", chat="2101")[0]["attempts"] <= 1
    assert shared.replies(post) == []


def test_a_suspended_author_is_given_up_at_once(shared: XWorld) -> None:
    """F083"""
    shared.writes("bonjour", user=2102)
    shared.tells("Bienvenue", user=2102)
    shared.post("/x/user", user=2102, suspended=True)
    shared.writes("je voudrais un mug bleu", user=2102)
    until(lambda: [r for r in shared.rows("v_outbox", chat="2102") if r["state"] == "dead"], what="given up")


def test_closed_messages_are_told_in_public_when_asked_again_and_never_before(shared: XWorld) -> None:
    """F077"""
    shared.writes("je voudrais un mug bleu", user=2103)
    shared.tells("Mug bleu", user=2103)
    shared.post("/x/user", user=2103, dms="closed", blocks=False)
    shared.writes("combien coûte le mug noir ?", user=2103)
    until(lambda: [r for r in shared.rows("v_outbox", chat="2103") if r["state"] == "dead"], what="given up")
    before = len(shared.replies())
    post = shared.posts("@atelier_lumiere je voudrais le mug noir", user=2103)
    assert "fermés" in shared.replied(post)
    assert len(shared.replies()) == before + 1


def test_a_reply_that_x_does_not_permit_is_not_tried_again(shared: XWorld) -> None:
    """F078"""

    def refused() -> int:
        tries = shared.get("/requests", service="x", method="POST /2/tweets")
        return len([it for it in tries if it["status"] == 403])

    before = refused()
    shared.post("/x/account", strict_summon=True)
    post = shared.posts("je le veux !", user=2104, reply_to=SHOWN_POST)
    until(lambda: [r for r in shared.rows("v_outbox", chat="2104") if r["state"] == "dead"], what="given up")
    shared.post("/x/account", strict_summon=False)
    assert refused() == before + 1
    assert shared.replies(post) == []
    assert shared.told(2104) == []


def test_reposts_and_posts_of_others_are_not_answered(shared: XWorld) -> None:
    """F079, F081"""
    post = shared.posts("@atelier_lumiere je voudrais un mug bleu", user=2105)
    shared.replied(post)
    repost = shared.post("/x/repost", user=2106, id=post)["id"]
    silent_about(shared, repost)
    assert shared.rows("v_outbox", chat="2106") == []


def test_an_edit_is_the_same_interaction(shared: XWorld) -> None:
    """F079"""
    post = shared.posts("@atelier_lumiere je voudrais un mug bleu", user=2107)
    shared.replied(post)
    edited = shared.post("/x/edit", id=post, text="@atelier_lumiere je voudrais DEUX mugs bleus")["id"]
    silent_about(shared, edited)
    assert len(shared.rows("v_outbox", chat="2107")) == 1


def test_a_chain_of_quotes_is_answered_only_where_it_addresses_the_shop(shared: XWorld) -> None:
    first = shared.posts("@atelier_lumiere combien ?", user=2108, quote=SHOWN_POST)
    assert "Mug bleu" in shared.replied(first)
    second = shared.posts("combien ?", user=2109, quote=first)
    third = shared.posts("et moi ?", user=2119, reply_to=second)
    silent_about(shared, second)
    assert shared.replies(third) == []


def test_a_protected_author_is_not_answered_for_all_to_read(shared: XWorld) -> None:
    shared.post("/x/user", user=2110, protected=True)
    post = shared.posts("@atelier_lumiere je voudrais un mug bleu", user=2110, protected=True)
    silent_about(shared, post)


def test_a_machine_that_answers_every_word_is_left_alone_after_a_few_turns(shared: XWorld) -> None:
    """F082"""
    posts = [shared.posts("@atelier_lumiere je voudrais un mug bleu", user=2113)]
    shared.replied(posts[0])
    for _ in range(REPLIES_AN_HOUR + 3):
        newest = shared.timeline()[-1]["id"]
        posts.append(shared.posts("@atelier_lumiere je voudrais un mug bleu", user=2113, reply_to=newest))
        until(lambda: posts[-1] in taken_in(shared), what="it was read")
        shared.quiet()
    assert len([it for it in shared.replies() if it["reply_to"] in posts]) == REPLIES_AN_HOUR


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "status", "code": 503, "body": "<html>Over capacity</html>"},
        {"kind": "status", "code": 403, "body": "<html>Attention required</html>"},
        {"kind": "drop_before"},
        {"kind": "hang", "seconds": 20},
    ],
    ids=["503 html", "403 html", "cut", "hang"],
)
def test_reading_goes_on_after(shared: XWorld, rule: dict[str, Any]) -> None:
    """F075, F076, F087: bounded, without recursion, and the other half of the shop goes on meanwhile."""
    shared.me += 1
    shared.breaks(service="x", method="GET /2/dm_events", times=1, **rule)
    time.sleep(0.5)
    shared.replied(shared.posts("@atelier_lumiere je voudrais un mug bleu"))
    shared.writes("bonjour")
    until(shared.told, seconds=25, what="the message is answered")


def test_a_429_that_does_not_say_how_long_is_rested_after_for_a_minute(world: XWorld) -> None:
    """F076: one question, no recursion; mentions are read on."""
    world.breaks(service="x", method="GET /2/dm_events", kind="status", code=429, header=False)
    until(lambda: "slow down" in world.log(), what="refused once")
    asked = len(world.get("/requests", service="x", method="GET /2/dm_events"))
    world.replied(world.posts("@atelier_lumiere je voudrais un mug bleu"))
    time.sleep(2)
    assert len(world.get("/requests", service="x", method="GET /2/dm_events")) == asked


def test_a_lost_answer_to_a_reply_is_not_a_second_reply(shared: XWorld) -> None:
    """F078: X refuses the same words again, which proves that they had arrived."""
    shared.breaks(service="x", method="POST /2/tweets", kind="drop_after")
    post = shared.posts("@atelier_lumiere je voudrais un mug bleu", user=2115)
    until(lambda: [r for r in shared.rows("v_outbox", chat="2115") if r["state"] == "sent"], what="it counts as sent")
    assert len(shared.replies(post)) == 1
    assert shared.rows("v_outbox", chat="2115")[0]["ambiguous"] == 1


def test_a_lost_answer_to_a_message_is_looked_up_before_it_is_sent_again(shared: XWorld) -> None:
    shared.breaks(service="x", method="POST /2/dm_conversations/*", kind="drop_after")
    shared.writes("je voudrais un mug bleu", user=2116)
    until(
        lambda: [r for r in shared.rows("v_outbox", chat="2116") if r["kind"] == "link" and r["state"] == "sent"],
        what="sent",
    )
    assert len([it for it in shared.told(2116) if "Mug bleu" in it["text"]]) == 1


def test_credits_that_are_used_up_are_a_state_and_not_an_end(world: XWorld) -> None:
    """402: the merchant is told once, and the shop goes on when credits have come."""
    world.post("/x/credits", usd=0)
    until(lambda: [r for r in world.rows("v_alerts") if r["kind"] == "no_credits"], what="the merchant is told")
    ready = world.http.get(f"http://127.0.0.1:{world.port}/readyz").json()
    assert "credits" in ready["ailing"]["x"]
    world.post("/x/credits", usd=None)
    world.kill()
    world.start()
    world.writes("bonjour", user=2117)
    world.tells("Bienvenue", user=2117)
    assert len([r for r in world.rows("v_alerts") if r["kind"] == "no_credits"]) == 1


def test_an_encrypted_message_is_told_to_the_merchant(tmp_path: Path) -> None:
    with opened_on_x(tmp_path, mode="webhook") as world:
        world.start()
        told(world, "webhooks", "register")
        world.post("/x/encrypted", user=2118)
        until(lambda: [r for r in world.rows("v_alerts") if r["kind"] == "encrypted_chat"], what="an alert")


def test_forged_old_and_huge_calls_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    """F085, F086"""
    with opened_on_x(tmp_path, mode="webhook") as world:
        world.start()
        hook = f"http://127.0.0.1:{world.port}/x/webhook"
        body = json.dumps({"data": {"event_type": "dm.received"}}).encode()
        for signature in (None, "", "sha256=", "sha256=AAAA", sign(b"another body")):
            headers = {} if signature is None else {"x-twitter-webhooks-signature": signature}
            assert world.http.post(hook, content=body, headers=headers).status_code == 401
        for junk in (b"", b"[]", b"null", b"{}", body, b"\xff\xfe", b"[" * 20_000):
            answer = world.http.post(hook, content=junk, headers={"x-twitter-webhooks-signature": sign(junk)})
            assert answer.status_code == 400, junk[:20]
        assert world.http.post(hook, content=b"x" * 2_000_000).status_code == 413
        assert world.rows("v_inbox") == []
        good = world.http.get(hook, params={"crc_token": "abc"})
        assert good.json() == {"response_token": sign(b"abc")}
        for bad in ({}, {"crc_token": ""}, {"crc_token": "x" * 5000}, {"crc_token": "é\n"}):
            assert world.http.get(hook, params=bad).status_code == 400


def sign(body: bytes) -> str:
    digest = hmac.new(X_KEYS.consumer_secret.encode(), body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()


def test_check_online_names_what_x_finds_wrong(tmp_path: Path) -> None:
    with opened_on_x(tmp_path, mode="webhook") as world:
        world.start()
        told(world, "webhooks", "register")
        assert "faults" in told(world, "check", "--online")
        world.post("/x/account", automated=False, bio="", access_level="read", dms="closed")
        said = told(world, "check", "--online", code=78)
        for words in ("Automated label", "bio is empty", "may only read", "private messages"):
            assert words in said
        world.post("/x/account", automated=True, bio="The shop", access_level="read-write-directmessages", dms="open")
        world.stop()
        right, world.consumer_secret = world.consumer_secret, "another-consumer-secret"
        world.start(ready=False)
        hook = f"http://127.0.0.1:{world.port}/x/webhook"
        until(lambda: world.http.get(hook, params={"crc_token": "a"}).status_code == 200, what="it answers, wrongly")
        world.consumer_secret = right
        world.post("/x/crc")
        assert "invalid" in told(world, "check", "--online", code=78)


def test_a_thousand_mentions_of_one_author_in_a_minute_get_a_few_replies(shared: XWorld) -> None:
    """F082"""

    def write(sandbox: Sandbox) -> list[str]:
        return [sandbox.x.post(2111, "@atelier_lumiere je voudrais un mug bleu") for _ in range(500)]

    posts = set(shared.neighbour.within(write))
    until(lambda: posts <= taken_in(shared), what="the first half is durable")  # X lists the newest 800 only
    posts |= set(shared.neighbour.within(write))
    until(lambda: posts <= taken_in(shared), what="all are durable")
    shared.quiet()
    assert len([it for it in shared.replies() if it["reply_to"] in posts]) == REPLIES_AN_HOUR
    other = shared.posts("@atelier_lumiere je voudrais un mug bleu", user=2112)
    shared.replied(other)


def test_no_key_ever_stands_in_a_log(shared: XWorld) -> None:
    for secret in (X_KEYS.consumer_secret, X_KEYS.access_token_secret, X_KEYS.bearer_token, X_KEYS.access_token):
        assert secret not in shared.log()

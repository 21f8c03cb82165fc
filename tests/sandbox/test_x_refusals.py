"""Which sentence the sandbox's X refuses with: the shop tells a closed door from a mistake of its own by it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bot.sandbox.x.media import LARGEST
from tests.sandbox.conftest import Control
from tests.sandbox.pictures import picture
from tests.sandbox.x_client import X

COMPOSE = "https://x.com/messages/compose?recipient_id=1900000000000000001"


@pytest.fixture
def x(base: str) -> X:
    return X(base)


@pytest.mark.parametrize(
    ("state", "status", "sentence"),
    [
        ({"dms": "closed"}, 403, "You cannot send messages to this user."),
        ({"blocks": True}, 403, "You cannot send messages to this user."),
        ({"suspended": True}, 403, "User has been suspended: [1001]."),
        ({"dms": "wrote_first"}, 403, "You do not have permission to DM one or more participants."),
    ],
)
async def test_a_closed_door_says_why(x: X, control: Control, state: Any, status: int, sentence: str) -> None:
    """F077."""
    await control.post("/x/user", user=1001, **state)
    refused = await x.dm(1001, "Bonjour")
    assert (refused.status, refused.detail) == (status, sentence)
    assert (await control.get("/x/threads/1001"))["messages"] == []


async def test_one_who_closes_the_door_after_writing_is_not_written_to(x: X, control: Control) -> None:
    """F077."""
    await control.post("/x/dm", user=1001, text="bonjour")
    assert (await x.dm(1001, "Bonjour")).status == 201
    await control.post("/x/user", user=1001, dms="closed")
    assert (await x.dm(1001, "Encore")).status == 403
    assert (await control.get("/x/threads/1001"))["closed"] is True
    await control.post("/x/user", user=1001, dms="wrote_first")
    assert (await x.dm(1001, "Encore")).status == 201


async def test_a_refused_post_is_neither_shown_nor_charged(x: X, control: Control) -> None:
    """F078, F083."""
    asked = (await control.post("/x/post", user=1001, text="@atelier_lumiere combien ?"))["id"]
    await control.post("/x/delete", id=asked)
    refused = await x.reply("12 €", asked)
    assert (refused.status, "deleted" in refused.detail) == (403, True)
    assert (await control.get("/x/timeline"))["posts"] == []
    assert (await control.get("/x/bill"))["total_micro"] == 0


async def test_a_deep_link_leads_to_a_conversation_or_nowhere(x: X) -> None:
    assert (await x.post("un", direct_message_deep_link=f"{COMPOSE}&text=Bonjour%20!")).status == 201
    assert (await x.post("deux", direct_message_deep_link="https://shop.example.com/")).status == 400


async def test_those_left_out_are_not_named_before_an_answer(x: X, control: Control) -> None:
    await control.post("/x/user", user=1002, handle="luc")
    asked = (await control.post("/x/post", user=1001, handle="zoe", text="@atelier_lumiere @luc combien ?"))["id"]
    assert (await x.reply("un", asked)).data["text"] == "@zoe @luc un"
    alone = await x.post("deux", in_reply_to_tweet_id=asked, exclude_reply_user_ids=["1002"])
    assert alone.data["text"] == "@zoe deux"
    assert (await x.reply("@luc trois", asked)).data["text"] == "@zoe @luc trois"


async def test_pictures_that_are_not_there_are_named_as_such(x: X, control: Control) -> None:
    await control.post("/x/dm", user=1001, text="bonjour")
    for refused in (await x.dm(1001, "voici", media_id="5"), await x.post("voici", media_ids=["5"])):
        assert refused.status == 400
        assert "media IDs are invalid" in json.dumps(refused.body)


async def test_a_message_has_one_picture_at_most(x: X, control: Control) -> None:
    await control.post("/x/dm", user=1001, text="bonjour")
    uploaded = [await x.raw("POST", "/2/media/upload", json=upload(picture())) for _ in range(2)]
    attachments = [{"media_id": it.data["id"]} for it in uploaded]
    path = "/2/dm_conversations/with/1001/messages"
    assert (await x.raw("POST", path, json={"attachments": attachments})).status == 400
    assert (await x.raw("POST", path, json={"attachments": attachments[:1]})).status == 201


async def test_a_picture_has_five_megabytes_at_most(x: X) -> None:
    small = picture()
    assert (await x.raw("POST", "/2/media/upload", json=upload(small.ljust(LARGEST["image"], b"\0")))).status == 200
    assert (await x.raw("POST", "/2/media/upload", json=upload(small.ljust(LARGEST["image"] + 1, b"\0")))).status == 400


async def test_one_who_blocks_the_shop_is_not_seen_by_it(x: X, control: Control) -> None:
    hidden = (await control.post("/x/post", user=1001, text="@atelier_lumiere combien ?"))["id"]
    assert (await x.mentions()).ids == [hidden]
    await control.post("/x/user", user=1001, blocks=True)
    assert (await x.mentions()).data == []


def upload(data: bytes) -> dict[str, str]:
    return {"media": base64.b64encode(data).decode(), "media_category": "dm_image"}

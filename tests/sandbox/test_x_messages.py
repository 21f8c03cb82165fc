"""Private messages of the sandbox's X: what is listed, what may be sent, and to whom."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox.server import Sandbox, serving
from tests.sandbox.conftest import Control
from tests.sandbox.x_client import X

FIELDS = ["created_at", "dm_conversation_id", "sender_id", "attachments"]


@pytest.fixture
def x(base: str) -> X:
    return X(base)


async def test_messages_come_newest_first_with_the_shop_s_own(x: X, control: Control) -> None:
    first = (await control.post("/x/dm", user=1001, text="bonjour"))["id"]
    sent = await x.dm(1001, "Bonjour !")
    assert sent.data["dm_conversation_id"] == f"1001-{x.me}"
    told = await x.messages(dm_event_fields=FIELDS)
    assert told.ids == [sent.data["dm_event_id"], first]
    assert [it["sender_id"] for it in told.data] == [x.me, "1001"]
    assert [it["text"] for it in told.data] == ["Bonjour !", "bonjour"]
    assert {it["dm_conversation_id"] for it in told.data} == {f"1001-{x.me}"}


async def test_a_message_shows_three_fields_unless_more_are_asked_for(x: X, control: Control) -> None:
    number = (await control.post("/x/dm", user=1001, text="bonjour"))["id"]
    assert (await x.messages()).data == [{"id": number, "event_type": "MessageCreate", "text": "bonjour"}]


async def test_messages_come_in_pages(x: X, control: Control) -> None:
    ids = [(await control.post("/x/dm", user=1001, text=str(number)))["id"] for number in range(5)]
    first = await x.messages(max_results=2)
    assert first.ids == ids[:2:-1]
    second = await x.messages(max_results=2, pagination_token=first.body["meta"]["next_token"])
    assert second.ids == ids[2:0:-1]
    last = await x.messages(max_results=2, pagination_token=second.body["meta"]["next_token"])
    assert last.ids == ids[:1]
    assert "next_token" not in last.body["meta"]
    assert (await x.raw("GET", "/2/dm_events", since_id=ids[0])).status == 400


async def test_one_person_s_messages_can_be_listed(x: X, control: Control) -> None:
    one = (await control.post("/x/dm", user=1001, text="un"))["id"]
    await control.post("/x/dm", user=1002, text="deux")
    assert (await x.messages(participant_id=1001)).ids == [one]
    assert (await x.messages(participant_id=99)).status in (200, 404)


async def test_messages_of_the_last_thirty_days_are_listed() -> None:
    clock = [1_800_000_000.0]
    sandbox = Sandbox(now=lambda: clock[0])
    async with serving(sandbox) as base:
        sandbox.x.dm(1001, "vieux")
        clock[0] += 31 * 86_400
        new = sandbox.x.dm(1001, "neuf")
        assert (await X(base).messages()).ids == [new]


async def test_the_sender_is_shown_where_asked(x: X, control: Control) -> None:
    await control.post("/x/dm", user=1001, text="bonjour", name="Zoé", handle="zoe")
    told = await x.messages(expansions=["sender_id"])
    assert told.body["includes"]["users"] == [{"id": "1001", "name": "Zoé", "username": "zoe"}]


async def test_a_picture_is_an_attachment(x: X, control: Control) -> None:
    await control.post("/x/dm", user=1001, text="celui-ci ?", picture=True)
    told = await x.messages(dm_event_fields=["attachments"], expansions=["attachments.media_keys"])
    (key,) = told.data[0]["attachments"]["media_keys"]
    assert [it["media_key"] for it in told.body["includes"]["media"]] == [key]
    assert (await control.get("/x/threads/1001"))["messages"][0]["picture"].startswith("/sandbox/x/media/")


async def test_only_those_who_wrote_first_can_be_written_to(x: X, control: Control) -> None:
    await control.post("/x/post", user=1001, text="@atelier_lumiere bonjour")
    refused = await x.dm(1001, "Bonjour")
    assert refused.status == 403
    assert "permission to DM" in refused.detail
    await control.post("/x/dm", user=1001, text="bonjour")
    assert (await x.dm(1001, "Bonjour")).status == 201


async def test_one_with_open_messages_can_be_written_to(x: X, control: Control) -> None:
    await control.post("/x/user", user=1001, dms="open")
    assert (await x.dm(1001, "Bonjour")).status == 201


@pytest.mark.parametrize("shut", [{"dms": "closed"}, {"blocks": True}, {"suspended": True}])
async def test_who_shuts_the_shop_out_cannot_be_written_to(x: X, control: Control, shut: dict[str, Any]) -> None:
    await control.post("/x/dm", user=1001, text="bonjour")
    assert (await control.get("/x/threads/1001"))["closed"] is False
    await control.post("/x/user", user=1001, **shut)
    assert (await x.dm(1001, "Bonjour")).status == 403
    assert (await control.get("/x/threads/1001"))["closed"] is True


async def test_nobody_knows_that_user(x: X) -> None:
    assert (await x.dm(99, "Bonjour")).status in (403, 404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "a" * 10_001},
        {"text": "x", "quick_reply": {"type": "options"}},
        {"attachments": [{"media_id": "1"}]},
        {"attachments": [{"media_id": "x"}]},
        {"text": "x", "attachments": [{"media_id": "1"}, {"media_id": "2"}]},
    ],
)
async def test_a_message_that_does_not_fit_is_refused(x: X, control: Control, body: Any) -> None:
    await control.post("/x/dm", user=1001, text="bonjour")
    assert (await x.raw("POST", "/2/dm_conversations/with/1001/messages", json=body)).status == 400
    assert len((await control.get("/x/threads/1001"))["messages"]) == 1


async def test_ten_thousand_characters_fit(x: X, control: Control) -> None:
    await control.post("/x/dm", user=1001, text="bonjour")
    assert (await x.dm(1001, "é" * 10_000)).status == 201


async def test_a_thread_is_seen_as_its_person_sees_it(x: X, control: Control) -> None:
    await control.post("/x/dm", user=1001, text="voir https://example.com/mug ?")
    await x.dm(1001, "Payez ici : https://example.com/pay/1")
    thread = await control.get("/x/threads/1001")
    assert [(it["from_shop"], it["text"]) for it in thread["messages"]] == [
        (False, "voir https://example.com/mug ?"),
        (True, "Payez ici : https://example.com/pay/1"),
    ]


async def test_a_look_at_a_thread_waits_for_what_is_new(x: X, control: Control) -> None:
    await control.post("/x/dm", user=1001, text="bonjour")
    revision = (await control.get("/x/threads/1001"))["revision"]
    waiting = asyncio.create_task(control.get(f"/x/threads/1001?after={revision}&wait=5"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await x.dm(1001, "Bonjour !")
    assert (await asyncio.wait_for(waiting, 2))["messages"][-1]["text"] == "Bonjour !"


async def test_a_look_at_the_posts_waits_for_what_is_new(control: Control) -> None:
    revision = (await control.get("/x/timeline"))["revision"]
    waiting = asyncio.create_task(control.get(f"/x/timeline?after={revision}&wait=5"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await control.post("/x/post", user=1001, text="bonjour")
    assert [it["text"] for it in (await asyncio.wait_for(waiting, 2))["posts"]] == ["bonjour"]


async def test_an_encrypted_message_is_not_listed(x: X, control: Control) -> None:
    await control.post("/x/encrypted", user=1001)
    assert (await x.messages()).body == {"meta": {"result_count": 0}}
    assert (await x.dm(1001, "Bonjour")).status == 403

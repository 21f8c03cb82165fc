"""Whom the sandbox's X calls: webhooks that prove themselves, subscriptions, events that are signed and come again."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.sandbox.x.account import X_KEYS
from tests.sandbox.conftest import Control
from tests.sandbox.waiting import until
from tests.sandbox.x_client import X
from tests.sandbox.x_spec import faults_of_event

POSTS = ("post.mention.create", "post.reply.create", "post.quote.create")
EVERY = (*POSTS, "dm.received", "dm.sent", "chat.received")
QUIET = 0.3
"""Seconds in which nothing came, so nothing comes."""


def signed(body: bytes) -> str:
    digest = hmac.new(X_KEYS.consumer_secret.encode(), body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()


@dataclass
class Doorbell:
    """The shop's webhook: what came, how challenges are answered, which statuses come before 200."""

    url: str = ""
    honest: bool = True
    challenge_status: int = 200
    statuses: list[int] = field(default_factory=list)
    challenges: int = 0
    heard: int = 0
    got: list[tuple[str, bytes]] = field(default_factory=list)

    async def challenge(self, request: web.Request) -> web.Response:
        self.challenges += 1
        token = signed(request.query["crc_token"].encode()) if self.honest else "sha256=bm8="
        return web.json_response({"response_token": token}, status=self.challenge_status)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((request.headers.get("x-twitter-webhooks-signature", ""), await request.read()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    @property
    def kinds(self) -> list[str]:
        return [event["data"]["event_type"] for event in self.events]

    async def rings(self, times: int) -> list[dict[str, Any]]:
        await until(lambda: len(self.got) >= times)
        await asyncio.sleep(0.05)
        assert len(self.got) == times, self.kinds
        self.heard = times
        return self.events

    async def stays_quiet(self) -> None:
        await asyncio.sleep(QUIET)
        assert self.kinds[self.heard :] == []


@pytest.fixture
def x(base: str) -> X:
    return X(base)


@pytest.fixture
async def bell() -> AsyncIterator[Doorbell]:
    bell = Doorbell()
    application = web.Application()
    application.router.add_get("/x/hook", bell.challenge)
    application.router.add_post("/x/hook", bell.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    bell.url = f"http://{host}:{port}/x/hook"
    yield bell
    await runner.cleanup()


async def hooked(x: X, bell: Doorbell, *kinds: str) -> str:
    webhook = str((await x.raw("POST", "/2/webhooks", bearer=True, json={"url": bell.url})).data["id"])
    for kind in kinds:
        body = {"event_type": kind, "filter": {"user_id": x.me}, "webhook_id": webhook, "tag": "comptoir"}
        assert (await x.raw("POST", "/2/activity/subscriptions", json=body)).status == 200
    return webhook


async def posted(control: Control, user: int, text: str, **more: Any) -> str:
    return str((await control.post("/x/post", user=user, text=text, **more))["id"])


async def test_a_webhook_is_made_once_it_answers_a_challenge(x: X, bell: Doorbell) -> None:
    webhook = await hooked(x, bell)
    assert bell.challenges == 1
    listed = (await x.raw("GET", "/2/webhooks", bearer=True)).data
    assert [(it["id"], it["url"], it["valid"]) for it in listed] == [(webhook, bell.url, True)]


async def test_a_webhook_that_cannot_answer_is_not_made(x: X, bell: Doorbell) -> None:
    bell.honest = False
    refused = await x.raw("POST", "/2/webhooks", bearer=True, json={"url": bell.url})
    assert refused.status == 400
    assert "CrcValidationFailed" in json.dumps(refused.body)
    assert (await x.raw("GET", "/2/webhooks", bearer=True)).data == []
    nobody = await x.raw("POST", "/2/webhooks", bearer=True, json={"url": "http://127.0.0.1:9/none"})
    assert nobody.status == 400


async def test_only_this_machine_is_ever_called(x: X) -> None:
    refused = await x.raw("POST", "/2/webhooks", bearer=True, json={"url": "https://shop.invalid/x"})
    assert refused.status == 400
    assert "CrcValidationFailed" not in json.dumps(refused.body)


async def test_the_same_address_is_taken_once(x: X, bell: Doorbell) -> None:
    await hooked(x, bell)
    assert (await x.raw("POST", "/2/webhooks", bearer=True, json={"url": bell.url})).status in (400, 409)


async def test_a_webhook_that_fails_its_challenge_gets_no_events_until_it_passes(
    x: X, bell: Doorbell, control: Control
) -> None:
    webhook = await hooked(x, bell, "post.mention.create")
    bell.honest = False
    await control.post("/x/crc")
    assert [it["valid"] for it in (await x.raw("GET", "/2/webhooks", bearer=True)).data] == [False]
    await posted(control, 1001, "@atelier_lumiere un")
    await bell.stays_quiet()
    bell.honest = True
    assert (await x.raw("PUT", f"/2/webhooks/{webhook}", bearer=True)).data == {"valid": True}
    await posted(control, 1001, "@atelier_lumiere deux")
    (event,) = await bell.rings(1)
    assert event["data"]["payload"]["text"] == "@atelier_lumiere deux"


async def test_a_webhook_can_be_deleted(x: X, bell: Doorbell, control: Control) -> None:
    webhook = await hooked(x, bell, "post.mention.create")
    assert (await x.raw("DELETE", f"/2/webhooks/{webhook}", bearer=True)).data == {"deleted": True}
    await posted(control, 1001, "@atelier_lumiere un")
    await bell.stays_quiet()
    assert (await x.raw("DELETE", f"/2/webhooks/{webhook}", bearer=True)).status == 404
    assert (await x.raw("PUT", f"/2/webhooks/{webhook}", bearer=True)).status == 404


async def test_subscriptions_are_made_listed_changed_and_deleted(x: X, bell: Doorbell) -> None:
    webhook = await hooked(x, bell, "dm.received")
    (one,) = (await x.raw("GET", "/2/activity/subscriptions")).data
    assert (one["event_type"], one["filter"], one["webhook_id"], one["tag"]) == (
        "dm.received", {"user_id": x.me}, webhook, "comptoir",
    )  # fmt: skip
    path = f"/2/activity/subscriptions/{one['subscription_id']}"
    assert (await x.raw("PUT", path, bearer=True, json={"tag": "new"})).status == 200
    assert (await x.raw("GET", "/2/activity/subscriptions", bearer=True)).data[0]["tag"] == "new"
    assert (await x.raw("DELETE", path, bearer=True)).data == {"deleted": True}
    assert (await x.raw("GET", "/2/activity/subscriptions")).data == []
    assert (await x.raw("DELETE", path, bearer=True)).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"event_type": "tea.ready", "filter": {"user_id": "1900000000000000001"}},
        {"event_type": "dm.received"},
        {"event_type": "dm.received", "filter": {"colour": "red"}},
        {"event_type": "dm.received", "filter": {"user_id": "1900000000000000001"}, "webhook_id": "5"},
        {"event_type": "dm.received", "filter": {"user_id": "1900000000000000001"}, "colour": "red"},
    ],
)
async def test_a_subscription_that_does_not_fit_is_refused(x: X, body: Any) -> None:
    assert (await x.raw("POST", "/2/activity/subscriptions", json=body)).status in (400, 404)


async def test_private_events_want_the_user_s_own_keys(x: X, bell: Doorbell) -> None:
    body = {"event_type": "dm.received", "filter": {"user_id": x.me}, "webhook_id": await hooked(x, bell)}
    assert (await x.raw("POST", "/2/activity/subscriptions", bearer=True, json=body)).status == 403
    somebody = {**body, "filter": {"user_id": "1001"}}
    assert (await x.raw("POST", "/2/activity/subscriptions", json=somebody)).status == 403


async def test_every_event_is_signed_and_has_the_shape_that_x_shows(x: X, bell: Doorbell, control: Control) -> None:
    await hooked(x, bell, *EVERY)
    ours = (await control.post("/x/shop_post", text="Le mug Lune"))["id"]
    mention = await posted(control, 1001, "@atelier_lumiere combien ?", name="Zoé")
    reply = await posted(control, 1001, "joli", reply_to=ours)
    quote = await posted(control, 1001, "à voir", quote=ours)
    received = (await control.post("/x/dm", user=1001, text="bonjour"))["id"]
    await x.dm(1001, "Bonjour !")
    await control.post("/x/encrypted", user=1001)
    events = await bell.rings(6)
    by_kind = {event["data"]["event_type"]: event["data"] for event in events}
    assert by_kind.keys() == set(EVERY)
    assert [by_kind[kind]["payload"]["id"] for kind in POSTS] == [mention, reply, quote]
    assert [it["id"] for it in by_kind["dm.received"]["payload"]["direct_message_events"]] == [received]
    assert {(it["filter"]["user_id"], it["tag"]) for it in by_kind.values()} == {(x.me, "comptoir")}
    assert len({it["event_uuid"] for it in by_kind.values()}) == 6
    assert [fault for event in events for fault in faults_of_event(event)] == []
    assert [signature == signed(body) for signature, body in bell.got] == [True] * 6


async def test_an_event_names_the_author_beside_the_post(x: X, bell: Doorbell, control: Control) -> None:
    await hooked(x, bell, "post.mention.create")
    await posted(control, 1001, "@atelier_lumiere combien ?", name="Zoé", handle="zoe")
    (event,) = await bell.rings(1)
    users = {it["id"]: it["username"] for it in event["data"]["includes"]["users"]}
    assert users["1001"] == "zoe"


async def test_an_implied_name_is_a_reply_and_no_mention(x: X, bell: Doorbell, control: Control) -> None:
    await hooked(x, bell, *POSTS)
    ours = (await control.post("/x/shop_post", text="Le mug Lune"))["id"]
    first = await posted(control, 1001, "joli", reply_to=ours)
    assert (await bell.rings(1))[0]["data"]["event_type"] == "post.reply.create"
    await posted(control, 1002, "oui", reply_to=first)
    await bell.stays_quiet()
    await posted(control, 1002, "@atelier_lumiere vraiment", reply_to=first)
    assert (await bell.rings(2))[1]["data"]["event_type"] == "post.mention.create"


async def test_protected_authors_reposts_and_the_shop_itself_ring_no_bell(
    x: X, bell: Doorbell, control: Control
) -> None:
    await hooked(x, bell, *POSTS)
    await posted(control, 1001, "@atelier_lumiere un", protected=True)
    public = await posted(control, 1002, "@atelier_lumiere deux")
    await bell.rings(1)
    await control.post("/x/repost", user=1003, id=public)
    await x.post("@atelier_lumiere c'est moi")
    await bell.stays_quiet()


async def test_what_nobody_asked_for_is_not_delivered(x: X, bell: Doorbell, control: Control) -> None:
    await hooked(x, bell, "dm.received")
    await posted(control, 1001, "@atelier_lumiere un")
    await bell.stays_quiet()
    await control.post("/x/dm", user=1001, text="bonjour")
    await bell.rings(1)


async def test_an_event_comes_again_until_it_is_taken(x: X, bell: Doorbell, control: Control) -> None:
    await hooked(x, bell, "dm.received")
    bell.statuses = [500, 503]
    await control.post("/x/dm", user=1001, text="bonjour")
    first, second, third = await bell.rings(3)
    assert first == second == third


async def test_an_event_can_be_delivered_again(x: X, bell: Doorbell, control: Control) -> None:
    await hooked(x, bell, "dm.received")
    await control.post("/x/dm", user=1001, text="bonjour")
    (event,) = await bell.rings(1)
    await control.post("/x/redeliver", copies=2)
    assert await bell.rings(3) == [event] * 3
    await control.post("/x/redeliver", event_uuid=event["data"]["event_uuid"], copies=1)
    assert await bell.rings(4) == [event] * 4
    await control.post("/x/redeliver", 404, event_uuid="1", copies=1)


async def test_delivered_events_are_charged_once(x: X, bell: Doorbell, control: Control) -> None:
    await hooked(x, bell, *EVERY)
    await posted(control, 1001, "@atelier_lumiere un")
    await bell.rings(1)
    assert (await control.get("/x/bill"))["total_micro"] == 5_000
    await control.post("/x/redeliver", copies=2)
    await bell.rings(3)
    assert (await control.get("/x/bill"))["total_micro"] == 5_000
    await control.post("/x/dm", user=1001, text="bonjour")
    await bell.rings(4)
    assert (await control.get("/x/bill"))["total_micro"] == 15_000


async def test_events_can_be_doubled_dropped_and_refused_on_order(x: X, bell: Doorbell, control: Control) -> None:
    await hooked(x, bell, "dm.received")
    await control.post("/faults", service="x_events", kind="duplicate", method="dm.received")
    await control.post("/x/dm", user=1001, text="un")
    first, second = await bell.rings(2)
    assert first == second
    await control.post("/faults", service="x_events", kind="drop_before", method="dm.*")
    await control.post("/x/dm", user=1001, text="deux")
    await bell.rings(3)
    await control.post("/faults", service="x_events", kind="status", code=500, method="dm.*")
    await control.post("/x/dm", user=1001, text="trois")
    await bell.rings(4)


async def test_events_can_overtake_each_other_on_order(x: X, bell: Doorbell, control: Control) -> None:
    await hooked(x, bell, "dm.received")
    await control.post("/faults", service="x_events", kind="reorder", method="dm.received")
    for text in ("un", "deux"):
        await control.post("/x/dm", user=1001, text=text)
    events = await bell.rings(2)
    said = [
        it["data"]["payload"]["direct_message_events"][0]["message_create"]["message_data"]["text"] for it in events
    ]
    assert said == ["deux", "un"]

"""Reading from the sandbox's X: who may, what is listed, which fields an answer shows."""

from __future__ import annotations

import dataclasses
from typing import Any

import aiohttp
import pytest
import requests

from bot.sandbox.server import Sandbox, serving
from bot.sandbox.x.account import X_KEYS
from tests.sandbox.conftest import Control
from tests.sandbox.x_client import X, signature


@pytest.fixture
def x(base: str) -> X:
    return X(base)


async def posted(control: Control, user: int, text: str, **more: Any) -> str:
    return str((await control.post("/x/post", user=user, text=text, **more))["id"])


async def test_the_account_tells_who_it_is(x: X) -> None:
    told = await x.ask(lambda: x.client.get_me(user_fields=["description", "receives_your_dm", "affiliation"]))
    assert told.data["id"] == x.me
    assert told.data["username"] == "atelier_lumiere"
    assert told.data["description"]
    assert told.data["receives_your_dm"] is True
    assert told.data["affiliation"]["description"] == "Automated"
    assert told.headers["x-access-level"] == "read-write-directmessages"


async def test_the_label_and_open_messages_are_told_only_while_they_are_so(x: X, control: Control) -> None:
    await control.post("/x/account", automated=False, bio="", dms="closed")
    told = await x.raw("GET", "/2/users/me", expansions="affiliation", user__fields="description,receives_your_dm")
    assert "affiliation" not in told.data
    assert told.data["description"] == ""
    assert told.data["receives_your_dm"] is False


@pytest.mark.parametrize("name", ["consumer_secret", "access_token_secret", "consumer_key", "access_token"])
async def test_a_request_signed_with_another_key_is_refused(base: str, name: str) -> None:
    keys = dataclasses.replace(X_KEYS, **{name: "1900000000000000001-wrong"})
    told = await X(base, keys).raw("GET", "/2/users/me")
    assert told.status == 401


async def test_a_signature_covers_the_query(base: str, http: aiohttp.ClientSession) -> None:
    address = f"{base}/x/2/dm_events?max_results=5"
    prepared: Any = requests.Request("GET", address, auth=signature(X_KEYS)).prepare()
    header = {"Authorization": prepared.headers["Authorization"]}
    async with http.get(address, headers=header) as answer:
        assert answer.status == 200
    async with http.get(address.replace("=5", "=6"), headers=header) as answer:
        assert answer.status == 401


async def test_the_bearer_token_reads_public_things_and_nothing_private(x: X) -> None:
    assert (await x.mentions(user_auth=False)).status == 200
    refused = await x.raw("GET", "/2/dm_events", bearer=True)
    assert refused.status == 403
    assert refused.body["title"] == "Unsupported Authentication"
    assert (await x.raw("GET", "/2/webhooks")).body["title"] == "Unsupported Authentication"
    assert (await X(x.base, dataclasses.replace(X_KEYS, bearer_token="no")).mentions(user_auth=False)).status == 401


async def test_a_token_of_a_lower_level_may_not_do_more(x: X, control: Control) -> None:
    await control.post("/x/dm", user=1001, text="bonjour")
    await control.post("/x/account", access_level="read-write")
    assert (await x.messages()).status == 403
    assert (await x.dm(1001, "x")).status == 403
    assert (await x.post("bonjour")).status == 201
    await control.post("/x/account", access_level="read")
    told = await x.post("encore")
    assert told.status == 403
    assert told.headers["x-access-level"] == "read"
    assert (await x.mentions()).status == 200


async def test_mentions_come_newest_first_in_pages_and_after_since_id(x: X, control: Control) -> None:
    ids = [await posted(control, 1000 + number, f"@atelier_lumiere {number}") for number in range(12)]
    first = await x.mentions(max_results=5)
    assert first.ids == ids[:-6:-1]
    assert first.body["meta"] | {"next_token": ""} == {
        "newest_id": ids[11], "oldest_id": ids[7], "result_count": 5, "next_token": "",
    }  # fmt: skip
    second = await x.mentions(max_results=5, pagination_token=first.body["meta"]["next_token"])
    assert second.ids == ids[6:1:-1]
    last = await x.mentions(max_results=5, pagination_token=second.body["meta"]["next_token"])
    assert last.ids == ids[1::-1]
    assert "next_token" not in last.body["meta"]
    assert (await x.mentions(since_id=ids[9])).ids == [ids[11], ids[10]]
    assert (await x.mentions(until_id=ids[1])).ids == [ids[0]]
    nothing = await x.mentions(since_id=ids[11])
    assert nothing.body == {"meta": {"result_count": 0}}


async def test_what_arrives_between_two_pages_does_not_move_the_second(x: X, control: Control) -> None:
    ids = [await posted(control, 1001, f"@atelier_lumiere {number}") for number in range(7)]
    first = await x.mentions(max_results=5)
    late = await posted(control, 1001, "@atelier_lumiere encore")
    second = await x.mentions(max_results=5, pagination_token=first.body["meta"]["next_token"])
    assert second.ids == ids[1::-1]
    assert (await x.mentions(since_id=ids[-1])).ids == [late]


async def test_times_bound_the_mentions() -> None:
    clock = [1_800_000_000.0]
    sandbox = Sandbox(now=lambda: clock[0])
    async with serving(sandbox) as base:
        x = X(base)
        sandbox.x.post(1001, "@atelier_lumiere un")
        clock[0] += 3600
        later = sandbox.x.post(1001, "@atelier_lumiere deux")
        told = await x.mentions(start_time="2027-01-15T08:30:00Z", tweet_fields=["created_at"])
        assert told.ids == [later]
        assert told.data[0]["created_at"].startswith("2027-01-15T09:00:00")
        assert (await x.mentions(end_time="2027-01-15T07:59:00Z")).body["meta"]["result_count"] == 0


async def test_only_the_newest_800_mentions_are_listed(x: X, sandbox: Sandbox) -> None:
    ids = [sandbox.x.post(1001, f"@atelier_lumiere {number}") for number in range(803)]
    listed: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = await x.mentions(max_results=100, **token)
        listed += page.ids
        if "next_token" not in page.body["meta"]:
            break
        token = {"pagination_token": page.body["meta"]["next_token"]}
    assert listed == ids[:2:-1]


async def test_a_post_shows_three_fields_unless_more_are_asked_for(x: X, control: Control) -> None:
    ours = (await control.post("/x/shop_post", text="Le mug Lune est là"))["id"]
    theirs = await posted(control, 1001, "combien ?", reply_to=ours, name="Zoé", handle="zoe")
    told = await x.mentions()
    assert told.data == [{"id": theirs, "text": "@atelier_lumiere combien ?", "edit_history_tweet_ids": [theirs]}]
    asked = ["author_id", "created_at", "display_text_range", "entities", "in_reply_to_user_id", "referenced_tweets"]
    more = (await x.mentions(tweet_fields=asked)).data[0]
    assert more["author_id"] == "1001"
    assert more["in_reply_to_user_id"] == x.me
    assert more["referenced_tweets"] == [{"type": "replied_to", "id": ours}]
    assert more["display_text_range"] == [17, 26]
    assert more["entities"]["mentions"][0] == {"start": 0, "end": 16, "username": "atelier_lumiere", "id": x.me}


async def test_expansions_bring_users_and_posts(x: X, control: Control) -> None:
    ours = (await control.post("/x/shop_post", text="Le mug Lune est là"))["id"]
    await posted(control, 1001, "combien ?", reply_to=ours, name="Zoé", handle="zoe")
    told = await x.mentions(expansions=["author_id", "referenced_tweets.id"], user_fields=["protected"])
    assert told.body["includes"]["users"] == [{"id": "1001", "name": "Zoé", "username": "zoe", "protected": False}]
    assert [it["id"] for it in told.body["includes"]["tweets"]] == [ours]


async def test_one_who_asks_for_post_fields_is_answered_in_those_words(x: X, control: Control) -> None:
    await posted(control, 1001, "@atelier_lumiere bonjour")
    told = await x.raw("GET", f"/2/users/{x.me}/mentions", post__fields="created_at,text")
    assert set(told.data[0]) == {"id", "text", "created_at", "edit_history_post_ids"}


@pytest.mark.parametrize(
    "query",
    [
        {"max_results": "4"},
        {"max_results": "101"},
        {"since_id": "soon"},
        {"since_id": "12345678901234567890"},
        {"start_time": "yesterday"},
        {"pagination_token": "made-up-by-somebody"},
        {"tweet.fields": "colour"},
        {"expansions": "mother"},
        {"colour": "red"},
    ],
)
async def test_a_parameter_that_x_does_not_know_is_refused(x: X, query: dict[str, Any]) -> None:
    told = await x.raw("GET", f"/2/users/{x.me}/mentions", **query)
    assert told.status == 400
    assert told.body["title"] == "Invalid Request"
    name, value = next(iter(query.items()))
    assert told.body["errors"][0]["parameters"] == {name: [value]}


async def test_an_edited_post_is_a_new_one_with_a_history(x: X, control: Control) -> None:
    first = await posted(control, 1001, "@atelier_lumiere un mug bleu ?")
    second = (await control.post("/x/edit", id=first, text="@atelier_lumiere deux mugs bleus ?"))["id"]
    told = await x.mentions()
    assert told.data == [
        {"id": second, "text": "@atelier_lumiere deux mugs bleus ?", "edit_history_tweet_ids": [first, second]}
    ]
    assert (await x.raw("GET", f"/2/tweets/{first}")).data["edit_history_tweet_ids"] == [first, second]


async def test_a_repost_of_a_mention_arrives_as_one(x: X, control: Control) -> None:
    original = await posted(control, 1001, "@atelier_lumiere superbe", handle="zoe")
    copy = (await control.post("/x/repost", user=1002, id=original))["id"]
    told = await x.mentions(tweet_fields=["referenced_tweets", "author_id"])
    assert told.ids == [copy, original]
    assert told.data[0]["referenced_tweets"] == [{"type": "retweeted", "id": original}]
    assert told.data[0]["text"].startswith("RT @zoe: ")


async def test_deleted_protected_and_blocked_posts_are_not_shown(x: X, control: Control) -> None:
    gone = await posted(control, 1001, "@atelier_lumiere un")
    await posted(control, 1002, "@atelier_lumiere deux", protected=True)
    await posted(control, 1003, "@atelier_lumiere trois")
    await control.post("/x/delete", id=gone)
    await control.post("/x/user", user=1003, suspended=True)
    kept = await posted(control, 1004, "@atelier_lumiere quatre")
    assert (await x.mentions()).ids == [kept]
    assert (await x.raw("GET", f"/2/tweets/{gone}")).status == 404
    several = await x.raw("GET", "/2/tweets", ids=f"{gone},{kept}")
    assert several.ids == [kept]
    assert [it["resource_id"] for it in several.body["errors"]] == [gone]


async def test_the_shop_s_own_posts_are_listed_without_its_replies_where_asked(x: X, control: Control) -> None:
    theirs = await posted(control, 1001, "@atelier_lumiere combien ?")
    own = (await x.post("Bonjour")).data["id"]
    answer = (await x.reply("12 €", theirs)).data["id"]
    assert (await x.ask(lambda: x.client.get_users_tweets(x.me, user_auth=True))).ids == [answer, own]
    without = await x.ask(lambda: x.client.get_users_tweets(x.me, exclude=["replies"], user_auth=True))
    assert without.ids == [own]


async def test_a_name_in_an_address_or_in_another_name_is_no_mention(x: X, control: Control) -> None:
    await posted(control, 1001, "voir https://x.com/@atelier_lumiere ou @atelier_lumiere2 ou moi@atelier_lumiere")
    assert (await x.mentions()).body["meta"]["result_count"] == 0


async def test_a_path_that_x_does_not_have_is_not_found(base: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{base}/x/2/nothing") as answer:
        assert answer.status == 404

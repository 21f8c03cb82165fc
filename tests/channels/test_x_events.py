"""X's events in our words: the same things as on its pages, under the same keys; and junk, which breaks nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.x.doorbell import PRICED
from bot.channels.x.reading import (
    ENCRYPTED_EVENT,
    MESSAGE_EVENT,
    POST_EVENTS,
    read_event,
    read_message,
)
from bot.domain.messages import Inbound
from tests.channels.xjson import (
    ACCOUNT,
    CAMILLE,
    OUR_POST,
    REFUSALS,
    THEIR_POST,
    US,
    ZOE,
    Json,
    dm,
    event,
    message,
    post,
    read,
)

EXAMPLES = Path(__file__).parents[3] / "shared" / "specs" / "x-activity-events.json"


# -- events


def test_a_page_and_an_event_of_the_same_thing_have_one_key() -> None:
    """F079"""
    by_event = read_event(event("post.mention.create", post()), ACCOUNT)
    assert [it.key for it in by_event.said] == [read().key]
    private = read_event(event(MESSAGE_EVENT, dm()), ACCOUNT)
    paged = read_message(message(), ACCOUNT)
    assert paged is not None
    assert [it.key for it in private.said] == [paged.key]


def told_at(stamp: Any) -> Json:
    """A private message's event with X's time of it, in milliseconds."""
    payload = dm()
    payload["direct_message_events"][0]["created_timestamp"] = stamp
    return event(MESSAGE_EVENT, payload)


def test_a_private_message_of_an_event_tells_when_it_was_written() -> None:
    (by_time,) = read_event(told_at("1784928224000"), ACCOUNT).said
    (by_id,) = read_event(event(MESSAGE_EVENT, dm()), ACCOUNT).said
    assert by_time.said_at == "2026-07-24T21:23:44+00:00"
    assert by_id.said_at.startswith("2026-07-24T21:23:4")


@pytest.mark.parametrize("stamp", ["9" * 15, "9" * 40, "-" + "9" * 40])
def test_a_time_that_no_clock_shows_is_refused_in_a_way_that_is_expected(stamp: Any) -> None:
    try:
        (said,) = read_event(told_at(stamp), ACCOUNT).said
    except REFUSALS:
        return
    assert said.said_at == "" or said.said_at.startswith("2026-07-24T21:23:4")


def test_a_mention_and_a_reply_event_of_one_post_have_one_key() -> None:
    """F079: who answers the shop and writes its name is heard of twice."""
    both = [read_event(event(kind, post(in_reply_to_user_id=US)), ACCOUNT) for kind in POST_EVENTS]
    assert len({said.key for it in both for said in it.said}) == 1


def test_an_event_of_a_quote_is_a_summons_by_itself() -> None:
    quoting = post(entities=None, referenced_tweets=[{"type": "quoted", "id": THEIR_POST}])
    (said,) = read_event(event("post.quote.create", quoting), ACCOUNT).said
    assert said.post is not None
    assert said.post.summoned


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (dm(US, CAMILLE), "the shop's own message comes back"),
        (dm(CAMILLE, ZOE), "a group or somebody else's"),
        (dm(kind="participants_join"), "no message"),
        ({"direct_message_events": []}, "nothing"),
    ],
)
def test_a_message_event_that_is_not_for_the_shop_says_nothing(payload: Json, why: str) -> None:
    """F081"""
    assert read_event(event(MESSAGE_EVENT, payload), ACCOUNT).said == (), why


def test_the_shops_own_post_as_an_event_says_nothing() -> None:
    """F081"""
    assert read_event(event("post.reply.create", post(author_id=US)), ACCOUNT).said == ()


def test_the_author_is_known_whichever_way_x_lists_its_users() -> None:
    author = {"id": CAMILLE, "name": "Camille", "username": "camille_m"}
    for users in ([author], [{"data": author}]):
        (said,) = read_event(event("post.mention.create", post(), includes={"users": users}), ACCOUNT).said
        assert said.name == "Camille"
        assert said.post is not None
        assert said.post.handle == "camille_m"


@pytest.mark.parametrize(
    "users", [[{"id": CAMILLE, "protected": True}], [{"data": {"id": CAMILLE, "protected": True}}]]
)
def test_a_protected_authors_event_says_nothing(users: list[Json]) -> None:
    assert read_event(event("post.mention.create", post(), includes={"users": users}), ACCOUNT).said == ()


@pytest.mark.parametrize("kind", ["post.create", "dm.sent", "oauth.revoke", "follow.follow", "", "post.mention.delete"])
def test_an_event_of_a_type_that_is_not_ours_says_nothing_and_costs_nothing(kind: str) -> None:
    heard = read_event(event(kind, {"whatever": [1]}), ACCOUNT)
    assert (heard.kind, heard.said) == (kind, ())
    assert kind not in PRICED


def test_an_encrypted_message_is_known_for_what_it_is() -> None:
    heard = read_event(event(ENCRYPTED_EVENT, {"sender_id": CAMILLE, "encoded_event": "CwAB"}), ACCOUNT)
    assert (heard.kind, heard.said, heard.resource) == (ENCRYPTED_EVENT, (), "77")


def test_everything_that_is_said_has_its_price() -> None:
    assert {*POST_EVENTS, MESSAGE_EVENT, ENCRYPTED_EVENT} == set(PRICED)


SAID_IN_EXAMPLES = {
    "post.mention.create": ("post:2080765813578191303", "hey @ExampleUser", True),
    "post.reply.create": ("post:2090000000000000001", "@ExampleUser Great post — thanks for sharing!", True),
    "post.quote.create": ("post:2090000000000000002", "Adding some context to this. https://t.co/xxxxxxxx", True),
    "dm.received": ("dm:2080765901528535096", "hello!", None),
}


@pytest.mark.skipif(not EXAMPLES.exists(), reason="X's own examples of its events are not at ../shared/specs")
def test_xs_own_examples_are_read() -> None:
    examples: dict[str, Json] = json.loads(EXAMPLES.read_text("utf-8"))
    heard = {name: read_event(example, ACCOUNT) for name, example in examples.items()}
    said = {
        name: (it.said[0].key, it.said[0].text, it.said[0].post.summoned if it.said[0].post else None)
        for name, it in heard.items()
        if it.said
    }
    assert said == SAID_IN_EXAMPLES
    assert all(it.said[0].chat == CAMILLE for it in heard.values() if it.said)
    assert all(it.resource for it in heard.values())
    (hello,) = heard["dm.received"].said
    assert hello.name == "OtherUser"


# -- junk

ids = st.sampled_from([US, CAMILLE, OUR_POST, "", "x", "-1", "9" * 30, "9" * 400, "٣"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | ids
    | st.sampled_from(
        ["2026-07-24T21:23:23.000Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "retweeted"]
    )
)
KEYS = (
    "data id event_uuid event_type payload includes users author_id text created_at edit_history_tweet_ids entities"
    " mentions urls expanded_url start username name protected referenced_tweets type note_tweet display_text_range"
    " in_reply_to_user_id direct_message_events message_create target recipient_id sender_id message_data"
    " created_timestamp"
).split()
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=12,
)


def spoiled(whole: Json) -> st.SearchStrategy[Json]:
    """The thing with some of its fields replaced by anything at all."""
    return st.dictionaries(st.sampled_from(sorted(whole)), anything, max_size=4).map(lambda other: {**whole, **other})


payloads = st.one_of(
    anything,
    spoiled(post(created_at=None)),
    spoiled(dm()),
    spoiled(dm()["direct_message_events"][0]).map(lambda it: {"direct_message_events": [it]}),
)
kinds = st.sampled_from([*POST_EVENTS, MESSAGE_EVENT, ENCRYPTED_EVENT]) | anything


@given(st.builds(event, kinds, payloads, includes=anything) | anything)
@example(event("post.mention.create", post(created_at="0001-01-01T00:00:00+14:00")))
@example(event("post.mention.create", post(created_at=None, id="9" * 40)))
def test_junk_is_read_or_refused_in_a_way_that_is_expected(body: Any) -> None:
    """A signed body that is no event is answered with 400, not with an error of our own."""
    try:
        heard = read_event(body, ACCOUNT)
    except REFUSALS:
        return
    assert all(isinstance(it, Inbound) for it in heard.said)
    assert all(it.user != US for it in heard.said)


@given(spoiled(message()) | anything)
def test_a_page_of_junk_is_read_or_refused_in_a_way_that_is_expected(body: Any) -> None:
    try:
        found = read_message(body, ACCOUNT)
    except REFUSALS:
        return
    assert found is None or found.user != US

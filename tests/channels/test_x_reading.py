"""What X says, in our words: who speaks to the shop, who does not, and that nothing is said twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
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
    Account,
    read_event,
    read_message,
    read_post,
    written_at,
)
from bot.domain.messages import Inbound

EXAMPLES = Path(__file__).parents[3] / "shared" / "specs" / "x-activity-events.json"
US, CAMILLE, ZOE = "1111111111111111111", "2222222222222222222", "3333333333333333333"
OUR_POST, THEIR_POST = "1900000000000000001", "1900000000000000009"
ACCOUNT = Account(US, "ExampleUser", {OUR_POST: ("mug-bleu",), "1900000000000000002": ("mug-bleu", "theiere")})
REFUSALS = (KeyError, TypeError, ValueError, AttributeError)

Json = dict[str, Any]


def named(start: int = 0, **mention: Any) -> Json:
    return {"mentions": [{"start": start, "end": start + 12, "username": "ExampleUser", "id": US, **mention}]}


def post(**fields: Any) -> Json:
    whole = {
        "id": "2080765813578191303",
        "author_id": CAMILLE,
        "text": "@ExampleUser un mug bleu svp",
        "created_at": "2026-07-24T21:23:23.000Z",
        "edit_history_tweet_ids": ["2080765813578191303"],
        "display_text_range": [0, 28],
        "entities": named(),
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def link(url: str) -> Json:
    return {"urls": [{"start": 0, "end": 23, "url": "https://t.co/x", "expanded_url": url}]}


def read(users: Mapping[str, Mapping[str, Any]] | None = None, **fields: Any) -> Inbound:
    found = read_post(post(**fields), ACCOUNT, users or {})
    assert found is not None
    return found


def summoned(**fields: Any) -> bool:
    found = read(**fields).post
    assert found is not None
    return found.summoned


# -- posts


def test_a_mention_is_a_public_post_of_its_author() -> None:
    users = {CAMILLE: {"id": CAMILLE, "name": "Camille Ⅿ.", "username": "camille_m"}}
    found = read(users)
    assert (found.source, found.channel, found.private) == ("x", "x", False)
    assert (found.chat, found.user, found.name) == (CAMILLE, CAMILLE, "Camille Ⅿ.")
    assert found.text == "@ExampleUser un mug bleu svp"
    assert found.post is not None
    assert (found.post.id, found.post.handle, found.post.summoned) == ("2080765813578191303", "camille_m", True)
    assert found.post.at == "2026-07-24T21:23:23+00:00"


def test_the_shops_own_posts_are_not_read() -> None:
    """F081: by author id, whatever they mention."""
    assert read_post(post(author_id=US), ACCOUNT, {}) is None


def test_a_repost_says_nothing_to_the_shop() -> None:
    """F079"""
    reposted = post(referenced_tweets=[{"type": "retweeted", "id": OUR_POST}], text="RT @ExampleUser: mug")
    assert read_post(reposted, ACCOUNT, {}) is None


def test_a_protected_authors_post_is_left_alone() -> None:
    """A public reply would show others what they kept to themselves."""
    assert read_post(post(), ACCOUNT, {CAMILLE: {"protected": True}}) is None


def test_an_edit_is_the_same_post() -> None:
    """F079: the key is the first of its edits, the answer goes under the last."""
    edits = ["2080765813578191303", "2080765813578191400"]
    first, later = read(), read(id=edits[1], edit_history_tweet_ids=edits)
    assert first.key == later.key == "post:2080765813578191303"
    assert later.post is not None
    assert later.post.id == edits[1]


def test_a_post_without_its_history_is_known_by_its_own_id() -> None:
    assert read(edit_history_tweet_ids=None).key == "post:2080765813578191303"
    assert read(edit_history_tweet_ids=[]).key == "post:2080765813578191303"


def test_a_long_post_is_read_to_its_end() -> None:
    assert read(note_tweet={"text": "x" * 900 + " mug bleu"}).text.endswith("mug bleu")


@pytest.mark.parametrize(
    ("written", "text"),
    [("Mug &amp; soucoupe &lt;3", "Mug & soucoupe <3"), ("R&amp;amp;D", "R&amp;D"), ("Thé & café", "Thé & café")],
)
def test_what_x_writes_as_html_is_read_as_it_was_typed(written: str, text: str) -> None:
    """X gives the text of a post with &, < and > as entities; a product's name has none."""
    assert read(text=written).text == text


def test_a_name_among_those_that_x_puts_before_a_reply_is_no_summons() -> None:
    """F078: whoever answers somebody else in a thread did not address the shop, and X refuses such a reply."""
    assert not summoned(display_text_range=[14, 40], entities=named(0), in_reply_to_user_id=ZOE)


def test_a_name_written_in_the_reply_itself_is_a_summons() -> None:
    assert summoned(display_text_range=[14, 40], entities=named(20), in_reply_to_user_id=ZOE)


def test_both_names_make_a_summons() -> None:
    entities = {"mentions": [*named(0)["mentions"], *named(20)["mentions"]]}
    assert summoned(display_text_range=[14, 40], entities=entities)


def test_a_reply_to_the_shop_is_a_summons_though_its_name_is_not_written() -> None:
    assert summoned(display_text_range=[13, 40], entities=named(0), in_reply_to_user_id=US)


def test_somebody_elses_name_is_no_summons() -> None:
    assert not summoned(entities=named(id=ZOE, username="ExampleUser"))
    assert not summoned(entities=named(id=None, username="ExampleUser2"))
    assert not summoned(entities=None)


def test_a_name_without_an_id_is_compared_whatever_its_case() -> None:
    assert summoned(entities=named(id=None, username="exampleuser"))


@pytest.mark.parametrize(
    "url",
    [
        f"https://twitter.com/ExampleUser/status/{THEIR_POST}",
        f"https://x.com/exampleuser/status/{THEIR_POST}",
        f"https://mobile.twitter.com/ExampleUser/status/{THEIR_POST}?s=20",
    ],
)
def test_a_quote_of_the_shops_post_is_known_by_its_address(url: str) -> None:
    assert summoned(entities=link(url), referenced_tweets=[{"type": "quoted", "id": THEIR_POST}])


def test_a_quote_of_a_post_that_shows_a_product_is_known_by_its_id() -> None:
    found = read(entities=None, referenced_tweets=[{"type": "quoted", "id": OUR_POST}]).post
    assert found is not None
    assert found.summoned
    assert found.shows == ("mug-bleu",)


@pytest.mark.parametrize(
    "entities",
    [
        link(f"https://x.com/other/status/{THEIR_POST}"),
        link("https://x.com/ExampleUser/status/1900000000000000077"),
        link(f"https://example.com/ExampleUser/status/{THEIR_POST}"),
        link(f"https://notx.com/ExampleUser/status/{THEIR_POST}"),
        link("https://x.com/ExampleUser"),
    ],
)
def test_a_quote_of_another_post_is_no_summons(entities: Json) -> None:
    """F078"""
    assert not summoned(entities=entities, referenced_tweets=[{"type": "quoted", "id": THEIR_POST}])


def test_a_link_to_the_shops_post_without_quoting_it_is_no_summons() -> None:
    found = read(entities=link(f"https://x.com/ExampleUser/status/{OUR_POST}")).post
    assert found is not None
    assert not found.summoned
    assert found.shows == ("mug-bleu",)


def test_what_a_post_points_at_is_shown_once() -> None:
    pointing = [{"type": "replied_to", "id": OUR_POST}, {"type": "quoted", "id": "1900000000000000002"}]
    found = read(referenced_tweets=pointing).post
    assert found is not None
    assert found.shows == ("mug-bleu", "theiere")


@pytest.mark.parametrize("handle", ["camille!", "<b>", "a b", "", "x" * 31, "bad\nname"])
def test_a_handle_that_is_none_is_not_spoken_to(handle: str) -> None:
    found = read({CAMILLE: {"username": handle}}).post
    assert found is not None
    assert found.handle == ""


def test_a_post_without_its_date_is_as_old_as_its_id_says() -> None:
    """An id of X holds its time: this one is of the same minute as the date in X's own example."""
    found = read(created_at=None).post
    assert found is not None
    assert found.at.startswith("2026-07-24T21:23:2")
    assert written_at("2080765813578191303").replace(microsecond=0) == datetime(2026, 7, 24, 21, 23, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"author_id": None},
        {"created_at": "yesterday"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"created_at": None, "id": "no number"},
        {"created_at": None, "id": "9" * 40},
        {"created_at": None, "id": "9" * 400},
        {"referenced_tweets": [{"id": "1"}]},
        {"referenced_tweets": ["1"]},
        {"entities": {"mentions": [{"start": "x", "id": US}]}},
        {"entities": {"mentions": [{"start": float("inf"), "id": US}]}},
        {"entities": "none"},
        {"display_text_range": ["x"]},
        {"edit_history_tweet_ids": {"a": 1}},
    ],
)
def test_what_is_no_post_is_refused_in_a_way_that_is_expected(fields: Json) -> None:
    with pytest.raises(REFUSALS):
        read_post(post(**fields), ACCOUNT, {})


# -- private messages of a page


def message(**fields: Any) -> Json:
    whole = {
        "id": "2080765901528535096",
        "event_type": "MessageCreate",
        "sender_id": CAMILLE,
        "dm_conversation_id": f"{US}-{CAMILLE}",
        "text": "un mug bleu",
        "created_at": "2026-07-24T21:23:44.000Z",
    }
    return {name: value for name, value in {**whole, **fields}.items() if value is not None}


def test_a_private_message_is_its_senders_chat() -> None:
    found = read_message(message(), ACCOUNT)
    assert found is not None
    assert (found.key, found.chat, found.text) == ("dm:2080765901528535096", CAMILLE, "un mug bleu")
    assert found.private
    assert found.post is None


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"sender_id": US}, "F081: the shop's own message"),
        ({"dm_conversation_id": "1585094756761149440"}, "a group"),
        ({"event_type": "ParticipantsJoin"}, "no message"),
        ({"sender_id": None}, "nobody's"),
        ({"sender_id": ""}, "nobody's"),
    ],
)
def test_what_nobody_wrote_to_the_shop_alone_is_not_read(fields: Json, why: str) -> None:
    """F081"""
    assert read_message(message(**fields), ACCOUNT) is None, why


def test_a_private_message_without_text_is_one_all_the_same() -> None:
    """A picture alone: it is answered with what the shop can do."""
    found = read_message(message(text=None), ACCOUNT)
    assert found is not None
    assert found.text == ""


def test_a_private_message_is_read_as_it_was_typed() -> None:
    found = read_message(message(text="mug &amp; théière &gt; 2"), ACCOUNT)
    assert found is not None
    assert found.text == "mug & théière > 2"


# -- events


def event(kind: str, payload: Any, **more: Any) -> Json:
    return {"data": {"event_uuid": "77", "event_type": kind, "filter": {"user_id": US}, "payload": payload, **more}}


def dm(sender: str = CAMILLE, recipient: str = US, *, kind: str = "message_create") -> Json:
    created = {"target": {"recipient_id": recipient}, "sender_id": sender, "message_data": {"text": "bonjour"}}
    return {"direct_message_events": [{"type": kind, "id": "2080765901528535096", "message_create": created}]}


def test_a_page_and_an_event_of_the_same_thing_have_one_key() -> None:
    """F079"""
    by_event = read_event(event("post.mention.create", post()), ACCOUNT)
    assert [it.key for it in by_event.said] == [read().key]
    private = read_event(event(MESSAGE_EVENT, dm()), ACCOUNT)
    paged = read_message(message(), ACCOUNT)
    assert paged is not None
    assert [it.key for it in private.said] == [paged.key]


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

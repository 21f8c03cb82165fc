"""What X says, in our words: who speaks to the shop, who does not, and when it was said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.channels.x.reading import (
    id_at,
    read_message,
    read_post,
    written_at,
)
from tests.channels.xjson import (
    ACCOUNT,
    CAMILLE,
    OUR_POST,
    REFUSALS,
    THEIR_POST,
    US,
    ZOE,
    Json,
    link,
    message,
    named,
    post,
    read,
    summoned,
)

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


@pytest.mark.parametrize(
    ("fields", "moment"),
    [
        ({}, "2026-07-24T21:23:44+00:00"),
        ({"created_at": "2026-07-24T23:23:44+02:00"}, "2026-07-24T21:23:44+00:00"),
        ({"created_at": "yesterday"}, ""),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, ""),
        ({"created_at": None, "id": "9" * 40}, ""),
        ({"created_at": None, "id": "no number"}, ""),
    ],
)
def test_a_private_message_tells_when_it_was_written_or_nothing(fields: Json, moment: str) -> None:
    found = read_message(message(**fields), ACCOUNT)
    assert found is not None
    assert found.said_at == moment


def test_a_private_message_without_its_date_is_as_old_as_its_id_says() -> None:
    found = read_message(message(created_at=None), ACCOUNT)
    assert found is not None
    assert found.said_at.startswith("2026-07-24T21:23:4")


def test_the_least_id_of_a_moment_is_of_that_moment() -> None:
    moment = datetime(2026, 7, 24, 21, 23, 23, tzinfo=UTC)
    assert written_at(id_at(moment)) == moment
    assert written_at(str(int(id_at(moment)) - 1)) < moment

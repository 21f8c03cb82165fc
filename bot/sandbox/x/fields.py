"""Which fields of a post, a user or a message an answer shows: few, unless the caller asks for more.

X knows each by two words: `tweet.fields` with `referenced_tweets`, which tweepy sends, and `post.fields` with
`referenced_posts`, which its own description of the API has. Both are taken; an answer speaks as it was asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.sandbox.wire import Json
from bot.sandbox.x.asking import Check, choice

_SHARED = """article attachments card_uri community_id context_annotations conversation_id created_at display_text_range
    edit_controls entities geo id lang media_metadata non_public_metrics organic_metrics paid_partnership
    possibly_sensitive promoted_metrics public_metrics reply_settings scopes source suggested_source_links
    suggested_source_links_with_counts text withheld""".split()

TWEET_FIELDS = choice(
    *_SHARED, "author_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet", "referenced_tweets"
)
POST_FIELDS = choice(*_SHARED, "article_title", "matched_media_notes", "note_post", "note_request_suggestions")
USER_FIELDS = choice(
    *"""affiliation confirmed_email connection_status created_at description entities id is_identity_verified location
    most_recent_tweet_id name parody pinned_tweet_id profile_banner_url profile_image_url protected public_metrics
    receives_your_dm subscribes_to_you subscription subscription_type url username verified verified_followers_count
    verified_type withheld""".split()
)
DM_FIELDS = choice(
    *"""attachments created_at dm_conversation_id entities event_type id participant_ids referenced_tweets sender_id
    text""".split()
)
MEDIA_FIELDS = choice(
    *"""alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url promoted_metrics
    public_metrics type url variants width""".split()
)
OTHER_FIELDS = choice(
    *"""contained_within country country_code full_name geo id name place_type duration_minutes end_datetime options
    voting_status""".split()
)

TO_POSTS: Mapping[str, str] = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
    "most_recent_tweet_id": "most_recent_post_id",
    "tweets": "posts",
}
"""The words that differ."""

POST_EXPANSIONS: Mapping[str, str] = {
    "author_id": "author_id",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "referenced_tweets.id": "referenced_tweets",
    "referenced_posts": "referenced_tweets",
    "referenced_tweets.id.author_id": "referenced_authors",
    "attachments.media_keys": "attachments",
    "entities.mentions.username": "mentions",
    "edit_history_tweet_ids": "",
    "edit_history_post_ids": "",
    "attachments.media_source_tweet": "",
    "attachments.poll_ids": "",
    "article.cover_media": "",
    "article.media_entities": "",
    "geo.place_id": "",
    "username": "",
}
"""What an expansion adds; those without a word have nothing to add here."""

DM_EXPANSIONS: Mapping[str, str] = {
    "sender_id": "sender_id",
    "attachments.media_keys": "attachments",
    "participant_ids": "",
    "referenced_tweets.id": "",
    "referenced_posts": "",
}
USER_EXPANSIONS: Mapping[str, str] = {
    "affiliation": "affiliation",
    "most_recent_tweet_id": "most_recent_tweet_id",
    "most_recent_post_id": "most_recent_tweet_id",
    "pinned_tweet_id": "",
    "pinned_post_id": "",
}

POST_QUERY: Mapping[str, Check] = {
    "tweet.fields": TWEET_FIELDS,
    "post.fields": POST_FIELDS,
    "user.fields": USER_FIELDS,
    "media.fields": MEDIA_FIELDS,
    "poll.fields": OTHER_FIELDS,
    "place.fields": OTHER_FIELDS,
    "expansions": choice(*POST_EXPANSIONS),
}
DM_QUERY: Mapping[str, Check] = {
    "dm_event.fields": DM_FIELDS,
    "tweet.fields": TWEET_FIELDS,
    "post.fields": POST_FIELDS,
    "user.fields": USER_FIELDS,
    "media.fields": MEDIA_FIELDS,
    "expansions": choice(*DM_EXPANSIONS),
}
USER_QUERY: Mapping[str, Check] = {
    "user.fields": USER_FIELDS,
    "tweet.fields": TWEET_FIELDS,
    "post.fields": POST_FIELDS,
    "expansions": choice(*USER_EXPANSIONS),
}

POST_DEFAULT = frozenset({"id", "text", "edit_history_tweet_ids"})
USER_DEFAULT = frozenset({"id", "name", "username"})
DM_DEFAULT = frozenset({"id", "event_type", "text"})
MEDIA_DEFAULT = frozenset({"media_key", "type"})
_OLD = {new: old for old, new in TO_POSTS.items()}


def speaks_of_posts(query: Mapping[str, Any]) -> bool:
    """Whether the caller used the newer words."""
    return "post.fields" in query or any("post" in word for word in query.get("expansions", ()))


def post_fields(query: Mapping[str, Any]) -> frozenset[str]:
    """The fields of a post that are asked for, in the older words."""
    asked = query.get("tweet.fields", frozenset()) | query.get("post.fields", frozenset())
    added = (POST_EXPANSIONS.get(it, "") for it in query.get("expansions", ()))
    return POST_DEFAULT | {_OLD.get(it, it) for it in asked} | set(added)


def asked(query: Mapping[str, Any], name: str, default: frozenset[str]) -> frozenset[str]:
    """The fields of another kind that are asked for."""
    chosen: frozenset[str] = query.get(name, frozenset())
    return default | chosen


def expanded(query: Mapping[str, Any], table: Mapping[str, str]) -> frozenset[str]:
    """What the expansions asked for add."""
    return frozenset(filter(None, (table[it] for it in query.get("expansions", ()))))


def only(thing: Json, fields: Iterable[str]) -> Json:
    """A thing with these fields, as far as it has them."""
    return {name: thing[name] for name in thing if name in fields}


def in_words_of_posts(value: Any) -> Any:
    """An answer in the newer words."""
    if isinstance(value, dict):
        return {TO_POSTS.get(name, name): in_words_of_posts(inner) for name, inner in value.items()}
    return [in_words_of_posts(one) for one in value] if isinstance(value, list) else value

"""The events of X's Activity API, in the shape of its published examples: each number also stands there as text."""

from __future__ import annotations

import base64
import random
import uuid
from typing import Any

from bot.sandbox.wire import Json
from bot.sandbox.x.ids import milliseconds
from bot.sandbox.x.messages import Message
from bot.sandbox.x.people import User
from bot.sandbox.x.posts import Post

USER_FIELDS = (
    "affiliation", "created_at", "description", "id", "is_identity_verified", "most_recent_tweet_id", "name",
    "profile_banner_url", "profile_image_url", "protected", "public_metrics", "url", "username", "verified",
    "verified_type",
)  # fmt: skip
MOST_RECENT = "most_recent_tweet_id"


def post_payload(post: Post) -> Json:
    """A post in an event: all its fields, and `in_reply_to_tweet_id` that answers of the API do not have."""
    shown = post.wire()
    if post.reply_to is not None:
        shown["in_reply_to_tweet_id"] = str(post.reply_to)
    doubled: Json = told_twice(shown)
    return doubled


def post_includes(post: Post, author: Json, shop: Json) -> Json:
    """What stands beside a mention: its author, the shop, and the post once more."""
    return {"users": [user(author), user(shop)], "tweets": [post_payload(post)]}


def user(shown: Json) -> Json:
    """An account in an event."""
    kept: Json = told_twice({name: shown[name] for name in USER_FIELDS if name in shown})
    return kept


def message_payload(message: Message, sender: Json, recipient: Json) -> Json:
    """A private message in an event, in the older words of X's messages."""
    wire = message.wire()
    urls = wire.get("entities", {}).get("urls", [])
    data: Json = {
        "text": wire["text"],
        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": told_twice(urls)},
    }
    if message.media is not None:
        data["attachment"] = {"type": "media", "media": {"media_key": message.media, "type": "photo"}}
    people = {str(it["id"]): user(it) for it in (sender, recipient)}
    for it in people.values():
        it.pop(MOST_RECENT, None)
    return {
        "direct_message_events": [
            {
                "type": "message_create",
                "id": str(message.id),
                "created_timestamp": str(milliseconds(message.id)),
                "message_create": {
                    "target": {"recipient_id": str(message.recipient)},
                    "sender_id": str(message.sender),
                    "message_data": data,
                },
            }
        ],
        "users": {number: {"data": it} for number, it in people.items()},
    }


def encrypted_payload(sender: User, shop: User, moment: float, dice: random.Random) -> Json:
    """An XChat message: what it says is for those only who hold its keys."""

    def noise(size: int) -> str:
        return base64.b64encode(dice.randbytes(size)).decode()

    return {
        "conversation_token": noise(48),
        "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "created_at_msec": str(int(moment * 1000)),
        "sender_id": str(sender.id),
        "conversation_id": f"{sender.id}:{shop.id}",
        "conversation_key_version": str(int(moment * 1000)),
        "encoded_event": noise(96),
        "conversation_key_change_event": noise(96),
        "message_event_signature": {
            "public_key_version": str(int(moment * 1000)),
            "signature": noise(64),
            "signature_version": "7",
            "signing_public_key": noise(91),
        },
    }


def told_twice(value: Any) -> Any:
    """The value with a text beside each number of an object, as X's events have it."""
    if isinstance(value, list):
        return [told_twice(one) for one in value]
    if not isinstance(value, dict):
        return value
    told: Json = {}
    for name, inner in value.items():
        told[name] = told_twice(inner)
        if isinstance(inner, int) and not isinstance(inner, bool):
            told[f"{name}_str"] = str(inner)
    return told

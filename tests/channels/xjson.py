"""Posts, private messages and events as X writes them, each field to be had otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.channels.x.reading import (
    Account,
    read_post,
)
from bot.domain.messages import Inbound

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


def event(kind: str, payload: Any, **more: Any) -> Json:
    return {"data": {"event_uuid": "77", "event_type": kind, "filter": {"user_id": US}, "payload": payload, **more}}


def dm(sender: str = CAMILLE, recipient: str = US, *, kind: str = "message_create") -> Json:
    created = {"target": {"recipient_id": recipient}, "sender_id": sender, "message_data": {"text": "bonjour"}}
    return {"direct_message_events": [{"type": kind, "id": "2080765901528535096", "message_create": created}]}

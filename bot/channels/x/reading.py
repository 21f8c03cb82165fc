"""What X says, in our words: posts and private messages from its pages and from its events, none of them twice.

A post is known by the first id of its edits, so that an edit, a page and an event of the same post are one thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.domain.messages import Inbound, Post

SOURCE = "x"
EPOCH_MS = 1_288_834_974_657
"""When X's ids begin: the upper bits of an id are its time since then (milliseconds)."""
STATUS = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?P<account>\w+)/status/(?P<id>\d+)", re.IGNORECASE
)
POST_EVENTS = ("post.mention.create", "post.reply.create", "post.quote.create")
MESSAGE_EVENT = "dm.received"
ENCRYPTED_EVENT = "chat.received"


@dataclass(frozen=True, slots=True)
class Account:
    """The shop's own account, and which of its posts show which SKUs."""

    id: str
    name: str
    posts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def written_at(post_id: str) -> datetime:
    """When a thing of this id was made. Raises ValueError where it is no id of X."""
    return datetime.fromtimestamp(((int(post_id) >> 22) + EPOCH_MS) / 1000, UTC)


def as_typed(text: str) -> str:
    """X gives texts with these three characters as HTML entities, wherever they are shown."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def made_at(thing: Mapping[str, Any]) -> datetime:
    """When a post or a message was made: as it says itself, else by its id. Raises ValueError or OverflowError."""
    written = thing.get("created_at")
    moment = datetime.fromisoformat(str(written)) if written else written_at(str(thing["id"]))
    return moment.astimezone(UTC)


def id_at(moment: datetime) -> str:
    """The least id of a thing made at that moment."""
    return str((int(moment.timestamp() * 1000) - EPOCH_MS) << 22)


def read_post(
    post: Mapping[str, Any], account: Account, users: Mapping[str, Mapping[str, Any]], *, quotes_us: bool = False
) -> Inbound | None:
    """A post that somebody wrote to the shop; None for the shop's own, for reposts, and for protected
    authors where X says that they are.

    Raises KeyError, TypeError, ValueError or AttributeError where it is not a post.
    """
    try:
        return _post(post, account, users, quotes_us=quotes_us)
    except OverflowError as error:
        raise ValueError("a number that no post has") from error


def _post(
    post: Mapping[str, Any], account: Account, users: Mapping[str, Mapping[str, Any]], *, quotes_us: bool
) -> Inbound | None:
    author, post_id = str(post["author_id"]), str(post["id"])
    referenced = {str(it["type"]): str(it["id"]) for it in post.get("referenced_tweets") or ()}
    user = users.get(author, {})
    if author == account.id or "retweeted" in referenced or user.get("protected"):
        return None
    long = post.get("note_tweet") or {}
    links = list(_links(post))
    quoted = referenced.get("quoted")
    quotes = (
        quotes_us
        or quoted in account.posts
        or any(link["id"] == quoted and link["account"].lower() == account.name.lower() for link in links)
    )
    replies = str(post.get("in_reply_to_user_id", "")) == account.id
    first = str((post.get("edit_history_tweet_ids") or [post_id])[0])
    pointed_at = [*referenced.values(), *(link["id"] for link in links)]
    return Inbound(
        source=SOURCE,
        key=f"post:{first}",
        channel=SOURCE,
        chat=author,
        user=author,
        name=str(user.get("name", "")),
        text=as_typed(str(long.get("text") or post.get("text") or "")),
        message_id=post_id,
        private=False,
        post=Post(
            id=post_id,
            at=made_at(post).isoformat(),
            summoned=quotes or replies or _names(post, account),
            handle=_handle(user),
            shows=tuple(dict.fromkeys(sku for it in pointed_at for sku in account.posts.get(it, ()))),
        ),
    )


def _names(post: Mapping[str, Any], account: Account) -> bool:
    """Whether its author wrote the shop's name, apart from the names that X puts before every reply in a thread."""
    begins = (post.get("display_text_range") or [0])[0]
    mentions = (post.get("entities") or {}).get("mentions") or ()
    ours = [it for it in mentions if _is_us(it, account)]
    return any(int(it.get("start", 0)) >= int(begins) for it in ours)


def _is_us(mention: Mapping[str, Any], account: Account) -> bool:
    if mention.get("id"):
        return str(mention["id"]) == account.id
    return str(mention.get("username", "")).lower() == account.name.lower()


def _handle(user: Mapping[str, Any]) -> str:
    handle = str(user.get("username", ""))
    return handle if re.fullmatch(r"\w{1,30}", handle) else ""


def _links(post: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    for it in (post.get("entities") or {}).get("urls") or ():
        if found := STATUS.match(str(it.get("expanded_url", ""))):
            yield found.groupdict()


def read_message(event: Mapping[str, Any], account: Account) -> Inbound | None:
    """A private message of /2/dm_events; None for the shop's own, for groups and for what is no message."""
    sender, event_id = str(event.get("sender_id", "")), str(event["id"])
    if event.get("event_type") != "MessageCreate" or sender in ("", account.id):
        return None
    if "-" not in str(event.get("dm_conversation_id", "-")):
        return None
    return _message(sender, event_id, str(event.get("text") or ""), "", said_at(event))


def _stamped(event: Mapping[str, Any]) -> str:
    """When a message of an event was written: by its own milliseconds, else by its id, "" where nothing tells."""
    try:
        return datetime.fromtimestamp(int(event["created_timestamp"]) / 1000, UTC).isoformat()
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return said_at({"id": event.get("id")})


def said_at(event: Mapping[str, Any]) -> str:
    """When a message was written (ISO 8601), "" where nothing tells."""
    try:
        return made_at(event).isoformat()
    except (ValueError, OverflowError):
        return ""


def _message(sender: str, event_id: str, text: str, name: str, moment: str) -> Inbound:
    return Inbound(
        source=SOURCE,
        key=f"dm:{event_id}",
        channel=SOURCE,
        chat=sender,
        user=sender,
        name=name,
        text=as_typed(text),
        message_id=event_id,
        said_at=moment,
    )


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the Activity API: its type, and what was said in it (nothing where it is none of ours)."""

    kind: str
    said: tuple[Inbound, ...]
    resource: str
    """What is charged: the event's own id."""


def read_event(body: Mapping[str, Any], account: Account) -> Event:
    """Raises KeyError, TypeError, ValueError or AttributeError where it is not an event."""
    data = body["data"]
    kind, payload = str(data["event_type"]), data["payload"]
    includes = data.get("includes") or body.get("includes") or {}
    said: list[Inbound] = []
    if kind in POST_EVENTS:
        users = {str(it.get("id")): it for it in map(_unwrapped, includes.get("users") or ())}
        found = read_post(payload, account, users, quotes_us=kind == "post.quote.create")
        said = [found] if found is not None else []
    elif kind == MESSAGE_EVENT:
        said = list(_messages(payload, account))
    return Event(kind, tuple(said), str(data.get("event_uuid") or ""))


def _unwrapped(user: Mapping[str, Any]) -> Mapping[str, Any]:
    """A user stands by itself in some events and under "data" in others."""
    inner = user.get("data")
    return inner if isinstance(inner, Mapping) else user


def _messages(payload: Mapping[str, Any], account: Account) -> Iterator[Inbound]:
    users = payload.get("users") or {}
    for it in payload["direct_message_events"]:
        created = it.get("message_create")
        if it.get("type") != "message_create" or not created:
            continue
        sender, recipient = str(created["sender_id"]), str(created["target"]["recipient_id"])
        if sender == account.id or recipient != account.id:
            continue
        name = str(_unwrapped(users.get(sender) or {}).get("name", ""))
        text = str(created["message_data"].get("text") or "")
        yield _message(sender, str(it["id"]), text, name, _stamped(it))

"""POST and DELETE /2/tweets: what the shop may post, whom it may answer, and what that costs.

X lets a self-serve app answer a post only where its author has summoned the account: by an @mention in that post, or
by quoting a post of the account ("Post creation restrictions" in X's documents). Whether an answer to the account's
own post is a summons they leave open; `strict_summon` decides. The sentences of refusals are from memory.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from bot.sandbox.wire import Json
from bot.sandbox.x.asking import Body, Call
from bot.sandbox.x.posts import Post
from bot.sandbox.x.refusals import XRefusal, forbidden, invalid
from bot.sandbox.x.state import XState
from bot.sandbox.x.texts import composed, links, spans
from bot.sandbox.x.weights import LONGEST_POST, weighted_length

SAME_WITHIN = 6 * 3600.0
"""Seconds in which the same text is a duplicate, whomever it answers; X does not tell its own figure."""
MOST_CASHTAGS = 1
DEEP_LINK = re.compile(r"https://(?:x|twitter)\.com/messages/compose\?recipient_id=\d{1,19}(?:&.*)?")

Id = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]


class Reply(Body):
    """What is answered."""

    in_reply_to_tweet_id: Id
    exclude_reply_user_ids: list[Id] = Field(default=[])
    auto_populate_reply_metadata: bool = True


class Media(Body):
    """What is attached."""

    media_ids: list[Id] = Field(min_length=1, max_length=4)
    tagged_user_ids: list[Id] = Field(default=[], max_length=10)


class Draft(Body):
    """The body of POST /2/tweets. What is taken without having an effect here is a plain object or a flag."""

    text: str = ""
    reply: Reply | None = None
    quote_tweet_id: Id | None = None
    media: Media | None = None
    direct_message_deep_link: str | None = None
    reply_settings: Literal["following", "mentionedUsers", "subscribers", "verified"] | None = None
    edit_options: dict[str, Any] | None = None
    poll: dict[str, Any] | None = None
    geo: dict[str, Any] | None = None
    card_uri: str | None = None
    community_id: Id | None = None
    for_super_followers_only: bool = False
    made_with_ai: bool = False
    nullcast: bool = False
    paid_partnership: bool = False
    share_with_followers: bool = False


async def create(state: XState, call: Call) -> Json:
    """POST /2/tweets: checked, published, charged. Raises XRefusal."""
    draft = call.read(Draft)
    text = composed(draft.text)
    _may_be_said(text, draft)
    answered = None if draft.reply is None else _answered(state, int(draft.reply.in_reply_to_tweet_id))
    quoted = None if draft.quote_tweet_id is None else _quoted(state, int(draft.quote_tweet_id))
    media = _attached(state, draft.media)
    without = frozenset() if draft.reply is None else frozenset(map(int, draft.reply.exclude_reply_user_ids))
    _is_new(state, text, quoted)
    post = state.posts.write(
        state.ids.next(), state.shop, text, reply_to=answered, quote=quoted, media=media, without=without
    )
    post.deep_link = draft.direct_message_deep_link
    state.timeline.changed()
    state.bill.charge(_price(state, text, answered))
    return {"data": {"id": str(post.id), "text": post.text, "edit_history_tweet_ids": [str(post.id)]}}


async def remove(state: XState, call: Call) -> Json:
    """DELETE /2/tweets/:id: the account's own only. Raises XRefusal."""
    post = state.posts.get(call.ids["id"])
    if post is None or post.deleted:
        return {"data": {"deleted": False}}
    if post.author is not state.shop:
        raise forbidden("You are not authorized to delete this Tweet.")
    state.posts.delete(post)
    state.timeline.changed()
    state.bill.charge("post_delete")
    return {"data": {"deleted": True}}


def summoned(state: XState, post: Post) -> bool:
    """Whether the shop may answer a post of somebody else."""
    quoted = None if post.quote is None else state.posts.get(post.quote)
    if post.names(state.shop, explicitly=True) or (quoted is not None and quoted.author is state.shop):
        return True
    return post.reply_to_user == state.shop.id and not state.standing.strict_summon


def _may_be_said(text: str, draft: Draft) -> None:
    if not text.strip() and draft.media is None and draft.poll is None:
        raise invalid("$.text: is missing but it is required", {"text": [text]})
    if weighted_length(text) > LONGEST_POST:
        raise forbidden(
            "Your Tweet text is too long. For more information on how Twitter determines text length see "
            "https://github.com/twitter/twitter-text."
        )
    if sum(span.kind == "cashtag" for span in spans(text)) > MOST_CASHTAGS:
        raise forbidden("Posts created via the API are limited to a maximum of 1 cashtag.")
    if draft.edit_options is not None:
        raise forbidden("You are not permitted to edit this Tweet.")
    link = draft.direct_message_deep_link
    if link is not None and DEEP_LINK.fullmatch(link) is None:
        raise invalid(
            "$.direct_message_deep_link: is not a link to a conversation", {"direct_message_deep_link": [link]}
        )


def _answered(state: XState, wanted: int) -> Post:
    post = state.posts.get(wanted)
    if post is None or (not state.sees(post) and not post.author.blocks) or post.deleted:
        raise forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
    if post.author.blocks:
        raise forbidden("You have been blocked from replying to this user's Tweets.")
    if post.author is not state.shop and not summoned(state, post):
        raise forbidden(
            "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by "
            "the author of the post you are replying to."
        )
    return post


def _quoted(state: XState, wanted: int) -> Post:
    post = state.posts.get(wanted)
    if post is None or not state.sees(post):
        raise forbidden("You attempted to quote a Tweet that is deleted or not visible to you.")
    return post


def _attached(state: XState, media: Media | None) -> tuple[str, ...]:
    keys = []
    for number in () if media is None else media.media_ids:
        picture = state.pictures.usable(number, "tweet", state.now())
        if picture is None:
            raise bad_media([number])
        keys.append(picture.key)
    return tuple(keys)


def bad_media(numbers: list[str]) -> XRefusal:
    """400: not uploaded, for another purpose, or longer than a day ago."""
    return invalid("Your media IDs are invalid.", {"media_ids": numbers})


def _is_new(state: XState, text: str, quoted: Post | None) -> None:
    since = state.now() - SAME_WITHIN
    quote = None if quoted is None else quoted.id
    for post in reversed(list(state.posts)):
        if post.at < since:
            break
        same = post.author is state.shop and not post.deleted and post.quote == quote and not post.media
        if same and post.said.strip() == text.strip():
            raise forbidden("You are not allowed to create a Tweet with duplicate content.")


def _price(state: XState, text: str, answered: Post | None) -> str:
    if links(text):
        return "post_with_url"
    return "summoned_reply" if answered is not None and answered.author is not state.shop else "post"

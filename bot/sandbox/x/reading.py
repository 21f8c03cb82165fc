"""What can be read: the account itself, its mentions, anybody's posts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, takewhile

from bot.sandbox.wire import Json
from bot.sandbox.x import answers
from bot.sandbox.x.asking import Call, Check, choice, ids, moment, number, one_id, page_token, token_for
from bot.sandbox.x.fields import POST_QUERY, USER_DEFAULT, USER_EXPANSIONS, asked, expanded, only
from bot.sandbox.x.people import User
from bot.sandbox.x.posts import Post
from bot.sandbox.x.refusals import invalid, not_found, partial
from bot.sandbox.x.state import XState

NEWEST_MENTIONS = 800
NEWEST_POSTS = 3_200
"""X lists so many and no more."""
PAGE = 10

TIMELINE: Mapping[str, Check] = {
    **POST_QUERY,
    "max_results": number(5, 100),
    "pagination_token": page_token,
    "since_id": one_id,
    "until_id": one_id,
    "start_time": moment,
    "end_time": moment,
}
OWN_TIMELINE: Mapping[str, Check] = {**TIMELINE, "exclude": choice("replies", "retweets")}
SEVERAL: Mapping[str, Check] = {**POST_QUERY, "ids": ids(100)}


async def me(state: XState, call: Call) -> Json:
    """GET /2/users/me: charged as the user that it returns."""
    state.bill.read("user_read", [str(state.shop.id)])
    chosen = asked(call.query, "user.fields", USER_DEFAULT) | expanded(call.query, USER_EXPANSIONS)
    return answers.worded(call, {"data": only(state.user_wire(state.shop), chosen)})


async def mentions(state: XState, call: Call) -> Json:
    """GET /2/users/:id/mentions: the newest 800, of an edited post its newest version."""
    owner = _owner(state, call)
    since = call.query.get("since_id", 0)
    recent = takewhile(lambda post: post.id > since, _newest_first(state))
    found = (post for post in recent if post.names(owner))
    return _timeline(state, call, owner, islice(found, NEWEST_MENTIONS), "mention_read")


async def posts_of(state: XState, call: Call) -> Json:
    """GET /2/users/:id/tweets: the newest 3,200 of one author."""
    owner = _owner(state, call)
    left_out = call.query.get("exclude", frozenset())
    found = (
        post
        for post in _newest_first(state)
        if post.author is owner
        and not ("replies" in left_out and post.reply_to is not None)
        and not ("retweets" in left_out and post.repost is not None)
    )
    return _timeline(state, call, owner, islice(found, NEWEST_POSTS), "own_post_read")


async def several(state: XState, call: Call) -> Json:
    """GET /2/tweets: those that are there, and an error for each that is not."""
    if "ids" not in call.query:
        raise invalid("The `ids` query parameter can not be empty", {"ids": []})
    found = {wanted: _seen(state, wanted) for wanted in call.query["ids"]}
    errors = [partial("tweet", "ids", str(wanted)) for wanted, post in found.items() if post is None]
    beside = {"errors": errors} if errors else {}
    return answers.of_posts(state, call, [post for post in found.values() if post is not None], "post_read", **beside)


async def single(state: XState, call: Call) -> Json:
    """GET /2/tweets/:id. Raises XRefusal with 404 for one that is deleted or not visible, as X documents."""
    post = _seen(state, call.ids["id"])
    if post is None:
        raise not_found("tweet", "id", str(call.ids["id"]))
    answer = answers.of_posts(state, call, [post], "post_read")
    return {**answer, "data": answer["data"][0]}


def _seen(state: XState, wanted: int) -> Post | None:
    post = state.posts.get(wanted)
    return post if post is not None and state.sees(post) else None


def _owner(state: XState, call: Call) -> User:
    user = state.people.get(call.ids["id"])
    if user is None or user.suspended:
        raise not_found("user", "id", str(call.ids["id"]))
    return user


def _newest_first(state: XState) -> Iterator[Post]:
    return (post for post in reversed(list(state.posts)) if state.sees(post) and not post.replaced)


def _timeline(state: XState, call: Call, owner: User, posts: Iterable[Post], owned: str) -> Json:
    """A page of posts, newest first. An "Owned Read" is one that the account's own user makes of its own list."""
    query = call.query
    size = query.get("max_results", PAGE)
    before = min(query.get("until_id", 1 << 64), query.get("pagination_token", 1 << 64))
    matching = (
        post
        for post in posts
        if query.get("since_id", 0) < post.id < before
        and query.get("start_time", 0.0) <= post.at < query.get("end_time", float("inf"))
    )
    found = list(islice(matching, size + 1))
    page = found[:size]
    meta: Json = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": str(page[0].id), "oldest_id": str(page[-1].id)}
    if len(found) > size:
        meta["next_token"] = token_for(page[-1].id)
    kind = owned if owner is state.shop and call.who == "user" else "post_read"
    return answers.of_posts(state, call, page, kind, meta=meta)

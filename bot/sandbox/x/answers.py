"""Posts and people as an answer shows them: the fields asked for, what stands beside them, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.sandbox.wire import Json
from bot.sandbox.x.asking import Call
from bot.sandbox.x.fields import (
    MEDIA_DEFAULT,
    POST_EXPANSIONS,
    USER_DEFAULT,
    asked,
    expanded,
    in_words_of_posts,
    only,
    post_fields,
    speaks_of_posts,
)
from bot.sandbox.x.people import User
from bot.sandbox.x.posts import Post
from bot.sandbox.x.state import XState


def of_posts(state: XState, call: Call, posts: Sequence[Post], kind: str, **beside: object) -> Json:
    """`data` and `includes` for posts, charged as reads of `kind`; further fields stand `beside`.

    Without posts there is no `data`, as at X.
    """
    state.bill.read(kind, (str(post.id) for post in posts))
    chosen = post_fields(call.query)
    answer: Json = {"data": [only(post.wire(), chosen) for post in posts]} if posts else {}
    if includes := _around(state, call, posts):
        answer["includes"] = includes
    return worded(call, {**answer, **beside})


def worded(call: Call, answer: Json) -> Json:
    """The answer in the words the caller used."""
    told: Json = in_words_of_posts(answer) if speaks_of_posts(call.query) else answer
    return told


def people(state: XState, call: Call, users: Iterable[User]) -> list[Json]:
    """People beside what was read, each once; charged."""
    unique = {user.id: user for user in users}
    state.bill.read("user_read", (str(number) for number in unique))
    chosen = asked(call.query, "user.fields", USER_DEFAULT)
    return [only(state.user_wire(user), chosen) for user in unique.values()]


def pictures(state: XState, call: Call, keys: Iterable[str]) -> list[Json]:
    """Pictures beside what was read."""
    chosen = asked(call.query, "media.fields", MEDIA_DEFAULT)
    found = (state.pictures.by_key(key) for key in dict.fromkeys(keys))
    return [only(picture.wire(), chosen) for picture in found if picture is not None]


def _around(state: XState, call: Call, posts: Sequence[Post]) -> Json:
    wanted = expanded(call.query, POST_EXPANSIONS)
    referenced = _referenced(state, posts) if wanted & {"referenced_tweets", "referenced_authors"} else []
    included: Json = {}
    if users := list(_users(state, wanted, posts, referenced)):
        included["users"] = people(state, call, users)
    if referenced:
        state.bill.read("post_read", (str(post.id) for post in referenced))
        included["tweets"] = [only(post.wire(), post_fields(call.query)) for post in referenced]
    if "attachments" in wanted and (shown := pictures(state, call, (key for post in posts for key in post.media))):
        included["media"] = shown
    return included


def _referenced(state: XState, posts: Sequence[Post]) -> list[Post]:
    numbers = dict.fromkeys(int(it["id"]) for post in posts for it in post.references())
    found = (state.posts.get(number) for number in numbers)
    return [post for post in found if post is not None and state.sees(post)]


def _users(state: XState, wanted: frozenset[str], posts: Sequence[Post], referenced: Sequence[Post]) -> Iterable[User]:
    ids: list[int | None] = []
    if "author_id" in wanted:
        ids += [post.author.id for post in posts]
    if "in_reply_to_user_id" in wanted:
        ids += [post.reply_to_user for post in posts]
    if "mentions" in wanted:
        ids += [int(it["id"]) for post in posts for it in post.entities.get("mentions", ())]
    if "referenced_authors" in wanted:
        ids += [post.author.id for post in referenced]
    found = (state.people.get(number) for number in ids if number is not None)
    return (user for user in found if user is not None)

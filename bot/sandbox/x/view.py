"""X as a person sees it, for the demo's page and for tests that read along: the posts, and one private thread."""

from __future__ import annotations

from bot.sandbox.wire import Json
from bot.sandbox.x.ids import iso, seconds
from bot.sandbox.x.media import KEY_PREFIX
from bot.sandbox.x.messages import Message, Thread
from bot.sandbox.x.posts import Post
from bot.sandbox.x.state import XState

FILES = "/sandbox/x/media/"
SHOWN = 500
"""The newest posts, and of a thread the newest messages, that are shown unless more are asked for."""


def timeline_view(state: XState, prefix: str = "", newest: int = SHOWN) -> Json:
    """Everybody's posts, oldest first: links as they were typed, of an edited post its newest version.

    `prefix` is where the sandbox is mounted, for the addresses of pictures.
    """
    shown = [post for post in state.posts if not (post.deleted or post.replaced or post.author.suspended)]
    return {"revision": state.timeline.number, "posts": [_post(state, post, prefix) for post in shown[-newest:]]}


def _post(state: XState, post: Post, prefix: str) -> Json:
    return {
        "id": str(post.id),
        "text": post.said,
        "at": iso(post.at),
        "author": {
            "id": str(post.author.id),
            "name": post.author.name,
            "handle": post.author.handle,
            "ours": post.author is state.shop,
            "automated": post.author.automated,
        },
        "reply_to": _named(post.reply_to),
        "quote": _named(post.quote),
        "picture": _address(post.media[0] if post.media else None, prefix),
    }


def thread_view(state: XState, thread: Thread, prefix: str = "") -> Json:
    """What the shop and one person have written to each other; `closed` where they have shut the shop out."""
    user = thread.user
    return {
        "revision": thread.revision.number,
        "closed": user.dms == "closed" or user.blocks or user.suspended,
        "messages": [_message(state, it, prefix) for it in thread.messages[-SHOWN:]],
    }


def _message(state: XState, message: Message, prefix: str) -> Json:
    return {
        "id": str(message.id),
        "from_shop": message.sender == state.shop.id,
        "text": message.said,
        "at": iso(seconds(message.id)),
        "picture": _address(message.media, prefix),
    }


def _named(number: int | None) -> str | None:
    return None if number is None else str(number)


def _address(key: str | None, prefix: str) -> str | None:
    return None if key is None else f"{prefix}{FILES}{key.removeprefix(KEY_PREFIX)}"

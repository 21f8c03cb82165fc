"""Everything this X holds: the shop's account, the people, their posts and messages, and what X counts and charges."""

from __future__ import annotations

import random
from collections.abc import Callable

from bot.sandbox.faults import Faults
from bot.sandbox.outbound import Outbound
from bot.sandbox.revisions import Revision
from bot.sandbox.wire import Json
from bot.sandbox.x.account import X_KEYS, Standing, XKeys
from bot.sandbox.x.bill import Bill
from bot.sandbox.x.calling import Callbacks
from bot.sandbox.x.ids import Snowflakes
from bot.sandbox.x.limits import Limits
from bot.sandbox.x.media import Pictures
from bot.sandbox.x.messages import Threads
from bot.sandbox.x.people import People, User
from bot.sandbox.x.posts import Post, Posts

HANDLE = "atelier_lumiere"


class XState:
    """One app and one account at X. `handle` is the account's name without @, `name` the one it shows.

    Raises ValueError where the access token of `keys` does not begin with a user's id.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float],
        outbound: Outbound,
        faults: Faults,
        keys: XKeys = X_KEYS,
        handle: str = HANDLE,
        name: str = "Atelier Lumière",
        seed: int | None = None,
    ) -> None:
        self.now = now
        self.keys = keys
        self.standing = Standing()
        self.ids = Snowflakes(now)
        bio = f"{name}. This account answers by itself."
        self.shop = User(keys.user_id, name, handle, bio=bio, automated=True)
        self.people = People(self.shop)
        self.posts = Posts(self.people)
        self.timeline = Revision()
        self.threads = Threads()
        self.pictures = Pictures()
        self.limits = Limits(now)
        self.bill = Bill(now)
        self.callbacks = Callbacks(
            secret=keys.consumer_secret,
            ids=self.ids,
            now=now,
            outbound=outbound,
            faults=faults,
            bill=self.bill,
            dice=random.Random(seed),  # noqa: S311 - numbers of a sandbox guard nothing
        )

    def sees(self, post: Post) -> bool:
        """Whether the shop sees a post: it follows nobody, so that protected accounts are closed to it."""
        return not post.deleted and (
            post.author is self.shop or not (post.author.suspended or post.author.protected or post.author.blocks)
        )

    def may_write_to(self, user: User) -> bool:
        """Whether the shop may send a private message; of itself, whether strangers may send it one."""
        if user is self.shop:
            return self.standing.takes_messages
        if user.suspended or user.blocks or user.dms == "closed":
            return False
        return user.dms == "open" or user.has_written

    def user_wire(self, user: User) -> Json:
        """Every field of an account."""
        own = [post.id for post in self.posts if post.author is user and not post.deleted]
        latest = own[-1] if own else None
        return user.wire(posts=len(own), latest=latest, takes_messages=self.may_write_to(user))

    def stop(self) -> None:
        """End every wait."""
        self.timeline.wake()
        self.threads.wake()

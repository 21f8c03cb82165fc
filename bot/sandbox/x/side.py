"""What people do at X beside its API: they post, answer, quote, edit and write to the shop; and its owner by hand."""

from __future__ import annotations

from bot.sandbox.wire import Json
from bot.sandbox.x.account import AccessLevel
from bot.sandbox.x.limits import QUARTER
from bot.sandbox.x.media import Picture
from bot.sandbox.x.messages import Message, Thread
from bot.sandbox.x.painted import picture as painted
from bot.sandbox.x.people import Dms, User
from bot.sandbox.x.posts import Post
from bot.sandbox.x.state import XState
from bot.sandbox.x.texts import composed

MICRO = 1_000_000


class XSide(XState):
    """X, and everybody in it. Each method is what the control call of its name does.

    Ids go in and out as text, users' as numbers. Raises LookupError for what is not there, ValueError for what
    cannot be.
    """

    def post(
        self,
        user: int,
        text: str,
        *,
        name: str | None = None,
        handle: str | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        protected: bool | None = None,
    ) -> str:
        """Somebody posts, answers or quotes; the new post's id."""
        author = self.people.met(user, name, handle)
        author.protected = author.protected if protected is None else protected
        answered = None if reply_to is None else self._post(reply_to)
        quoted = None if quote is None else self._post(quote)
        return self._published(self.posts.write(self.ids.next(), author, text, reply_to=answered, quote=quoted))

    def shop_post(self, text: str, *, number: str | None = None, picture: bool | bytes = False) -> str:
        """The merchant posts by hand, under a known id where one is given, with a picture of theirs or any; the id."""
        media: tuple[str, ...] = ()
        if picture:
            taken = picture if isinstance(picture, bytes) else painted()
            media = (self.pictures.take(self.ids.next(), "tweet_image", taken).key,)
        chosen = self.ids.next() if number is None else int(number)
        if self.posts.get(chosen) is not None:
            raise ValueError(f"there is a post {chosen} already")
        return self._published(self.posts.write(chosen, self.shop, text, media=media))

    def edit(self, post: str, text: str) -> str:
        """An author changes a post; the id of its new version."""
        return self._published(self.posts.edit(self.ids.next(), self._post(post), text))

    def repost(self, user: int, post: str, *, name: str | None = None, handle: str | None = None) -> str:
        """Somebody spreads a post; the id of what X makes of it."""
        author = self.people.met(user, name, handle)
        return self._published(self.posts.repost(self.ids.next(), author, self._post(post)))

    def delete(self, post: str) -> None:
        """An author takes a post away."""
        self.posts.delete(self._post(post))
        self.timeline.changed()

    def dm(
        self, user: int, text: str, *, name: str | None = None, handle: str | None = None, picture: bool = False
    ) -> str:
        """Somebody writes to the shop; the message's id."""
        sender = self.people.met(user, name, handle)
        if not self.standing.takes_messages:
            raise ValueError("the shop takes no private messages")
        media = self._painted("dm").key if picture else None
        message = Message(self.ids.next(), sender.id, self.shop.id, composed(text), media)
        sender.has_written = True
        self.threads.add(sender, message)
        self.callbacks.of_message(message, self.shop, sender, self.user_wire)
        return str(message.id)

    def user(
        self,
        user: int,
        *,
        name: str | None = None,
        handle: str | None = None,
        dms: Dms | None = None,
        suspended: bool | None = None,
        protected: bool | None = None,
        blocks: bool | None = None,
    ) -> User:
        """Somebody changes what concerns them; what is not named stays."""
        known = self.people.met(user, name, handle)
        known.dms = known.dms if dms is None else dms
        known.suspended = known.suspended if suspended is None else suspended
        known.protected = known.protected if protected is None else protected
        known.blocks = known.blocks if blocks is None else blocks
        self.timeline.changed()
        self.threads.of(known).revision.changed()
        return known

    def encrypted(self, user: int, *, name: str | None = None, handle: str | None = None) -> str:
        """Somebody writes to the shop by XChat: no list shows it, an event tells of it; its id."""
        return self.callbacks.of_encrypted(self.people.met(user, name, handle), self.shop)

    def account(
        self,
        *,
        automated: bool | None = None,
        bio: str | None = None,
        access_level: AccessLevel | None = None,
        dms: bool | None = None,
        strict_summon: bool | None = None,
    ) -> None:
        """The merchant changes the shop's account; `dms`: whether strangers may write to it."""
        standing, shop = self.standing, self.shop
        shop.automated = shop.automated if automated is None else automated
        shop.bio = shop.bio if bio is None else bio
        standing.access_level = standing.access_level if access_level is None else access_level
        standing.takes_messages = standing.takes_messages if dms is None else dms
        standing.strict_summon = standing.strict_summon if strict_summon is None else strict_summon
        self.timeline.changed()

    def credits(self, micro: int | None) -> None:
        """So many millionths of a dollar are left; None: no end of them."""
        self.bill.balance = micro

    def change_limits(
        self, *, on: bool | None = None, endpoint: str | None = None, limit: int | None = None, window: float = QUARTER
    ) -> None:
        """X's limits on or off, and another number for one endpoint (`GET /2/dm_events`)."""
        self.limits.on = self.limits.on if on is None else on
        if (endpoint is None) != (limit is None):
            raise ValueError("endpoint and limit go together")
        if endpoint is not None and limit is not None:
            self.limits.change(endpoint, limit, window)

    async def redeliver(self, event_uuid: str | None = None, copies: int = 1) -> Json:
        """X sends an event once more, the last one unless named."""
        return await self.callbacks.again(event_uuid, copies)

    async def crc(self) -> Json:
        """X challenges every webhook, and for the last time; whether each is valid, by id."""
        hooks = list(self.callbacks.webhooks.values())
        for webhook in hooks:
            await self.callbacks.prove(webhook, patient=False)
        return {str(webhook.id): webhook.valid for webhook in hooks}

    def thread(self, user: int) -> Thread:
        """The thread with one person, who may not have written yet."""
        return self.threads.of(self.people.met(user))

    def _post(self, number: str) -> Post:
        post = self.posts.get(int(number))
        if post is None or post.deleted:
            raise LookupError(f"there is no post {number}")
        return post

    def _published(self, post: Post) -> str:
        self.timeline.changed()
        quoted = None if post.quote is None else self.posts.get(post.quote)
        self.callbacks.of_post(post, self.shop, self.user_wire, quoted=quoted)
        return str(post.id)

    def _painted(self, purpose: str) -> Picture:
        return self.pictures.take(self.ids.next(), f"{purpose}_image", painted())

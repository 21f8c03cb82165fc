"""The accounts of this X: the shop's own and its shoppers', with what they allow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.wire import Json
from bot.sandbox.x.ids import iso

Dms = Literal["open", "wrote_first", "closed"]
"""Whose messages a shopper takes: everyone's, only of those they have written to, or nobody's."""

HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
LARGEST_ID = 10**19 - 1
JOINED = 1_600_000_000.0
AUTOMATED = {"badge_url": "https://pbs.twimg.com/semantic_core_img/automated", "description": "Automated"}


@dataclass(slots=True)
class User:
    """One account."""

    id: int
    name: str
    handle: str
    bio: str = ""
    dms: Dms = "wrote_first"
    protected: bool = False
    suspended: bool = False
    blocks: bool = False
    automated: bool = False
    has_written: bool = False
    """Whether the shop has had a private message from them."""

    def wire(self, *, posts: int = 0, latest: int | None = None, takes_messages: bool = True) -> Json:
        """Every field that X may show of it, in the words of `user.fields`."""
        shown: Json = {
            "id": str(self.id),
            "name": self.name,
            "username": self.handle,
            "created_at": iso(JOINED),
            "description": self.bio,
            "protected": self.protected,
            "verified": False,
            "verified_type": "none",
            "is_identity_verified": False,
            "parody": False,
            "profile_image_url": "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png",
            "profile_banner_url": "",
            "url": "",
            "receives_your_dm": takes_messages,
            "public_metrics": {
                "followers_count": 0,
                "following_count": 0,
                "tweet_count": posts,
                "listed_count": 0,
                "like_count": 0,
                "media_count": 0,
            },
        }
        if self.automated:
            shown["affiliation"] = dict(AUTOMATED)
        if latest is not None:
            shown["most_recent_tweet_id"] = str(latest)
        return shown


class People:
    """Everyone on this X, by id and by handle (which X compares without case)."""

    def __init__(self, shop: User) -> None:
        self.shop = shop
        self._by_id = {shop.id: shop}

    def get(self, user: int) -> User | None:
        """One who is known."""
        return self._by_id.get(user)

    def named(self, handle: str) -> User | None:
        """One by handle, without the @."""
        folded = handle.lower()
        return next((user for user in self._by_id.values() if user.handle.lower() == folded), None)

    def met(self, user: int, name: str | None = None, handle: str | None = None) -> User:
        """This shopper, made known where they are not. Raises ValueError for an id or a handle that cannot be."""
        if not 0 < user <= LARGEST_ID:
            raise ValueError("a user's id has 1 to 19 digits")
        if user == self.shop.id:
            raise ValueError("this is the shop's own account")
        known = self._by_id.get(user)
        if known is None:
            known = self._by_id[user] = User(user, name or "Camille", self._free_handle(user, name or "Camille"))
        if name is not None:
            known.name = name
        if handle is not None:
            self._rename(known, handle.removeprefix("@"))
        return known

    def _rename(self, user: User, handle: str) -> None:
        if HANDLE.fullmatch(handle) is None:
            raise ValueError("a handle has 1 to 15 letters, digits and _")
        other = self.named(handle)
        if other is not None and other is not user:
            raise ValueError(f"@{handle} is somebody else")
        user.handle = handle

    def _free_handle(self, user: int, name: str) -> str:
        word = re.sub(r"[^a-z0-9]", "", name.lower())[:6] or "user"
        wanted = f"{word}_{user % 10**8}"
        return wanted if self.named(wanted) is None else f"u{user % 10**14}"

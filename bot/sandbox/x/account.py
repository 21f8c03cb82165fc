"""The keys of the shop's account at X, and what its owner has set there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

AccessLevel = Literal["read", "read-write", "read-write-directmessages"]
"""What the access token may do; X tells it in the header `x-access-level`."""


@dataclass(frozen=True, slots=True)
class XKeys:
    """What X's developer console hands out. An access token begins with its owner's user id and a dash."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)
    bearer_token: str = field(repr=False)

    @property
    def user_id(self) -> int:
        """The account's own id. Raises ValueError where the token has not X's shape."""
        return int(self.access_token.partition("-")[0])


X_KEYS = XKeys(
    "sandbox-consumer-key",
    "sandbox-consumer-secret",
    "1900000000000000001-sandbox",
    "sandbox-token-secret",
    "sandbox-bearer",
)
"""Made up; they open nothing but the sandbox."""


@dataclass(slots=True)
class Standing:
    """How the account stands. `strict_summon` refuses answers to those who only replied to the shop's post."""

    access_level: AccessLevel = "read-write-directmessages"
    takes_messages: bool = True
    strict_summon: bool = False

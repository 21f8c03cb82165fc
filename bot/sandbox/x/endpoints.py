"""Every endpoint of X's API that the sandbox has, as a table."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.wire import Json
from bot.sandbox.x import direct, reading, subscribing, uploading, writing
from bot.sandbox.x.asking import Call, Check
from bot.sandbox.x.fields import POST_QUERY, USER_QUERY
from bot.sandbox.x.reading import OWN_TIMELINE, SEVERAL, TIMELINE
from bot.sandbox.x.signing import Who
from bot.sandbox.x.state import XState

Act = Callable[[XState, Call], Awaitable[Json]]
Need = Literal["read", "write", "messages"]
"""What an access token must be allowed."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method on one path. `name` is what X's table of limits calls it, `takes` who may call it (OAuth 1.0a keys
    or the bearer) by X's description of its API, `query` the parameters it knows."""

    name: str
    takes: tuple[Who, ...]
    act: Act
    query: Mapping[str, Check]
    need: Need = "read"
    status: int = 200

    @property
    def method(self) -> str:
        """GET, POST, PUT or DELETE."""
        return self.name.partition(" ")[0]

    @property
    def pattern(self) -> re.Pattern[str]:
        """Fits the paths of this endpoint."""
        return re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", self.name.partition(" ")[2]))


USER: tuple[Who, ...] = ("user",)
APP: tuple[Who, ...] = ("app",)
BOTH: tuple[Who, ...] = ("user", "app")
WITH = "/2/dm_conversations/with/:participant_id"
SUBSCRIPTION = "/2/activity/subscriptions/:subscription_id"

ENDPOINTS = (
    Endpoint("GET /2/users/me", USER, reading.me, USER_QUERY),
    Endpoint("GET /2/users/:id/mentions", BOTH, reading.mentions, TIMELINE),
    Endpoint("GET /2/users/:id/tweets", BOTH, reading.posts_of, OWN_TIMELINE),
    Endpoint("GET /2/tweets", BOTH, reading.several, SEVERAL),
    Endpoint("GET /2/tweets/:id", BOTH, reading.single, POST_QUERY),
    Endpoint("POST /2/tweets", USER, writing.create, {}, "write", 201),
    Endpoint("DELETE /2/tweets/:id", USER, writing.remove, {}, "write"),
    Endpoint("GET /2/dm_events", USER, direct.events, direct.EVENTS, "messages"),
    Endpoint(f"GET {WITH}/dm_events", USER, direct.events_with, direct.EVENTS, "messages"),
    Endpoint(f"POST {WITH}/messages", USER, direct.send, {}, "messages", 201),
    Endpoint("POST /2/media/upload", USER, uploading.upload, {}, "write"),
    Endpoint("GET /2/webhooks", APP, subscribing.webhooks, subscribing.WEBHOOK_FIELDS),
    Endpoint("POST /2/webhooks", BOTH, subscribing.create_webhook, {}),
    Endpoint("PUT /2/webhooks/:webhook_id", BOTH, subscribing.prove_webhook, {}),
    Endpoint("DELETE /2/webhooks/:webhook_id", BOTH, subscribing.delete_webhook, {}),
    Endpoint("GET /2/activity/subscriptions", BOTH, subscribing.subscriptions, subscribing.LISTING),
    Endpoint("POST /2/activity/subscriptions", BOTH, subscribing.subscribe, {}),
    Endpoint("DELETE /2/activity/subscriptions", APP, subscribing.unsubscribe_several, subscribing.BY_IDS),
    Endpoint(f"PUT {SUBSCRIPTION}", APP, subscribing.change, {}),
    Endpoint(f"DELETE {SUBSCRIPTION}", APP, subscribing.unsubscribe, {}),
    Endpoint("GET /2/usage/tweets", APP, uploading.usage, uploading.USAGE),
)
_PATTERNS = tuple((endpoint.method, endpoint.pattern, endpoint) for endpoint in ENDPOINTS)


def found(method: str, path: str) -> tuple[Endpoint, Mapping[str, str]] | None:
    """The endpoint of a request and the ids in its path; None where the sandbox has none."""
    for known, pattern, endpoint in _PATTERNS:
        if known == method and (match := pattern.fullmatch(path)) is not None:
            return endpoint, match.groupdict()
    return None

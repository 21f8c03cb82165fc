"""tweepy's own client pointed at the sandbox, every answer held to X's description before a test sees it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import tweepy

from bot.sandbox.x.account import X_KEYS, XKeys
from tests.sandbox.x_spec import faults_of_answer

PATHS = (
    "/2/users/me",
    "/2/users/{id}/mentions",
    "/2/users/{id}/tweets",
    "/2/tweets",
    "/2/tweets/{id}",
    "/2/dm_events",
    "/2/dm_conversations/with/{participant_id}/dm_events",
    "/2/dm_conversations/with/{participant_id}/messages",
    "/2/media/upload",
    "/2/webhooks",
    "/2/webhooks/{webhook_id}",
    "/2/activity/subscriptions",
    "/2/activity/subscriptions/{subscription_id}",
    "/2/usage/tweets",
)


class Prefixed(requests.Session):
    """Sends to another base address, chosen before the request is signed, and never waits for ever."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.trust_env = False
        self.patience = 5.0
        self._base = base

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        path = str(url).removeprefix("https://api.twitter.com")
        options.setdefault("timeout", self.patience)
        return super().request(str(method), self._base + path, *args, **options)


def signature(keys: XKeys) -> Any:
    """Signs a request of `requests` as tweepy does."""
    handler: Any = tweepy.OAuth1UserHandler
    return handler(keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret).apply_auth()


@dataclass
class Told:
    """An answer: status, headers, JSON."""

    status: int
    headers: Any
    body: Any

    @property
    def data(self) -> Any:
        assert self.status < 300, self.body
        return self.body.get("data", [])

    @property
    def ids(self) -> list[str]:
        return [it["id"] for it in self.data]

    @property
    def detail(self) -> str:
        return str(self.body["detail"])


@dataclass
class X:
    """X as the shop sees it."""

    base: str
    keys: XKeys = X_KEYS
    client: tweepy.Client = field(init=False)
    session: Prefixed = field(init=False)

    def __post_init__(self) -> None:
        keys = self.keys
        self.client = tweepy.Client(
            keys.bearer_token,
            keys.consumer_key,
            keys.consumer_secret,
            keys.access_token,
            keys.access_token_secret,
            return_type=requests.Response,
        )
        self.session = self.client.session = Prefixed(f"{self.base}/x")

    @property
    def me(self) -> str:
        return self.keys.access_token.partition("-")[0]

    async def ask(self, act: Callable[[], Any]) -> Told:
        """Call in a thread; a refusal is an answer too."""
        try:
            answer = await asyncio.to_thread(act)
        except tweepy.HTTPException as refused:
            answer = refused.response
        told = Told(answer.status_code, answer.headers, answer.json())
        path = urlsplit(answer.url).path.removeprefix(urlsplit(self.base).path).removeprefix("/x")
        shape = next(it for it in PATHS if re.fullmatch(re.sub(r"\{\w+\}", r"(?!me$)[^/]+", it), path))
        faults = faults_of_answer(str(answer.request.method), shape, told.status, told.body)
        assert faults == [], faults
        return told

    async def raw(self, method: str, path: str, *, bearer: bool = False, json: Any = None, **query: str) -> Told:
        """A call that tweepy has no method for; `user__fields` stands for `user.fields`."""
        named = {name.replace("__", "."): value for name, value in query.items()}
        return await self.ask(lambda: self.client.request(method, path, params=named, json=json, user_auth=not bearer))

    async def mentions(self, **asked: Any) -> Told:
        asked.setdefault("user_auth", True)
        return await self.ask(lambda: self.client.get_users_mentions(self.me, **asked))

    async def messages(self, **asked: Any) -> Told:
        return await self.ask(lambda: self.client.get_direct_message_events(**asked))

    async def post(self, text: str | None = None, **asked: Any) -> Told:
        return await self.ask(lambda: self.client.create_tweet(text=text, **asked))

    async def reply(self, text: str, to: str) -> Told:
        return await self.post(text, in_reply_to_tweet_id=to)

    async def dm(self, user: int, text: str | None = None, **asked: Any) -> Told:
        return await self.ask(lambda: self.client.create_direct_message(participant_id=user, text=text, **asked))

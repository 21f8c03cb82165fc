"""How X is spoken to: tweepy's own client in a thread, with a base address and time-outs that it does not have."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import structlog
import tweepy

from bot.channels.x.failures import AccountRefused, NoCredits, spent, translated, window
from bot.domain.quotas import LIMITS
from bot.errors import Temporary
from bot.ports import Clock, Meter

T = TypeVar("T")
log = structlog.get_logger(__name__)
Json = dict[str, Any]
CONNECT_SECONDS, READ_SECONDS = 3.05, 8.0
PATIENCE = 14.0
"""Seconds after which an answer that drips is given up (F087)."""
LARGEST_PICTURE = 5 * 1024 * 1024
THREADS = 4
"""X counts calls by the quarter of an hour; more at once would only wait."""


@dataclass(frozen=True)
class XKeys:
    """The shop's own account at X. The access token begins with the account's user id."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)
    bearer_token: str | None = field(default=None, repr=False)

    @property
    def user_id(self) -> str:
        return self.access_token.partition("-")[0]


class BasedSession(requests.Session):
    """Sends to another base address, decided before a request is signed, since the signature covers it.

    Redirects are not followed: one would carry the signature elsewhere.
    """

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base.rstrip("/")
        self.trust_env = False  # a .netrc must not take the place of our own keys

    def request(self, method: str, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        parts = urlsplit(str(url))
        target = f"{self._base}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        options.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        options["allow_redirects"] = False
        return super().request(method, target, *args, **options)


class XWire:
    """Calls to X, counted and told by the meter. Raises Temporary, Permanent, Unreachable, Duplicate or NoCredits."""

    def __init__(self, keys: XKeys, base: str, clock: Clock) -> None:
        self.keys, self._clock = keys, clock
        self.client = tweepy.Client(
            keys.bearer_token,
            keys.consumer_key,
            keys.consumer_secret,
            keys.access_token,
            keys.access_token_secret,
            return_type=requests.Response,
            wait_on_rate_limit=False,
        )
        self.client.session = BasedSession(base)
        self._turns = asyncio.Semaphore(THREADS)
        self.out_of_credits = False
        self.ails: str | None = None

    async def call(
        self,
        act: Callable[[], requests.Response],
        *,
        meter: Meter | None = None,
        limit: str = "",
        counted: bool = False,
    ) -> Json:
        """The answer's JSON. `limit` names the quota that it counts against; `counted` where the gate has done so."""
        if meter is not None and limit and not counted:
            await meter.ask(limit)
        try:
            answer = await self._in_thread(act)
        except Exception as error:
            raise await self._failed(error, meter, limit) from error
        self.out_of_credits, self.ails = False, None
        if meter is not None and limit:
            await _noted(meter.told(limit, window(answer.headers.get)))
        return _parsed(answer)

    async def raw(self, method: str, path: str, *, json: Json | None = None, bearer: bool = False) -> requests.Response:
        """A call that tweepy has no method for, with its headers."""
        try:
            return await self._in_thread(lambda: self.client.request(method, path, json=json, user_auth=not bearer))
        except Exception as error:
            raise await self._failed(error, None, "") from error

    async def json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Json | None = None,
        bearer: bool = False,
    ) -> Json:
        return await self.call(
            lambda: self.client.request(method, path, params=params, json=json, user_auth=not bearer)
        )

    async def upload(self, picture: bytes) -> str:
        """Upload a picture for a private message; -> its media id. tweepy's own upload speaks to X's old host."""
        body = {"media": base64.b64encode(picture).decode(), "media_category": "dm_image"}
        answer = await self.json("POST", "/2/media/upload", json=body)
        return made(answer)

    async def fetched(self, address: str) -> bytes:
        """A picture of the merchant's own, from an https address. Raises Temporary or Permanent."""

        def fetch() -> bytes:
            timeout = (CONNECT_SECONDS, READ_SECONDS)
            with requests.get(address, timeout=timeout, stream=True) as answer:
                answer.raise_for_status()
                return bytes(answer.raw.read(LARGEST_PICTURE + 1, decode_content=True))

        try:
            return await self._in_thread(fetch)
        except Exception as error:
            raise Temporary(f"the picture does not come ({type(error).__name__})") from error

    async def _in_thread(self, act: Callable[[], T]) -> T:
        """In a thread of its own: one that is given up keeps neither the next call nor the end of the process."""
        done: Future[T] = Future()
        done.set_running_or_notify_cancel()

        def work() -> None:
            try:
                done.set_result(act())
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                done.set_exception(error)

        async with self._turns, asyncio.timeout(PATIENCE):
            Thread(target=work, name="x", daemon=True).start()
            return await asyncio.wrap_future(done)

    async def _failed(self, error: Exception, meter: Meter | None, limit: str) -> Exception:
        if isinstance(error, TimeoutError):
            return Temporary("X does not answer in time", uncertain=True)
        failure = translated(error, self._clock())
        if isinstance(failure, AccountRefused):
            self.ails = str(failure)
        if isinstance(failure, NoCredits):
            self.out_of_credits = True
            if meter is not None:
                text = "its credits are used up: nothing is read or sent until more are bought"
                await _noted(meter.tell("no_credits", text))
        if isinstance(error, tweepy.TooManyRequests) and meter is not None and limit:
            daily, told = spent(error.response.headers.get)
            by_day = f"{limit}_a_day"
            await _noted(meter.told(by_day if daily and by_day in LIMITS else limit, told))
        return failure

    def close(self) -> None:
        self.client.session.close()


async def _noted(noting: Awaitable[None]) -> None:
    """What X has done is done: a store that cannot write just now must not make it look undone."""
    try:
        await noting
    except Temporary as error:
        log.warning("x.not_noted", error=str(error))


def listed(page: Json) -> tuple[list[Json], Json]:
    """The things that a page lists, and what it says of itself. Raises Temporary where it is no page."""
    data, meta = page.get("data") or [], page.get("meta") or {}
    if not isinstance(data, list) or not isinstance(meta, dict):
        raise Temporary("X's answer does not have the shape of a list", uncertain=True, answered=True)
    return [it for it in data if isinstance(it, dict)], meta


def made(answer: Json, name: str = "id") -> str:
    """The id of what a call has made. Raises Temporary where X does not name it: it may be there all the same."""
    data = answer.get("data")
    found = data.get(name) if isinstance(data, dict) else None
    if not found:
        raise Temporary("X does not name what it made", uncertain=True, answered=True)
    return str(found)


def _parsed(answer: requests.Response) -> Json:
    try:
        body = answer.json()
    except ValueError as error:
        raise Temporary("X's answer is not JSON", uncertain=True, answered=True) from error
    if not isinstance(body, dict):
        raise Temporary("X's answer is no object", uncertain=True, answered=True)
    return body

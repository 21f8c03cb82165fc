"""The one funnel of X's errors: tweepy's and requests' exceptions in, our few kinds out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import requests
from tweepy.errors import (
    BadRequest,
    Forbidden,
    HTTPException,
    NotFound,
    TooManyRequests,
    TwitterServerError,
    Unauthorized,
)

from bot.errors import Permanent, Slowed, Temporary, Unreachable
from bot.ports import Told

UNTIL_KEYS_ARE_MENDED = 60.0
UNTIL_CREDITS_COME = 900.0
UNTIL_ACCOUNT_IS_MENDED = 300.0
LONGEST_WINDOW = 901.0
WITHOUT_A_RESET = 60.0
"""Seconds to wait after a 429 that does not say how long."""

DUPLICATE = ("duplicate content",)
CLOSED = (
    "cannot send messages to this user",
    "not permitted to send",
    "permission to dm",
    "cannot be messaged",
    "does not allow direct messages",
    "not following you",
    "not allowed to send direct messages to this user",
    "user has been suspended",
    "could not find user",
    "user not found",
)
"""Sentences of a 403, 404 or 400 that mean: this person cannot be written to."""


ACCOUNT = (
    "oauth1-permissions",
    "oauth1 app permissions",
    "client-forbidden",
    "client-not-enrolled",
    "appropriate level of api access",
    "usage cap",
    "usage-capped",
    "account is temporarily locked",
    "your account is suspended",
    "account is suspended and is not permitted",
    "temporarily locked",
)
"""Sentences and problem types that mean the shop's own account or app: it may do nothing until somebody mends it."""


class Duplicate(Permanent):
    """The account has just said the very same."""


class AccountRefused(Temporary):
    """The account or its app may not do this: a state until a human mends it, and no message's fault."""


class NoCredits(Temporary):
    """The account's credits are used up: a state that lasts until somebody pays (402)."""


def translated(error: Exception, now: datetime) -> Exception:
    """What a failed call means. A page that is not X's own JSON is somebody in between and proves nothing."""
    match error:
        case TooManyRequests():
            return Slowed("X asks to slow down", retry_after=_wait(error, now))
        case Unauthorized():
            return Temporary(
                "X refuses the keys (X_CONSUMER_KEY … X_ACCESS_TOKEN_SECRET, or X_BEARER_TOKEN)",
                retry_after=UNTIL_KEYS_ARE_MENDED,
            )
        case TwitterServerError():
            return Temporary(f"X answered {error.response.status_code}", uncertain=True, answered=True)
        case HTTPException() if error.response.status_code == 402:
            return NoCredits("the account's X credits are used up", retry_after=UNTIL_CREDITS_COME)
        case BadRequest() | Forbidden() | NotFound():
            return _refusal(error)
        case HTTPException():
            return Temporary(f"X answered {error.response.status_code}")
        case requests.ConnectTimeout():
            return Temporary("X cannot be reached")
        case requests.ConnectionError():
            return Temporary("the connection to X broke", uncertain=not _never_connected(error))
        case requests.RequestException():
            return Temporary(f"X does not answer ({type(error).__name__})", uncertain=True)
        case _:
            return Temporary(f"X's answer cannot be read ({type(error).__name__})", uncertain=True, answered=True)


def _refusal(error: HTTPException) -> Exception:
    if "json" not in error.response.headers.get("content-type", ""):
        return Temporary(f"something before X answered {error.response.status_code}")
    sentence = _sentence(error)
    folded = sentence.lower()
    if any(known in f"{folded} {_kind(error)}" for known in ACCOUNT):
        return AccountRefused(f"X refuses the account: {sentence}", retry_after=UNTIL_ACCOUNT_IS_MENDED)
    if any(known in folded for known in DUPLICATE):
        return Duplicate(sentence)
    if any(known in folded for known in CLOSED):
        return Unreachable(sentence)
    return Permanent(sentence)


def _kind(error: HTTPException) -> str:
    """The type of X's problem, an address whose last part names it."""
    try:
        body = error.response.json()
    except ValueError:
        return ""
    return str(body.get("type", "")).lower() if isinstance(body, dict) else ""


def _sentence(error: HTTPException) -> str:
    """What X says, with which parameter it means: of a 400 the detail is always the same, and `errors` tell."""
    try:
        body = error.response.json()
    except ValueError:
        body = None
    said = [str(body.get(name)) for name in ("title", "detail") if body.get(name)] if isinstance(body, dict) else []
    also = [str(it) for it in error.api_messages if str(it) not in said]
    return "; ".join(filter(None, [": ".join(said), *also])) or str(error)


def _wait(error: TooManyRequests, now: datetime) -> float:
    """Never longer than a window: what is used up for a day the meter knows, and says at the next try."""
    _, told = spent(error.response.headers.get)
    if told is None:
        return WITHOUT_A_RESET
    return min(max(1.0, (told.until - now).total_seconds()), LONGEST_WINDOW)


def _never_connected(error: requests.ConnectionError) -> bool:
    return "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)


def window(header: Callable[[str], str | None], kind: str = "x-rate-limit") -> Told | None:
    """What an answer's headers say of its limit; None where they say nothing that can be read."""
    try:
        most, left, reset = (int(header(f"{kind}-{name}") or "") for name in ("limit", "remaining", "reset"))
        return Told(most, left, datetime.fromtimestamp(reset, UTC))
    except (ValueError, OverflowError, OSError):
        return None


DAILY = ("x-user-limit-24hour", "x-app-limit-24hour")


def spent(header: Callable[[str], str | None]) -> tuple[bool, Told | None]:
    """The limit that a 429 speaks of, and whether it is a daily one rather than that of the quarter of an hour."""
    daily = (window(header, kind) for kind in DAILY)
    used_up = next((it for it in daily if it is not None and it.left <= 0), None)
    return used_up is not None, used_up or window(header)

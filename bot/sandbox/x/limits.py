"""How often each endpoint may be called, after the table "Rate limits" in X's documents (August 2026).

Windows are fixed: one begins with the first call and ends after its seconds. A caller with user keys spends the
user's limits, and the app's where they are by the day or where the user has none; the bearer spends the app's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.sandbox.x.refusals import too_many
from bot.sandbox.x.signing import Who

QUARTER = 900.0
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Quota:
    """So many calls in so many seconds, for the user or for the whole app."""

    scope: Who
    calls: int
    seconds: float = QUARTER


def _table() -> Mapping[str, tuple[Quota, ...]]:
    def user(calls: int, seconds: float = QUARTER) -> Quota:
        return Quota("user", calls, seconds)

    def app(calls: int, seconds: float = QUARTER) -> Quota:
        return Quota("app", calls, seconds)

    return {
        "GET /2/users/me": (user(75),),
        "GET /2/users/:id/mentions": (user(300), app(450)),
        "GET /2/users/:id/tweets": (user(900), app(10_000)),
        "GET /2/tweets": (user(5_000), app(3_500)),
        "GET /2/tweets/:id": (user(900), app(450)),
        "POST /2/tweets": (user(100), app(10_000, DAY)),
        "DELETE /2/tweets/:id": (user(50),),
        "GET /2/dm_events": (user(15),),
        "GET /2/dm_conversations/with/:participant_id/dm_events": (user(15),),
        "POST /2/dm_conversations/with/:participant_id/messages": (user(15), user(1_440, DAY), app(1_440, DAY)),
        "POST /2/media/upload": (user(500), app(50_000, DAY)),
        "GET /2/webhooks": (app(450),),
        "POST /2/webhooks": (app(450),),
        "PUT /2/webhooks/:webhook_id": (app(450),),
        "DELETE /2/webhooks/:webhook_id": (app(450),),
        "GET /2/activity/subscriptions": (app(500),),
        "POST /2/activity/subscriptions": (app(500),),
        "PUT /2/activity/subscriptions/:subscription_id": (app(500),),
        "DELETE /2/activity/subscriptions/:subscription_id": (app(500),),
        "GET /2/usage/tweets": (app(50),),
    }


QUOTAS = _table()

HEADERS: Mapping[tuple[Who, bool], str] = {
    ("user", False): "x-rate-limit",
    ("app", False): "x-rate-limit",
    ("user", True): "x-user-limit-24hour",
    ("app", True): "x-app-limit-24hour",
}
"""By scope and whether it is a day's. The names of the day's headers are from public client libraries, X documents
only the others."""

Pair = tuple[bytes, bytes]


@dataclass(slots=True)
class _Window:
    until: float
    used: int = 0


class Limits:
    """The windows of every endpoint. `on` switches refusals; the headers stay."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.on = True
        self.quotas = dict(QUOTAS)
        self._now = now
        self._windows: dict[tuple[str, Who, float], _Window] = {}

    def change(self, endpoint: str, calls: int, seconds: float = QUARTER) -> None:
        """Another number for the windows of `seconds` of one endpoint; a new one where it has none of that length.

        Raises LookupError for an endpoint that has no limits at all.
        """
        known = self.quotas.get(endpoint)
        if known is None:
            raise LookupError(f"no limits for {endpoint}")
        others = tuple(it for it in known if it.seconds != seconds)
        changed = tuple(Quota(it.scope, calls, seconds) for it in known if it.seconds == seconds)
        self.quotas[endpoint] = (*(changed or (Quota("user", calls, seconds),)), *others)

    def spend(self, endpoint: str, who: Who) -> None:
        """Count one call. Raises XRefusal with 429 where a window is used up; such a call is not counted."""
        windows = list(self._mine(endpoint, who))
        if self.on and any(window.used >= quota.calls for quota, window in windows):
            raise too_many()
        for _, window in windows:
            window.used += 1

    def headers(self, endpoint: str, who: Who, *, reset_in: float | None = None) -> tuple[Pair, ...]:
        """What the answer says of the limits. With `reset_in`, as if they were used up for so many seconds."""
        pairs: list[Pair] = []
        for quota, window in self._mine(endpoint, who):
            name = HEADERS[quota.scope, quota.seconds >= DAY]
            left = max(0, quota.calls - window.used)
            until = window.until
            if reset_in is not None and name == "x-rate-limit":
                left, until = 0, self._now() + reset_in
            values = {"limit": quota.calls, "remaining": left, "reset": math.ceil(until)}
            pairs += [(f"{name}-{what}".encode(), str(value).encode()) for what, value in values.items()]
        return tuple(pairs)

    def _mine(self, endpoint: str, who: Who) -> Iterator[tuple[Quota, _Window]]:
        quotas = self.quotas.get(endpoint, ())
        own = {it.scope for it in quotas if it.seconds < DAY}
        for quota in quotas:
            shared = quota.scope == "app" and (quota.seconds >= DAY or "user" not in own)
            if quota.scope == who or (who == "user" and shared):
                yield quota, self._window(endpoint, quota)

    def _window(self, endpoint: str, quota: Quota) -> _Window:
        key = (endpoint, quota.scope, quota.seconds)
        window = self._windows.get(key)
        if window is None or window.until <= self._now():
            window = self._windows[key] = _Window(self._now() + quota.seconds)
        return window

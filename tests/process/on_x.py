"""The installed command selling on X, as a process against the sandbox over HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sandbox.x.account import X_KEYS
from tests.process.world import SHOP, World, until

SHOWN_POST = "1900000000000000101"
ON_X = """
[channels.x]
enabled = true
account = "atelier_lumiere"
mode = "{mode}"
api_base = "{sandbox}/x"
mentions_every = "{every}"
dms_every = "{every}"
daily_budget_usd = {budget}
[payments.stripe]"""
BUSY = {"GET /2/users/:id/mentions": 100_000, "GET /2/dm_events": 100_000}
"""Limits that let a test ask X more often than every minute."""


@dataclass
class XWorld(World):
    """A shop whose only channel is X. Its limits for reading are raised; those for sending stand."""

    every: str = "600ms"
    budget: str = "5.00"
    consumer_secret: str = X_KEYS.consumer_secret
    me: int = 2001

    def __post_init__(self) -> None:
        super().__post_init__()
        head, telegram = SHOP.split("[channels.telegram]")
        _, rest = telegram.split("[payments.stripe]")
        text = (
            head
            + ON_X
            + rest.replace(
                'keywords = ["mug", "tasse"]',
                f'keywords = ["mug", "tasse"]\nposts = ["https://x.com/atelier_lumiere/status/{SHOWN_POST}"]',
                1,
            )
        )
        names = {"mode": self.mode, "hold": self.hold, "sandbox": self.sandbox, "port": self.port}
        (self.folder / "bot.toml").write_text(text.format(every=self.every, budget=self.budget, **names))
        for endpoint, limit in BUSY.items():
            self.limits(endpoint, limit)
        self.post("/x/shop_post", text="Nos mugs bleus sont de retour.", id=SHOWN_POST)

    @property
    def secrets(self) -> dict[str, str]:
        return {
            "X_CONSUMER_KEY": X_KEYS.consumer_key,
            "X_CONSUMER_SECRET": self.consumer_secret,
            "X_ACCESS_TOKEN": X_KEYS.access_token,
            "X_ACCESS_TOKEN_SECRET": X_KEYS.access_token_secret,
            "X_BEARER_TOKEN": X_KEYS.bearer_token,
        }

    def limits(self, endpoint: str, limit: int, window: float = 900) -> None:
        self.post("/x/limits", endpoint=endpoint, limit=limit, window=window)

    # -- the other side

    def posts(self, text: str, *, user: int | None = None, **more: object) -> str:
        found = self.post("/x/post", user=user or self.me, text=text, **more)
        return str(found["id"])

    def writes(self, text: str, *, user: int | None = None) -> str:
        return str(self.post("/x/dm", user=user or self.me, text=text, name="Camille")["id"])

    def timeline(self) -> list[Mapping[str, Any]]:
        return list(self.get("/x/timeline", newest=10_000)["posts"])

    def replies(self, post: str | None = None) -> list[Mapping[str, Any]]:
        """What the shop answered in public, to one post or to all."""
        ours = [it for it in self.timeline() if it["author"]["ours"] and it["reply_to"] is not None]
        return [it for it in ours if post is None or it["reply_to"] == post]

    def replied(self, post: str) -> str:
        (found,) = until(lambda: self.replies(post), what=f"a reply to {post}; {self.log()[-1500:]}")
        return str(found["text"])

    def told(self, user: int | None = None) -> list[Mapping[str, Any]]:
        return [it for it in self.get(f"/x/threads/{user or self.me}")["messages"] if it["from_shop"]]

    def tells(self, words: str, *, user: int | None = None) -> Mapping[str, Any]:
        found = until(
            lambda: next((it for it in reversed(self.told(user)) if words in it["text"]), None),
            what=f"{words!r} in {[it['text'] for it in self.told(user)]}; {self.log()[-1500:]}",
        )
        assert isinstance(found, Mapping)
        return found

    def bill(self) -> int:
        """What the sandbox charged, in millionths of a dollar."""
        return int(self.get("/x/bill")["total_micro"])

    def ledger(self) -> int:
        """What the shop's own books say of it."""
        return sum(int(row["micro_usd"]) for row in self.rows("v_costs"))


@contextlib.contextmanager
def opened_on_x(folder: Path, **settings: Any) -> Iterator[XWorld]:
    world = XWorld(folder, **settings)
    try:
        yield world
    finally:
        world.close()

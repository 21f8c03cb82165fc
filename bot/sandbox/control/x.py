"""Control of X: what its people and the merchant do there, what X counts and charges, and how it looks to them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from bot.sandbox.control.asking import Ask, Handler, payload
from bot.sandbox.wire import Json
from bot.sandbox.x.account import AccessLevel
from bot.sandbox.x.limits import QUARTER
from bot.sandbox.x.people import Dms
from bot.sandbox.x.side import MICRO
from bot.sandbox.x.view import SHOWN, thread_view, timeline_view

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

LONGEST_WAIT = 60.0


class Somebody(Ask):
    """Who does it; made known by it."""

    user: int
    name: str | None = None
    handle: str | None = None


class Post(Somebody):
    """A post of somebody."""

    text: str
    reply_to: str | None = None
    quote: str | None = None
    protected: bool | None = None


class Letter(Somebody):
    """A private message to the shop."""

    text: str
    picture: bool = False


class Edit(Ask):
    """A post somebody changes."""

    id: str
    text: str


class Spread(Somebody):
    """A post somebody spreads."""

    id: str


class Gone(Ask):
    """A post somebody takes away."""

    id: str


class Person(Somebody):
    """What concerns one person; what is not named stays."""

    dms: Dms | None = None
    suspended: bool | None = None
    protected: bool | None = None
    blocks: bool | None = None


class ByHand(Ask):
    """What the merchant posts."""

    text: str
    id: str | None = Field(default=None, pattern=r"^[0-9]{1,19}$")
    picture: bool = False


class ShopAccount(Ask):
    """What the merchant sets; `dms`: whether strangers may write to the shop, "open" as true and "closed" as false."""

    automated: bool | None = None
    bio: str | None = None
    access_level: AccessLevel | None = None
    dms: bool | Literal["open", "closed"] | None = None
    strict_summon: bool | None = None


class Credits(Ask):
    """What is left, in dollars; null: no end of it."""

    usd: Decimal | None


class SetLimits(Ask):
    """X's limits on or off, or another number for one endpoint, in a window of so many seconds."""

    on: bool | None = None
    endpoint: str | None = None
    limit: int | None = Field(default=None, ge=0)
    window: float = Field(default=QUARTER, gt=0)


class Redeliver(Ask):
    """An event sent once more."""

    event_uuid: str | None = None
    copies: int = Field(default=1, ge=1, le=1_000)


async def post(sandbox: Sandbox, request: Request) -> Json:
    """A post."""
    it = await payload(request, Post)
    made = sandbox.x.post(
        it.user,
        it.text,
        name=it.name,
        handle=it.handle,
        reply_to=it.reply_to,
        quote=it.quote,
        protected=it.protected,
    )
    return {"id": made}


async def dm(sandbox: Sandbox, request: Request) -> Json:
    """A private message."""
    it = await payload(request, Letter)
    return {"id": sandbox.x.dm(it.user, it.text, name=it.name, handle=it.handle, picture=it.picture)}


async def edit(sandbox: Sandbox, request: Request) -> Json:
    """A changed post."""
    it = await payload(request, Edit)
    return {"id": sandbox.x.edit(it.id, it.text)}


async def repost(sandbox: Sandbox, request: Request) -> Json:
    """A post spread."""
    it = await payload(request, Spread)
    return {"id": sandbox.x.repost(it.user, it.id, name=it.name, handle=it.handle)}


async def delete(sandbox: Sandbox, request: Request) -> Json:
    """A post taken away."""
    it = await payload(request, Gone)
    sandbox.x.delete(it.id)
    return {"id": it.id}


async def user(sandbox: Sandbox, request: Request) -> Json:
    """A person made known or changed."""
    it = await payload(request, Person)
    known = sandbox.x.user(
        it.user,
        name=it.name,
        handle=it.handle,
        dms=it.dms,
        suspended=it.suspended,
        protected=it.protected,
        blocks=it.blocks,
    )
    return {"id": str(known.id), "handle": known.handle}


async def shop_post(sandbox: Sandbox, request: Request) -> Json:
    """A post of the merchant's."""
    it = await payload(request, ByHand)
    return {"id": sandbox.x.shop_post(it.text, number=it.id, picture=it.picture)}


async def encrypted(sandbox: Sandbox, request: Request) -> Json:
    """An XChat message."""
    it = await payload(request, Somebody)
    return {"id": sandbox.x.encrypted(it.user, name=it.name, handle=it.handle)}


async def account(sandbox: Sandbox, request: Request) -> Json:
    """The shop's account."""
    it = await payload(request, ShopAccount)
    sandbox.x.account(
        automated=it.automated,
        bio=it.bio,
        access_level=it.access_level,
        dms=it.dms == "open" if isinstance(it.dms, str) else it.dms,
        strict_summon=it.strict_summon,
    )
    return {"ok": True}


async def credit(sandbox: Sandbox, request: Request) -> Json:
    """The credits left."""
    it = await payload(request, Credits)
    micro = None if it.usd is None else it.usd * MICRO
    if micro is not None and micro != int(micro):
        raise ValueError("credits have at most 6 decimals")
    sandbox.x.credits(None if micro is None else int(micro))
    return {"micro": sandbox.x.bill.balance}


async def bill(sandbox: Sandbox, _request: Request) -> Json:
    """What was charged."""
    return sandbox.x.bill.wire()


async def limits(sandbox: Sandbox, request: Request) -> Json:
    """X's limits."""
    it = await payload(request, SetLimits)
    sandbox.x.change_limits(on=it.on, endpoint=it.endpoint, limit=it.limit, window=it.window)
    return {"on": sandbox.x.limits.on}


async def redeliver(sandbox: Sandbox, request: Request) -> Json:
    """An event once more; answered once it was sent."""
    it = await payload(request, Redeliver)
    return await sandbox.x.redeliver(it.event_uuid, it.copies)


async def crc(sandbox: Sandbox, _request: Request) -> Json:
    """Every webhook challenged."""
    return {"valid": await sandbox.x.crc()}


async def timeline(sandbox: Sandbox, request: Request) -> Json:
    """The posts as people see them (`?newest=` of them), in the same way as `thread`."""
    after, wait = _patience(request)
    await sandbox.x.timeline.later_than(after, wait)
    newest = int(request.query_params.get("newest", SHOWN))
    return timeline_view(sandbox.x, request.scope.get("root_path", ""), newest)


async def thread(sandbox: Sandbox, request: Request) -> Json:
    """One person's thread with the shop, in the same way."""
    after, wait = _patience(request)
    found = sandbox.x.thread(int(request.path_params["user"]))
    await found.revision.later_than(after, wait)
    return thread_view(sandbox.x, found, request.scope.get("root_path", ""))


def _patience(request: Request) -> tuple[int, float]:
    query = request.query_params
    return int(query.get("after", -1)), min(float(query.get("wait", 0)), LONGEST_WAIT)


async def media(sandbox: Sandbox, request: Request) -> Response:
    """A picture's bytes."""
    picture = sandbox.x.pictures.get(int(request.path_params["id"]))
    if picture is None:
        raise LookupError("no such picture")
    headers = {"cache-control": "max-age=3600", "x-content-type-options": "nosniff"}
    return Response(picture.data, media_type=picture.content_type, headers=headers)


TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/sandbox/x/post", post),
    ("POST", "/sandbox/x/dm", dm),
    ("POST", "/sandbox/x/edit", edit),
    ("POST", "/sandbox/x/repost", repost),
    ("POST", "/sandbox/x/delete", delete),
    ("POST", "/sandbox/x/user", user),
    ("POST", "/sandbox/x/shop_post", shop_post),
    ("POST", "/sandbox/x/encrypted", encrypted),
    ("POST", "/sandbox/x/account", account),
    ("POST", "/sandbox/x/credits", credit),
    ("GET", "/sandbox/x/bill", bill),
    ("POST", "/sandbox/x/limits", limits),
    ("POST", "/sandbox/x/redeliver", redeliver),
    ("POST", "/sandbox/x/crc", crc),
    ("GET", "/sandbox/x/timeline", timeline),
    ("GET", "/sandbox/x/threads/{user}", thread),
    ("GET", "/sandbox/x/media/{id}", media),
)

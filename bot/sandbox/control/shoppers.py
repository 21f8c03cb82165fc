"""Control of Telegram's people: what they write and press, and what they see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from bot.sandbox.control.asking import Ask, Handler, payload
from bot.sandbox.telegram import invoices, shoppers
from bot.sandbox.telegram.people import Barrier
from bot.sandbox.telegram.view import chat_view
from bot.sandbox.wire import Json

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

LONGEST_WAIT = 60.0


class Say(Ask):
    """A message somebody writes."""

    chat: int
    text: str
    name: str = "Camille"
    language: str = "fr"
    type: Literal["private", "group", "supergroup"] | None = None
    user: int | None = None
    reply_to: int | None = None
    entities: list[dict[str, Any]] | None = None


class Press(Ask):
    """A button somebody taps."""

    chat: int
    message_id: int
    data: str
    user: int | None = None


class Edit(Ask):
    """A message somebody changes."""

    chat: int
    message_id: int
    text: str


class Redeliver(Ask):
    """An update sent once more."""

    update_id: int
    copies: int = Field(default=1, ge=1, le=1_000)


class Block(Ask):
    """A chat closed to the bot; `kind` null opens it again, `to` is where a migrated group goes."""

    chat: int
    kind: Barrier | None = "blocked"
    to: int = 0


class Jump(Ask):
    """The id of the next update."""

    next_update_id: int = Field(ge=1)


class Raw(Ask):
    """Any update, as it stands."""

    model_config = ConfigDict(extra="allow")


class PayInvoice(Ask):
    """An invoice somebody confirms. `country` and `way` are where they live and the place of the delivery they choose;
    of a `lost` payment the shop is not told."""

    chat: int
    message_id: int
    user: int | None = None
    country: str = "FR"
    way: int = 0
    lost: bool = False


class SwitchLimits(Ask):
    """Whether Telegram's rate limits hold."""

    on: bool


async def say(sandbox: Sandbox, request: Request) -> Json:
    """A message."""
    it = await payload(request, Say)
    return shoppers.say(
        sandbox.telegram,
        it.chat,
        it.text,
        name=it.name,
        language=it.language,
        kind=it.type,
        user=it.user,
        reply_to=it.reply_to,
        entities=it.entities,
    )


async def press(sandbox: Sandbox, request: Request) -> Json:
    """A tap on a button."""
    it = await payload(request, Press)
    return shoppers.press(sandbox.telegram, it.chat, it.message_id, it.data, user=it.user)


async def edit(sandbox: Sandbox, request: Request) -> Json:
    """A changed message."""
    it = await payload(request, Edit)
    return shoppers.edit(sandbox.telegram, it.chat, it.message_id, it.text)


async def update(sandbox: Sandbox, request: Request) -> Json:
    """An update as it stands."""
    it = await payload(request, Raw)
    return shoppers.raw(sandbox.telegram, it.model_extra or {})


async def redeliver(sandbox: Sandbox, request: Request) -> Json:
    """An update once more."""
    it = await payload(request, Redeliver)
    for _ in range(it.copies):
        sandbox.telegram.repeat(sandbox.telegram.history[it.update_id])
    return {"update_id": it.update_id, "copies": it.copies}


async def block(sandbox: Sandbox, request: Request) -> Json:
    """A chat closed to the bot, or opened again."""
    it = await payload(request, Block)
    return shoppers.bar(sandbox.telegram, it.chat, it.kind, to=it.to)


async def jump(sandbox: Sandbox, request: Request) -> Json:
    """A new sequence of update ids."""
    it = await payload(request, Jump)
    sandbox.telegram.queue.jump(it.next_update_id)
    return {"next_update_id": it.next_update_id}


async def pay_invoice(sandbox: Sandbox, request: Request) -> Json:
    """An invoice confirmed; answered once the shop has agreed or not."""
    it = await payload(request, PayInvoice)
    chat = sandbox.telegram.chats.peek(it.chat)
    if chat is None:
        raise LookupError(f"nobody has written in chat {it.chat}")
    person = chat.person if it.user is None else {**chat.person, "id": it.user}
    payer = invoices.Payer(person, it.country, it.way)
    return await invoices.pay(sandbox.telegram, chat, it.message_id, payer, lost=it.lost)


async def questions(sandbox: Sandbox, _request: Request) -> list[str]:
    """The questions about payment sheets that wait for the shop's answer, by id."""
    return list(sandbox.telegram.invoices.asked)


async def limits(sandbox: Sandbox, request: Request) -> Json:
    """Rate limits on or off."""
    sandbox.telegram.limits.on = (await payload(request, SwitchLimits)).on
    return {"on": sandbox.telegram.limits.on}


async def chat(sandbox: Sandbox, request: Request) -> Json:
    """A chat as its person sees it, once its revision is above `?after=` or `?wait=` seconds are over."""
    query = request.query_params
    place = sandbox.telegram.chats.open(int(request.path_params["chat"]), name="Camille", language="fr")
    wait = min(float(query.get("wait", 0)), LONGEST_WAIT)
    await place.revision.later_than(int(query.get("after", -1)), wait)
    return chat_view(place, sandbox.telegram.pictures, sandbox.telegram.now, prefix=request.scope.get("root_path", ""))


async def file(sandbox: Sandbox, request: Request) -> Response:
    """A picture's bytes."""
    picture = sandbox.telegram.pictures.of(request.path_params["file_id"])
    if picture is None or not picture.data:
        raise LookupError("no such picture")
    headers = {"cache-control": "max-age=3600", "x-content-type-options": "nosniff"}
    return Response(picture.data, media_type=picture.content_type, headers=headers)


async def commands(sandbox: Sandbox, _request: Request) -> list[Json]:
    """The commands that were set, by scope and language."""
    return sandbox.telegram.profile.wire()


TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/sandbox/telegram/say", say),
    ("POST", "/sandbox/telegram/press", press),
    ("POST", "/sandbox/telegram/edit", edit),
    ("POST", "/sandbox/telegram/update", update),
    ("POST", "/sandbox/telegram/redeliver", redeliver),
    ("POST", "/sandbox/telegram/block", block),
    ("POST", "/sandbox/telegram/jump", jump),
    ("POST", "/sandbox/telegram/invoice", pay_invoice),
    ("GET", "/sandbox/telegram/questions", questions),
    ("POST", "/sandbox/telegram/limits", limits),
    ("GET", "/sandbox/telegram/chats/{chat}", chat),
    ("GET", "/sandbox/telegram/files/{file_id}", file),
    ("GET", "/sandbox/telegram/commands", commands),
)

"""Private messages: listed newest first, and sent to those who let the shop write to them.

The sentences of refusals are from memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Annotated

from pydantic import Field, model_validator

from bot.sandbox.wire import Json
from bot.sandbox.x import answers
from bot.sandbox.x.asking import Body, Call, Check, choice, number, page_token, token_for
from bot.sandbox.x.fields import DM_DEFAULT, DM_EXPANSIONS, DM_QUERY, asked, expanded, only
from bot.sandbox.x.ids import seconds
from bot.sandbox.x.messages import Message
from bot.sandbox.x.people import User
from bot.sandbox.x.refusals import forbidden, not_found
from bot.sandbox.x.state import XState
from bot.sandbox.x.texts import composed
from bot.sandbox.x.writing import bad_media

LISTED_SECONDS = 30 * 86_400
PAGE = 100
LONGEST = 10_000

EVENTS: Mapping[str, Check] = {
    **DM_QUERY,
    "max_results": number(1, 100),
    "pagination_token": page_token,
    "event_types": choice("MessageCreate", "ParticipantsJoin", "ParticipantsLeave"),
}


class Attachment(Body):
    """An uploaded picture."""

    media_id: Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]


class Letter(Body):
    """The body of a new message: text, one attachment, or both."""

    text: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    attachments: list[Attachment] | None = Field(default=None, min_length=1, max_length=1)

    @model_validator(mode="after")
    def _something(self) -> Letter:
        if self.text is None and self.attachments is None:
            raise ValueError("at least one of text, attachments is required")
        return self


async def events(state: XState, call: Call) -> Json:
    """GET /2/dm_events: all threads of the last 30 days, the shop's own messages among them; no `since_id`."""
    return _listed(state, call, state.threads.newest_first())


async def events_with(state: XState, call: Call) -> Json:
    """GET /2/dm_conversations/with/:participant_id/dm_events: one thread."""
    user = _person(state, call)
    thread = state.threads.get(user.id)
    return _listed(state, call, [] if thread is None else thread.messages[::-1])


async def send(state: XState, call: Call) -> Json:
    """POST /2/dm_conversations/with/:participant_id/messages. Raises XRefusal."""
    letter = call.read(Letter)
    user = _person(state, call)
    _lets_write(state, user)
    media = None
    if letter.attachments is not None:
        media_id = letter.attachments[0].media_id
        picture = state.pictures.usable(media_id, "dm", state.now())
        if picture is None:
            raise bad_media([media_id])
        media = picture.key
    message = Message(state.ids.next(), state.shop.id, user.id, composed(letter.text or ""), media)
    state.threads.add(user, message)
    state.bill.charge("dm_sent")
    state.callbacks.of_message(message, state.shop, user, state.user_wire)
    return {"data": {"dm_conversation_id": message.conversation, "dm_event_id": str(message.id)}}


def _person(state: XState, call: Call) -> User:
    wanted = call.ids["participant_id"]
    user = state.people.get(wanted)
    if user is None:
        raise not_found("user", "participant_id", str(wanted))
    return user


def _lets_write(state: XState, user: User) -> None:
    if user.suspended:
        raise forbidden(f"User has been suspended: [{user.id}].")
    if user is state.shop or user.blocks or user.dms == "closed":
        raise forbidden("You cannot send messages to this user.")
    if not state.may_write_to(user):
        raise forbidden("You do not have permission to DM one or more participants.")


def _listed(state: XState, call: Call, messages: Sequence[Message]) -> Json:
    size = call.query.get("max_results", PAGE)
    before = call.query.get("pagination_token", 1 << 64)
    oldest = state.now() - LISTED_SECONDS
    wanted = "MessageCreate" in call.query.get("event_types", {"MessageCreate"})
    matching = (it for it in messages if wanted and it.id < before and seconds(it.id) >= oldest)
    found = list(islice(matching, size + 1))
    page = found[:size]
    meta: Json = {"result_count": len(page)}
    if len(found) > size:
        meta["next_token"] = token_for(page[-1].id)
    state.bill.read("dm_read", (str(it.id) for it in page))
    chosen = asked(call.query, "dm_event.fields", DM_DEFAULT) | expanded(call.query, DM_EXPANSIONS)
    answer: Json = {"data": [only(it.wire(), chosen) for it in page]} if page else {}
    if includes := _around(state, call, page):
        answer["includes"] = includes
    return answers.worded(call, {**answer, "meta": meta})


def _around(state: XState, call: Call, page: Sequence[Message]) -> Json:
    wanted = expanded(call.query, DM_EXPANSIONS)
    included: Json = {}
    senders = [user for it in page if (user := state.people.get(it.sender)) is not None]
    if "sender_id" in wanted and senders:
        included["users"] = answers.people(state, call, senders)
    shown = answers.pictures(state, call, (it.media for it in page if it.media is not None))
    if "attachments" in wanted and shown:
        included["media"] = shown
    return included

"""From words to X: a public reply, or a private message with its picture and its choices as numbers."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from pathlib import Path

import requests
import structlog

from bot.channels.x.failures import Duplicate
from bot.channels.x.reading import as_typed
from bot.channels.x.wire import LARGEST_PICTURE, XWire, listed, made
from bot.domain.costs import Charge, Cost
from bot.errors import Permanent, Temporary
from bot.ports import Envelope, Meter, Rendered

log = structlog.get_logger(__name__)
LONGEST_MESSAGE = 10_000
LINKS_HERE = "<links>"
"""A line of a template for X in whose place the addresses stand."""
MEDIA_LIVES = 20 * 3600.0
"""Seconds for which an uploaded picture is used again; X keeps it for a day."""
PICTURES_REMEMBERED = 200


def in_words(body: Rendered) -> str:
    """A private message: its text, the addresses it offers, the choices with what to type.

    The addresses stand where the text has a line `<links>`, else below it.

    >>> in_words(Rendered("Which?", ((("Pay", None, "https://a.b/c"),), (("Blue", "1", None),))))
    'Which?\\n\\nPay\\nhttps://a.b/c\\n\\n1. Blue'
    """
    links = [f"{label}\n{url}" for row in body.rows for label, _, url in row if url is not None]
    choices = [f"{number}. {label}" for row in body.rows for label, number, _ in row if number is not None]
    above, _, below = body.text.partition(LINKS_HERE)
    blocks = [above.strip(), "\n".join(links), below.strip(), "\n".join(choices)]
    return "\n\n".join(block for block in blocks if block)[:LONGEST_MESSAGE]


class Sender:
    """Sends envelopes through one wire. `read_again` looks whether a message of unknown fate arrived."""

    def __init__(self, wire: XWire, meter: Meter) -> None:
        self._wire, self._meter = wire, meter
        self._pictures: OrderedDict[str, tuple[str, float]] = OrderedDict()

    async def reply(self, envelope: Envelope) -> str | None:
        """Answer a public post. A duplicate of a try of unknown fate is that try: it had arrived."""
        try:
            answer = await self._wire.call(
                lambda: response(
                    self._wire.client.create_tweet(text=envelope.body.text, in_reply_to_tweet_id=envelope.answers)
                ),
                meter=self._meter,
                limit="posts",
                counted=True,
            )
        except Duplicate:
            if envelope.again:
                return None
            raise
        return made(answer)

    async def message(self, envelope: Envelope) -> str | None:
        text = in_words(envelope.body)
        if envelope.again and (known := await self._arrived(envelope, text)) is not None:
            return known
        media = await self._media(envelope.body.picture)
        try:
            return await self._message(envelope.chat, text, media)
        except Permanent as error:
            if media is None or not _about_the_picture(error):
                raise
        self._pictures.clear()
        return await self._message(envelope.chat, text, None)

    async def _message(self, chat: str, text: str, media: str | None) -> str:
        answer = await self._wire.call(
            lambda: response(self._wire.client.create_direct_message(participant_id=chat, text=text, media_id=media)),
            meter=self._meter,
            limit="dm_sends",
            counted=True,
        )
        return made(answer, "dm_event_id")

    async def _arrived(self, envelope: Envelope, text: str) -> str | None:
        """The id of this very message among the newest of the conversation, where X can be asked. An older one in the
        same words is another message."""
        chat = envelope.chat
        try:
            page = await self._wire.call(
                lambda: response(
                    self._wire.client.get_direct_message_events(
                        participant_id=chat, max_results=5, dm_event_fields=["sender_id"], user_auth=True
                    )
                ),
                meter=self._meter,
                limit="dm_lookups",
            )
            events, _ = listed(page)
        except (Temporary, Permanent) as error:
            log.info("x.not_read_again", chat=chat, error=str(error))
            return None
        events = [it for it in events if it.get("id")]
        await self._meter.charge([Cost(Charge.DM_READ, str(it["id"]), chat) for it in events])
        ours = self._wire.keys.user_id
        own = [it for it in events if str(it.get("sender_id")) == ours and str(it["id"]) not in envelope.known]
        return next((str(it["id"]) for it in own if _bare(str(it.get("text", ""))) == _bare(text)), None)

    async def _media(self, picture: str | None) -> str | None:
        """A picture's media id, uploaded once; a message goes without it where it cannot be."""
        if picture is None:
            return None
        now = asyncio.get_running_loop().time()
        known = self._pictures.get(picture)
        if known is not None and now - known[1] < MEDIA_LIVES:
            return known[0]
        try:
            remote = picture.startswith("https://")
            data = await (self._wire.fetched(picture) if remote else asyncio.to_thread(Path(picture).read_bytes))
            if len(data) > LARGEST_PICTURE:
                raise Permanent("the picture is larger than X takes")
            media = await self._wire.upload(data)
        except (Temporary, Permanent, OSError) as error:
            log.warning("x.picture_refused", picture=picture, error=str(error))
            return None
        self._pictures[picture] = (media, now)
        if len(self._pictures) > PICTURES_REMEMBERED:
            self._pictures.popitem(last=False)
        return media


def response(answer: object) -> requests.Response:
    """tweepy is asked for the raw answer (`return_type`), which its annotations do not know."""
    assert isinstance(answer, requests.Response)
    return answer


def _bare(text: str) -> str:
    """A text without the addresses, which X shortens, and without its line breaks."""
    return " ".join(re.sub(r"https?://\S+", "", as_typed(text)).split())


def _about_the_picture(error: Permanent) -> bool:
    return "media" in str(error).lower()

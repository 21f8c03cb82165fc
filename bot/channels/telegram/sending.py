"""From words to Telegram's methods: a photo with its caption, an edit in place, or plain text."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from html import unescape
from pathlib import Path
from typing import TypeVar

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, LinkPreviewOptions, Message
from telegram.constants import MessageLimit, ParseMode
from telegram.error import BadRequest, TelegramError, TimedOut

from bot.channels.telegram.failures import UNREACHABLE
from bot.channels.telegram.invoices import sheet
from bot.ports import Envelope, Rendered

T = TypeVar("T")
log = structlog.get_logger(__name__)
SAME = "message is not modified"
NOT_EDITABLE = ("message to edit not found", "message can't be edited", "there is no text in the message to edit")
NOT_DELETABLE = ("message to delete not found", "message can't be deleted", "message_id_invalid")
NO_PICTURE = ("photo", "image", "webpage", "http url", "file")
"""Words of a 400 on the picture of an invoice, which Telegram fetches itself."""
UNPARSED = "can't parse entities"
STALE_FILE = ("wrong file identifier", "wrong remote file identifier", "file reference")
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def units(text: str) -> int:
    """Telegram counts UTF-16 code units, after the tags are read."""
    return len(plain(text).encode("utf-16-le")) // 2


def plain(text: str) -> str:
    """The words of a message without its tags."""
    return unescape(re.sub(r"<[^<>]*>", "", text))


def parts(text: str, most: int = MessageLimit.MAX_TEXT_LENGTH) -> list[str]:
    """A text in pieces that fit, cut between lines; a line that is too long itself loses its tags and is cut."""
    if units(text) <= most:
        return [text]
    pieces: list[str] = [""]
    for line in text.split("\n"):
        whole = [line] if units(line) <= most else _cut(plain(line), most)
        for piece in whole:
            joined = f"{pieces[-1]}\n{piece}" if pieces[-1] else piece
            if units(joined) <= most:
                pieces[-1] = joined
            else:
                pieces.append(piece)
    return pieces


def _cut(line: str, most: int) -> list[str]:
    """Pieces of at most so many units, never through a character that takes two."""
    pieces, room = [""], most
    for char in line:
        size = 2 if ord(char) > 0xFFFF else 1
        if size > room:
            pieces.append("")
            room = most
        pieces[-1] += char
        room -= size
    return [piece.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for piece in pieces]


class Sender:
    """Sends envelopes through one Bot. Raises telegram.error.TelegramError."""

    def __init__(self, bot: Bot, link: Callable[[str], str], provider_token: str = "") -> None:
        self._bot, self._link, self._provider_token = bot, link, provider_token
        self._files: dict[str, str] = {}

    async def send(self, envelope: Envelope) -> str | None:
        if envelope.invoice is not None:
            return await self._invoice(envelope, envelope.invoice)
        if envelope.withdrawn and envelope.replaces is not None:
            return await self._withdraw(int(envelope.chat), envelope.replaces)
        try:
            return await self._send(envelope, ParseMode.HTML)
        except BadRequest as error:
            if UNPARSED not in error.message.lower():
                raise
        bare = Rendered(plain(envelope.body.text), envelope.body.rows, envelope.body.picture)
        return await self._send(
            Envelope(envelope.chat, bare, envelope.replaces, envelope.pictured, envelope.keyboard_only), None
        )

    async def _invoice(self, envelope: Envelope, frozen: str) -> str:
        asked = sheet(frozen, envelope.body, self._provider_token)
        try:
            sent = await self._bot.send_invoice(int(envelope.chat), **asked)
        except BadRequest as error:
            if asked["photo_url"] is None or not any(known in error.message.lower() for known in NO_PICTURE):
                raise
            log.warning("telegram.picture_refused", picture=asked["photo_url"], error=str(error))
            sent = await self._bot.send_invoice(int(envelope.chat), **(asked | {"photo_url": None}))
        return str(sent.message_id)

    async def _withdraw(self, chat: int, message: str) -> str:
        """What is gone already, or too old to be taken back, stays as it is."""
        try:
            await self._bot.delete_message(chat, int(message))
        except BadRequest as error:
            if not any(known in error.message.lower() for known in NOT_DELETABLE):
                raise
        return message

    async def _send(self, envelope: Envelope, mode: str | None) -> str | None:
        if envelope.replaces is not None:
            try:
                return await self._edit(envelope, mode, int(envelope.replaces))
            except BadRequest as error:
                sentence = error.message.lower()
                if SAME in sentence or envelope.keyboard_only:
                    return envelope.replaces
                pictured = envelope.body.picture is not None and _about_the_picture(error)
                if not pictured and not any(known in sentence for known in NOT_EDITABLE):
                    raise
            except OSError as error:
                log.warning("telegram.picture_missing", picture=envelope.body.picture, error=str(error))
        return await self._new(envelope, mode)

    async def _edit(self, envelope: Envelope, mode: str | None, message_id: int) -> str | None:
        chat, body, keyboard = int(envelope.chat), envelope.body, self._keyboard(envelope.body)
        if envelope.keyboard_only:
            await self._bot.edit_message_reply_markup(chat, message_id, reply_markup=keyboard)
        elif not envelope.pictured and body.picture is None:
            await self._bot.edit_message_text(
                parts(body.text)[0],
                chat,
                message_id,
                parse_mode=mode,
                reply_markup=keyboard,
                link_preview_options=NO_PREVIEW,
            )
        elif envelope.pictured and body.picture is not None and _fits(body):
            edited = await self._with_picture(
                body.picture,
                lambda photo: self._bot.edit_message_media(
                    InputMediaPhoto(_uploaded(photo), caption=body.text, parse_mode=mode),
                    chat,
                    message_id,
                    reply_markup=keyboard,
                ),
            )
            self._remember(body.picture, edited)
        elif envelope.pictured and _fits(body):
            await self._bot.edit_message_caption(
                chat, message_id, caption=body.text, parse_mode=mode, reply_markup=keyboard
            )
        else:
            return await self._new(envelope, mode)
        return envelope.replaces

    async def _new(self, envelope: Envelope, mode: str | None) -> str | None:
        chat, body, keyboard = int(envelope.chat), envelope.body, self._keyboard(envelope.body)
        if body.picture is not None and _fits(body):
            try:
                return await self._picture(chat, body, body.picture, mode)
            except (BadRequest, OSError) as error:
                if isinstance(error, BadRequest) and not _about_the_picture(error):
                    raise
                log.warning("telegram.picture_refused", picture=body.picture, error=str(error))
        pieces = parts(body.text)
        for place, piece in enumerate(pieces):
            last = place == len(pieces) - 1
            try:
                sent = await self._bot.send_message(
                    chat,
                    piece,
                    parse_mode=mode,
                    reply_markup=keyboard if last else None,
                    link_preview_options=NO_PREVIEW,
                )
            except TelegramError as error:
                if place == 0:
                    raise
                raise TimedOut("a part of it was sent already") from error
        return str(sent.message_id)

    async def _picture(self, chat: int, body: Rendered, picture: str, mode: str | None) -> str:
        sent = await self._with_picture(
            picture,
            lambda photo: self._bot.send_photo(
                chat, photo, caption=body.text, parse_mode=mode, reply_markup=self._keyboard(body)
            ),
        )
        self._remember(picture, sent)
        return str(sent.message_id)

    async def _with_picture(self, picture: str, send: Callable[[str | Path], Awaitable[T]]) -> T:
        """Uploaded once; from then on Telegram knows it by its own id, until it forgets it."""
        known = self._files.get(picture)
        if known is not None:
            try:
                return await send(known)
            except BadRequest as error:
                if not any(sentence in error.message.lower() for sentence in STALE_FILE):
                    raise
                del self._files[picture]
        if picture.startswith("https://"):
            return await send(picture)
        return await send(_file(picture))

    def _remember(self, picture: str, message: Message | bool) -> None:
        if isinstance(message, Message) and message.photo:
            self._files[picture] = message.photo[-1].file_id

    def _keyboard(self, body: Rendered) -> InlineKeyboardMarkup | None:
        if not body.rows:
            return None
        return InlineKeyboardMarkup([[self._button(*button) for button in row] for row in body.rows])

    def _button(self, label: str, action: str | None, url: str | None) -> InlineKeyboardButton:
        if url is not None:
            return InlineKeyboardButton(label, url=self._link(url))
        return InlineKeyboardButton(label, callback_data=action)


def _uploaded(photo: str | Path) -> str | bytes:
    """A file's bytes: of a path the library makes a `file://` address here, which only a local Bot API server takes."""
    return photo.read_bytes() if isinstance(photo, Path) else photo


def _file(picture: str) -> Path:
    """Raises OSError where it is not there: the library would send its name as if it were an address."""
    path = Path(picture)
    path.stat()
    return path


def _about_the_picture(error: BadRequest) -> bool:
    """Whether the words could still be said without it: anything but an absent chat or unreadable markup."""
    sentence = error.message.lower()
    return UNPARSED not in sentence and not any(known in sentence for known in UNREACHABLE)


def _fits(body: Rendered) -> bool:
    return units(body.text) <= MessageLimit.CAPTION_LENGTH

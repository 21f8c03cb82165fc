"""The channel itself: intake that acknowledges only what is durable, limits, and the way out.

The library's own Updater confirms updates before they are handled; so the intake is ours and only the Bot is its.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import structlog
from aiolimiter import AsyncLimiter
from telegram import Bot, BotCommand
from telegram.error import TelegramError
from telegram.request import BaseRequest

from bot.channels.telegram.failures import translated
from bot.channels.telegram.invoices import ANSWER_WITHIN, Till
from bot.channels.telegram.sending import Sender
from bot.channels.telegram.updates import ALLOWED, SOURCE, Me, read_update
from bot.channels.telegram.wire import AiohttpRequest
from bot.errors import Permanent, Temporary
from bot.ports import Cashier, Envelope, Intake

log = structlog.get_logger(__name__)
BURST = 3
"""Messages a chat may get at once before the pace of one a second applies."""
ROOM = 5
"""Messages of the overall limit that must be left for a message to be claimed as it is queued."""
CHATS_REMEMBERED = 10_000
NO_LIMIT = 1000.0
"""Messages a second from which on a limit is none."""
LOOK_EVERY = 1.0
"""Seconds between two looks for questions that are timed, while the store takes its time."""
TILL_CONNECTIONS = 32
MOST_AT_ONCE = 100
"""Telegram gives at most so many updates a call."""


@dataclass(frozen=True)
class TelegramSettings:
    """`webhook` is the public address that updates are sent to, None for polling. `poll_seconds` is a long poll's.

    `commands` are (command, description) by language, "" for everybody else. `provider_token` is @BotFather's, for
    invoices.
    """

    token: str
    api_base: str
    poll_seconds: float
    per_second: float
    per_chat_per_second: float
    commands: Mapping[str, Sequence[tuple[str, str]]]
    webhook: str | None = None
    webhook_secret: str = ""
    provider_token: str = ""


class TelegramChannel:
    name = SOURCE

    def __init__(
        self,
        settings: TelegramSettings,
        request: Callable[..., BaseRequest] = AiohttpRequest,
        cashier: Cashier | None = None,
    ) -> None:
        """`request` makes the way on which Telegram is spoken to; `cashier` says which invoices may be paid."""
        self._settings = settings
        base = settings.api_base.rstrip("/")
        self._polls = request(connections=2, read_seconds=settings.poll_seconds + 10)
        self.bot = Bot(
            settings.token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=request(),
            get_updates_request=self._polls,
        )
        self._sender = Sender(self.bot, self._link, settings.provider_token)
        wire = request(connections=TILL_CONNECTIONS, read_seconds=ANSWER_WITHIN)
        self._till = Till(wire, self.bot.base_url, cashier) if cashier is not None else None
        self._me: Me | None = None
        self._intake: Intake | None = None
        self._ails: str | None = "not started"
        self._answers: set[asyncio.Task[None]] = set()
        self._overall = _limiter(settings.per_second, settings.per_second)
        self._roomy = True
        self._chats: OrderedDict[str, AsyncLimiter] = OrderedDict()

    # -- coming and going

    async def start(self, intake: Intake) -> None:
        self._intake = intake
        if self._till is not None:
            await self._till.start()
        try:
            await self.bot.initialize()
            self._me = Me(self.bot.bot.id, self.bot.username)
            await self._introduce()
            if self._settings.webhook:
                await self._call_here(self._settings.webhook)
            else:
                await self.bot.delete_webhook(drop_pending_updates=False)
        except TelegramError as error:
            failure = translated(error)
            self._ails = str(failure)
            raise failure from error
        self._ails = None
        log.info("telegram.started", bot=self._me.username, webhook=bool(self._settings.webhook))

    async def _introduce(self) -> None:
        for language, commands in self._settings.commands.items():
            await self.bot.set_my_commands(
                [BotCommand(command, description) for command, description in commands], language_code=language or None
            )

    async def examine(self) -> Sequence[tuple[str, str]]:
        try:
            await self.bot.initialize()
            hook = await self.bot.get_webhook_info()
        except TelegramError as error:
            return [(str(translated(error)), "set TELEGRAM_BOT_TOKEN to the token that @BotFather gave you")]
        wanted = self._settings.webhook or ""
        if hook.url and hook.url != wanted:
            return [(f"updates go to {hook.url}", "stop that service; `comptoir run` then sets its own way")]
        if hook.last_error_message and wanted:
            return [(f"Telegram could not reach us: {hook.last_error_message}", "mend web.public_url or its server")]
        return []

    async def stop(self) -> None:
        if self._answers:
            await asyncio.wait(set(self._answers), timeout=2)
        if self._till is not None:
            await self._till.stop()
        await self.bot.shutdown()

    async def register(self) -> Sequence[str]:
        if not self._settings.webhook:
            return ["updates are asked for (mode = polling): nothing to register"]
        try:
            await self.bot.initialize()
            await self._call_here(self._settings.webhook)
        except TelegramError as error:
            raise translated(error) from error
        return [f"updates come to {self._settings.webhook}"]

    async def _call_here(self, address: str) -> None:
        await self.bot.set_webhook(
            address,
            secret_token=self._settings.webhook_secret,
            allowed_updates=ALLOWED,
            drop_pending_updates=False,  # what waits may be somebody's money (F073)
        )

    @property
    def username(self) -> str:
        """The bot's name at Telegram, without @; "" until it has been asked."""
        return self._me.username if self._me else ""

    def healthy(self) -> str | None:
        return self._ails

    # -- in

    async def listen(self) -> None:
        """Poll until cancelled; with a webhook the web server brings the updates instead."""
        if self._settings.webhook:
            await asyncio.Event().wait()
        offset: int | None = None
        failures = 0
        while True:
            longest = 30.0
            try:
                # After a failure a short question: only its answer says that all is well again (F129).
                updates = await self._poll(offset, seconds=0 if failures else None)
                longest = LOOK_EVERY  # from here on it is the store that fails, and what is timed must still be seen
                await self._taken(updates, offset)
            except (Temporary, Permanent) as error:
                failures += 1
                self._ails = str(error)
                wait = getattr(error, "retry_after", None) or min(0.2 * 2 ** min(failures, 8), longest)
                log.warning("telegram.poll_failed", error=str(error), seconds=wait)
                await asyncio.sleep(wait)
                continue
            failures, self._ails = 0, None
            # Without news the offset is dropped: the ids may begin anew, lower than the last one (F052).
            numbers = [number for update in updates if isinstance(number := update.get("update_id"), int)]
            offset = numbers[-1] + 1 if numbers else None

    async def _taken(self, updates: Sequence[Mapping[str, Any]], offset: int | None) -> None:
        """Take updates in. While that takes long, ask again without confirming any: a question that is timed may be
        among those that came meanwhile, and Telegram does not wait (F061)."""
        taking = asyncio.ensure_future(self.take(updates))
        try:
            while not (await asyncio.wait({taking}, timeout=LOOK_EVERY))[0]:
                with suppress(Temporary, Permanent):
                    self._look(await self._poll(offset, seconds=0))
        finally:
            taking.cancel()
        await taking

    def _look(self, updates: Sequence[Mapping[str, Any]]) -> None:
        if self._till is not None:
            self._till.look(updates)

    async def _poll(self, offset: int | None, seconds: int | None = None) -> Sequence[Mapping[str, Any]]:
        """Plain JSON: the library's typed updates cost more than all that is done with them."""
        fields: dict[str, object] = {
            "limit": MOST_AT_ONCE,
            "timeout": max(1, round(self._settings.poll_seconds)) if seconds is None else seconds,
            "allowed_updates": json.dumps(ALLOWED),
        }
        if offset is not None:
            fields["offset"] = offset
        try:
            found = await self._polls.post(f"{self.bot.base_url}/getUpdates?{urlencode(fields)}")
        except TelegramError as error:
            raise translated(error) from error
        except (KeyError, TypeError) as error:
            raise Temporary("Telegram's answer has no result") from error
        if not isinstance(found, list) or not all(isinstance(update, dict) for update in found):
            raise Temporary("Telegram's answer is no list of updates")
        return found

    async def take(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Make updates durable, and decided on unless very many come. Returns only then: whoever calls may acknowledge
        them. A press that is decided on later is answered without a word.

        Raises Temporary where the store cannot write: nothing may be acknowledged.
        """
        if self._intake is None or self._me is None:
            raise Temporary("the channel is not started yet", retry_after=1)
        self._look(updates)
        read = []
        for update in updates:
            try:
                found = read_update(update, self._me)
            except (KeyError, TypeError, ValueError, AttributeError):
                log.error("telegram.unreadable", update=str(update)[:60])  # noqa: TRY400 - no trace of its text
                continue
            if found is not None:
                read.append(found)
        receipts = await self._intake([inbound for inbound, _ in read])
        for (_, query), receipt in zip(read, receipts, strict=True):
            if query is not None:
                self._answer(query, receipt.notice)

    def _answer(self, query: str, notice: str) -> None:
        """Every pressed button is answered; an answer that comes too late is nobody's loss (F071)."""
        answering = asyncio.create_task(self._answer_query(query, notice))
        self._answers.add(answering)
        answering.add_done_callback(self._answers.discard)

    async def _answer_query(self, query: str, notice: str) -> None:
        try:
            await self.bot.answer_callback_query(query, text=notice or None)
        except TelegramError as error:
            log.info("telegram.answer_failed", error=str(error))

    # -- out

    async def ready(self, chat: str) -> None:
        if self._settings.per_chat_per_second < NO_LIMIT:
            await self._limit_of(chat).acquire()
        if self._overall is not None:
            await self._overall.acquire()
            self._roomy = self._overall.has_capacity(ROOM)

    def free(self, chat: str) -> bool:
        """Asked from the store's thread: a plain flag, set where the limiter lives."""
        return self._roomy

    def _limit_of(self, chat: str) -> AsyncLimiter:
        limiter = self._chats.get(chat)
        if limiter is None:
            rate = self._settings.per_chat_per_second
            group = chat.startswith("-")
            limiter = AsyncLimiter(20, 60) if group else AsyncLimiter(BURST, BURST / rate)
            self._chats[chat] = limiter
            if len(self._chats) > CHATS_REMEMBERED:
                self._chats.popitem(last=False)
        else:
            self._chats.move_to_end(chat)
        return limiter

    async def send(self, envelope: Envelope) -> str | None:
        try:
            return await self._sender.send(envelope)
        except TelegramError as error:
            raise translated(error) from error

    def _link(self, url: str) -> str:
        """`start:p_<sku>` is the way to one's own chat with the bot."""
        if url.startswith("start:"):
            username = self._me.username if self._me else ""
            return f"https://t.me/{username}?start={url.removeprefix('start:')}"
        return url


def _limiter(most: float, per_second: float) -> AsyncLimiter | None:
    return None if per_second >= NO_LIMIT else AsyncLimiter(max(1.0, most), max(1.0, most) / per_second)

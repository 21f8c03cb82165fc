"""The strict sandbox without HTTP: the real senders speak through the real SDKs to what judges a message there.

Telegram: `Sender` -> python-telegram-bot's Bot -> the sandbox's Bot API methods (entities, lengths, keyboards, edits).
X: `Sender` -> tweepy's Client -> the sandbox's rules for a post (length, cashtags) and for a private message. Left out
are sockets, signatures, rate limits and whom X lets the shop answer; they have tests of their own.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
import requests
from pydantic import ValidationError
from telegram.request import BaseRequest, RequestData

from bot.channels.telegram.channel import TelegramChannel, TelegramSettings
from bot.channels.telegram.updates import Me
from bot.channels.x.sending import Sender
from bot.channels.x.wire import XKeys, XWire
from bot.domain.costs import Cost
from bot.domain.pace import Quota
from bot.domain.policy import Thrift
from bot.ports import Clock, Envelope, Intake, Told
from bot.sandbox.faults import Faults
from bot.sandbox.outbound import Outbound
from bot.sandbox.telegram.params import Params, Upload
from bot.sandbox.telegram.refusals import NOT_MODIFIED, QUERY_TOO_OLD, Refused
from bot.sandbox.telegram.side import TelegramSide
from bot.sandbox.x.direct import Letter
from bot.sandbox.x.refusals import XRefusal, invalid
from bot.sandbox.x.texts import composed, links
from bot.sandbox.x.writing import Draft, _may_be_said

T = TypeVar("T")
TOKEN = "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok"
ALLOWED_REFUSALS = (NOT_MODIFIED, QUERY_TOO_OLD)
"""What Telegram may say to a message that is as it should be: it stands there already, or the press is too old."""
ANSWERED = ("message_id", "date", "chat", "photo")
"""What a sender looks at of the message that Telegram gives back."""


@dataclass
class Verdicts:
    """What was sent and what was refused, each refusal with the call that met it."""

    sent: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)

    def refuse(self, who: str, why: str, what: object) -> None:
        self.refused.append(f"{who}: {why}: {str(what)[:700]}")


class TelegramJudge(BaseRequest):
    """The HTTP side of python-telegram-bot, without HTTP: each call goes to the sandbox's method at once."""

    def __init__(self, side: TelegramSide, verdicts: Verdicts) -> None:
        self._side, self._verdicts = side, verdicts

    @property
    def read_timeout(self) -> float:
        return 5.0

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        name = url.rpartition("/")[2]
        values = dict(request_data.json_parameters) if request_data else {}
        files: Any = request_data.multipart_data if request_data else {}
        uploads = {key: Upload(str(file[0]), file[1]) for key, file in files.items()}
        try:
            for value in values.values():
                str(value).encode()  # what is not Unicode cannot be sent at all
            result = await self._side.call(name, Params(values, uploads))
        except Refused as refused:
            if not refused.description.endswith(ALLOWED_REFUSALS):
                self._verdicts.refuse(f"telegram {name}", refused.description, values)
            answer = refused.answer()
            return answer.status, answer.body
        except UnicodeEncodeError as error:
            self._verdicts.refuse(f"telegram {name}", repr(error), ascii(values))
            return 400, b'{"ok":false,"error_code":400,"description":"Bad Request: strings must be encoded in UTF-8"}'
        self._verdicts.sent[f"telegram {name}"] += 1
        if isinstance(result, dict) and "message_id" in result:
            result = {key: result[key] for key in ANSWERED if key in result}
        return 200, orjson.dumps({"ok": True, "result": result})


def telegram_channel(side: TelegramSide, verdicts: Verdicts) -> TelegramChannel:
    """The real channel, its Bot speaking to `side`. It is not started: `hears` says who takes its updates."""
    settings = TelegramSettings(
        TOKEN, api_base="http://127.0.0.1:9", poll_seconds=1, per_second=1e9, per_chat_per_second=1e9, commands={}
    )
    channel = TelegramChannel(settings, request=lambda **_: TelegramJudge(side, verdicts))
    channel._me = Me(int(side.bot["id"]), str(side.bot["username"]))
    return channel


def hears(channel: TelegramChannel, intake: Intake) -> None:
    channel._intake = intake


def telegram_side(now: Callable[[], float]) -> TelegramSide:
    faults = Faults()
    return TelegramSide(now=now, outbound=Outbound(), faults=faults)


class Free:
    """A meter of a platform that costs nothing."""

    async def ask(self, limit: str) -> None: ...
    async def told(self, limit: str, told: Told | None) -> None: ...
    async def charge(self, costs: Sequence[Cost]) -> None: ...
    async def cursor(self, name: str) -> str | None:
        return None

    async def move(self, name: str, value: str | None) -> None: ...
    async def quota(self, limit: str) -> Quota | None:
        return None

    async def thrift(self) -> Thrift:
        return Thrift.NONE

    async def tell(self, kind: str, text: str) -> None: ...


class XJudge(requests.Session):
    """What tweepy believes to be X: reads a post or a message as the sandbox does, keeps nothing."""

    def __init__(self, verdicts: Verdicts) -> None:
        super().__init__()
        self._verdicts, self._ids = verdicts, 10**18

    def request(self, method: str, url: str | bytes, *_: Any, **options: Any) -> requests.Response:
        path, body = str(url).partition("/2/")[2], options.get("json")
        body = json.loads(json.dumps(body))
        self._ids += 1
        try:
            data = self._judged(path, body)
        except XRefusal as refused:
            self._verdicts.refuse(f"x {path}", f"{refused} {refused.problem.get('errors', '')}", body)
            return _answer(refused.status, refused.problem)
        except UnicodeEncodeError as error:
            self._verdicts.refuse(f"x {path}", repr(error), ascii(body))
            return _answer(400, {"title": "Invalid Request", "detail": "not UTF-8"})
        self._verdicts.sent["x post" if path == "tweets" else "x message"] += 1
        return _answer(201, {"data": data})

    def _judged(self, path: str, body: Any) -> dict[str, str]:
        if path == "tweets":
            draft = _read(Draft, body)
            text = composed(draft.text)
            text.encode()
            _may_be_said(text, draft)
            if links(text):
                self._verdicts.refuse("x post", "it holds a link, which costs twenty times as much", body)
            return {"id": str(self._ids), "text": text}
        assert re.fullmatch(r"dm_conversations/with/\d+/messages", path), path
        letter = _read(Letter, body)
        composed(letter.text or "").encode()
        return {"dm_conversation_id": "1-2", "dm_event_id": str(self._ids)}


def _read(kind: type[T], body: object) -> T:
    try:
        read: T = kind.model_validate(body)  # type: ignore[attr-defined]
    except ValidationError as error:
        raise invalid(str(error)) from error
    return read


def _answer(status: int, body: object) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer._content = status, json.dumps(body).encode()
    answer.headers["content-type"] = "application/json"
    return answer


class _HereAndNow(XWire):
    """A wire without threads: its session answers at once."""

    async def _in_thread(self, act: Callable[[], T]) -> T:
        return act()


class XChannelJudged:
    """X's way out: the real sender over tweepy's client. Its way in is `read_message` and `read_post`."""

    name = "x"

    def __init__(self, verdicts: Verdicts, clock: Clock) -> None:
        wire = _HereAndNow(XKeys("key", "secret", "77-token", "secret"), "http://127.0.0.1:9", clock)
        wire.client.session = XJudge(verdicts)
        self._sender = Sender(wire, Free())

    async def start(self, intake: Intake) -> None: ...
    async def listen(self) -> None: ...
    async def stop(self) -> None: ...
    async def ready(self, chat: str) -> None: ...
    async def register(self) -> list[str]:
        return []

    async def examine(self) -> list[tuple[str, str]]:
        return []

    def free(self, chat: str) -> bool:
        return True

    def healthy(self) -> str | None:
        return None

    async def send(self, envelope: Envelope) -> str | None:
        if envelope.keyboard_only:
            return envelope.replaces
        return await (self._sender.message(envelope) if envelope.answers is None else self._sender.reply(envelope))

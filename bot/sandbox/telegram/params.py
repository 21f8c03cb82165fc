"""The parameters of a call as Telegram reads them: from the query, a form, multipart or JSON, nested ones as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive, Scope

from bot.sandbox.telegram.refusals import Refused, bad_request
from bot.sandbox.wire import BodyTooLarge, Json, read

TRUE = frozenset({"true", "yes", "1"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the call."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Params:
    """What a call was given. Form values are strings, values of a JSON body have their own types."""

    values: dict[str, Any]
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """A string, or a number as one."""
        value = self.values.get(name)
        return value if value is None or isinstance(value, str) else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number; Telegram takes what is not one for its default."""
        value = self.values.get(name)
        try:
            return default if value is None or value == "" else int(value)
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """true, yes and 1 are true; all else is false."""
        value = self.values.get(name)
        return value is True or str(value).lower() in TRUE

    def nested(self, name: str, what: str) -> Any:
        """An object or a list. Raises Refused with a sentence on `what` where it is not JSON."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise bad_request(f"can't parse {what} JSON object") from error

    def wire(self) -> Json:
        """For the journal: uploads by name and size."""
        if not self.uploads:
            return self.values
        files = {name: {"file": it.name, "size": len(it.data)} for name, it in self.uploads.items()}
        return {**self.values, **files}


async def parse(scope: Scope, receive: Receive) -> Params:
    """Read a call's parameters; those of the body win over the query's. Raises Refused."""
    query = scope["query_string"]
    values: dict[str, Any] = _form(query) if query else {}
    if scope["method"] != "POST":
        return Params(values)
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if kind.startswith(b"multipart/form-data"):
        return await _multipart(scope, receive, values)
    try:
        body = await read(receive)
    except BodyTooLarge as error:
        raise Refused(413, "Request Entity Too Large") from error
    if kind.startswith(b"application/json"):
        values.update(_json(body))
    elif body:
        values.update(_form(body))
    return Params(values)


def _form(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except (UnicodeDecodeError, ValueError) as error:
        raise bad_request("strings must be encoded in UTF-8") from error


def _json(body: bytes) -> dict[str, Any]:
    try:
        values = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise bad_request("can't parse JSON object") from error
    if not isinstance(values, dict):
        raise bad_request("object expected")
    return values


async def _multipart(scope: Scope, receive: Receive, values: dict[str, Any]) -> Params:
    async def chunks() -> Any:
        body = await read(receive)
        yield body
        yield b""

    try:
        parser = MultiPartParser(Headers(scope=scope), chunks(), max_part_size=1024 * 1024)
        form = await parser.parse()
    except MultiPartException as error:
        raise bad_request("can't parse multipart form") from error
    except BodyTooLarge as error:
        raise Refused(413, "Request Entity Too Large") from error
    uploads: dict[str, Upload] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            uploads[name] = Upload(value.filename or "file", await value.read())
            await value.close()
        else:
            values[name] = value
    return Params(values, uploads)

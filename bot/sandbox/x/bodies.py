"""The body of a call: JSON, or for an upload a form with a file in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive, Scope

from bot.sandbox.wire import BodyTooLarge, Json, read
from bot.sandbox.x.refusals import XRefusal, invalid

MEDIA = "media"
LARGEST_FIELD = 1024 * 1024


async def parsed(scope: Scope, receive: Receive) -> tuple[Json | None, bytes | None]:
    """The body's fields, and the file of a form. Raises XRefusal: too large, or what it does not say it is."""
    try:
        raw = await read(receive)
    except BodyTooLarge:
        raise XRefusal(413, "Payload Too Large", "Payload Too Large") from None
    kind = Headers(scope=scope).get("content-type", "")
    if kind.startswith("multipart/form-data"):
        return await _form(scope, raw)
    if not raw:
        return None, None
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise invalid("The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise invalid("$: is not an object.")
    return body, None


async def _form(scope: Scope, raw: bytes) -> tuple[Json, bytes | None]:
    async def chunks() -> AsyncGenerator[bytes, None]:
        yield raw
        yield b""

    try:
        form = await MultiPartParser(Headers(scope=scope), chunks(), max_part_size=LARGEST_FIELD).parse()
    except MultiPartException:
        raise invalid("The request body is not a valid form.") from None
    fields: Json = {}
    upload = None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            data = await value.read()
            await value.close()
            upload = data if name == MEDIA else upload
        else:
            fields[name] = value
    return fields, upload


def told(body: Json | None, upload: bytes | None) -> Json:
    """The body for the journal: a picture by its size."""
    shown: Json = {} if body is None else dict(body)
    if MEDIA in shown and isinstance(shown[MEDIA], str):
        shown[MEDIA] = {"base64": len(shown[MEDIA])}
    if upload is not None:
        shown[MEDIA] = {"size": len(upload)}
    return shown

"""The text or caption of a call, read and measured as Telegram does before it lets a message through."""

from __future__ import annotations

from typing import Any

from bot.sandbox.telegram.automatic import with_automatic
from bot.sandbox.telegram.markup import Formatted, parse_html, trimmed, units
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.refusals import bad_request
from bot.sandbox.wire import Json

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_SOURCE = 65_536
"""Characters with the tags still in."""


def message_text(params: Params) -> Formatted:
    """`text` of sendMessage and editMessageText. Raises Refused."""
    formatted = _formatted(params, params.text("text") or "", "entities")
    if not formatted.text:
        raise bad_request("message text is empty")
    if units(formatted.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return formatted


def caption(params: Params) -> Formatted:
    """`caption` of a photo; an empty one is allowed. Raises Refused."""
    formatted = _formatted(params, params.text("caption") or "", "caption_entities")
    if units(formatted.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return formatted


def _formatted(params: Params, source: str, entities: str) -> Formatted:
    if len(source) > LONGEST_SOURCE:
        raise bad_request("message is too long")
    mode = (params.text("parse_mode") or "").lower()
    if mode == "html":
        return with_automatic(parse_html(source))
    if mode in ("markdown", "markdownv2"):
        raise bad_request("can't parse entities: the sandbox reads HTML only")
    if mode:
        raise bad_request("unsupported parse_mode")
    given = params.nested(entities, "entities") or []
    return with_automatic(trimmed(Formatted(source, [_entity(one) for one in given])))


def _entity(one: Any) -> Json:
    whole = isinstance(one, dict) and {"type", "offset", "length"} <= one.keys()
    if not whole or not isinstance(one["offset"], int) or not isinstance(one["length"], int):
        raise bad_request("can't parse MessageEntity: Can't find field \"type\"")
    return dict(one)

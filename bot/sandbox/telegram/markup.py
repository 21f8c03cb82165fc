"""Telegram's HTML read as Telegram reads it, in one pass, so that a template that breaks there breaks here too.

https://core.telegram.org/bots/api#html-style. An ampersand that starts no known entity stays an ampersand, as there;
a `<` always opens a tag.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.sandbox.telegram.refusals import Refused, bad_request
from bot.sandbox.wire import Json

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}

_SPECIAL = re.compile(r"[<&]")
_BLANK = re.compile(r"\s*")
_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot));?")
_TAG_NAME = re.compile(r"[^\s>]+")
_ATTRIBUTE = re.compile(r"""\s*([^\s=>]+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?""")


class Formatted(NamedTuple):
    """A text and its MessageEntity objects; offsets and lengths count UTF-16 units."""

    text: str
    entities: list[Json]


def units(text: str) -> int:
    """The length that Telegram counts: UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(slots=True)
class _Open:
    tag: str
    offset: int
    extra: Json


@dataclass(slots=True)
class _Reading:
    """How far one text has been read."""

    source: str
    at: int = 0
    offset: int = 0
    parts: list[str] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    entities: list[Json] = field(default_factory=list)

    def take(self, plain: str) -> None:
        self.parts.append(plain)
        self.offset += units(plain)

    def refuse(self, what: str, at: int) -> Refused:
        place = len(self.source[:at].encode("utf-8", "surrogatepass"))
        return bad_request(f"can't parse entities: {what.format(place=place)}")


def parse_html(source: str) -> Formatted:
    """HTML -> text and entities. Raises Refused with Telegram's sentence."""
    reading = _Reading(source)
    while found := _SPECIAL.search(source, reading.at):
        reading.take(source[reading.at : found.start()])
        reading.at = found.start()
        if found[0] == "&":
            _read_entity(reading)
        elif source.startswith("</", reading.at):
            _read_end(reading)
        else:
            _read_start(reading)
    reading.take(source[reading.at :])
    if reading.open:
        tag = reading.open[-1].tag
        raise reading.refuse(f'Can\'t find end tag corresponding to start tag "{tag}"', len(source))
    reading.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return trimmed(Formatted("".join(reading.parts), reading.entities))


def _read_entity(reading: _Reading) -> None:
    found = _ENTITY.match(reading.source, reading.at)
    if found is None:
        reading.take("&")
        reading.at += 1
        return
    hexadecimal, decimal, name = found.groups()
    code = int(hexadecimal, 16) if hexadecimal else int(decimal or 0)
    valid = bool(name) or (0 < code < 0x110000 and not 0xD800 <= code < 0xE000)
    reading.take((NAMED[name] if name else chr(code)) if valid else found[0])
    reading.at = found.end()


def _read_start(reading: _Reading) -> None:
    begin = reading.at
    found = _TAG_NAME.match(reading.source, begin + 1)
    end = found.end() if found else begin + 1
    if end >= len(reading.source):
        raise reading.refuse("Unclosed start tag at byte offset {place}", begin)
    tag = found[0].lower() if found else ""
    if tag not in TAGS:
        raise reading.refuse(f'Unsupported start tag "{_quoted(tag)}" at byte offset {{place}}', begin)
    attributes: dict[str, str] = {}
    while True:
        end = _blank(reading.source, end)
        if reading.source.startswith(">", end):
            break
        attribute = _ATTRIBUTE.match(reading.source, end)
        if attribute is None or attribute.end() >= len(reading.source):
            raise reading.refuse(f'Unclosed start tag "{tag}" at byte offset {{place}}', begin)
        name, *values = attribute.groups()
        attributes[name.lower()] = _unescaped(next((it for it in values if it is not None), ""))
        end = attribute.end()
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise reading.refuse('Tag "span" must have class "tg-spoiler" at byte offset {place}', begin)
    reading.open.append(_Open(tag, reading.offset, _extra(tag, attributes)))
    reading.at = end + 1


def _blank(source: str, at: int) -> int:
    found = _BLANK.match(source, at)
    return found.end() if found else at


def _read_end(reading: _Reading) -> None:
    begin = reading.at
    end = reading.source.find(">", begin)
    if not reading.open:
        raise reading.refuse("Unexpected end tag at byte offset {place}", begin)
    if end < 0:
        raise reading.refuse("Unclosed end tag at byte offset {place}", begin)
    tag = reading.source[begin + 2 : end].strip().lower()
    opened = reading.open.pop()
    if tag not in ("", opened.tag):
        raise reading.refuse(
            f'Unmatched end tag at byte offset {{place}}, expected "</{opened.tag}>", found "</{_quoted(tag)}>"',
            begin,
        )
    reading.at = end + 1
    _close(reading, opened)


def _close(reading: _Reading, opened: _Open) -> None:
    length = reading.offset - opened.offset
    if not length:
        return
    entity: Json = {"offset": opened.offset, "length": length, "type": TAGS[opened.tag], **opened.extra}
    if entity["type"] == "text_link":
        entity["url"] = _link(
            entity.get("url")
            or "".join(reading.parts)
            .encode("utf-16-le", "surrogatepass")[2 * opened.offset :]
            .decode("utf-16-le", "surrogatepass")
        )
        if not entity["url"]:
            return
    language = entity.pop("language", None)
    if opened.tag == "code" and language and reading.open and reading.open[-1].tag == "pre":
        reading.open[-1].extra["language"] = language
        return
    if language and opened.tag == "pre":
        entity["language"] = language
    reading.entities.append(entity)


def _extra(tag: str, attributes: dict[str, str]) -> Json:
    if tag == "a":
        return {"url": attributes.get("href", "")}
    if tag == "code" and attributes.get("class", "").startswith("language-"):
        return {"language": attributes["class"].removeprefix("language-")}
    if tag == "blockquote" and "expandable" in attributes:
        return {"type": "expandable_blockquote"}
    if tag == "tg-emoji":
        return {"custom_emoji_id": attributes.get("emoji-id", "")}
    return {}


def _link(url: str) -> str:
    """The address as Telegram keeps it, or nothing where it is none: the text then stays without a link."""
    url = url.strip()
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url if url.startswith("mailto:") else (f"http://{url}/" if "." in url and " " not in url else "")
    if scheme.lower() not in ("http", "https", "tg", "ton") or not rest or " " in rest:
        return ""
    return url if "/" in rest or "?" in rest or scheme == "tg" else f"{url}/"


def _unescaped(value: str) -> str:
    def one(found: re.Match[str]) -> str:
        hexadecimal, decimal, name = found.groups()
        if name:
            return NAMED[name]
        code = int(hexadecimal, 16) if hexadecimal else int(decimal)
        return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else found[0]

    return _ENTITY.sub(one, value) if "&" in value else value


def _quoted(tag: str) -> str:
    return tag.replace("{", "{{").replace("}", "}}")


def trimmed(formatted: Formatted) -> Formatted:
    """Without the white space around it, which Telegram removes."""
    text, entities = formatted
    kept = text.strip()
    if len(kept) == len(text):
        return formatted
    lead = units(text[: len(text) - len(text.lstrip())])
    size = units(kept)
    moved: list[Json] = []
    for entity in entities:
        begin = max(0, entity["offset"] - lead)
        end = min(size, entity["offset"] + entity["length"] - lead)
        if end > begin:
            moved.append({**entity, "offset": begin, "length": end - begin})
    return Formatted(kept, moved)

"""A message's text as safe HTML, for the page on which a person plays the shopper."""

from __future__ import annotations

from html import escape

from bot.sandbox.wire import Json

ELEMENTS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}


def to_html(text: str, entities: list[Json]) -> str:
    """Safe HTML for a page that shows the chat; line breaks stay line breaks (`white-space: pre-wrap`)."""
    raw = text.encode("utf-16-le", "surrogatepass")

    def plain(begin: int, end: int) -> str:
        return escape(raw[2 * begin : 2 * end].decode("utf-16-le", "replace"))

    parts: list[str] = []
    closing: list[tuple[int, str]] = []
    at = 0

    def upto(place: int) -> None:
        nonlocal at
        while closing and closing[-1][0] <= place:
            end, tag = closing.pop()
            parts.extend((plain(at, end), tag))
            at = max(at, end)
        if place > at:
            parts.append(plain(at, place))
            at = place

    whole = len(raw) // 2
    for entity in sorted(entities, key=lambda it: (it["offset"], -it["length"])):
        begin = min(entity["offset"], whole)
        upto(begin)
        start, stop = _element(entity, raw)
        end = min(begin + entity["length"], closing[-1][0] if closing else whole)
        if start and end > begin:
            parts.append(start)
            closing.append((end, stop))
    upto(whole)
    return "".join(parts)


def _element(entity: Json, raw: bytes) -> tuple[str, str]:
    kind = entity["type"]
    if kind == "spoiler":
        return '<span class="spoiler">', "</span>"
    if kind == "bot_command":
        return '<span class="command">', "</span>"
    if kind in ("text_link", "url"):
        begin = 2 * entity["offset"]
        shown = raw[begin : begin + 2 * entity["length"]].decode("utf-16-le", "replace")
        url = entity.get("url", shown)
        if not url.startswith(("http://", "https://", "tg://", "mailto:")):
            return "", ""
        return f'<a href="{escape(url)}" rel="noopener noreferrer" target="_blank">', "</a>"
    element = ELEMENTS.get(kind)
    return (f"<{element}>", f"</{element}>") if element else ("", "")

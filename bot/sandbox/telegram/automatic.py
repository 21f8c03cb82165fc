"""What Telegram marks in a text by itself: commands, addresses of pages and people."""

from __future__ import annotations

import re

from bot.sandbox.telegram.markup import Formatted, units
from bot.sandbox.wire import Json

LONGEST = 4096
"""Characters looked at: no real message has more."""

_AUTOMATIC = re.compile(
    r"(?P<bot_command>(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/]))"
    r"|(?P<url>https?://[^\s<>\"]*[^\s<>\".,;:!?')\]])"
    r"|(?P<email>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63})+)"
    r"|(?P<mention>(?<!\w)@[A-Za-z]\w{3,31})"
)


def with_automatic(formatted: Formatted) -> Formatted:
    """With the entities that Telegram finds by itself: commands, addresses, mentions. Never inside another one."""
    text, entities = formatted
    if "/" not in text and "@" not in text:
        return formatted
    taken = [(entity["offset"], entity["offset"] + entity["length"]) for entity in entities]
    found: list[Json] = []
    for match in _AUTOMATIC.finditer(text, 0, LONGEST):
        offset, length = units(text[: match.start()]), units(match[0])
        if not any(begin < offset + length and offset < end for begin, end in taken):
            found.append({"offset": offset, "length": length, "type": str(match.lastgroup)})
    if not found:
        return formatted
    return Formatted(text, sorted([*entities, *found], key=lambda entity: (entity["offset"], -entity["length"])))

"""How X counts the characters of a post, so that a reply is never refused for its length.

https://docs.x.com/fundamentals/counting-characters: 280 in all, most of the world's scripts 1, everything else 2,
an address 23 whatever its length, after normalisation to NFC. A joined emoji is counted here by its parts, which is
never less than what X counts.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_POST = 280
ADDRESS_WEIGHT = 23
LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
"""The ranges that count 1, both ends included."""

_HEAVY = re.compile(f"[^{''.join(f'{chr(low)}-{chr(high)}' for low, high in LIGHT)}]")
_TOP = (
    "[a-z]{2}|com|net|org|info|biz|shop|store|app|dev|art|blog|club|design|online|site|studio|tech|world|xyz"
    "|paris|bzh|alsace|corsica|boutique|cafe|coffee|fashion|gallery|gift|gifts|jewelry|kitchen|market|pro|name|cloud"
    "|page|link|life|live|space|website|team|eco|bio|wine|beer|bike|toys|london|berlin|brussels|swiss|quebec"
)
ADDRESS = re.compile(
    rf"https?://\S+|(?<![\w@.\-])(?:[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?\.)+(?:{_TOP})(?![\w@])(?:[/?#]\S*)?",
    re.IGNORECASE,
)
"""What X makes a link of: an address, and a bare domain under any country or one of the common endings."""
CASHTAG = re.compile(r"(?<![\w$])\$(?=[A-Za-z]{1,6}\b)")


def weighted_length(text: str) -> int:
    """What X counts for a text, or a little more.

    >>> weighted_length("12 €"), weighted_length("日本"), weighted_length("👾"), weighted_length("shop.example.com")
    (5, 4, 2, 23)
    """
    normal = unicodedata.normalize("NFC", text)
    total, end = 0, 0
    for found in ADDRESS.finditer(normal):
        total += _weight(normal[end : found.start()]) + ADDRESS_WEIGHT
        end = found.end()
    return total + _weight(normal[end:])


def _weight(text: str) -> int:
    return len(text) if text.isascii() else len(text) + len(_HEAVY.findall(text))


def has_address(text: str) -> bool:
    """Whether X would make a link of any of it, for which it charges twenty times as much."""
    return ADDRESS.search(unicodedata.normalize("NFC", text)) is not None


def cut(text: str, most: int) -> str:
    """The text in at most `most` weighted characters, ended by "…" where it was longer; never inside a letter.

    A mark that belongs to the letter before it, what a zero-width joiner holds together and an address stay or go
    as a whole.

    >>> cut("Théière en grès", 10)
    'Théière…'
    """
    if weighted_length(text) <= most:
        return text
    normal = unicodedata.normalize("NFC", text)
    addresses = [found.span() for found in ADDRESS.finditer(normal)]
    end = _too_far(normal, addresses, most)
    while end and weighted_length(normal[:end].rstrip() + "…") > most:
        end = _letter(normal, end - 1)
        end = _letter(normal, next((first for first, last in addresses if first < end < last), end))
    shorter = normal[:end].rstrip()
    words = shorter.rpartition(" ")[0].rstrip()
    inside_a_word = not normal.startswith(shorter + " ")
    if inside_a_word and words and len(shorter) > most // 2 and weighted_length(words + "…") <= most:
        shorter = words
    return f"{shorter}…"


def _too_far(text: str, addresses: list[tuple[int, int]], most: int) -> int:
    """The first place up to which the text weighs more: from there on back, one try a letter is cheap."""
    weight = at = 0
    ends = dict(addresses)
    while at < len(text) and weight <= most:
        end = ends.get(at, at + 1)
        weight += ADDRESS_WEIGHT if at in ends else _weight(text[at])
        at = end
    return at


def _letter(text: str, at: int) -> int:
    """Where the letter begins that stands there."""
    while at > 0 and (unicodedata.category(text[at])[0] == "M" or text[at] == "\u200d" or text[at - 1] == "\u200d"):
        at -= 1
    return at

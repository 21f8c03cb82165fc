"""How long X finds a text: weighted characters, 280 of them to a post.

After "Counting characters" in X's documents and version 3 of twitter-text's configuration: code points of the ranges
below count 1, all others 2; an emoji counts 2 however many code points it has; a link counts 23; NFC comes first.
"""

from __future__ import annotations

import re

from bot.sandbox.x.texts import SHORT_LENGTH, composed, links

LONGEST_POST = 280
SINGLE = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
"""Code points of weight 1 (first, last)."""

_BASE = (
    "[\U0001f000-\U0001f1e5\U0001f200-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2190-\u21ff\u2300-\u23ff\u25a0-\u25ff"
    "\u2934\u2935\u203c\u2049\u2122\u2139\u24c2\u3030\u303d\u3297\u3299\u00a9\u00ae]"
)
_DRESSED = f"{_BASE}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
EMOJI = re.compile(
    "[0-9#*]\ufe0f?\u20e3"
    "|[\U0001f1e6-\U0001f1ff]{2}"
    "|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
    f"|{_DRESSED}(?:\u200d{_DRESSED})*"
)


def weighted_length(text: str) -> int:
    """The length that X counts; mentions that X puts before a reply by itself must not be in `text`.

    >>> weighted_length("café"), weighted_length("日本"), weighted_length("https://example.com/a/long/path")
    (4, 4, 23)
    """
    normal = composed(text)
    total, at = 0, 0
    for span in links(normal):
        total += _plain(normal[at : span.start]) + SHORT_LENGTH
        at = span.end
    return total + _plain(normal[at:])


def _plain(text: str) -> int:
    total, at = 0, 0
    for match in EMOJI.finditer(text):
        total += sum(map(_weight, text[at : match.start()])) + 2
        at = match.end()
    return total + sum(map(_weight, text[at:]))


def _weight(character: str) -> int:
    point = ord(character)
    return 1 if any(first <= point <= last for first, last in SINGLE) else 2

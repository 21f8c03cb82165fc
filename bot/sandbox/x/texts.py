"""What X sees in a text: links, names, cashtags and hashtags, and the text with its links shortened."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.x.tlds import KNOWN

SHORT = "https://t.co/"
SHORT_LENGTH = 23
"""Every link becomes one of this length."""

Kind = Literal["url", "mention", "cashtag", "hashtag"]

_PATTERN = re.compile(
    r"(?P<url>(?<![\w@#$])https?://(?:[^\s/?#@]+\.)+[^\W\d_]{2,}(?::\d+)?(?:[/?#][^\s]*)?"
    r"|(?<![\w@#$])https?://(?:localhost|\d+\.\d+\.\d+\.\d+)(?::\d+)?(?:[/?#][^\s]*)?)"
    r"|(?P<bare>(?<![\w@#$./\-])(?:[^\W_](?:[\w\-]*[^\W_])?\.)+(?P<tld>[A-Za-z]{2,})(?![\w@+\-])(?:[/?][^\s]*)?)"
    r"|(?P<mention>(?<![\w@/!$%&*#])[@＠](?P<handle>[A-Za-z0-9_]{1,15})(?![A-Za-z0-9_@]|://))"
    r"|(?P<cashtag>(?<!\S)\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?=$|\s|[^\w$]))"
    r"|(?P<hashtag>(?<![\w&])[#＃](?=\w*[^\W\d])\w+)",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?'\"»”’)]}…"


@dataclass(frozen=True, slots=True)
class Span:
    """Something in a text, by code points: `value` is the address, the handle or the tag without its sign."""

    kind: Kind
    start: int
    end: int
    value: str


def spans(text: str) -> list[Span]:
    """Everything X sees in a text, in order. A bare domain is a link where its top-level domain is known."""
    return list(_found(text))


def _found(text: str) -> Iterator[Span]:
    at = 0
    while (match := _PATTERN.search(text, at)) is not None:
        at = match.end()
        start = match.start()
        if match["mention"]:
            yield Span("mention", start, at, match["handle"])
        elif match["cashtag"]:
            yield Span("cashtag", start, at, match["cashtag"][1:])
        elif match["hashtag"]:
            yield Span("hashtag", start, at, match["hashtag"][1:])
        elif match["url"] or match["tld"].lower() in KNOWN:
            shown = _ended(match[0])
            at = start + len(shown)
            yield Span("url", start, at, shown)
        else:
            at = _past_the_domain(match)


def _past_the_domain(match: re.Match[str]) -> int:
    """What looked like a domain is words with a dot between: what comes after the first of them is read again."""
    return match.start() + match[0].index(".") + 1


def _ended(url: str) -> str:
    """A link without the punctuation of the sentence around it; a closing bracket stays with one that opens."""
    while url and url[-1] in _TRAILING:
        if url[-1] == ")" and url.count("(") >= url.count(")"):
            break
        url = url[:-1]
    return url


def links(text: str) -> list[Span]:
    """The links of a text."""
    return [span for span in spans(text) if span.kind == "url"]


def handles(text: str) -> list[Span]:
    """The @names of a text."""
    return [span for span in spans(text) if span.kind == "mention"]


def shortened(text: str) -> tuple[str, list[tuple[int, int, str, str]]]:
    """The text with each link as a t.co address; and of each (start, end, short, long) in the new text."""
    parts, found, at, length = [], [], 0, 0
    for span in links(text):
        before = text[at : span.start]
        address = span.value if "://" in span.value else f"http://{span.value}"
        short = short_for(address)
        start = length + len(before)
        parts += [before, short]
        length = start + len(short)
        found.append((start, length, short, address))
        at = span.end
    return "".join([*parts, text[at:]]), found


def short_for(address: str) -> str:
    """The t.co address of a link: 23 characters, the same for the same link."""
    digest = hashlib.sha256(address.encode()).hexdigest()
    return SHORT + digest[: SHORT_LENGTH - len(SHORT)]


def composed(text: str) -> str:
    """A text as X keeps it: NFC."""
    return unicodedata.normalize("NFC", text)

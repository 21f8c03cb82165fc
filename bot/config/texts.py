"""Names, words and codes that a merchant writes, made safe to store and to show."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from bot.config.literal import Wrong, shown

SKU = re.compile(r"[A-Za-z0-9._-]+")
LONGEST_SKU = 64
LONGEST_PHRASE = 80
PATTERN_SIGNS = frozenset("^*|[]{}\\")
E_MAIL = re.compile(r"[^@\s/]+@[^@\s/]+\.[^@\s/]+")
HANDLE = re.compile(r"@[A-Za-z0-9_]{2,32}")
ACCOUNT = re.compile(r"[A-Za-z0-9_]{1,15}")


def folded(text: str) -> str:
    """The form in which two words are the same to a shopper: without case, accents, width or spare spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def same_sku(text: str) -> str:
    """The form in which two SKUs are the same: without case, width or outer spaces."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _text(value: object, *, several_lines: bool = False) -> str:
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)} is not text", example=None if _is_container(value) else f'"{value}"')
    text = value.strip()
    if not text:
        raise Wrong("it is empty")
    allowed = "\n\t" if several_lines else ""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in text):
        raise Wrong("it holds a control character or a line break", remedy="write it as one line of plain text")
    return text


def _is_container(value: object) -> bool:
    return isinstance(value, list | dict)


def _line(value: object) -> str:
    return _text(value)


def _paragraph(value: object) -> str:
    return _text(value, several_lines=True) if value != "" else ""


def phrase(value: object) -> str:
    """A word or phrase of a shopper. It is compared as text, never run as a pattern (a regex could hang the shop)."""
    text = _text(value)
    if len(text) > LONGEST_PHRASE:
        raise Wrong(f"it has more than {LONGEST_PHRASE} characters", remedy="write a word or a short phrase")
    if PATTERN_SIGNS & set(text):
        raise Wrong(
            f"{shown(value)} looks like a pattern; keywords are plain words",
            remedy='write the words themselves, such as "je craque"',
        )
    return text


def sku(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)} is not text", example=None if _is_container(value) else f'"{value}"')
    if not SKU.fullmatch(value) or len(value) > LONGEST_SKU:
        raise Wrong(
            f"{shown(value)} is not 1 to {LONGEST_SKU} letters A-Z, digits, dots, hyphens or underscores",
            example=f'"{_as_sku(value)}"',
        )
    return value


def _as_sku(text: str) -> str:
    return re.sub(r"[^a-z0-9._]+", "-", folded(text)).strip("-")[:LONGEST_SKU] or "mug-bleu"


def _support(value: object) -> str:
    text = _text(value)
    if E_MAIL.fullmatch(text) or HANDLE.fullmatch(text) or re.fullmatch(r"https?://[^\s/]+\S*", text):
        return text
    raise Wrong(f"{shown(value)} is neither an e-mail address, a link nor a @handle")


def _account(value: object) -> str:
    text = _text(value)
    if not ACCOUNT.fullmatch(text):
        bare = text.removeprefix("@")
        example = f'"{bare}"' if ACCOUNT.fullmatch(bare) else None
        raise Wrong(f"{shown(value)} is not an X account's name (without @)", example=example)
    return text


def _plain(pattern: str | None = None, *, longest: int | None = None, shortest: int = 1) -> WithJsonSchema:
    rules = {"minLength": shortest, "maxLength": longest, "pattern": pattern}
    return WithJsonSchema({"type": "string"} | {name: rule for name, rule in rules.items() if rule is not None})


Name = Annotated[str, PlainValidator(_line), Field(max_length=200), _plain(longest=200)]
Paragraph = Annotated[str, PlainValidator(_paragraph), Field(max_length=2000), _plain(longest=2000, shortest=0)]
Phrase = Annotated[str, PlainValidator(phrase), _plain(longest=LONGEST_PHRASE)]
Sku = Annotated[str, PlainValidator(sku), _plain("^[A-Za-z0-9._-]+$", longest=LONGEST_SKU)]
Support = Annotated[str, PlainValidator(_support), _plain()]
Account = Annotated[str, PlainValidator(_account), _plain("^[A-Za-z0-9_]{1,15}$")]
Host = Annotated[str, PlainValidator(_line), _plain()]

"""Past messages, read from a file one conversation at a time, however long the file is."""

from __future__ import annotations

import sys
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count, groupby
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from bot.cli.readings import Kept, Reading
from bot.domain.messages import clean
from bot.errors import Permanent

STDIN = Path("-")
RUNS = frozenset({".json", ".jsonl", ".ndjson"})
LONGEST_LINE = 1024 * 1024
"""Bytes read of a line: of a message far more than the 4,096 characters that a shop keeps."""
LONGEST_TALK = 200
"""Messages of one conversation."""
DATABASE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Message:
    """`line` counts from 1; `shopper` is the same for all that one person says; `before` is how it was read once."""

    line: int
    shopper: int
    text: str
    before: Reading | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """`kept` says that it is a run, line by line a JSON object, and no plain text."""

    kept: bool
    talks: Iterator[list[Message]]


@contextmanager
def opened(path: Path) -> Iterator[Script]:
    """Plain text: a message a line, each by a shopper of its own; an indented line goes on in the conversation above
    it; blank lines and those that begin with # are none. JSON lines: a run of `understand` or of `rehearse --json`.

    Raises Permanent with file:line and the remedy, at once or while it is read.
    """
    name = "stdin" if path == STDIN else str(path)
    with _file(path) as file:
        lines = _lines(name, file)
        first = next(lines, None)
        if first is None:
            raise _refused(name, 0, "it holds no message", "write one a line")
        kept = path.suffix in RUNS or first[1].startswith("{")
        everything = chain([first], lines)
        yield Script(kept, _talks(name, _kept(name, everything) if kept else _plain(everything)))


@contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    if path == STDIN:
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as refused:
        reason = (refused.strerror or "no access").lower()
        raise _refused(str(path), 0, f"it cannot be read: {reason}", "name a file with one message a line") from None
    with file:
        yield file


def _lines(name: str, file: BinaryIO) -> Iterator[tuple[int, str]]:
    """(number, text) of each line that may hold a message, its end cut off where it is endless."""
    for number in count(1):
        raw = file.readline(LONGEST_LINE)
        if not raw:
            return
        cut = not raw.endswith(b"\n")
        while cut and (more := file.readline(LONGEST_LINE)):
            cut = not more.endswith(b"\n")
        text = _decoded(name, number, raw)
        if text.strip() and not text.lstrip().startswith("#"):
            yield number, text


def _decoded(name: str, number: int, raw: bytes) -> str:
    if number == 1 and raw.startswith(DATABASE):
        wrong = "it is a database, and a shop forgets the words of a message once it has answered"
        raise _refused(name, 0, wrong, "write the messages into a file, one a line")
    if b"\0" in raw:
        raise _refused(name, number, "it is no text", "name a file with one message a line, saved as UTF-8")
    try:  # what is cut off may leave the beginning of a character, which is no fault
        return getincrementaldecoder("utf-8")().decode(raw, final=raw.endswith(b"\n")).lstrip("\ufeff")
    except UnicodeDecodeError:
        raise _refused(name, number, "it is not UTF-8 text", "save the file as UTF-8") from None


def _plain(lines: Iterator[tuple[int, str]]) -> Iterator[Message]:
    shopper = 0
    for number, text in lines:
        shopper += not (shopper and text[0].isspace())
        yield Message(number, shopper, clean(text))


def _kept(name: str, lines: Iterator[tuple[int, str]]) -> Iterator[Message]:
    """Lines in a row that name the same shopper are one conversation; without a name each is one."""
    shopper, named = 0, None
    for number, text in lines:
        try:
            kept = Kept.model_validate_json(text)
        except ValidationError as refused:
            fault = refused.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, fault["loc"]))
            wrong = f"{place}: {fault['msg'].lower()}" if place else "it is no JSON object"
            raise _refused(name, number, wrong, "write the line as comptoir understand does") from None
        shopper += kept.shopper is None or kept.shopper != named
        named = kept.shopper
        yield Message(number, shopper, clean(kept.text), kept.reading())


def _talks(name: str, messages: Iterator[Message]) -> Iterator[list[Message]]:
    for _, said in groupby(messages, key=lambda message: message.shopper):
        talk: list[Message] = []
        for message in said:
            if len(talk) == LONGEST_TALK:
                wrong = f"more than {LONGEST_TALK} messages of one shopper"
                raise _refused(name, message.line, wrong, "begin a line without a space where another shopper writes")
            talk.append(message)
        yield talk


def _refused(name: str, line: int, wrong: str, remedy: str) -> Permanent:
    return Permanent(f"{name}:{line}: {wrong} -> {remedy}" if line else f"{name}: {wrong} -> {remedy}")

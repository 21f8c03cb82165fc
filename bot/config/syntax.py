"""Reads the text of bot.toml, and says where it is not TOML."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bot.errors import ConfigError, Problem

LARGEST_BYTES = 256 * 1024 * 1024
DECIMAL_COMMA = re.compile(r"^\s*([A-Za-z0-9_-]+)\s*=\s*([0-9]+),([0-9]+)\s*(?:#.*)?$")
BARE_WORD = re.compile(r"^\s*([A-Za-z0-9_-]+)\s*=\s*([^\s\"'\[{#0-9+-][^\"'#]*?)\s*(?:#.*)?$")
PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
ENDLESS_NUMBER = re.compile(r"[0-9]{4300,}")


def text_of(path: Path) -> str:
    """Raises ConfigError where the file cannot be read as UTF-8. A byte order mark is skipped, line ends are \\n."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _refused(path, 0, "there is no such file", "run comptoir init, or name the file with -c") from None
    except OSError as refused:
        reason = (refused.strerror or "no access").lower()
        raise _refused(path, 0, f"it cannot be read: {reason}", "name a file that the shop may read") from None
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as refused:
        line = content.count(b"\n", 0, refused.start) + 1
        raise _refused(path, line, "it is not UTF-8 text", "save the file as UTF-8") from None


def parsed(path: Path, text: str) -> dict[str, Any]:
    """Numbers with a point are exact Decimals. Raises ConfigError with one problem: TOML stops at the first fault."""
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as refused:
        raise _syntax(path, text, str(refused)) from None
    except RecursionError:
        raise _refused(path, 0, "its lists are nested too deeply", "write the lists without others inside") from None
    except (ValueError, InvalidOperation):
        endless = ENDLESS_NUMBER.search(text)
        line = text.count("\n", 0, endless.start()) + 1 if endless else 0
        raise _refused(path, line, "a number or date in it is impossible", "write a shorter number") from None


def _syntax(path: Path, text: str, message: str) -> ConfigError:
    place = PLACE.search(message)
    lines = text.split("\n")
    line = int(place[1]) if place and place[1] else max(1, len(text.rstrip().split("\n")))
    reason = PLACE.sub("", message)
    around = lines[line - 1] if line <= len(lines) else ""
    if comma := DECIMAL_COMMA.match(around):
        return _refused(path, line, "a comma stands in a number", f"write {comma[1]} = {comma[2]}.{comma[3]}")
    if "overwrite" in reason or "declare" in reason or "redefine" in reason:
        return _refused(path, line, "the same key or table stands twice", "delete one of the two")
    if word := BARE_WORD.match(around):
        return _refused(path, line, "text stands without quotes", f"put the text of {word[1]} between double quotes")
    if "string" in reason.lower() or around.count('"') % 2:
        return _refused(path, line, "a text is not closed", 'write a double quote " at its end')
    reason = reason[:1].lower() + reason[1:]
    return _refused(path, line, f"it is not TOML: {reason}", 'write key = "text", key = 18.00 or [table] on one line')


def _refused(path: Path, line: int, wrong: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(str(path), line, path.name, wrong, remedy)])

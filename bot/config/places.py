"""Where each key of a TOML text stands: tomllib and pydantic tell paths, a merchant needs a line."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress

Path = tuple[str | int, ...]
"""("products", 2, "variants", 1, "price"): the price of the second variant of the third product."""

BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
STRING = re.compile(
    r"""
    \"{3} (?: \\. | [^\\] )*? \"{3,5}     # three quotes, over several lines
    | '{3} .*? '{3,5}
    | " (?: \\. | [^"\\\n] )* "
    | ' [^'\n]* '
    """,
    re.DOTALL | re.VERBOSE,
)
SCALAR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.+Z-]+|[^,\]}\s#]+")


class Places:
    """The line (from 1) of every key and list entry of a text that tomllib accepts."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._lines: dict[Path, int] = {}
        self._last: dict[Path, int] = {}
        self._at = 0
        with suppress(RecursionError):  # absurdly nested lists: what was found so far is still right
            self._document()

    def line(self, path: Path) -> int:
        """The line of the path, or of the nearest thing around it that stands in the file; else 1."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._lines:
                return self._lines[path[:end]]
        return 1

    def _document(self) -> None:
        table: Path = ()
        self._skip()
        while self._at < len(self._text):
            if self._peek("[["):
                table = self._header("[[", "]]")
            elif self._peek("["):
                table = self._header("[", "]")
            else:
                self._pair(table)
            self._skip()

    def _header(self, opening: str, closing: str) -> Path:
        here = self._at
        self._at += len(opening)
        keys = self._keys()
        path: Path = ()
        for key in keys[:-1]:
            path = self._current((*path, key))
            self._note(path, here)
        path = (*path, keys[-1])
        if closing == "]]":
            self._note(path, here)
            self._last[path] = self._last.get(path, -1) + 1
            path = (*path, self._last[path])
        self._note(path, here)
        self._at = self._text.index(closing, self._at) + len(closing)
        return path

    def _current(self, path: Path) -> Path:
        return (*path, self._last[path]) if path in self._last else path

    def _pair(self, table: Path) -> None:
        here = self._at
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path, here)
        self._at = self._text.index("=", self._at) + 1
        self._skip()
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._peek("["):
            self._list(path)
        elif self._peek("{"):
            self._at += 1
            self._skip()
            while not self._peek("}"):
                self._pair(path)
                self._comma()
            self._at += 1
        else:
            match = STRING.match(self._text, self._at) or SCALAR.match(self._text, self._at)
            self._at = match.end() if match else len(self._text)

    def _list(self, path: Path) -> None:
        self._at += 1
        self._skip()
        index = 0
        while not self._peek("]"):
            self._note((*path, index), self._at)
            self._value((*path, index))
            self._comma()
            index += 1
        self._at += 1

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip()
            if match := BARE_KEY.match(self._text, self._at):
                keys.append(match[0])
            elif match := STRING.match(self._text, self._at):
                keys.append(tomllib.loads(f"key = {match[0]}")["key"])
            else:
                return keys
            self._at = match.end()
            self._skip()
            if not self._peek("."):
                return keys
            self._at += 1

    def _comma(self) -> None:
        self._skip()
        if self._peek(","):
            self._at += 1
            self._skip()

    def _skip(self) -> None:
        match = BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _peek(self, token: str) -> bool:
        return self._text.startswith(token, self._at)

    def _note(self, path: Path, offset: int) -> None:
        self._lines.setdefault(path, bisect_right(self._breaks, offset - 1) + 1)

"""What the environment says: its own variables, files that they name, and the `.env` beside bot.toml."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from bot.errors import Problem

LARGEST_FILE = 64 * 1024
THE_ENVIRONMENT = "environment"


class Environment:
    """Named values, the environment's before those of `.env`. `problems` holds what could not be read.

    A value is never part of a problem: it may be a secret.
    """

    def __init__(self, variables: Mapping[str, str], folder: Path) -> None:
        self.problems: list[Problem] = []
        self._folder = folder
        self._lines: dict[str, int] = {}
        self._file = folder / ".env"
        self._layers = ((THE_ENVIRONMENT, variables), (str(self._file), self._dotenv()))

    def value(self, name: str) -> str | None:
        """The value of NAME, or the content of the file that NAME_FILE names; None where both are unset or empty."""
        for layer, values in self._layers:
            direct = values.get(name, "").strip()
            named = values.get(f"{name}_FILE", "").strip()
            if direct and named:
                self._refuse(layer, name, f"{name} and {name}_FILE are both set", "keep one of the two")
            if direct:
                return direct
            if named:
                return self._content(layer, f"{name}_FILE", named)
        return None

    def place(self, name: str) -> tuple[str, int]:
        """The file and line where the value of a name was found or is expected."""
        for layer, values in self._layers:
            for key in (name, f"{name}_FILE"):
                if values.get(key, "").strip():
                    return layer, self._lines.get(key, 0) if layer != THE_ENVIRONMENT else 0
        return THE_ENVIRONMENT, 0

    def _content(self, layer: str, key: str, named: str) -> str | None:
        try:
            path = self._folder / named
            if path.stat().st_size > LARGEST_FILE:
                self._refuse(layer, key, "the file is too large to be a secret", "name the secret's own file")
                return None
            content = path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            self._refuse(layer, key, "the file it names does not exist", "write the path of an existing file")
        except (OSError, ValueError):
            self._refuse(layer, key, "the file it names cannot be read", "let the shop read that file, as UTF-8 text")
        else:
            if content:
                return content
            self._refuse(layer, key, "the file it names is empty", "write the secret into that file")
        return None

    def _refuse(self, layer: str, key: str, wrong: str, remedy: str) -> None:
        line = 0 if layer == THE_ENVIRONMENT else self._lines.get(key, 0)
        self.problems.append(Problem(layer, line, key, wrong, remedy))

    def _dotenv(self) -> dict[str, str]:
        try:
            text = self._file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            wrong, remedy = "it cannot be read", "let the shop read that file, as UTF-8 text"
            self.problems.append(Problem(str(self._file), 0, ".env", wrong, remedy))
            return {}
        values: dict[str, str] = {}
        for binding in parse_stream(StringIO(text)):
            if binding.error:
                line = binding.original.line
                wrong, remedy = "the line is not NAME=value", "write NAME=value, without spaces around ="
                self.problems.append(Problem(str(self._file), line, ".env", wrong, remedy))
            elif binding.key is not None:
                values[binding.key] = binding.value or ""
                self._lines[binding.key] = _line_of_key(binding.original.string, binding.original.line)
        return values


def _line_of_key(text: str, line: int) -> int:
    """python-dotenv counts the blank lines before a binding as its own."""
    return line + text[: len(text) - len(text.lstrip())].count("\n")

"""Where a shop's state lives: one file an engine, chosen by the address in bot.toml."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.errors import ConfigError, Problem
from bot.ports import Store
from storage.copies import Copy, Restored, copy_books, restore_books
from storage.sqlite import SqliteStore


def _sqlite(url: str, folder: Path, **options: Any) -> Store:
    path = url.removeprefix("sqlite:///")
    return SqliteStore(path if path == ":memory:" else str((folder / path).resolve()), **options)


__all__ = ["Copy", "Restored", "SqliteStore", "copy_books", "open_store", "restore_books"]

ENGINES: dict[str, Callable[..., Store]] = {"sqlite": _sqlite}


def open_store(url: str, folder: Path, **options: Any) -> Store:
    """The store at `url` ("sqlite:///shop.db", relative to `folder`), migrated and locked for this process.

    Raises ConfigError for an engine that does not exist, Busy where another process has the shop open, and
    StoreDamaged where the database cannot be trusted.
    """
    scheme = url.partition(":")[0]
    engine = ENGINES.get(scheme)
    if engine is None:
        raise ConfigError(
            [Problem("bot.toml", 0, "storage.url", f"no engine for {scheme!r}", 'write "sqlite:///shop.db"')]
        )
    return engine(url, folder, **options)

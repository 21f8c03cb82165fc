"""From bot.toml and the environment to settings, or to every fault at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from bot.config import regions, rules, shelf, syntax
from bot.config import secrets as vault
from bot.config.addresses import database
from bot.config.advice import warnings
from bot.config.entries import File
from bot.config.environment import Environment
from bot.config.faults import from_pydantic, named
from bot.config.literal import Wrong
from bot.config.places import Path as Place
from bot.config.places import Places
from bot.config.settings import Settings
from bot.errors import ConfigError, Problem


class Need(Enum):
    """What is asked of secrets."""

    NONE = "they are not looked at"
    RIGHT = "those that are set must be right"
    ALL = "those that the shop needs must be set as well"


@dataclass(frozen=True, slots=True)
class Report:
    """What can be found without asking anybody. `settings` is None where there are problems.

    `missing` are the secrets without which the shop can be looked at, but not run.
    """

    settings: Settings | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    missing: tuple[Problem, ...] = ()


def load(path: Path, env: Mapping[str, str] | None = None, *, secrets: bool = True) -> Settings:
    """The settings of the shop that `path` describes. `env` is the process's environment if not given.

    Raises ConfigError with every fault. With `secrets` False none are needed nor read.
    """
    return _load(path, env, Need.ALL if secrets else Need.NONE)


def examine(path: Path, env: Mapping[str, str] | None = None) -> Report:
    """All that is wrong or doubtful. A secret may be missing; one that is set must be right."""
    try:
        settings = _load(path, env, Need.RIGHT)
    except ConfigError as refused:
        return Report(None, refused.problems)
    environment = Environment(os.environ if env is None else env, path.parent)
    raw = _Source(path).raw
    missing = vault.missing(settings.secrets, environment, raw)
    return Report(settings, (), tuple(warnings(settings)), tuple(missing))


class _Source:
    """The file's text and plain values; places are looked up only once something is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = syntax.text_of(path)
        self.raw = syntax.parsed(path, self.text)

    @cached_property
    def places(self) -> Places:
        return Places(self.text)

    def line(self, path: Place) -> int:
        return self.places.line(path)

    def problem(self, fault: rules.Fault) -> Problem:
        return Problem(str(self.path), self.line(fault.path), named(fault.path), fault.wrong, fault.remedy)


def _load(path: Path, env: Mapping[str, str] | None, need: Need) -> Settings:
    source = _Source(path)
    environment = Environment(os.environ if env is None else env, path.parent)
    overridden, problems = _overridden(source.raw, environment)
    file, faults = _validated(overridden, path.parent, source.line)
    problems = sorted((source.problem(fault) for fault in faults), key=lambda each: each.line) + problems
    held = vault.Secrets() if need is Need.NONE else vault.read(environment)
    problems += vault.impossible(held, environment, source.raw)
    if need is Need.ALL:
        problems += vault.missing(held, environment, source.raw)
    problems += environment.problems
    if problems or file is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    return _settings(path.absolute(), file, held)


def _validated(raw: rules.Table, folder: Path, line: rules.LineOf) -> tuple[File | None, list[rules.Fault]]:
    code = rules.table(raw, "shop").get("currency")
    known = isinstance(code, str) and code in regions.currencies()
    context = {"folder": folder, "currency": code if known else None}
    faults = rules.broken(raw, line)
    try:
        return File.model_validate(raw, context=context), faults
    except ValidationError as refused:
        return None, [*from_pydantic(refused), *faults]


def _overridden(raw: dict[str, Any], environment: Environment) -> tuple[dict[str, Any], list[Problem]]:
    """PORT and DATABASE_URL stand above the file: https://12factor.net/port-binding."""
    problems: list[Problem] = []
    changed = dict(raw)
    for name, table, key, convert in (("PORT", "web", "port", _port), ("DATABASE_URL", "storage", "url", database)):
        text = environment.value(name)
        if text is None or not isinstance(raw.get(table, {}), dict):
            continue
        try:
            changed[table] = {**raw.get(table, {}), key: convert(text)}
        except Wrong as refused:
            file, line = environment.place(name)
            wrong = "it is not a database address" if refused.remedy is None and key == "url" else refused.wrong
            problems.append(Problem(file, line, name, wrong, refused.remedy or f"set it to {refused.example}"))
    return changed, problems


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise Wrong("it is not a port from 1 to 65535", example="8080")
    return int(text)


def _settings(path: Path, file: File, held: vault.Secrets) -> Settings:
    return Settings(
        path=path,
        shop=file.shop,
        orders=file.orders,
        telegram=file.channels.telegram,
        x=file.channels.x,
        stripe=file.payments.stripe,
        delivery=file.delivery,
        reconcile=file.reconcile,
        web=file.web,
        storage=file.storage,
        keywords=MappingProxyType(file.keywords),
        catalogue=shelf.catalogue(file),
        posts=shelf.posts(file),
        post_addresses=tuple(entry.posts for entry in file.products),
        secrets=held,
    )

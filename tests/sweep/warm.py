"""What every start works out anew from the same files is worked out once, before the fork: templates and phrases.

The forked command runs the same code; only jinja's compiler and the clerk find their own earlier answers for the same
source.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import Environment

Compile = Callable[..., str | CodeType]
SHOP = Path(__file__).parents[2] / "bot.toml"


def remember() -> None:
    """Let jinja compile each source once in this process and its children, and phrases be cut once; both are now."""
    Environment.compile = _remembering(Environment.compile)  # type: ignore[method-assign,assignment]
    from bot.cli.serve import template_problems
    from bot.config import load
    from bot.parts import clerk_of

    settings = load(SHOP, secrets=False)
    template_problems(settings)
    clerk_of(settings)


def _remembering(compiled: Compile) -> Compile:
    """Only whole templates of plain text are remembered; what else an answer depends on is part of its key."""
    known: dict[object, str | CodeType] = {}

    def compile(  # noqa: A001 - jinja's own name for it
        self: Environment,
        source: Any,
        name: str | None = None,
        filename: str | None = None,
        raw: bool = False,
        defer_init: bool = False,
    ) -> str | CodeType:
        asked = (source, name, filename, raw, defer_init)
        how = (type(self), self.autoescape, self.trim_blocks, self.lstrip_blocks, self.finalize, self.undefined)
        if not isinstance(source, str) or self.extensions:
            return compiled(self, *asked)
        if (asked, how) not in known:
            known[asked, how] = compiled(self, *asked)
        return known[asked, how]

    return compile

"""What is costly to make and keeps nothing of what it hears: made once for all lives of all shops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from unittest.mock import patch

from bot import app as composition
from bot import parts
from bot.config import Settings
from bot.domain.understanding import Clerk
from bot.rendering import TemplateRenderer
from bot.web.pages import Pages
from storage import sqlite


@contextmanager
def kept_parts() -> Iterator[None]:
    """What is costly to make and keeps nothing of what it hears is made once for all lives of all shops."""
    make_clerk, make_renderer = parts.clerk_of, parts.renderer_of

    @lru_cache
    def clerk(_goods: tuple[str, ...]) -> Clerk:
        return make_clerk(made_for[0])

    @lru_cache
    def renderer() -> TemplateRenderer:
        return make_renderer(made_for[0])

    made_for: list[Settings] = []

    def clerk_of(settings: Settings) -> Clerk:
        made_for[:] = [settings]
        return clerk(tuple(product.sku for product in settings.catalogue.products))

    def renderer_of(settings: Settings) -> TemplateRenderer:
        made_for[:] = [settings]
        return renderer()

    pages = lru_cache(Pages)
    with (
        patch.object(parts, "clerk_of", clerk_of),
        patch.object(composition, "renderer_of", renderer_of),
        patch.object(sqlite, "LOCK_WAIT", 0.0),
        patch.object(composition, "Pages", lambda folders, facts: pages(tuple(folders), facts)),
    ):
        yield

"""All that the shop says to people, so that its templates are checked whole and exchanged whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateError

from bot.config import Settings
from bot.domain.effects import Say
from bot.domain.orders import Order
from bot.domain.payments import Payment
from bot.errors import ConfigError, Problem
from bot.parts import CHANNELS, renderer_of
from bot.ports import Rendered
from bot.rendering import TemplateRenderer, templates_folder
from bot.web.pages import Pages, ShopFacts


@dataclass(frozen=True, slots=True)
class Words:
    """The templates of messages and pages as they were read at one moment; `language` is the shop's own."""

    renderer: TemplateRenderer
    pages: Pages
    language: str


def words_of(settings: Settings) -> Words:
    """Raises ConfigError with every template that cannot be read, compiled or rendered (F111)."""
    renderer = renderer_of(settings)
    problems = renderer.problems(list(CHANNELS))
    folders, facts = made_of(settings)
    try:
        pages = Pages(folders, facts)
    except (TemplateError, tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, OSError) as error:
        raise ConfigError([*problems, _of_a_page(folders[0], error)]) from error
    if problems:
        raise ConfigError(problems)
    return Words(renderer, pages, settings.shop.locale)


def made_of(settings: Settings) -> tuple[Sequence[Path], ShopFacts]:
    """What the pages are made of: the folders of templates, the merchant's own first, and what they say of the shop."""
    own, shop = settings.path.parent / "templates", settings.shop
    folders = [folder for folder in (own, templates_folder()) if folder.is_dir()]
    return folders, ShopFacts(shop.name, shop.support or "", shop.terms_url, shop.privacy_url, shop.timezone, None)


def _of_a_page(own: Path, error: Exception) -> Problem:
    place = re.search(r"at line (\d+)", str(error))
    line = getattr(error, "lineno", None) or (int(place[1]) if place else 0)
    return Problem(getattr(error, "filename", None) or str(own), line, "web", str(error), "mend the page's template")


class Wording:
    """The words as they are now. One message, or one page, is made of one set of them from its first to its last."""

    def __init__(self, words: Words) -> None:
        self.now = words

    @property
    def language(self) -> str:
        return self.now.language

    def say(self, say: Say, *, channel: str, task: int) -> Rendered:
        return self.now.renderer.say(say, channel=channel, task=task)

    def word(self, name: str, language: str) -> str:
        return self.now.renderer.word(name, language)

    def order(self, order: Order, payments: Sequence[Payment], *, awaiting: bool = False) -> str:
        return self.now.pages.order(order, payments, awaiting=awaiting)

    def not_found(self, language: str) -> str:
        return self.now.pages.not_found(language)

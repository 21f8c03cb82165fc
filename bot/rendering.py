"""Messages in words: the merchant's own templates first, ours next.

A template sees facts, never code: the environment is sandboxed, what is missing is an error, and everything is
escaped for its channel. What a shopper wrote is a fact like any other and is never compiled.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import CodeType
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from babel.numbers import format_currency
from jinja2 import BytecodeCache, ChoiceLoader, FileSystemLoader, StrictUndefined, Template, TemplateError
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from bot.domain.conversation.typed import choices
from bot.domain.effects import Button, Say
from bot.domain.money import to_decimal
from bot.errors import ConfigError, Problem
from bot.ports import Rendered
from bot.samples import LABELS, SAMPLES

BLOCKS: Mapping[str, bool] = {"trim_blocks": True, "lstrip_blocks": True}
LANGUAGES = ("fr", "en", "es", "de", "it", "pt")
BLANKS = re.compile(r"\n{3,}")
ESCAPED = frozenset({"telegram"})
"""Channels whose messages are HTML; the others get plain text."""
INVOICE = "invoice"
"""The form of a message that stands on an invoice: `link.invoice.j2`, few words and no markup."""
TYPED = frozenset({"x"})
"""Channels without buttons: a choice is typed as its number."""
MESSAGES = tuple(SAMPLES)
BROKEN = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
"""What rendering may raise for the template's own fault."""
Rows = tuple[tuple[tuple[str, str | None, str | None], ...], ...]


def templates_folder() -> Path:
    """Our own templates: inside the package when installed as a wheel, beside it in a checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / "_templates"
    return packaged if packaged.is_dir() else here.parent / "templates"


@dataclass(frozen=True)
class Voice:
    """What every template may speak of besides its own facts."""

    shop: str
    currency: str
    timezone: str
    privacy_url: str = ""


class TemplateRenderer:
    """Templates `<language>/<message>.j2`, or `<language>/<message>.<channel>.j2` where one differs.

    Raises ConfigError where a `words.toml` cannot be read or one of its wordings cannot be compiled.
    """

    def __init__(self, voice: Voice, own: Path | None = None, *, languages: Sequence[str] = LANGUAGES) -> None:
        self._languages = tuple(languages)
        self._own = own if own is not None and own.is_dir() else None
        folders = ([self._own] if self._own is not None else []) + [templates_folder()]
        self._environments = {
            (language, html): _environment(voice, folders, language, html=html)
            for language in self._languages
            for html in (True, False)
        }
        faults: list[Problem] = []
        self._words = {language: self._read_words(folders, language, faults) for language in self._languages}
        self._compiled: dict[tuple[str, str, str], Template] = {}
        if faults:
            raise ConfigError(faults)

    def _read_words(self, folders: Sequence[Path], language: str, faults: list[Problem]) -> Mapping[str, Template]:
        """The short words of buttons and notices; each is a little template."""
        words: dict[str, Template] = {}
        plain = self._environments[language, False]
        for folder in reversed(folders):
            path = folder / language / "words.toml"
            if not path.is_file():
                continue
            try:
                written = tomllib.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:  # not UTF-8, or not TOML
                faults.append(Problem(str(path), _line_of(error), path.name, str(error), "mend the file"))
                continue
            for name, text in written.items():
                try:
                    words[name] = Template.from_code(plain, _code(text), plain.make_globals(None))
                except (TemplateError, TypeError) as error:
                    faults.append(Problem(str(path), 0, name, str(error), "mend the wording"))
        return words

    def say(self, say: Say, *, channel: str, task: int) -> Rendered:
        language = say.language if say.language in self._languages else self._languages[0]
        text = self._template(say.message, language, INVOICE if say.invoice else channel).render(say.facts)
        if channel in TYPED:
            return Rendered(BLANKS.sub("\n\n", text.strip()), self._typed_rows(say, language), say.picture)
        rows: list[tuple[tuple[str, str | None, str | None], ...]] = []
        place = 0
        for row in say.buttons:
            worded = []
            for button in row:
                token = f"{task}.{place}" if button.action is not None else None
                worded.append((self._label(button, language), token, button.url))
                place += 1
            if worded:
                rows.append(tuple(worded))
        return Rendered(BLANKS.sub("\n\n", text.strip()), tuple(rows), say.picture)

    def _typed_rows(self, say: Say, language: str) -> Rows:
        """Each choice with what to type, then each address; the rest is said in the template's words."""
        numbered = [(self._label(button, language), mark, None) for _, mark, button in choices(say)]
        links = [(self._label(b, language), None, b.url) for row in say.buttons for b in row if b.url is not None]
        return tuple((it,) for it in [*links, *numbered])

    def word(self, name: str, language: str) -> str:
        words = self._words.get(language) or self._words[self._languages[0]]
        return words[name].render() if name else ""

    def _label(self, button: Button, language: str) -> str:
        return self._words[language][button.label].render(button.facts)[:64]

    def _template(self, message: str, language: str, channel: str) -> Template:
        key = (message, language, channel)
        if key not in self._compiled:
            environment = self._environments[language, channel in ESCAPED]
            self._compiled[key] = environment.select_template(_names(message, language, channel))
        return self._compiled[key]

    def problems(self, channels: Sequence[str], *, ours: bool = False) -> list[Problem]:
        """Every template that is missing, cannot be compiled, or speaks of what its message does not carry (F111).

        Those of the merchant; `ours` too where that is asked, which a test does, not every start.
        """
        found = [
            problem
            for language in self._languages
            for channel in (*channels, INVOICE)
            for message in MESSAGES
            if (ours or self._is_own(message, language, channel))
            and (problem := self._problem(message, language, channel)) is not None
        ]
        for language, words in self._words.items() if ours or self._own else ():
            for name, template in words.items():
                try:
                    template.render(LABELS)
                except BROKEN as error:
                    found.append(Problem(f"templates/{language}/words.toml", 0, name, str(error), "mend the wording"))
        return list(dict.fromkeys(found))

    def _is_own(self, message: str, language: str, channel: str) -> bool:
        return self._own is not None and any(
            (self._own / name).is_file() for name in _names(message, language, channel)
        )

    def _problem(self, message: str, language: str, channel: str) -> Problem | None:
        name = f"{language}/{message}.j2"
        try:
            template = self._template(message, language, channel)
            name = template.name or name
            for facts in SAMPLES[message]:
                template.render(facts)
        except TemplateError as error:
            line = getattr(error, "lineno", 0) or 0
            return Problem(f"templates/{name}", line, message, str(error), "mend the template")
        except BROKEN as error:
            return Problem(f"templates/{name}", 0, message, str(error), "mend the template")
        return None


def _names(message: str, language: str, channel: str) -> list[str]:
    return [f"{language}/{message}.{channel}.j2", f"{language}/{message}.j2"]


class _Compiled(BytecodeCache):
    """What a process has compiled already: a second shop in it, or a bot.toml read anew, has the same templates."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


COMPILED = {True: _Compiled(), False: _Compiled()}
"""By whether HTML is escaped, which the code of a template knows."""


_BARE = ImmutableSandboxedEnvironment(undefined=StrictUndefined, optimized=False, **BLOCKS)
_BARE.filters |= dict.fromkeys(("money", "date", "bold"), str)
"""Knows our filters by their names alone; the environment that a wording is rendered in has the true ones."""


@lru_cache(maxsize=2048)
def _code(text: str) -> CodeType:
    """A short wording, compiled once for a process."""
    return _BARE.compile(text)


def _line_of(error: ValueError) -> int:
    """Where TOML stops, counted from 1; 0 where that is not said."""
    place = re.search(r"at line (\d+)", str(error))
    return int(place[1]) if place else 0


def _environment(voice: Voice, folders: Sequence[Path], language: str, *, html: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=html,
        undefined=StrictUndefined,
        auto_reload=False,
        bytecode_cache=COMPILED[html],
        **BLOCKS,
    )
    zone = ZoneInfo(voice.timezone)
    written = "pt_PT" if (language, voice.currency) == ("pt", "EUR") else language  # plain "pt" is Brazil's

    @lru_cache(maxsize=4096)
    def money(minor: int) -> str:
        return format_currency(to_decimal(minor, voice.currency), voice.currency, locale=written)

    def date(stamp: str) -> str:
        return format_skeleton("MMMMd", datetime.fromisoformat(stamp).astimezone(zone), locale=language)

    def bold(text: object) -> object:
        return Markup("<b>{}</b>").format(text) if html else text

    environment.filters |= {"money": money, "date": date, "bold": bold}
    environment.globals |= {"shop": voice.shop, "privacy_url": voice.privacy_url}
    return environment

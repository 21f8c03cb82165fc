"""What a changed bot.toml changes: past messages said again to the shop as it was and as it would be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import product
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app import Surroundings, rehearsed
from bot.channels.telegram.sending import plain
from bot.cli import script
from bot.cli.output import FAILED, complain
from bot.cli.readings import Button, Reading, Reply
from bot.cli.script import Message
from bot.cli.talk import typed
from bot.config import Settings, load
from bot.domain.messages import mask_cards
from bot.domain.understanding import as_json
from bot.rehearsing import Take
from bot.service.shop import ALPHABET
from bot.wording import words_of

STILL = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""When every message is said: an answer that names the day is the same on any."""
REMEMBERED = 2_000
"""Conversations whose outcome is not worked out again: many shoppers say the same."""
PAGE = 40
"""Rows of a table; the next ones stand in another, so that none is waited for until the last."""
SHOWN = 240
"""Characters shown of a message."""
MEANING = Reading.model_fields.keys() - {"answer", "order"}


class Stage:
    """A shop to which conversations are said, each as if it were the first: with all its stock, and nothing ordered.

    Raises ConfigError where its bot.toml or a template is not right.
    """

    def __init__(self, settings: Settings) -> None:
        words_of(settings)
        self._marks = _marks(0)
        here = Surroundings(clock=lambda: STILL, ref=lambda: f"C-{next(self._marks)}", token=lambda: next(self._marks))
        self._rehearsal = rehearsed(settings, here)
        self.play = lru_cache(REMEMBERED)(self._play)
        """What is read and answered of a conversation; it is the same each time."""

    def _play(self, texts: tuple[str, ...]) -> Sequence[Reading]:
        def talk(take: Take) -> list[Reading]:
            tokens: list[str] = []
            readings: list[Reading] = []
            for number, text in enumerate(texts, 1):
                self._marks = _marks(number)
                answer = take(typed(text, number, tokens))
                buttons = [[button for row in body.rows for button in row] for body in answer.said]
                tokens = [token for some in buttons for _, token, _ in some if token is not None]
                replies = [
                    Reply(text=plain(body.text), buttons=tuple(Button(label=label, url=url) for label, _, url in some))
                    for body, some in zip(answer.said, buttons, strict=True)
                ]
                meant = as_json(self._rehearsal.clerk.understand(text))
                readings.append(Reading.model_validate({**meant, "answer": replies, "order": answer.ordered}))
            return readings

        return self._rehearsal.forgetting(talk)


def _marks(number: int) -> Iterator[str]:
    """What names the orders made of that line of a conversation: the same in every version of the shop."""
    place = ALPHABET[number // len(ALPHABET)] + ALPHABET[number % len(ALPHABET)]
    return (place + "".join(more) for more in product(ALPHABET, repeat=3))


@dataclass(frozen=True, slots=True)
class Outcome:
    """`before` is None where there is nothing to compare with; `differing` names what is not as it was."""

    message: Message
    before: Reading | None
    after: Reading

    @property
    def differing(self) -> frozenset[str]:
        return self.before.differing(self.after) if self.before is not None else frozenset()

    @property
    def sales(self) -> int:
        """1 where a sale appears, -1 where one vanishes."""
        return self.before.sales_more(self.after) if self.before is not None else 0


@dataclass(slots=True)
class Tally:
    """What was seen so far."""

    messages: int = 0
    compared: int = 0
    changed: int = 0
    appear: int = 0
    vanish: int = 0

    def count(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        for outcome in outcomes:
            self.messages += 1
            self.compared += outcome.before is not None
            self.changed += bool(outcome.differing)
            self.appear += outcome.sales > 0
            self.vanish += outcome.sales < 0
            yield outcome

    def __str__(self) -> str:
        if not self.compared:
            return f"{self.messages} messages, compared with nothing: name the old bot.toml with --against"
        sales = f"{self.appear} sales appear, {self.vanish} sales vanish"
        return f"{self.messages} messages, {self.changed} change: {sales}"


def rehearse(config: Path, file: Path, *, against: Path | None, every: bool, strict: bool, as_json: bool) -> int:
    """1 where `strict` and something changes. Raises ConfigError for either bot.toml, Permanent for the file."""
    new = Stage(load(config, secrets=False))
    old = Stage(load(against, secrets=False)) if against is not None else None
    tally = Tally()
    with script.opened(file) as read:
        if strict and old is None and not read.kept:
            raise typer.BadParameter("--check needs something to compare with: --against OLD.toml, or a kept run")
        outcomes = tally.count(_outcomes(read.talks, old, new))
        if as_json:
            _print_json(outcomes)
            complain(str(tally))
        else:
            _print_tables(outcomes, every=every, compared=old is not None or read.kept)
            print(tally)
    return FAILED if strict and tally.changed else 0


def _outcomes(talks: Iterable[Sequence[Message]], old: Stage | None, new: Stage) -> Iterator[Outcome]:
    for talk in talks:
        texts = tuple(message.text for message in talk)
        before = old.play(texts) if old is not None else [message.before for message in talk]
        yield from map(Outcome, talk, before, new.play(texts))


def _print_json(outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        said, before = outcome.message, outcome.before
        whole = {
            "line": said.line,
            "shopper": said.shopper,
            "text": said.text,
            "changed": bool(outcome.differing),
            "before": before.model_dump(exclude_unset=True) if before is not None else None,
            "after": outcome.after.model_dump(),
        }
        print(json.dumps(whole, ensure_ascii=False))


def _print_tables(outcomes: Iterable[Outcome], *, every: bool, compared: bool) -> None:
    console = Console()
    columns = ("message", "before", "after") if compared else ("message", "answer")
    shown = (outcome for outcome in outcomes if every or outcome.differing or not compared)
    while rows := [row for _, row in zip(range(PAGE), shown, strict=False)]:
        table = Table(expand=True, show_lines=True)
        for column in columns:
            table.add_column(column, ratio=1, overflow="fold")
        for outcome in rows:
            table.add_row(*(Text(cell) for cell in _cells(outcome)[: len(columns)]))
        console.print(table)


def _cells(outcome: Outcome) -> Sequence[str]:
    said, before, after = outcome.message, outcome.before, outcome.after
    text = mask_cards(said.text)
    message = f"{said.line}: {text if len(text) <= SHOWN else text[:SHOWN] + '…'}"
    whole = frozenset(Reading.model_fields)
    if before is None:
        return message, _worded(after, whole), ""
    if not outcome.differing:
        return message, _worded(before, before.model_fields_set), "the same"
    return message, _worded(before, outcome.differing), _worded(after, outcome.differing)


def _worded(reading: Reading, names: Iterable[str]) -> str:
    """So much of a reading as is named: what is understood in one line, then what is answered."""
    asked = frozenset(names)
    worded = [_meaning(reading)] if asked & MEANING else []
    if "answer" in asked:
        worded += [_reply(reply) for reply in reading.answer] or ["(no answer)"]
    elif "order" in asked:
        worded.append("an order" if reading.order else "no order")
    return "\n\n".join(worded)


def _meaning(reading: Reading) -> str:
    bought = ", ".join(f"{line.quantity} × {line.sku}" for line in reading.lines)
    named = {"which": reading.candidates, "missing": reading.missing, "about": reading.about}
    details = [f"{name}: {', '.join(values)}" for name, values in named.items() if values]
    return " · ".join(filter(None, (f"{reading.intent} {bought}".strip(), *details, reading.language)))


def _reply(reply: Reply) -> str:
    buttons = [
        f"[{button.label}]" if button.url is None else f"[{button.label}] {button.url}" for button in reply.buttons
    ]
    return "\n".join([reply.text, *buttons])

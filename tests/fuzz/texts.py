"""What people, their keyboards and those who mean harm may type: seeded, so that every text can be made again."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.understanding.labels import STUDIED

LONGEST = 10_000

CONTROLS = (
    *(
        "\x00",
        "\x1b[31m",
        "\r\n\r\n",
        "\u2028",
        "\u2029",
        "\x85",
        "\ufeff",
        "\u202e",
        "\u2066",
        "\u200b",
        "\u200d",
        "\ufffd",
    ),
    *("\ud800", "\udfff", "\ud83d", "\U000e0041", "\ufe0f", "\u3164", "\u115f", "\u0345"),
)
SPACED_CARD, FLAG = "\u200b".join(("4242",) * 4), "\U0001f3f4\U000e0067\U000e0062\U000e007f"
LOOK_ALIKES = str.maketrans("aeopcyxiBEKMHOPCTX", "аеорсухіВЕКМНОРСТХ")
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
BLOCKS = (
    *((0x0000, 0x024F), (0x0300, 0x036F), (0x0370, 0x06FF), (0x0900, 0x0DFF), (0x0E00, 0x0EFF), (0x1100, 0x11FF)),
    *((0x2000, 0x206F), (0x20A0, 0x2BFF), (0x3040, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xACFF), (0xD800, 0xDFFF)),
    *(
        (0xE000, 0xE0FF),
        (0xFE00, 0xFFFF),
        (0x1D400, 0x1D7FF),
        (0x1F000, 0x1FAFF),
        (0xE0000, 0xE01FF),
        (0x10FF00, 0x10FFFF),
    ),
)
POOL = 400
"""Hostile lines made once, for making one takes longer than reading it."""


@dataclass(frozen=True, slots=True)
class Nasty:
    """The tables of nasty.toml."""

    injections: tuple[str, ...]
    emoji: tuple[str, ...]
    numbers: tuple[str, ...]
    cards: tuple[str, ...]
    commands: tuple[str, ...]
    wishes: tuple[str, ...]


@cache
def nasty() -> Nasty:
    """What is typed to do harm."""
    read = tomllib.loads(Path(__file__).with_name("nasty.toml").read_text(encoding="utf-8"))
    tables = {name: tuple(words) for name, words in read.items()}
    tables["injections"] += CONTROLS
    tables["emoji"] += (FLAG,)
    tables["numbers"] += ("9" * 400,)
    tables["cards"] += (SPACED_CARD,)
    tables["commands"] += ("/start p_" + "x" * 70,)
    return Nasty(**tables)


@cache
def hostile_lines() -> tuple[str, ...]:
    """Lines that bot.toml lets a merchant write: hostile, but without control characters."""
    dice = random.Random("lines")
    texts = Texts(dice, ("mug", "T-shirt", "bougie"))
    return tuple(texts._hostile_line() for _ in range(POOL))


@cache
def real_sentences() -> tuple[str, ...]:
    """What shoppers truly write, as the tests of understanding have it."""
    return tuple(label.say for label in STUDIED.labels())


class Texts:
    """Texts from one source of dice. `words` are the shop's own: names, SKUs, options; `refs` grows with its orders."""

    def __init__(self, dice: random.Random, words: Sequence[str]) -> None:
        self._dice, self._words, self._nasty = dice, tuple(words), nasty()
        self.refs: list[str] = ["C-7Q4K2", "C-ZZZZZ", "c-aaaaa", "C-OOO11"]
        kinds: tuple[tuple[Callable[[], str], float], ...] = (
            (self._real, 26),
            (self._wish, 22),
            (self._mutated, 22),
            (self._command, 10),
            (self._injected, 9),
            (self._about_an_order, 3),
            (self._symbols, 3),
            (self._card, 1.5),
            (self._two, 1.5),
            (self._zalgo, 0.6),
            (self._empty, 0.6),
            (self._long, 0.25),
        )
        self._kinds = [kind for kind, _ in kinds]
        self._weights = [weight for _, weight in kinds]

    def text(self) -> str:
        """One message, at most LONGEST characters; it may hold anything that a JSON string may."""
        (kind,) = self._dice.choices(self._kinds, self._weights)
        return kind()[:LONGEST]

    def name(self) -> str:
        """What a person calls themselves on a platform."""
        roll = self._dice.random()
        if roll < 0.4:
            return self._dice.choice(("Camille", "Zoë", "李雷", "محمد", "O'Brien", "Jean-Luc & Fils"))
        return (self._injected if roll < 0.7 else self._symbols if roll < 0.9 else self._zalgo)()[:256]

    def line(self, longest: int) -> str:
        """A line that a merchant may write into bot.toml, hostile where the file allows it: no control characters."""
        return self._dice.choice(hostile_lines())[:longest].strip() or "Mug"

    def _hostile_line(self) -> str:
        made = self._dice.choice((self._injected, self._symbols, self._mutated, self._zalgo))()
        if self._dice.random() < 0.3:
            made = made * 20 + "".join(self._dice.choices(self._nasty.injections, k=20))
        return (
            "".join(char for char in made if char.isprintable() and not "\ud800" <= char <= "\udfff").strip() or "Mug"
        )

    # -- kinds

    def _real(self) -> str:
        return self._dice.choice(real_sentences())

    def _wish(self) -> str:
        """A purchase or a question about what this very shop sells."""
        word, number = self._dice.choice(self._words), self._dice.choice(self._nasty.numbers)
        shape = self._dice.choice(self._nasty.wishes)
        return shape.replace("{n}", number).replace("{w}", word).replace("{v}", self._dice.choice(self._words))

    def _command(self) -> str:
        return self._dice.choice(self._nasty.commands)

    def _about_an_order(self) -> str:
        ref = self._dice.choice(self.refs)
        return self._dice.choice(
            (f"où est ma commande {ref} ?", f"annuler {ref}", f"cancel {ref} and {ref}", ref, ref.lower())
        )

    def _card(self) -> str:
        before, after = (
            self._dice.choice(("ma carte ", "", "pay with ")),
            self._dice.choice(("", " exp 12/30", " 2 mugs")),
        )
        return before + self._dice.choice(self._nasty.cards) + after

    def _injected(self) -> str:
        parts = self._dice.choices(self._nasty.injections, k=self._dice.randint(1, 3))
        if self._dice.random() < 0.5:
            parts.insert(self._dice.randrange(len(parts) + 1), self._dice.choice((self._real, self._wish))())
        return self._dice.choice(("", " ", "\n")).join(parts)

    def _symbols(self) -> str:
        return "".join(self._symbol() for _ in range(self._dice.randint(1, 30)))

    def _symbol(self) -> str:
        if self._dice.random() < 0.2:
            return self._dice.choice(self._nasty.emoji)
        first, last = self._dice.choice(BLOCKS)
        return chr(self._dice.randint(first, last))

    def _zalgo(self) -> str:
        many = self._dice.choice((3, 12, 60))
        marks = [chr(code) for code in self._dice.choices(range(0x300, 0x370), k=many)]
        return "".join(char + "".join(self._dice.sample(marks, many)) for char in self._real()[:40])

    def _empty(self) -> str:
        return self._dice.choice(("", " ", "\n", "\t\t", "\u3000", "\u200b", "\x00", "\u2800", "​", "."))

    def _long(self) -> str:
        piece = self._dice.choice((self._real, self._wish, self._symbols, self._injected, self._card))() or "a"
        joint = self._dice.choice(("", " ", "\n", ", ", " et "))
        return (piece + joint) * (self._dice.choice((1_000, 4_096, 5_000, LONGEST)) // len(piece + joint) + 1)

    def _two(self) -> str:
        second = self._dice.choice((self._wish, self._real))
        return self._real() + self._dice.choice((" ", ". ", "\n", " ? ")) + second()

    # -- mutations

    def _mutated(self) -> str:
        text = self._dice.choice((self._real, self._wish))()
        for _ in range(self._dice.randint(1, 3)):
            text = self._dice.choice(
                (
                    self._typo,
                    self._typo,
                    self._cased,
                    self._dressed,
                    self._looking_alike,
                    self._widened,
                    self._shuffled,
                    self._spaced,
                )
            )(text)
        return text

    def _typo(self, text: str) -> str:
        if len(text) < 2:
            return text
        at = self._dice.randrange(len(text) - 1)
        way = self._dice.randrange(4)
        if way == 0:
            return text[:at] + text[at + 1 :]
        if way == 1:
            return text[: at + 1] + text[at:]
        if way == 2:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text[:at] + self._dice.choice("abcdefghijklmnopqrstuvwxyzéèàç'-") + text[at + 1 :]

    def _cased(self, text: str) -> str:
        return self._dice.choice((str.upper, str.title, str.swapcase, str.casefold))(text)

    def _dressed(self, text: str) -> str:
        before, after = self._dice.choices(self._nasty.emoji, k=2)
        return f"{before}{text} {after}{self._dice.choice(('', '!!!', '???', '…'))}"

    @staticmethod
    def _looking_alike(text: str) -> str:
        return text.translate(LOOK_ALIKES)

    @staticmethod
    def _widened(text: str) -> str:
        return text.translate(FULL_WIDTH)

    def _shuffled(self, text: str) -> str:
        words = text.split()
        self._dice.shuffle(words)
        return " ".join(words)

    def _spaced(self, text: str) -> str:
        joint = self._dice.choice(("\u00a0", "  ", "\u200b", "\u200d", "\u2009", "-", ""))
        return joint.join(text) if len(text) < 60 and self._dice.random() < 0.3 else text.replace(" ", joint)

"""How well labelled messages are understood: counts and rates, and the failures with what was wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from bot.domain.understanding import Clerk
from tests.understanding.labels import Label, Meaning

BUY = "buy"


@dataclass(frozen=True, slots=True)
class Heard:
    """A labelled message beside what the clerk took it for."""

    label: Label
    meant: Meaning

    @property
    def exact(self) -> bool:
        """Every field is the label's."""
        return self.meant == self.label.meaning

    @property
    def false_sale(self) -> bool:
        """Something is sold where the label sells nothing."""
        return bool(self.meant.lines) and not self.label.meaning.lines

    @property
    def wrong_product(self) -> bool:
        """A SKU is sold that the label does not sell; so every false sale is one."""
        return not self.meant.lines.keys() <= self.label.meaning.lines.keys()

    @property
    def sells(self) -> bool:
        return bool(self.label.meaning.lines)

    @property
    def asks_back(self) -> bool:
        """Whether the right answer to this purchase is a question."""
        wanted = self.label.meaning
        return wanted.intent == BUY and not wanted.lines and bool(wanted.candidates or wanted.missing)

    @property
    def asked_back(self) -> bool:
        """The same is asked as in the label, and nothing sold."""
        seen, wanted = self.meant, self.label.meaning
        return (seen.intent, seen.lines, seen.candidates, seen.missing) == (
            wanted.intent,
            wanted.lines,
            wanted.candidates,
            wanted.missing,
        )

    def difference(self) -> str:
        """The message, and each field that is not the label's: what was seen, what was wanted."""
        told = [
            f"{field.name} {_shown(seen)}, not {_shown(wanted)}"
            for field in fields(Meaning)
            if (seen := getattr(self.meant, field.name)) != (wanted := getattr(self.label.meaning, field.name))
        ]
        return f"[{self.label.meaning.language}, {self.label.shop}] {self.label.say}: {'; '.join(told)}"


def _shown(value: object) -> str:
    match value:
        case frozenset():
            return " ".join(sorted(value)) or "none"
        case Mapping():
            return " ".join(f"{count}×{sku}" for sku, count in value.items()) or "none"
        case _:
            return str(value)


@dataclass(frozen=True, slots=True)
class Score:
    """Of some messages: how many there are, and of how many each thing is true."""

    messages: int
    language: int
    intent: int
    exact: int
    selling: int
    lines: int
    """Of those that are selling: the same SKUs, as many of each."""
    open: int
    asked_back: int
    """Of those that are open: rightly asked back."""
    false_sales: int
    wrong_products: int

    @classmethod
    def of(cls, heard: Sequence[Heard]) -> Score:
        selling, still_open = [one for one in heard if one.sells], [one for one in heard if one.asks_back]
        return cls(
            len(heard),
            sum(one.meant.language == one.label.meaning.language for one in heard),
            sum(one.meant.intent == one.label.meaning.intent for one in heard),
            sum(one.exact for one in heard),
            len(selling),
            sum(one.meant.lines == one.label.meaning.lines for one in selling),
            len(still_open),
            sum(one.asked_back for one in still_open),
            sum(one.false_sale for one in heard),
            sum(one.wrong_product for one in heard),
        )

    def rates(self) -> dict[str, float]:
        """Shares: of all messages; `lines` of those that sell, `asked_back` of those that are open."""
        of = {"lines": self.selling, "asked_back": self.open}
        shares = ("language", "intent", "exact", "lines", "asked_back", "false_sales", "wrong_products")
        return {share: getattr(self, share) / max(1, of.get(share, self.messages)) for share in shares}


def listen(labels: Iterable[Label], clerks: Mapping[str, Clerk]) -> tuple[Heard, ...]:
    """What the clerk of each label's shop makes of it."""
    return tuple(Heard(label, Meaning.of(clerks[label.shop].understand(label.say))) for label in labels)


def by_language(heard: Iterable[Heard]) -> dict[str, tuple[Heard, ...]]:
    sorted_out: dict[str, list[Heard]] = {}
    for one in heard:
        sorted_out.setdefault(one.label.meaning.language, []).append(one)
    return {code: tuple(ones) for code, ones in sorted_out.items()}

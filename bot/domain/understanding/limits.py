"""What something may cost: "under 30", "entre 20 et 40 €", "25 euros max"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.understanding.phrases import Found
from bot.domain.understanding.reading import Item

MOST, LEAST, BETWEEN = "at_most", "at_least", "between"
CURRENCIES = "€$£"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a price in the currency's major unit, both included; None where none was named."""

    least: Decimal | None = None
    most: Decimal | None = None

    def __bool__(self) -> bool:
        return self.least is not None or self.most is not None


FREE = Limits()


@dataclass(frozen=True, slots=True)
class Bounds:
    """`places` are those of the words that set the limits, which count and name nothing; `vague` those that leave a
    number of things open ("at least 3 mugs")."""

    limits: Limits = FREE
    places: frozenset[int] = frozenset()
    vague: frozenset[int] = frozenset()


def bounds(items: Sequence[Item], found: Sequence[Found]) -> Bounds:
    """What the message says of prices and of numbers that are none."""
    least: Decimal | None = None
    most: Decimal | None = None
    used: set[int] = set()
    vague: set[int] = set()
    for cue in found:
        if cue.meaning not in (MOST, LEAST, BETWEEN):
            continue
        amounts = list(_beside(items, cue.at))
        if not amounts:
            if any(item.kind == "number" for item in items[cue.at[-1] + 1 : cue.at[-1] + 3]):
                vague.add(cue.at[-1])
            continue
        (value, places), *more = amounts
        if cue.meaning == BETWEEN:
            if not more:
                continue
            least, most = sorted((value, more[0][0]))
            used |= more[0][1]
        elif cue.meaning == MOST:
            most = value if most is None else min(most, value)
        else:
            least = value if least is None else max(least, value)
        used |= places | set(cue.at)
    return Bounds(Limits(least, most), frozenset(used), frozenset(vague))


def _beside(items: Sequence[Item], cue: Sequence[int]) -> Iterator[tuple[Decimal, set[int]]]:
    """The amounts behind a cue, or the one before it ("25 € max"), each with the places of its words."""
    at, seen = cue[-1] + 1, False
    while at < len(items):
        item = items[at]
        if (priced := _priced(items, at)) is not None:
            value, places, at = priced
            yield value, places
            seen = True
        elif item.text in CURRENCIES or (item.kind == "word" and item.roles & {"function", "joiners", "of"}):
            at += 1
        else:
            break
    before = cue[0] - 1
    while before >= 0 and _is_currency(items[before]):
        before -= 1
    if not seen and before >= 0 and (priced := _priced(items, before)) is not None and len(priced[1]) > 1:
        yield priced[:2]


def _priced(items: Sequence[Item], at: int) -> tuple[Decimal, set[int], int] | None:
    """(the amount at this place, the places of its words, the next place); None where nothing speaks of money: a
    number of things, of hours, of pieces."""
    item = items[at]
    amount = _amount(item)
    if amount is None:
        return None
    places, after = {at}, at + 1
    currency = at > 0 and _is_currency(items[at - 1])
    if currency:
        places.add(at - 1)
    if after < len(items) and _is_currency(items[after]):
        places.add(after)
        after += 1
        currency = True
    following = items[after] if after < len(items) else None
    if not currency and following is not None and _counted(following):
        return None
    return amount, places, after


def _amount(item: Item) -> Decimal | None:
    if item.kind != "number" or len(item.text) > 12:
        return None
    whole, _, cents = item.text.lstrip("+").replace(",", ".").partition(".")
    return Decimal(f"{whole}.{cents or 0}") if whole.isdecimal() and (not cents or cents.isdecimal()) else None


def _is_currency(item: Item) -> bool:
    return item.text in CURRENCIES or "currency" in item.roles


def _counted(item: Item) -> bool:
    """Whether the word after a number is what the number counts."""
    return item.kind == "word" and (item.term is not None or item.strange or "not_things" in item.roles)

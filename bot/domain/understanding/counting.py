"""Tells how many of a thing are asked for from the words around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.understanding.index import NOTHING, Index, Products
from bot.domain.understanding.numbers import OPEN, UNSAID, Quantity, amount
from bot.domain.understanding.reading import Item, Reader, Term

BETWEEN = frozenset(
    {"pleasant", "counters", "of", "function", "please", "pairs", "packs", "multiple", "cue", "sizing", "currency"}
)
"""What may stand between a number and the thing it counts."""
AFTER = frozenset({"counters", "please", "function"})


@dataclass(frozen=True, slots=True)
class Counted:
    """`options` are the numbers that name a size or a model instead; `wrong` says that one names a model that is
    not sold; `article` that "a" or "un" stands before the thing."""

    quantity: Quantity
    options: tuple[Term, ...] = ()
    sizes: tuple[str, ...] = ()
    """How many there are in each: "a pack of 8"."""
    wrong: bool = False
    article: bool = False


class Counting:
    def __init__(self, index: Index, reader: Reader, multiples: Mapping[str, int]) -> None:
        self._index, self._reader, self._multiples = index, reader, multiples

    def of(  # noqa: C901 - one entry a way of counting
        self, items: Sequence[Item], first: int, last: int, end: int, found: Products
    ) -> Counted:
        """How many of the thing at items[first..last]; `items` begins behind the thing before, `end` is where the
        next begins."""
        paired = bool(found) and found <= self._index.paired
        said = any(map(str.isdecimal, "".join(item.text for item in items[first : last + 1])))
        boxes = _boxes(items, last)
        own = NOTHING if said or boxes else found  # the name's number was said: "2 Switch 2"
        boxed = bool(found) and found <= self._index.boxed and not boxes
        options: list[Term] = []
        sizes: list[str] = []
        values: list[int | None] = []
        wrong = article = vague = one = False
        times, packed = 1, False
        for at, item in enumerate(items[:end]):
            roles = item.roles if item.term is None else frozenset()
            if item.kind == "number":
                term = self._reader.number(item.text)
                if self._is_option(items, at, first, term, found):
                    options.append(term)
                elif self._is_model(items, at):
                    wrong = True
                elif at and items[at - 1].kind == "word" and "choice" in items[at - 1].roles:
                    wrong = wrong or not self._names(found, item.text)  # "knife no. 8"
                elif self._names_pieces(items, at, found):
                    continue
                elif _pack_of(items, at):
                    sizes.append(item.text)
                    vague = vague or not self._names(found, item.text)
                elif at and _packs(items, at):
                    sizes.append(item.text)
                    vague = vague or not self._names(own, item.text)
                elif at < first and _unexplained(items, at, first):
                    vague = True
                elif self._counts(items, at, first, last):
                    loose = boxed or self._names(own, item.text) or _qualified(items, at)
                    values.append(None if loose else amount(item.text))
            elif at < first and _reaches(items, at, first):
                one = one or (item.text == "one")
                article = article or "one" in roles
                some = "some" in roles and not paired
                vague = vague or some or ("vague" in roles and not ("pairs" in roles and paired))
                one = one or ("some" in roles and paired)  # "des boucles", "uns brincos": one pair
                packed = packed or ("packs" in roles and at + 1 < first and "of" in items[at + 1].roles
                                    and not any(i.kind == "number" for i in items[at:first]))  # fmt: skip
                if "fraction" in roles:
                    times = 0
                if "multiple" in roles:
                    vague, many = False, self._multiples.get(item.text, 1)
                    times = many // 2 if times == 0 else many
                    one = True
                if "pairs" in roles:
                    times, one = times * (1 if paired else 2), True
        packed = packed and not (bool(found) and found <= self._index.boxed)  # "two sets" of what is sold by the set
        return Counted(
            _quantity(values, times, vague=vague or packed, one=one), tuple(options), tuple(sizes), wrong, article
        )

    def _names_pieces(self, items: Sequence[Item], at: int, found: Products) -> bool:
        """ "the 72 piece castle"."""
        after = items[at + 1].term if at + 1 < len(items) else None
        if after is None or not at or items[at - 1].roles.isdisjoint({"one", "definite"}):
            return False
        return any(found & self._index.forms.get(f"{items[at].text} {key}", NOTHING) for key in after.keys)

    def _names(self, found: Products, number: str) -> bool:
        """Whether the number stands in a name: "Set of 6 glasses"."""
        return bool(found & self._index.forms.get(number, NOTHING))

    def _is_option(self, items: Sequence[Item], at: int, first: int, term: Term, found: Products) -> bool:
        sized = at > 0 and "sizing" in items[at - 1].roles
        if sized and found & self._index.optional.get("number", NOTHING):
            return True
        counted = at > 0 and "one" in items[at - 1].roles and items[at - 1].kind == "word"  # "a 12 speed chain"
        return bool(term.has & found) and (sized or at > first or counted)

    def _is_model(self, items: Sequence[Item], at: int) -> bool:
        before = items[at - 1].term if at else None
        return before is not None and not self._index.numbered.isdisjoint(before.keys)

    def _counts(self, items: Sequence[Item], at: int, first: int, last: int) -> bool:
        if _is_price(items, at):
            return False
        if at < first:
            return not _priced(items, at) and _reaches(items, at, first)
        after = items[at + 1] if at + 1 < len(items) else None
        if at > last and any("purpose" in i.roles and "of" not in i.roles for i in items[last + 1 : at]):
            return False
        if at > last and not all(i.roles & AFTER or i.kind != "word" for i in items[last + 1 : at]):
            return at - last < 6 and counts_alone(items, at)
        return after is None or not _thing(after)


def counts_alone(items: Sequence[Item], at: int) -> bool:
    """Whether a number with no thing beside it may be a quantity: no unit, no other noun, no date follows it."""
    after = items[at + 1] if at + 1 < len(items) else None
    before = items[at - 1] if at else None
    if _is_price(items, at):
        return False
    sized = before is not None and before.roles & {"purpose", "sizing"} and not before.glued  # "prenez-en 3"
    if before is not None and sized and "of" not in before.roles:
        return False
    if before is not None and before.strange:
        return False  # "Hauptstraße 12"
    return after is None or not _thing(after)


def _unexplained(items: Sequence[Item], at: int, first: int) -> bool:
    """ "two crates potting soil": whatever is counted, it is not passed over in silence."""
    between = items[at + 1 : first]
    if not between or _reaches(items, at, first) or _priced(items, at) or _is_price(items, at):
        return False
    if any(not item.roles.isdisjoint({"one", "definite", "possessive", "joiners"}) for item in between):
        return False
    return between[0].strange and len(between) < 3


def _priced(items: Sequence[Item], at: int) -> bool:
    """ "50 euro gift cards"."""
    return at + 1 < len(items) and "currency" in items[at + 1].roles


def _pack_of(items: Sequence[Item], at: int) -> bool:
    """ "an 8-pack"."""
    after = items[at + 1 : at + 3]
    return len(after) == 2 and after[0].text == "-" and "packs" in after[1].roles


def _is_price(items: Sequence[Item], at: int) -> bool:
    """ "R$ 59,90", "€ 18": the currency stands before it."""
    return at > 0 and items[at - 1].text in "€$£" and not (at > 1 and items[at - 2].kind == "number")


def _boxes(items: Sequence[Item], last: int) -> bool:
    """Whether boxes are counted, not what is in them: "2 boxes of chocolates", "zwei 3er-Packs"."""
    return any("packs" in item.roles for item in items[: last + 1])


def _thing(item: Item) -> bool:
    """Whether the word after a number is what the number counts, and nothing that is sold here."""
    if item.text in "€$£%":
        return True
    if item.kind != "word" or item.term is not None:
        return False
    if "not_things" in item.roles:
        return True
    return item.strange or item.roles <= {"ordinary"}


def _reaches(items: Sequence[Item], at: int, first: int) -> bool:
    between = items[at + 1 : first]
    if len(between) > 1 and _portion(between[0]) and not between[1].roles.isdisjoint({"of", "purpose"}):
        between = between[1:]  # "3 jars of honey", whatever a jar is
    if between and between[-1].strange:  # "2 blu mugs": the number counts the mugs, whatever "blu" is
        between = between[:-1]
    if between and "not_things" in between[0].roles and "counters" not in between[0].roles:
        return False
    return all(
        item.kind in ("number", "emoji")
        or (item.kind == "mark" and item.text in "-*")
        or not item.roles.isdisjoint(BETWEEN)
        or "one" in item.roles
        or item.text == "x"
        for item in between
    )


def _portion(item: Item) -> bool:
    return item.kind == "word" and item.term is None and item.strange and "not_things" not in item.roles


def _packs(items: Sequence[Item], at: int) -> bool:
    """ "a set of 6", "lot de 6"."""
    back = items[max(0, at - 2) : at]
    return any("packs" in item.roles for item in back) and "of" in items[at - 1].roles


def _qualified(items: Sequence[Item], at: int) -> bool:
    """ "minus two", "about 10"."""
    back = at - 2 if at > 1 and items[at - 1].text in ("a", "de", "of", "to") else at - 1  # "jusqu'à 3"
    return back >= 0 and not items[back].roles.isdisjoint({"minus", "vague", "some"})


def _quantity(values: Sequence[int | None], times: int, *, vague: bool, one: bool) -> Quantity:
    if values:
        if None in values or len(set(values)) > 1 or times == 0:
            return OPEN
        return Quantity((values[0] or 1) * times, said=True)
    if vague or times == 0:
        return OPEN
    return Quantity(times, said=True) if one else UNSAID

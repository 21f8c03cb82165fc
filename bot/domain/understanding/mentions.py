"""Finds the goods of a message: what is named, how much of it, and whether that is certain."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.understanding.index import NOTHING, Index, Products
from bot.domain.understanding.numbers import UNSAID, Quantity
from bot.domain.understanding.reading import Item, Term

ENDS = frozenset(".?!;\n")
COMMAS = frozenset(',:()"')
JOINS = frozenset("+&/")


@dataclass(slots=True)
class Segment:
    """What stands between two commas, conjunctions or full stops. `opened` is the word that began it."""

    items: list[Item] = field(default_factory=list)
    opened: str = ""
    negated: bool = False

    @property
    def terms(self) -> list[Item]:
        return [item for item in self.items if item.term]


def segments(
    items: Sequence[Item], silent: Collection[int] = frozenset(), refusals: Collection[int] = frozenset()
) -> list[Segment]:
    """`silent` are words that say nothing of goods, `refusals` those behind which what follows is refused.

    Cut where one thing ends and the next may begin; a conjunction inside a product's name cuts nothing."""
    cut = [Segment()]
    for item in items:
        if item.at in refusals:
            _refuse(cut, items, item, silent)
            continue
        if item.at in silent:
            continue
        opened = _opening(item, items)
        if opened:
            cut.append(Segment(opened=opened))
        elif "refusal" in item.roles and _closes(items, item) and cut[-1].terms:
            cut[-1].negated = True  # "the blue one not, the black one"
            cut.append(Segment(opened="not"))
        elif "refusal" in item.roles and not cut[-1].negated and not _within_name(item, items):
            cut.append(Segment(opened="not", negated=True))
        else:
            cut[-1].items.append(item)
    return [segment for segment in cut if segment.items]


def _refuse(cut: list[Segment], items: Sequence[Item], item: Item, silent: Collection[int]) -> None:
    """ "I do not want …" refuses what follows; "die Tasse will ich nicht" what stands before, where nothing follows."""
    for after in items[item.at + 1 :]:
        if after.term and after.at not in silent:
            cut.append(Segment(opened="not", negated=True))
            return
        if _opening(after, items):
            break
    if cut[-1].terms:
        cut[-1].negated = True
        cut.append(Segment(opened="not"))
    else:
        cut.append(Segment(opened="not", negated=True))


def _closes(items: Sequence[Item], item: Item) -> bool:
    rest = [
        one for one in items[item.at + 1 : item.at + 4] if one.roles.isdisjoint({"greeting", "pleasant", "function"})
    ]
    return not rest or rest[0].text in ",.!;:\n" or "but" in rest[0].roles


def _opening(item: Item, items: Sequence[Item]) -> str:
    if item.kind == "mark":
        if item.text in ENDS:
            return "end"
        if item.text in COMMAS:
            return "comma"
        return "and" if item.text in JOINS and not _within_name(item, items) else ""
    if item.term is None and "joiners" in item.roles and not _within_name(item, items):
        return "or" if "or" in item.roles else "but" if "but" in item.roles else "and"
    return ""


def _within_name(item: Item, items: Sequence[Item]) -> bool:
    if not 0 < item.at < len(items) - 1:
        return False
    left, right = items[item.at - 1].term, items[item.at + 1].term
    return bool(left and right and left.kind is None and right.kind is None and left.heads & right.heads)


@dataclass(frozen=True, slots=True)
class Mention:
    """One thing that was named. `products` are those that it can be; `doubtful` says that a sale would be a guess."""

    terms: tuple[Term, ...]
    products: Products
    first: int
    last: int
    quantity: Quantity = UNSAID
    doubtful: bool = False
    named: bool = True
    """False where only attributes were said ("le noir", "two in L")."""
    plural: bool = False
    negated: bool = False
    counted: bool = False
    """An article or a number stands before it."""
    definite: bool = False
    owned: bool = False
    """"my teapot": there already."""
    weak: bool = False
    """Only a word was said that goes with another in the name: "amber" of "Amber candle"."""
    opened: str = ""
    pointed: bool = False
    """"the one for …", "celle au …": the noun was said before."""
    listed: bool = False
    """What is counted before a comma is told one by one behind it."""
    without: tuple[Term, ...] = ()
    """Attributes that were refused: "not the blue one"."""

    @property
    def naming(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if term.heads)


def clusters(segment: Segment, *, before: bool) -> Iterator[list[Item]]:
    """The words of each thing in a segment: a word that no thing shares with those before it begins the next.

    Attributes go to the thing whose language's order says so (`before`: "blue mug"), or the only one that has them.
    """
    groups: list[list[Item]] = []
    common = NOTHING
    waiting: list[Item] = []
    for item in segment.terms:
        term = item.term
        assert term is not None
        if not term.heads:
            if groups and not before:
                groups[-1].append(item)
            else:
                waiting.append(item)
            continue
        shared = common & term.has
        if groups and shared:
            common = (common & term.heads) or shared
            groups[-1] += [*waiting, item]
        elif groups and common and _only_by_another_word(common, term):
            groups[-1] += [*waiting, item]
        else:
            groups.append([*waiting, item])
            common = term.heads
        waiting = []
    if groups:
        groups[-1] += waiting
        yield from groups
    elif waiting:
        yield waiting


def _only_by_another_word(common: Products, term: Term) -> bool:
    """A word of daily life that names nothing by itself begins no new thing."""
    return term.common and not term.strong and not common & term.has


def matched(index: Index, terms: Sequence[Term]) -> tuple[Products, bool]:
    """(the products that all the words together can mean, whether some word fits none of them)."""
    naming = [term for term in terms if term.heads]
    attributes = [term for term in terms if not term.heads]
    if naming:
        found = naming[0].heads
        for term in naming[1:]:
            found = found & term.heads or found & term.has or found
        if len(naming) == 1 and not naming[0].common:
            (only,) = naming
            nouns = index.any(index.titles, only.keys) | index.any(index.calls, only.keys)
            nouns |= index.any(index.opens, only.keys)
            found = found & nouns or found & only.strong or found
        elif len(naming) > 1:  # "Frontlicht LX-50" is not the holder for it
            nouns = index.any(index.titles, {key for term in naming for key in term.keys})
            found = found & (nouns | index.any(index.opens, naming[0].keys)) or found
    else:
        rooted = [term.has for term in attributes if term.has]
        found = rooted[0] if rooted else NOTHING
    conflict = False
    base = found
    for term in attributes:
        fits = found & (term.has or term.facts) or found & term.facts
        if fits:
            found = fits
        elif term.kind == "sizes" and not found & index.optional.get("sizes", NOTHING):
            continue
        elif base & term.has:
            found, conflict = found | (base & term.has), True
        elif not _open_option(index, found, term):
            conflict = True
    if not naming and conflict:
        return NOTHING, True
    return found, conflict or any(not (found & (t.has | t.facts)) for t in naming)


def _open_option(index: Index, found: Products, term: Term) -> bool:
    """Whether the attribute is a value that an option of every one of them does not have: that option stays open."""
    return bool(found) and found <= index.optional.get(term.kind or "", NOTHING)


def joined(index: Index, one: Mention, other: Mention) -> Mention | None:
    """ "a tee, black, in M": the second only says more about the first; None where it contradicts it."""
    said = {term.keys for term in one.terms}
    terms = (*one.terms, *(term for term in other.terms if term.keys not in said))
    found, conflict = matched(index, terms)
    if conflict or not found or not found <= one.products:
        return None
    quantity = other.quantity if other.quantity.said else one.quantity
    return replace(
        one, terms=terms, products=found, last=other.last, quantity=quantity, doubtful=one.doubtful or other.doubtful
    )

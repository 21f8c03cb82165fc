"""Puts the things of a message together: what is said of each, across commas, conjunctions and refusals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from bot.domain.understanding.counting import Counting, counts_alone
from bot.domain.understanding.index import NOTHING, Index, Products
from bot.domain.understanding.mentions import Mention, Segment, clusters, joined, matched
from bot.domain.understanding.numbers import OPEN, UNSAID, Quantity, amount
from bot.domain.understanding.reading import Item, Reader, Term
from bot.domain.understanding.words import Language, Words

QUIET = frozenset(
    "function please cue pleasant counters sizing of one greeting pronouns multiple pairs packs some".split()
)
"""Words beside which "noir" alone still speaks of goods."""
FEW = 8
"""Products of which the options are looked at, to tell what a word is one of."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """`loose` is a number that counts nothing named; `rest` says that something unknown was asked for as well."""

    mentions: tuple[Mention, ...]
    loose: Quantity = UNSAID
    rest: bool = False


class Listener:
    """Reads the things out of the segments of one message."""

    def __init__(self, index: Index, reader: Reader, words: Words, language: Language) -> None:
        self._index, self._reader, self._language = index, reader, language
        self._counting = Counting(index, reader, words.multiples)
        self._multiples = words.multiples

    def hear(self, segments: Sequence[Segment], turns: Collection[int] = ()) -> Wishes:
        """`turns` are the places where what was said before is taken back."""
        said: list[Mention] = []
        loose = UNSAID
        rest = False
        for number, segment in enumerate(segments):
            found = self._mentions(segment)
            if not found and said and (sized := self._sized(said[-1], segment)):
                said[-1] = sized
            elif not found:
                follower = segments[number + 1] if number + 1 < len(segments) else None
                rest = rest or _unknown_thing(segment, bool(said), follower)
                loose = _both(loose, self._loose(segment))
                loose = self._alone(said, loose, segment, follower, turns)
            for mention in found:
                if loose.said and not mention.quantity.said:
                    mention, loose = replace(mention, quantity=loose), UNSAID
                elif loose.said:
                    same = loose == mention.quantity  # "two (2) mugs"
                    mention, loose = mention if same else replace(mention, quantity=OPEN), UNSAID
                if mention.opened not in ("and", "or") and not mention.negated and _turned(said, turns, mention.first):
                    said[:] = [self._instead(said[-1], mention)]
                else:
                    back = _taken_back(said, turns, mention.first)
                    self._add(said, replace(mention, doubtful=True) if back and not mention.negated else mention)
            if not found and said and _taken_back(said, turns, segment.items[-1].at) and _describes(segment):
                said[-1] = replace(said[-1], doubtful=True)
        return Wishes(tuple(self._kept(_without_headings(said))), loose, rest)

    def _alone(
        self,
        said: list[Mention],
        loose: Quantity,
        segment: Segment,
        follower: Segment | None,
        turns: Collection[int],
    ) -> Quantity:
        """A number with nothing beside it belongs to what was named last; -> what is left of it for what follows."""
        if not loose.said:
            return loose
        if follower and follower.opened in ("and", "or") and _starts_with_number(follower):
            return OPEN
        if not said:
            return loose
        last = said[-1]
        if loose.value is not None and 1 < loose.value == sum(not one.negated for one in said):
            return UNSAID  # "a pan and a lid, I'll take the two"
        if not last.quantity.said:
            digits = str(loose.value)
            told = any(digits in key for term in last.terms for key in term.keys if key.startswith(("~", "#")))
            # "the glasses, six" of a set of 6
            own = NOTHING if told else self._index.forms.get(digits, NOTHING)
            said[-1] = replace(last, quantity=OPEN if own & last.products else loose)
            return UNSAID
        if not last.negated and loose != last.quantity:
            quantity = loose if _turned(said, turns, segment.items[-1].at) else OPEN  # "two mugs, no, three"
            said[-1] = replace(last, quantity=quantity)
            return UNSAID
        return loose

    def goes_on(self, then: Wishes, now: Wishes) -> tuple[Mention, ...]:
        """The things spoken of before with what is now said of the last of them; () where that is nothing."""
        if not then.mentions:
            return ()
        *others, last = then.mentions
        if any(mention.named for mention in now.mentions):
            (first, *more) = now.mentions
            if more or not first.products & last.products:
                return ()
            return (*others, first if first.quantity.said else replace(first, quantity=last.quantity))
        if now.mentions:
            alike = (self._like(last, mention) for mention in now.mentions)
            return (*others, *(one if one.quantity.said else replace(one, quantity=last.quantity) for one in alike))
        return (*others, replace(last, quantity=now.loose)) if now.loose.said else ()

    def _loose(self, segment: Segment) -> Quantity:
        return _loose(segment, self._multiples)

    def _sized(self, before: Mention, segment: Segment) -> Mention | None:
        """ "the red runners, size 42": the number says which of the thing before it."""
        for word, number in pairwise(segment.items):
            if number.kind == "number" and "sizing" in word.roles:
                term = self._reader.number(number.text)
                if term.has & before.products:
                    return replace(before, terms=(*before.terms, term), products=before.products & term.has)
        return None

    def _mentions(self, segment: Segment) -> list[Mention]:
        groups = list(clusters(segment, before=self._language.adjectives_before))
        place = {item.at: index for index, item in enumerate(segment.items)}
        spans = [(place[min(i.at for i in group)], place[max(i.at for i in group)]) for group in groups]
        return [
            mention
            for number, group in enumerate(groups)
            if (mention := self._mention(segment, group, spans, number)) is not None
        ]

    def _mention(
        self, segment: Segment, group: Sequence[Item], spans: Sequence[tuple[int, int]], number: int
    ) -> Mention | None:
        terms = tuple(item.term for item in group if item.term)
        found, conflict = matched(self._index, terms)
        start = spans[number - 1][1] + 1 if number else 0
        items = segment.items[start:]
        first, last = spans[number][0] - start, spans[number][1] - start
        end = spans[number + 1][0] - start if number + 1 < len(spans) else len(items)
        if number + 1 < len(spans):  # the next thing's number stands before it
            end = next((at for at in range(last + 1, end) if items[at].kind == "number"), end)
        counted = self._counting.of(items, first, last, end, found)
        if counted.options:
            terms = (*terms, *counted.options)
            found, conflict = matched(self._index, terms)
        for size in counted.sizes:
            found = found & self._index.forms.get(size, NOTHING) or found
        named = any(term.heads for term in terms)
        if not found or (not named and not self._speaks_of_goods(segment, group, counted.article)):
            return None
        return Mention(
            terms=terms,
            products=found,
            first=group[0].at,
            last=group[-1].at,
            quantity=counted.quantity,
            doubtful=conflict or counted.wrong or _run_together(spans, number) or _strange_beside(items, first, last),
            named=named,
            plural=self._plural(group, found),
            negated=segment.negated,
            counted=counted.article,
            opened=segment.opened,
            weak=self._weak(terms, found),
            owned=first > 0 and "possessive" in items[first - 1].roles,
            definite=_before(items, first, "definite"),
            pointed=_pointed(items, first),
        )

    def _speaks_of_goods(self, segment: Segment, group: Sequence[Item], article: bool) -> bool:
        others = [item for item in segment.items if item not in group and item.kind == "word"]
        if any(item.strange for item in others) or not any(_attributes(item.term) for item in group):
            return False
        if all("pleasant" in item.roles for item in group):  # "the small one", but no "grand merci"
            return not others or any(not item.roles.isdisjoint({"definite", "pronouns"}) for item in others)
        return (article and not self._noun_beside(segment.items, group)) or all(
            not item.roles.isdisjoint(QUIET) for item in others
        )

    def _noun_beside(self, items: Sequence[Item], group: Sequence[Item]) -> bool:
        """ "un livre noir": the colour is that of a thing which is not sold here."""
        places = [at for at, item in enumerate(items) if item in group]
        beside = places[-1] + 1 if self._language.adjectives_before else places[0] - 1
        return 0 <= beside < len(items) and items[beside].term is None and items[beside].roles == {"ordinary"}

    def _weak(self, terms: Sequence[Term], found: Products) -> bool:
        """A single word that is not the noun of the thing sells nothing ("desk" for a desk lamp), nor does a category;
        a word of daily life must be the whole name ("un café" is no kilo of beans)."""
        naming = [term for term in terms if term.heads]
        if len(naming) != 1 or naming[0].keys[0].startswith("~"):
            return False
        (term,) = naming
        if term.common:
            keys = {key for said in terms for key in said.keys}
            return len(found) > FEW or not all(self._wholly(number, keys) for number in found)
        nouns = self._index.any(self._index.titles, term.keys) | self._index.any(self._index.calls, term.keys)
        return not found <= nouns

    def _wholly(self, number: int, keys: Collection[str]) -> bool:
        """Whether every word of one of the product's names was said."""
        return any(all(any(key in keys for key in word) for word in name) for name in self._index.named(number))

    def _plural(self, group: Sequence[Item], found: Products) -> bool:
        if found & self._index.paired:
            return False
        return any(
            item.term and item.term.heads and item.term.plural and not found & self._index.forms.get(item.text, NOTHING)
            for item in group
        )

    def _add(self, said: list[Mention], mention: Mention) -> None:
        before = next((m for m in reversed(said) if not m.negated), None)
        refused = next((m for m in reversed(said) if m.negated and m.named), None)
        if mention.negated or (before or refused) is None:
            said.append(mention)
            return
        if before is None:
            assert refused is not None
            alike = self._of_the_kind(refused, mention) if mention.named and (mention.weak or mention.pointed) else None
            said.append(alike or (mention if mention.named else self._like(refused, mention)))
            return
        at = said.index(before)
        listed = mention.opened in ("and", "or", "comma")
        if self._language.adjectives_before and listed and mention.named and not before.named:
            noun = replace(mention, terms=mention.naming, products=matched(self._index, mention.naming)[0])
            if not (first := self._like(noun, before)).doubtful:  # "eine blaue und zwei schwarze Tassen"
                said[at] = before = replace(first, doubtful=mention.opened == "or")
                mention = replace(mention, doubtful=mention.doubtful or mention.opened == "or")
        if (mention.weak or mention.pointed) and (alike := self._of_the_kind(before, mention)):
            mention = alike
        if mention.opened == "or":
            alike = self._like(before, mention) if before.named and not mention.named else mention
            said[at] = replace(before, doubtful=True)
            said.append(replace(alike, doubtful=True))
        elif mention.opened == "comma" and (same := self._again(before, mention)):
            said[at] = same
        elif mention.named or not before.named:
            said.append(mention)
        elif not mention.quantity.said and not mention.counted and (both := joined(self._index, before, mention)):
            listed = mention.opened == "comma" and mention.definite and before.quantity.said
            said[at] = replace(both, listed=listed)
        else:  # "a mug, blue and black" may be one of two colours
            alike = self._like(before, mention)
            one = mention.quantity.said or mention.counted or mention.definite
            if before.listed:  # "the two mugs, the blue and the black": two in all, or three?
                said[at], one = replace(before, doubtful=True), False
            said.append(alike if one else replace(alike, doubtful=True))

    def _instead(self, before: Mention, mention: Mention) -> Mention:
        """ "the blue mug, no sorry, the black one": one thing gives way to the other."""
        if mention.named and (mention.weak or mention.pointed):
            mention = self._of_the_kind(before, mention) or mention
        alike = mention if mention.named else self._like(before, mention)
        if alike.quantity.said or mention.counted:
            return alike
        return replace(alike, quantity=before.quantity, counted=before.counted)

    def _again(self, before: Mention, mention: Mention) -> Mention | None:
        """ "the glasses, the set of 6": the same thing is said once more."""
        if mention.named and not before.quantity.said and mention.quantity.said and before.products <= mention.products:
            return joined(self._index, before, mention)  # "chocolate 70 %, two bars"
        new = mention.quantity.said or mention.counted or not mention.named or not mention.products <= before.products
        return None if new else joined(self._index, before, mention)

    def _of_the_kind(self, before: Mention, mention: Mention) -> Mention | None:
        """ "3 fig candles and 2 amber": the noun is said once."""
        for noun in before.naming[:FEW]:
            found, conflict = matched(self._index, (noun, *mention.terms))
            new = noun not in mention.terms and (mention.pointed or found <= mention.products)
            if found and not conflict and new:
                return replace(mention, terms=(noun, *mention.terms), products=found, weak=False)
        return None

    def _like(self, before: Mention, mention: Mention) -> Mention:
        """ "two tees in M and one in L": the second is the same thing, but for what is said of it."""
        kinds = {term.kind for term in mention.terms}
        taken = self._rivals(before.products, mention.terms)
        kept = tuple(
            term for term in before.terms if term.heads or (term.kind not in kinds and taken.isdisjoint(term.keys))
        )
        terms = (*kept, *mention.terms)
        found, conflict = matched(self._index, terms)
        if conflict or not found:
            terms = (*before.naming, *mention.terms)
            found, conflict = matched(self._index, terms)
        if not found:
            return replace(mention, doubtful=True)
        return replace(mention, terms=terms, products=found, named=True, doubtful=conflict)

    def _rivals(self, products: Products, terms: Sequence[Term]) -> frozenset[str]:
        """The keys of every value of an option that the terms name a value of."""
        named = {key for term in terms for key in term.keys}
        options = (
            {key for _, wordings in choice.values for wording in wordings for word in wording for key in word}
            for number in islice(products, FEW)
            for choice in self._index.entry(number).choices
        )
        return frozenset().union(*(keys for keys in options if not named.isdisjoint(keys)))

    def _kept(self, said: Sequence[Mention]) -> list[Mention]:
        """What is left once the refused is taken away."""
        refused = [mention for mention in said if mention.negated]
        kept: list[Mention] = []
        before: list[Products] = []
        for mention in said:
            if mention.negated:
                continue
            products, without = mention.products, mention.without
            for other in refused:
                narrow = other.products & products
                earlier = other.first < mention.first
                if earlier and other.named and not any(term.kind for term in other.terms) and narrow == products:
                    continue  # "not this mug, the blue mug"
                attributes = tuple(term for term in other.terms if not term.heads)
                optional = narrow & self._index.any(self._index.optional, {term.kind or "" for term in attributes})
                products -= narrow - optional
                without += attributes if optional else ()
            again = any(products == one.products != was for one, was in zip(kept, before, strict=True))
            if again and not (mention.quantity.said or mention.counted):
                continue  # "headphones but not the xm4, the xm5"
            if products:
                before.append(mention.products)
                kept.append(replace(mention, products=products, without=without))
        return kept


def _turned(said: Sequence[Mention], turns: Collection[int], first: int) -> bool:
    """Whether the one thing said so far was taken back before the word at `first`."""
    return len(said) == 1 and _taken_back(said, turns, first)


def _taken_back(said: Sequence[Mention], turns: Collection[int], first: int) -> bool:
    return bool(said) and not said[-1].negated and any(said[-1].last < at <= first for at in turns)


def _describes(segment: Segment) -> bool:
    """Whether something is said of goods in it: a colour that there is not."""
    return any(item.term is not None for item in segment.items)


def _attributes(term: Term | None) -> bool:
    """Whether the word may stand for goods without a noun: "the blue one", but not "the night" of "midnight blue"."""
    return term is not None and bool(term.has) and not (term.common and term.kind is None)


def _without_headings(said: Sequence[Mention]) -> list[Mention]:
    """ "two mugs, one blue and one black": what the parts spell out is not asked for a second time."""
    kept: list[Mention] = []
    named: set[int] = set()
    for at, mention in enumerate(said):
        parts: list[Mention] = []
        for part in said[at + 1 :]:
            if part.negated or not (set(mention.terms) < set(part.terms) or part.products < mention.products):
                break
            parts.append(part)
        counts = [part.quantity.value for part in parts if part.quantity.said or part.counted]
        whole = mention.quantity.value if mention.quantity.said else None
        if len(parts) < 2 or len(counts) != len(parts) or whole != sum(count or 0 for count in counts):
            kept.append(replace(mention, weak=False) if mention.weak and at in named else mention)
        else:
            named |= set(range(at + 1, at + 1 + len(parts)))
    return kept


def _before(items: Sequence[Item], first: int, role: str) -> bool:
    """Whether such a word stands before a thing, "in" aside: "die in Schwarz"."""
    while first > 0 and "made" in items[first - 1].roles and role not in items[first - 1].roles:
        first -= 1
    return first > 0 and role in items[first - 1].roles


def _pointed(items: Sequence[Item], first: int) -> bool:
    """Whether a pronoun and a preposition stand before it: "quella per …"."""
    back = first - 1
    while back > 0 and items[back].kind == "word" and items[back].roles & {"purpose", "of", "made"}:
        back -= 1
    return 0 <= back < first - 1 and "pronouns" in items[back].roles


def _strange_beside(items: Sequence[Item], first: int, last: int) -> bool:
    """An unknown word beside a thing may make it another: "mug holder", "lid of the teapot", "a book on tea"."""
    if any(item.strange for item in items[max(0, first - 1) : last + 2]):
        return True
    back = first - 1
    while back >= 0 and items[back].kind == "word" and not items[back].roles.isdisjoint({"function", "of", "purpose"}):
        if "one" in items[back].roles:
            return False
        back -= 1
    noun = items[back] if 0 <= back < first - 1 else None
    if noun is None or noun.kind != "word" or noun.term is not None:
        return False
    if noun.strange:
        return bool(items[back + 1].roles & {"of", "purpose"})
    before = [item for item in items[max(0, back - 2) : back] if "pleasant" not in item.roles]
    return noun.roles == {"ordinary"} and bool(before) and _counts(before[-1])


def _run_together(spans: Sequence[tuple[int, int]], number: int) -> bool:
    """Two things with no word between them may be a third: "a candle mug"."""
    return any(one[1] + 1 == two[0] for at, (one, two) in enumerate(pairwise(spans)) if number in (at, at + 1))


def _loose(segment: Segment, multiples: Mapping[str, int]) -> Quantity:
    if segment.negated:
        return UNSAID
    items = segment.items
    many = next((multiples[item.text] for item in items if item.text in multiples), None)
    numbers = [at for at, item in enumerate(items) if item.kind == "number" and counts_alone(items, at)]
    values = {amount(items[at].text) for at in numbers if not (at and "minus" in items[at - 1].roles)}
    if not numbers:
        half = any("half" in item.roles for item in items)
        if many is not None and (half or not any("fraction" in item.roles for item in items)):
            return Quantity(many // 2 if half else many, said=True)  # "…, half a dozen please"
        told = any(item.strange for item in items)  # "she took half the flat"
        return OPEN if not told and any("fraction" in item.roles for item in items) else UNSAID
    if len(numbers) > 1 or None in values or not values:
        return OPEN
    return Quantity(values.pop(), said=True)


def _both(one: Quantity, other: Quantity) -> Quantity:
    if one.said and other.said:
        return one if one == other else OPEN
    return one if one.said else other


def _starts_with_number(segment: Segment) -> bool:
    return segment.items[0].kind == "number"


def _unknown_thing(segment: Segment, after_goods: bool, follower: Segment | None) -> bool:
    """ "a pizza and …", "… and a pizza": something counted that is not sold here stands beside what is."""
    items = segment.items
    if segment.negated:
        return False
    if segment.opened not in ("and", "comma") or (segment.opened == "comma" and not after_goods):
        beside = follower is not None and follower.opened == "and" and bool(follower.terms)
        return beside and any(_counts(one) and two.strange for one, two in pairwise(items))
    rest = [item for item in items[1:] if item.kind == "word"]
    return _counts(items[0]) and any(item.strange for item in rest) and all(
        item.strange or not item.roles.isdisjoint({"pleasant", "of", "please", "function", "pairs", "packs"})
        for item in rest
    )  # fmt: skip


def _counts(item: Item) -> bool:
    return item.kind == "number" or not item.roles.isdisjoint({"one", "some", "vague"})

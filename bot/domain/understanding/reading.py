"""Reads a message word by word: what each word is in its language, and which products it may name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, pairwise

from bot.domain.understanding.index import NOTHING, Index, Keys, Products, measured
from bot.domain.understanding.numbers import with_digits
from bot.domain.understanding.phrases import Found, Phrasebook
from bot.domain.understanding.stems import Spellings, Stems
from bot.domain.understanding.tokens import Token, raw
from bot.domain.understanding.tongues import Tongue
from bot.domain.understanding.words import Words

MOST = 400
"""Words and marks of a message that are read: who orders says less."""
SENTENCE_ENDS = frozenset(".?!;\n")
NO_ROLES: frozenset[str] = frozenset()
LONG = 9
"""Letters from which on two slips are forgiven in a word of the language."""
PAIRED = frozenset({"paired"})
HOLDERS = frozenset({"counters", "packs"})
ASPECT = frozenset({"sizing"})
"""The role of an option's name: a number behind it is one of its values."""
OTHER_GOODS = frozenset({"things", "cue"})
"""Roles of words for goods that are strangers where they are not sold."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that may name goods. `kind` is set for an attribute (a colour, a size, "128 GB"), None for a name.

    `heads`: the products that it names; `has`: those with it as an option or category too; `strong`: those it names
    by itself; `facts`: those of which it is true. `variant`: the SKU that was written out.
    """

    keys: Keys
    heads: Products = NOTHING
    has: Products = NOTHING
    strong: Products = NOTHING
    facts: Products = NOTHING
    kind: str | None = None
    plural: bool = False
    common: bool = False
    """A word of daily life ("soleil"), which says little about goods by itself."""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A word, number or mark of the message. A word without roles and term is a stranger."""

    text: str
    kind: str
    at: int
    roles: frozenset[str] = NO_ROLES
    term: Term | None = None
    glued: bool = False

    @property
    def strange(self) -> bool:
        known = bool(self.roles) and not ("things" in self.roles and self.roles <= OTHER_GOODS)
        return self.kind == "word" and not known and self.term is None


class Reader:
    def __init__(self, index: Index, words: Words, stems: Stems, tongues: Mapping[str, Tongue]) -> None:
        self._index, self._words, self._stems, self._tongues = index, words, stems, tongues
        self._read = lru_cache(maxsize=2_048)(self._word)
        self._spellings = Spellings(index.surfaces)
        self._goods = {code: Spellings(known.goods) for code, known in words.languages.items()}
        self._forms = lru_cache(maxsize=4_096)(self._counted_forms)

    def tokens(self, folded: str) -> list[Token]:
        """The message's tokens, spelled out, SKUs kept whole; of an endless message the first ones."""
        return self._words.spelling.apply(self._entitled(list(islice(self._cut(folded), MOST))))

    def _entitled(self, tokens: list[Token]) -> list[Token]:
        """The same with every telling name as one: "Two Summers in Trieste" counts nothing."""
        titles = self._index.tellings
        if titles.keys().isdisjoint(token.text for token in tokens):
            return tokens
        done: list[Token] = []
        at = 0
        while at < len(tokens):
            for name in titles.get(tokens[at].text, ()):
                if tuple(token.text for token in tokens[at : at + len(name)]) == name:
                    done.append(Token(" ".join(name), "sku", tokens[at].glued))
                    at += len(name)
                    break
            else:
                done.append(tokens[at])
                at += 1
        return done

    def _cut(self, folded: str) -> Iterator[Token]:
        end = 0
        for chunk in _SKU.finditer(folded):
            sku = chunk.group().rstrip("._-")
            if not sku.isalpha() and self._index.written(sku):
                yield from raw(folded[end : chunk.start()])
                yield Token(sku, "sku")
                end = chunk.end()
        yield from raw(folded[end:])

    def names(self, word: str) -> frozenset[str] | None:
        """The languages in which the catalogue has the word, be it as one or as many; None where it has not."""
        known = self._index.surfaces
        return known[word] if word in known else known.get(self._forms(word)[0])

    def _foreign(self, word: str, language: str) -> bool:
        """Whether it names something in other languages only: English "sale" is no Italian salt."""
        known = self._index.surfaces
        if word in known:
            return bool(known[word]) and known[word].isdisjoint((language, self._index.language))
        spoken = next((known[form] for form in self._forms(word) if form), None)
        return spoken is not None and bool(spoken) and language not in spoken

    def _measures(self, key: str) -> bool:
        return key in self._index.has

    def _sold(self, word: str) -> bool:
        return any(key in self._index.has for key in self._index.keys(word))

    def items(self, tokens: Sequence[Token], tongue: Tongue, others: Sequence[Tongue]) -> list[Item]:
        """What every word is. Mistyped words are read as the nearest known one, the shop's own words first."""
        alike = tongue.language.alike.apply(
            list(measured(tokens, self._words, known=self._measures))
        )  # "500 g" is no "j'ai"
        expanded = tongue.language.shorthand.apply(alike)
        languages = [tongue.language, *(other.language for other in others)]
        counted = with_digits(expanded, languages, known=self._sold, own=tongue.roles)
        cut = list(measured(counted, self._words, known=self._measures))
        items: list[Item] = []
        odd = [self._odd(token) for token in cut]
        at = 0
        while at < len(cut):
            joined = self._join(cut, at, odd)
            if joined:
                text, length, term = joined
                items.append(Item(text, "word", len(items), term=term, glued=cut[at].glued))
                at += length
                continue
            parts = self._parted(cut[at], len(items), tongue, others)
            if parts:
                items += parts
                at += 1
                continue
            item = self._item(cut[at], len(items), tongue)
            if items and "function" in item.roles and items[-1].text in tongue.language.lists["made"]:
                item = replace(item, term=self._substance(item.text))
            items.append(item)
            at += 1
        for item in items:
            if "function" in item.roles and item.term is None and self._names_with(items, item):
                items[item.at] = replace(item, term=self._term((item.text,), plural=False, common=True))
            elif item.roles & HOLDERS and item.term is not None and _holds_another(items, item):
                items[item.at] = replace(item, term=None)
        return [replace(item, term=None) if _calls(item, items) else item for item in items]

    def _names_with(self, items: Sequence[Item], item: Item) -> bool:
        """Whether a small word is part of a name: "Nube Pro", where "pro" is "para o"."""
        heads = self._index.heads.get(item.text, NOTHING) if item.text in self._index.surfaces else NOTHING
        beside = (*items[max(0, item.at - 1) : item.at], *items[item.at + 1 : item.at + 2])
        return bool(heads) and any(other.term is not None and bool(other.term.heads & heads) for other in beside)

    def _parted(self, token: Token, at: int, tongue: Tongue, others: Sequence[Tongue]) -> list[Item]:
        """A compound of which the catalogue has the last noun: "Kaffeetasse" is a "Tasse". What its first noun says
        must be true of that thing, else it stays a stranger beside it and sells nothing ("Untertasse")."""
        text = token.text
        if not tongue.language.compounds or token.kind != "word" or not text.isalpha() or not 6 < len(text) < 40:
            return []
        if any(text in one.roles for one in (tongue, *others)) or self._known(text, NO_ROLES):
            return []
        for cut in range(3, len(text) - 3):
            noun = self._known(text[cut:], NO_ROLES)
            if noun is None or noun.kind or not noun.heads or "function" in tongue.roles.get(text[cut:], ()):
                continue
            ends = (end for end in (cut, cut - 1, cut - 2) if end > 2 and text[end:cut] in LINKING)
            first = next((text[:end] for end in ends if self._told(text[:end], noun)), "")
            term = self._known(first, NO_ROLES) if first else None
            return [
                Item(first or text, "word", at, term=term, glued=token.glued),
                Item(text[cut:], "word", at + 1, term=noun, glued=True),
            ]
        return []

    def _told(self, word: str, noun: Term) -> bool:
        """Whether a word is true of what a noun names, or a colour or material that must be looked at."""
        term = self._known(word, NO_ROLES)
        return term is not None and bool(term.kind or (term.has | term.facts) & noun.heads)

    def _ending(self, text: str) -> Term | None:
        """ "Kanne" may be the "Teekanne" that is sold: a thing to ask about, no sale."""
        stems = [text, *(text.removesuffix(many) + one for many, one, _ in self._words.plurals if text.endswith(many))]
        found = next((self._index.tails[stem] for stem in stems if stem in self._index.tails), None)
        return Term((f"-{text}",), found, found, NOTHING, found) if found else None

    def _substance(self, text: str) -> Term | None:
        """ "en or": a material that is a conjunction elsewhere."""
        return self._term(self._index.keys(text), plural=False, common=True) if self._stems.concept(text) else None

    def _odd(self, token: Token) -> bool:
        """Whether it may be a part of a word: it names nothing, or there are figures in it."""
        return self.names(token.text) is None or not token.text.isalpha()

    def _join(self, cut: Sequence[Token], at: int, odd: Sequence[bool]) -> tuple[str, int, Term] | None:
        """Words that a name writes as one, or as fewer: "wh 1000 xm5", "iphone15", "50 x 70"."""
        if not any(odd[at : at + 4]):
            return None
        for length in range(min(4, len(cut) - at), 0, -1):
            if not any(odd[at : at + length]):
                continue
            tokens = cut[at : at + length]
            kinds = {token.kind for token in tokens}
            if kinds - {"word", "number", "sku"} or (length == 1 and "sku" in kinds):
                continue
            if length > 1 and tokens[0].text in self._words.either["function"] and not tokens[1].glued:
                continue  # "2 à 3" is not a poster in A3
            last = tokens[-1]
            if length > 1 and len(last.text) == 1 and last.text in self._words.either["joiners"] and not last.glued:
                continue  # "tazze blu e nere" is not "blue"
            text = "".join(token.text for token in tokens)
            if length == 1 and (text in self._index.surfaces or text not in self._index.joins):
                continue
            if tokens[0].kind == "number" and text not in self._index.has:
                continue
            if text in self._index.joins:
                found = self._index.joins[text]
                return text, length, Term((f"~{text}",), found, found, self._index.begins.get(text, found), found)
            if length > 1 and text in (self._index.surfaces if text.isalpha() else self._index.has):
                return text, length, self._term((text,), plural=False, common=False)
        return None

    def _item(self, token: Token, at: int, tongue: Tongue) -> Item:
        if token.kind != "word":
            term = self._sku(token.text) if token.kind == "sku" else None
            return Item(token.text, "word" if term else token.kind, at, term=term, glued=token.glued)
        text, roles, term = self._read(token.text, tongue.language.code)
        return Item(text, "word", at, roles, term, token.glued)

    def _word(self, text: str, code: str) -> tuple[str, frozenset[str], Term | None]:
        """(the word as it is meant, its roles, what it may name) in a message of that language."""
        tongue = self._tongues[code]
        others = (other for other in self._tongues.values() if other is not tongue)
        roles = tongue.roles.get(text, NO_ROLES)
        daily = bool(roles) and self._foreign(text, tongue.language.code)
        letter = len(text) == 1 and text not in tongue.language.goods and text not in self._index.letters
        term = None if daily or letter else self._known(text, roles)
        if term is not None and term.common and text not in self._index.surfaces:
            plain = self._undigraphed(text, tongue)
            term = self._known(plain, NO_ROLES) if plain in self._index.surfaces else term
        if term is None and not roles:
            roles = next((found for other in others if (found := other.roles.get(text))), NO_ROLES)
        if term is None and roles <= PAIRED and tongue.language.compounds:
            term = self._ending(text)
        if term is None and not roles and not self._index.aspects.isdisjoint(self._index.keys(text)):
            roles = ASPECT
        if term is None and not roles and text not in tongue.heard:
            text, roles, term = self._mended(text, tongue)
        return text, roles, term

    def _known(self, text: str, roles: frozenset[str]) -> Term | None:
        if "function" in roles:
            return None
        index = self._index
        keys = index.keys(text)
        singular, plural = self._forms(text)
        singular = singular or ("" if roles else self._diminished(text))
        named = text in index.surfaces or bool(singular or plural)
        concept = keys[0].startswith(("=", "#"))
        if named or (roles <= PAIRED and (concept or index.any(index.has, keys))):
            if (singular or plural) and not concept:
                keys = (*keys, *index.keys(singular or plural))
            guessed = not (named or concept)  # only a stem in common: "bolo" where bowls ("bol") are sold
            forms = (
                text,
                f"{text}s",
                f"{text}es",
                *(text[:-n] for n in (1, 2) if len(text) > n + 1 and text.endswith("s")),
            )
            if not concept and index.any(index.heads, forms):
                keys = forms  # "gorra" is no "gorro", though they share their stem
            many = (bool(singular) and text not in index.surfaces) or text.endswith(("s", "x"))
            return self._term(keys, plural=many, common=guessed or "ordinary" in roles)
        return self._term(keys, plural=False, common=True) if concept else None

    def _counted_forms(self, text: str) -> tuple[str, str]:
        """(the singular, the plural) of the word that the catalogue has, "" where it has none."""
        pairs = self._words.plurals
        one = ((text[: len(text) - len(m)] + o, codes) for m, o, codes in pairs if _ends(text, m))
        many = ((text[: len(text) - len(o)] + m, codes) for m, o, codes in pairs if _ends(text, o))
        return self._first_sold(one), self._first_sold(many)

    def _diminished(self, text: str) -> str:
        """The word of the catalogue that this one makes little: "canequinha" -> "caneca"."""
        pairs = self._words.diminutives
        return self._first_sold((text[: len(text) - len(d)] + o, codes) for d, o, codes in pairs if _ends(text, d))

    def _first_sold(self, forms: Iterable[tuple[str, frozenset[str]]]) -> str:
        """The first of these words that names something in one of its languages: English "holder" is no plural."""
        known = self._index.surfaces
        return next((w for w, codes in forms if w in known and not (known[w] and known[w].isdisjoint(codes))), "")

    def _undigraphed(self, text: str, tongue: Tongue) -> str:
        """ "Schuerze" as "Schürze" is folded."""
        for pair in tongue.language.digraphs:
            text = text.replace(pair, pair[0])
        return text

    def _mended(self, text: str, tongue: Tongue) -> tuple[str, frozenset[str], Term | None]:
        plain = self._undigraphed(text, tongue)
        for other in (plain, _DOUBLED.sub(r"\1", text)):
            if other == text:
                continue
            if roles := tongue.roles.get(other, NO_ROLES):
                return other, roles, self._known(other, roles)
            if term := self._known(other, NO_ROLES):
                return other, NO_ROLES, term
        for end in range(1, min(5, len(text) - 3)):  # "dacacia" for "d'acacia"
            if text[:end] in self._words.spelling.elisions and self.names(text[end:]) is not None:
                return text[end:], NO_ROLES, self._known(text[end:], NO_ROLES)
        sold, goods = self._spellings.nearest(text), self._goods[tongue.language.code].nearest(text)
        near = min((found for found in (sold, goods) if found), key=lambda found: found[1], default=None)
        if near is None:  # "Tasen" for "Tassen"
            ends = [many for many, one, _ in self._words.plurals if not one and text.endswith(many)]
            near = next((found for end in ends if (found := self._spellings.nearest(text[: -len(end)]))), None)
        spoken = tongue.spellings.nearest(text)
        if near and (spoken is None or near[1] <= spoken[1]):
            return near[0], NO_ROLES, self._known(near[0], NO_ROLES)
        if spoken and (spoken[1] == 1 or len(text) > LONG):
            return spoken[0], tongue.roles.get(spoken[0], NO_ROLES), None
        return text, NO_ROLES, None

    def _term(self, keys: Keys, *, plural: bool, common: bool) -> Term:
        index = self._index
        heads = index.any(index.heads, keys)
        return Term(
            keys,
            heads=heads or index.any(index.shelved, keys),
            has=index.any(index.has, keys),
            strong=index.any(index.strong, keys),
            facts=index.any(index.facts, keys),
            kind=next((kind for key in keys if (kind := index.kind(key))), None),
            plural=plural,
            common=common,
        )

    def number(self, text: str) -> Term:
        """A number as it may name an option: size 42, 128."""
        return self._term((f"#{text.replace(',', '.').lstrip('+')}",), plural=False, common=False)

    def _sku(self, folded: str) -> Term:
        if folded in self._index.told:
            found = self._index.told[folded]
            return Term((f"~{folded}",), found, found, found, found)
        written = self._index.written(folded)
        assert written is not None, folded
        sku, number = written
        found = Products([number])
        return Term((f"~{folded}",), found, found, found, found, variant=sku)


LINKING = frozenset({"", "s", "n", "e", "en", "es", "er"})
"""What German puts between the parts of a compound."""
_DOUBLED = re.compile(r"(.)\1+")
_SKU = re.compile(r"[a-z0-9][a-z0-9._-]*")


def _ends(text: str, ending: str) -> bool:
    return len(text) - len(ending) > 1 and text.endswith(ending)


def _holds_another(items: Sequence[Item], item: Item) -> bool:
    """ "a bottle of wine": what is in it is meant, where bottle openers are sold too."""
    after = items[item.at + 1 : item.at + 4]
    if not after or "of" not in after[0].roles or item.term is None:
        return False
    inside = next((other.term for other in after if other.term is not None), None)
    return inside is not None and bool(inside.heads) and not inside.heads & item.term.heads


def _calls(item: Item, items: Sequence[Item]) -> bool:
    """A word of daily life alone between marks greets or agrees: "vale, la tetera" where a vale regalo is sold."""
    beside = [*items[max(0, item.at - 1) : item.at], *items[item.at + 1 : item.at + 2]]
    alone = all(other.kind == "mark" for other in beside)
    return bool(alone and item.term and item.term.common and "greeting" in item.roles)


class Line:
    """A message as its phrases are looked for; words inside a product's name say nothing else."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._words, self._opens, self._closes = _line(items)

    def phrases(self, book: Phrasebook) -> list[Found]:
        return book.find(self._words, self._opens, self._closes)


def _line(items: Sequence[Item]) -> tuple[list[str], set[int], set[int]]:
    """(its words, where a sentence begins, where one ends)."""
    named = _inside_names(items)
    words = ["\0" if item.at in named else item.text for item in items]
    opens, closes = set[int](), {len(items)}
    fresh = True
    for item in items:
        if fresh and item.kind == "word":
            opens.add(item.at)
        fresh = item.kind in ("mark", "emoji", "number") or (fresh and bool(item.roles & {"please", "greeting"}))
    resting = True
    for item in reversed(items):
        resting = item.text in SENTENCE_ENDS or (resting and (item.kind in ("mark", "emoji") or "please" in item.roles))
        if resting:
            closes.add(item.at)
    return words, opens, closes


def _inside_names(items: Sequence[Item]) -> set[int]:
    inside: set[int] = set()
    for left, right in pairwise(items):
        one, two = left.term, right.term
        if one and two and one.kind is None and two.kind is None and one.heads & two.heads:
            inside |= {left.at, right.at}
    return inside

"""The catalogue as a shopper's words reach it: an inverted index from the keys of words to products."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, zip_longest

from bot.domain.catalogue import Catalogue, Product
from bot.domain.understanding.stems import Stems
from bot.domain.understanding.tokens import Token, fold, raw
from bot.domain.understanding.words import Words

Key = str
Keys = tuple[Key, ...]
Products = frozenset[int]
NOTHING: Products = frozenset()
LONGEST_JOIN = 24
SAMPLE = 50
POSTS = ("heads", "strong", "titles", "whole", "calls", "has", "shelved", "facts", "joins")


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a product. `values` holds, for each value, its wordings (one a language) as keys of words."""

    name: str
    values: tuple[tuple[str, tuple[tuple[Keys, ...], ...]], ...]
    kinds: frozenset[str]
    """What its values are: "colours", "sizes", "gb", "number" …"""


@dataclass(frozen=True, slots=True)
class Entry:
    product: Product
    choices: tuple[Choice, ...]
    paired: bool
    """Sold by the pair, so that a pair of it is one."""
    numbers: frozenset[str]
    """Numbers that stand in its names: "Set of 6 glasses"."""
    forms: frozenset[str]
    """Every word of its names and keywords as written, to tell whether a shopper made it a plural."""


class Index:
    """Products by the keys of words.

    `heads`: with the word in a name or keyword; `strong`: where it begins or ends a name, or is a keyword; `titles`
    and `calls`: where it is the noun of a name, or of a keyword ("mug" of "Blue mug"); `whole`: where it is all of a
    name; `has`: also as the value of an option, or as a word of the category; `facts`: also in the description.
    `joins`: words of a name written as one ("wh1000xm5"). `numbered`: words that a number follows in a name.
    """

    def __init__(self, catalogue: Catalogue, words: Words, stems: Stems, language: str) -> None:
        self._words, self._stems, self._language = words, stems, language
        self._posted: dict[str, dict[Key, set[int]]] = {name: defaultdict(set) for name in POSTS}
        self.numbered: set[Key] = set()
        self.surfaces: set[str] = set()
        self.skus: dict[str, tuple[str, int]] = {}
        self.entries = tuple(self._entry(number, product) for number, product in enumerate(catalogue.products))
        frozen = {name: {key: frozenset(ids) for key, ids in post.items()} for name, post in self._posted.items()}
        self.heads, self.strong = frozen["heads"], frozen["strong"]
        self.titles, self.calls, self.whole = frozen["titles"], frozen["calls"], frozen["whole"]
        self.has = frozen["has"]
        self.shelved, self.facts, self.joins = frozen["shelved"], frozen["facts"], frozen["joins"]
        self._posted.clear()

    def kind(self, key: Key) -> str | None:
        """What an attribute is: "colours", "gb", "number" …; None for a word that names things."""
        if key.startswith("="):
            return self._words.kinds.get(key)
        if key.startswith("#"):
            return key.lstrip("#0123456789.") or "number"
        return "number" if _DIMENSIONS.fullmatch(key) else None

    def some(self, products: Products) -> list[Entry]:
        """Their entries; of very many a few, which is enough to tell what kind of thing was named."""
        return [self.entries[number] for number in islice(products, SAMPLE)]

    def any(self, posts: dict[Key, Products], keys: Iterable[Key]) -> Products:
        found = [posts[key] for key in keys if key in posts]
        return found[0] if len(found) == 1 else NOTHING.union(*found)

    def terms(self, text: str) -> list[tuple[str, Keys]]:
        """(the word as written, its keys) for each word of a name that carries meaning."""
        silent = self._words.either["function"]
        cut = list(measured(self._words.spelling.apply(raw(fold(text))), self._words))
        bearing = [
            token
            for token, after in zip_longest(cut, cut[1:])
            if token.kind in ("word", "number")
            and (token.text not in silent or token.glued or (after is not None and after.glued))
        ]
        bearing = bearing or [token for token in cut if token.kind in ("word", "number")]
        return [(token.text, self.keys(token.text)) for token in bearing]

    def keys(self, word: str) -> Keys:
        return (f"#{word}",) if word[0].isdigit() and word.replace(".", "").isdecimal() else self._stems.keys(word)

    def _entry(self, number: int, product: Product) -> Entry:
        names: list[tuple[str, str]] = [(product.name, self._language)]
        keywords = [(word, self._language) for word in product.keywords]
        for language, translation in product.translations.items():
            names += [(translation.name, language)] if translation.name else []
            keywords += [(word, language) for word in translation.keywords]
        forms: set[str] = set()
        numbers: set[str] = set()
        for text, language in names:
            numbers |= self._post_name(number, self.terms(text), language, forms, keyword=False)
        for text, language in keywords:
            numbers |= self._post_name(number, self.terms(text), language, forms, keyword=True)
        shelved = self.terms(product.category)
        self._post(number, ("shelved", "has", "facts"), shelved)
        for text in (product.description, *(t.description or "" for t in product.translations.values())):
            self._post(number, ("facts",), [term for term in self.terms(text) if self.kind(term[1][0])])
        self._post_skus(number, product)
        self.surfaces |= forms | {word for word, _ in shelved}
        paired = self._words.either["paired"]
        worn = not paired.isdisjoint(forms) or any(word in paired for word, _ in shelved)
        return Entry(product, tuple(self._choices(number, product)), worn, frozenset(numbers), frozenset(forms))

    def _post(self, number: int, where: Sequence[str], terms: Iterable[tuple[str, Keys]]) -> None:
        for _, keys in terms:
            for key in keys:
                for name in where:
                    self._posted[name][key].add(number)

    def _post_name(
        self, number: int, terms: list[tuple[str, Keys]], language: str, forms: set[str], *, keyword: bool
    ) -> set[str]:
        forms |= {word for word, _ in terms}
        self._post(number, ("has", "facts"), terms)
        naming = [i for i, (_, keys) in enumerate(terms) if not self.kind(keys[0])] or list(range(len(terms)))
        before = language in self._words.languages and self._words.languages[language].adjectives_before
        head = {naming[-1 if before else 0]} if naming else set()
        self._post(number, ("heads",), [terms[i] for i in naming])
        self._post(number, ("strong", "calls" if keyword else "titles"), [terms[i] for i in head])
        if len(terms) == 1 and not keyword:
            self._post(number, ("whole",), terms)
        self._post(number, ("strong",), [terms[i] for i in (naming[:1] + naming[-1:]) if not keyword])
        for i in range(len(terms)):
            for j in range(i + 2, min(i + 4, len(terms)) + 1):
                joined = "".join(word for word, _ in terms[i:j])
                if not terms[i][1][0].startswith("#") and len(joined) <= LONGEST_JOIN:
                    self._posted["joins"][joined].add(number)
        for (_, keys), (word, _) in pairwise(terms):
            if word.isdecimal():
                self.numbered |= set(keys)
        for word, _ in terms:
            parts = _PARTS.findall(word)
            if len(parts) > 1 and not word.startswith("#") and not _DIMENSIONS.fullmatch(word):
                for i in range(len(parts)):  # "1000xm5" is also called "xm5"
                    short = "".join(parts[i:]) if parts[i][0].isalpha() else word
                    self._post(number, ("heads", "has", "strong", "titles", "facts"), [("", (short,))])
                    self.surfaces.add(short)
        return {word for word, _ in terms if word.isdecimal()}

    def _post_skus(self, number: int, product: Product) -> None:
        for sku in (product.sku, *(variant.sku for variant in product.variants)):
            folded = fold(sku)
            if not folded.isdecimal():
                self.skus.setdefault(folded, (sku, number))

    def _choices(self, number: int, product: Product) -> Iterator[Choice]:
        names = dict.fromkeys(name for variant in product.variants for name in variant.options)
        for name in names:
            values = dict.fromkeys(v.options[name] for v in product.variants if name in v.options)
            worded = tuple((value, tuple(self._wordings(product, value))) for value in values)
            keys = [key for _, wordings in worded for wording in wordings for word in wording for key in word]
            for key in keys:
                self._posted["has"][key].add(number)
                self._posted["facts"][key].add(number)
            self.surfaces |= {key for key in keys if key.isalpha()}
            yield Choice(name, worded, frozenset(kind for key in keys if (kind := self.kind(key))))

    def _wordings(self, product: Product, value: str) -> Iterator[tuple[Keys, ...]]:
        for wording in {value, *(t.options.get(value, value) for t in product.translations.values())}:
            terms = tuple(keys for _, keys in self.terms(wording))
            if terms:
                yield terms
            if len(terms) == 1 and (bare := _BARE.match(terms[0][0])):
                yield ((bare.group(),),)  # "128" says 128 GB


GLUED_UNITS = {"g": "g", "w": "w", "v": "v"}
"""Units of one letter, believed only where the letter touches its number."""
_PARTS = re.compile(r"[a-z]+\d*|\d+")
_DIMENSIONS = re.compile(r"\d+x\d+(?:x\d+)?")
_BARE = re.compile(r"#\d+(?=[a-z])")
_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?)([a-z]+)")


def measured(tokens: Iterable[Token], words: Words) -> Iterator[Token]:
    """The same tokens with a number and its unit as one word: "128 go", "128GB" -> "#128gb"."""
    waiting: Token | None = None
    for token in tokens:
        if waiting is not None:
            unit = words.units.get(token.text)
            if unit and len(token.text) > 1:
                yield Token(f"#{waiting.text.replace(',', '.')}{unit}", "word", waiting.glued)
                waiting = None
                continue
            yield waiting
            waiting = None
        amount = _AMOUNT.fullmatch(token.text) if token.kind == "word" else None
        if token.kind == "number" and token.text[0].isdecimal():
            waiting = token
        elif amount and (unit := words.units.get(amount[2]) or GLUED_UNITS.get(amount[2])):
            yield Token(f"#{amount[1].replace(',', '.')}{unit}", "word", token.glued)
        else:
            yield token
    if waiting is not None:
        yield waiting

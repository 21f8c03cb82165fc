"""The catalogue as a shopper's words reach it: an inverted index from the keys of words to products."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from itertools import pairwise, zip_longest

from pyroaring import FrozenBitMap

from bot.domain.catalogue import Catalogue, Product
from bot.domain.understanding.numbers import numeral
from bot.domain.understanding.stems import Stems
from bot.domain.understanding.tokens import Token, fold, raw
from bot.domain.understanding.words import Language, Words

Key = str
Keys = tuple[Key, ...]
Terms = Sequence[tuple[str, Keys]]
"""(the word as written, its keys) for each word of a name that carries meaning."""
Products = FrozenBitMap
"""Places of products in the catalogue; cut and joined in microseconds where hundreds of thousands share a word."""
NOTHING = Products()
NOWHERE: frozenset[str] = frozenset()
LONGEST_JOIN = 24
SENTENCE = 3
"""Words from which on a name may read like a sentence."""
POSTS = (
    *("heads", "strong", "opens", "titles", "whole", "calls"),
    *("has", "shelved", "facts", "joins", "begins", "optional", "forms"),
)  # fmt: skip


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
    kinds: frozenset[str]
    """What the values of its options are, all together."""
    values: frozenset[Key]
    """The keys of all of them."""
    named: Callable[[], tuple[tuple[Keys, ...], ...]]
    """Its names, word by word, which say nothing of its options: "rouge à lèvres"."""


@dataclass(frozen=True, slots=True)
class Name:
    """One of the wordings by which a product goes. `keyword`: one that the merchant adds to its name."""

    terms: Terms
    language: str
    keyword: bool
    main: int
    """How many of its words name the thing itself: "cage" and not "bottle" of "Cage for bottles"."""


class Index:
    """Products by the keys of words; built once, and what a message does not ask for is not kept.

    `heads`: with the word in a name or keyword; `strong`: where it begins or ends a name, or is a keyword; `opens`:
    where it begins one; `titles` and `calls`: where it is the noun of a name, or of a keyword ("mug" of "Blue mug");
    `whole`: where it is all of a name; `has`: also as the value of an option, or as a word of the category; `facts`:
    also in the description. `joins`: words of a name written as one ("wh1000xm5"); `begins`: those that begin it;
    `optional`: by the kind of an option ("colours"); `forms`: by the words and numbers of their names as written;
    `paired`: sold by the pair, so that a pair is one; `boxed`: so many in each. `letters`: values of one letter, as
    the shop writes them; `tails`: by the end of a long word of their names ("kanne" of "Teekanne").
    `numbered`: words that a number follows in a name. `surfaces`: all words of the catalogue as they are written, with
    the languages in which they name something, none where they only describe it.
    `aspects`: words of the names of options ("valve", "taille").
    `skus`: places of products by their own SKU.
    """

    def __init__(self, catalogue: Catalogue, words: Words, stems: Stems, language: str) -> None:
        self._words, self._stems, self.language = words, stems, language
        self._catalogue = catalogue
        self.terms = lru_cache(maxsize=65_536)(self._terms)
        self.entry = lru_cache(maxsize=8_192)(self._entry)
        self.named = lru_cache(maxsize=8_192)(self._named)
        self._pairs = words.either["paired"]
        self._packs = words.either["packs"]
        self._paired, self._boxed = array("I"), array("I")
        self._spoken = lru_cache(maxsize=None)(lambda languages: languages)  # one object for words of the same ones
        self.numbered: set[Key] = set()
        self.surfaces: dict[str, frozenset[str]] = {}
        self.aspects: set[Key] = set()
        self.letters: set[str] = set()
        self.skus: dict[str, int] = {}
        self.tellings: dict[str, list[tuple[str, ...]]] = {}
        """Names with a number, an article or a refusal in them, word by word, by their first; the longest first."""
        self.told: dict[str, Products] = {}
        """What they name, by their words."""
        self._posted: dict[str, dict[Key, array[int]]] = {name: defaultdict(lambda: array("I")) for name in POSTS}
        for number, product in enumerate(catalogue.products):
            self._note(number, product)
        posted = {name: {key: Products(ids) for key, ids in self._posted.pop(name).items()} for name in POSTS}
        self.heads, self.strong, self.titles = posted["heads"], posted["strong"], posted["titles"]
        self.opens = posted["opens"]
        self.calls, self.whole, self.has = posted["calls"], posted["whole"], posted["has"]
        self.shelved, self.facts, self.joins = posted["shelved"], posted["facts"], posted["joins"]
        self.begins = posted["begins"]
        self.optional, self.forms = posted["optional"], posted["forms"]
        self.paired, self.boxed = Products(self._paired), Products(self._boxed)
        self.tails = self._tails() if any(known.compounds for known in words.languages.values()) else {}
        self.everything = Products(range(len(catalogue.products)))

    def kind(self, key: Key) -> str | None:
        """What an attribute is: "colours", "gb", "number" …; None for a word that names things."""
        if key.startswith("="):
            return self._words.kinds.get(key)
        if key.startswith("#"):
            return key.lstrip("#0123456789.") or "number"
        return "number" if _DIMENSIONS.fullmatch(key) else None

    def _tails(self) -> dict[str, Products]:
        """The ends of long words that name things, for languages that write nouns together."""
        tails: dict[str, list[Products]] = defaultdict(list)
        for word in self.surfaces:
            named = self.any(self.strong, self.keys(word)) if len(word) > 6 and word.isalpha() else NOTHING
            for cut in range(3, len(word) - 3) if named else ():
                tails[word[cut:]].append(named)
        return {tail: NOTHING.union(*found) for tail, found in tails.items()}

    def _write_down(self, words: Iterable[str], language: str | None) -> None:
        for word in words:
            spoken = self.surfaces.setdefault(word, NOWHERE)
            if language is not None and language not in spoken:
                self.surfaces[word] = self._spoken(frozenset((*spoken, language)))

    def any(self, posts: Mapping[Key, Products], keys: Iterable[Key]) -> Products:
        found = [posts[key] for key in keys if key in posts]
        return found[0] if len(found) == 1 else NOTHING.union(*found)

    def written(self, folded: str) -> tuple[str, int] | None:
        """(the SKU, the place of its product) of a SKU that was written out."""
        if folded.isdecimal():
            return None
        variant = self._catalogue.variant(folded)
        product = self._catalogue.product(folded)
        if product is None:
            return None
        return (variant.sku if variant else product.sku), self.skus[product.sku]

    def _terms(self, text: str, language: str = "") -> Terms:
        silent = self._words.either["function"]
        spelled = self._words.spelling.apply(raw(self._words.plain(text)))
        known = self._words.languages.get(language)
        cut = list(measured(known.alike.apply(spelled) if known else spelled, self._words, named=True))
        bearing = [
            token
            for token, after in zip_longest(cut, cut[1:])
            if token.kind in ("word", "number")
            and (token.text not in silent or token.glued or (after is not None and after.glued))
        ]
        bearing = bearing or [token for token in cut if token.kind in ("word", "number")]
        return tuple((token.text, self.keys(token.text, language)) for token in bearing)

    def keys(self, word: str, language: str = "") -> Keys:
        """Of a message's word in every language; of a product's in the one that it is written in, so that a Spanish
        "vaso" is no French "vase"."""
        plain = word.replace(",", ".").lstrip("+")
        return (
            (f"#{plain}",)
            if plain[:1].isdigit() and plain.replace(".", "").isdecimal()
            else self._stems.keys(word, language)
        )

    def _names(self, product: Product) -> Iterator[Name]:
        yield self._name(product.name, self.language, keyword=False)
        for word in product.keywords:
            yield self._name(word, self.language, keyword=True)
        for language, translation in product.translations.items():
            if translation.name:
                yield self._name(translation.name, language, keyword=False)
            for word in translation.keywords:
                yield self._name(word, language, keyword=True)

    def _name(self, text: str, language: str, *, keyword: bool) -> Name:
        terms = self.terms(text, language) if keyword else self._terms(text, language)
        known = self._words.languages.get(language)
        if known is None or len(terms) < 2:
            return Name(terms, language, keyword, len(terms))
        words = fold(text).split()
        at = next((at for at, word in enumerate(words) if at and word in known.lists["purpose"]), len(words))
        main = len(terms) if at == len(words) else len(self._terms(" ".join(words[:at]), language))
        if not known.adjectives_before and "-" in words[0] and len(terms) == 2 and len(words) == 1:
            main = 1  # "porte-gourde"
        return Name(terms, language, keyword, main or len(terms))

    def _entry(self, number: int) -> Entry:
        """What a message may need to know of a product."""
        product = self._catalogue.products[number]
        choices = tuple(self._choices(product))
        return Entry(
            product,
            choices,
            frozenset().union(*(choice.kinds for choice in choices)),
            frozenset(
                key for choice in choices for _, ways in choice.values for way in ways for word in way for key in word
            ),
            partial(self.named, number),
        )

    def _note_telling(self, number: int, written: str, code: str) -> None:
        language = self._words.languages.get(code)
        words = tuple(token.text for token in raw(self._words.plain(written))) if language else ()
        if language is None or len(words) < SENTENCE or not any(_tells(word, language) for word in words):
            return
        name = " ".join(words)
        if name not in self.told:
            names = self.tellings.setdefault(words[0], [])
            names.append(words)
            names.sort(key=len, reverse=True)
        self.told[name] = self.told.get(name, NOTHING) | Products([number])

    def _named(self, number: int) -> tuple[tuple[Keys, ...], ...]:
        """The name of a product in each language, word by word."""
        names = (name for name in self._names(self._catalogue.products[number]) if not name.keyword)
        return tuple(tuple(keys for _, keys in name.terms) for name in names)

    def _note(self, number: int, product: Product) -> None:
        self.skus[product.sku] = number
        self._note_telling(number, product.name, self.language)
        for code, translation in product.translations.items():
            if translation.name:
                self._note_telling(number, translation.name, code)
        forms = set[str]()
        for name in self._names(product):
            self._post_name(number, name)
            forms.update(word for word, _ in name.terms)
            forms.update(word[1:] for word, _ in name.terms if _NUMERO.fullmatch(word))
            forms.update(
                f"{one} {key}" for (one, _), (_, keys) in pairwise(name.terms) if one.isdecimal() for key in keys
            )
        shelved = self.terms(product.category, self.language)
        self._post(number, ("forms",), [(word, (word,)) for word in forms])
        if any(word in self._pairs for word in forms) or any(word in self._pairs for word, _ in shelved):
            self._paired.append(number)
        if any(self._packed(name.terms) for name in self._names(product)):
            self._boxed.append(number)
        self._post(number, ("shelved", "has", "facts"), shelved)
        self._write_down((word for word, _ in shelved), None)
        told = {self.language: product.description, **{c: t.description for c, t in product.translations.items()}}
        for language, text in told.items():
            if text:
                known = [term for term in self._terms(text, language) if self.kind(term[1][0])]
                self._post(number, ("facts",), known)
        for choice in self._choices(product):
            keys = {key for _, wordings in choice.values for wording in wordings for word in wording for key in word}
            self._post(number, ("has", "facts"), [("", tuple(keys))])
            self._post(number, ("optional",), [("", tuple(choice.kinds))])
            self._write_down((key for key in keys if key.isalpha()), None)
            called = {choice.name: self.language}
            for language, translation in product.translations.items():
                called.setdefault(translation.options.get(choice.name, choice.name), language)
            self.aspects.update(
                key for name, language in called.items() for _, found in self.terms(name, language) for key in found
            )

    def _packed(self, terms: Terms) -> bool:
        """ "pack of 4", "4er-Pack"; a "case for Orion 9" holds no nine."""
        beside = ((one, two) for (one, _), (two, _) in pairwise(terms))
        return any(
            any(word in self._packs for word in pair) and any(_PIECES.fullmatch(word) for word in pair)
            for pair in beside
        )

    def _post(self, number: int, where: Sequence[str], terms: Iterable[tuple[str, Keys]]) -> None:
        for name in where:
            posted = self._posted[name]
            for _, keys in terms:
                for key in keys:
                    places = posted[key]
                    if not places or places[-1] != number:
                        places.append(number)

    def _post_name(self, number: int, name: Name) -> None:
        terms = name.terms
        self._write_down((word for word, _ in terms), name.language)
        self._post(number, ("has", "facts"), terms)
        naming = [i for i, (_, keys) in enumerate(terms[: name.main]) if not self.kind(keys[0])]
        naming = naming or list(range(len(terms)))
        language = self._words.languages.get(name.language)
        before = language is not None and language.adjectives_before
        head = {naming[-1 if before else 0]} if naming else set()
        self._post(number, ("heads",), [terms[i] for i in naming])
        self._post(number, ("strong", "calls" if name.keyword else "titles"), [terms[i] for i in head])
        if not name.keyword:
            self._post(number, ("strong",), [terms[i] for i in (naming[:1] + naming[-1:])])
            self._post(number, ("opens",), [terms[i] for i in naming[:1]])
            if len(terms) == 1:
                self._post(number, ("whole",), terms)
        self._post_joins(number, terms)
        for (_, keys), (word, _) in pairwise(terms):
            if word.isdecimal():
                self.numbered.update(keys)
        for word, _ in terms:
            if not word.isalpha():
                self._post_parts(number, word)

    def _post_joins(self, number: int, terms: Terms) -> None:
        for i in range(len(terms)):
            for j in range(i + 2, min(i + 4, len(terms)) + 1):
                joined = "".join(word for word, _ in terms[i:j])
                if "#" not in joined and not terms[i][1][0].startswith("#") and len(joined) <= LONGEST_JOIN:
                    self._post(number, ("joins", "begins") if i == 0 else ("joins",), [(joined, (joined,))])

    def _post_parts(self, number: int, word: str) -> None:
        """ "1000xm5" is also called "xm5"."""
        parts = _PARTS.findall(word)
        if len(parts) < 2 or word.startswith("#") or _DIMENSIONS.fullmatch(word):
            return
        for i in range(len(parts)):
            short = "".join(parts[i:]) if parts[i][0].isalpha() else word
            self._post(number, ("heads", "has", "strong", "titles", "facts"), [("", (short,))])
            self._write_down((short,), None)

    def _choices(self, product: Product) -> Iterator[Choice]:
        names = dict.fromkeys(name for variant in product.variants for name in variant.options)
        for name in names:
            values = dict.fromkeys(v.options[name] for v in product.variants if name in v.options)
            worded = tuple((value, tuple(self._wordings(product, value))) for value in values)
            keys = (key for _, wordings in worded for wording in wordings for word in wording for key in word)
            yield Choice(name, worded, frozenset(kind for key in keys if (kind := self.kind(key))))

    def _wordings(self, product: Product, value: str) -> Iterator[tuple[Keys, ...]]:
        if len(value) == 1:
            self.letters.add(value.casefold())
        worded = {value: self.language}
        for language, translation in product.translations.items():
            worded.setdefault(translation.options.get(value, value), language)
        for wording, language in worded.items():
            terms = tuple(keys for _, keys in self.terms(wording, language))
            if terms:
                yield terms
            if len(terms) == 1 and terms[0][0][0] == "#" and (bare := _BARE.match(wording)):
                yield ((f"#{bare.group().replace(',', '.')}",),)  # "128" says 128 GB


CONVERTED = {
    "cl": ("ml", Decimal(10)),
    "dl": ("ml", Decimal(100)),
    "l": ("ml", Decimal(1000)),
    "kg": ("g", Decimal(1000)),
    "mm": ("cm", Decimal("0.1")),
    "m": ("cm", Decimal(100)),
}
"""Units that say the same as others: 50 cl, half a litre."""


def _tells(word: str, language: Language) -> bool:
    """Whether a word of a name may be taken for a number, an article or a refusal."""
    return word in language.lists["one"] or word in language.lists["refusal"] or numeral(word, language)


GLUED_UNITS = {"g": "g", "w": "w", "v": "v"}
"""Units of one letter, believed only where the letter touches its number."""
NAMED_UNITS = {**GLUED_UNITS, "l": "l", "m": "m"}
"""Those of which a name may speak: "1 l" there is no size."""
WHOLE = frozenset({"l", "kg", "tb"})
"""Units of which "one" may be said instead of 1."""
LIGHTEST = 20
"""Grams from which on a "g" that stands apart is believed."""
_NUMERO = re.compile(r"n\d+")
_PIECES = re.compile(r"\d+(?:er)?")
_PARTS = re.compile(r"[a-z]+\d*|\d+")
_DIMENSIONS = re.compile(r"\d+x\d+(?:x\d+)?")
_BARE = re.compile(r"\d+(?:[.,]\d+)?(?=\s?[^\W\d])")
_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?)([a-z]+)")


def _measure(number: str, unit: str) -> Key:
    """ "#500ml" for 50 cl."""
    common, factor = CONVERTED.get(unit, (unit, Decimal(1)))
    if factor == 1 or len(number) > LONGEST_NUMBER:
        return f"#{number.replace(',', '.')}{common}"
    return f"#{(Decimal(number.replace(',', '.')) * factor).normalize():f}{common}"


def _halves(tokens: Sequence[Token], words: Words) -> Iterator[Token]:
    """ "half a litre", "un quart de kilo" as measures."""
    at = 0
    while at < len(tokens):
        part = next((share for name, share in SHARES.items() if tokens[at].text in words.either[name]), "")
        unit, end = "", at + 1
        while part and not unit and end < min(at + 4, len(tokens)):
            unit = tokens[end].text
            end += 1
            if words.units.get(unit) not in WHOLE and unit in words.either["one"] | words.either["of"]:
                unit = ""
        if part and words.units.get(unit) in WHOLE:
            yield Token(_measure(part, words.units[unit]), "word", tokens[at].glued)
            at = end
        else:
            yield tokens[at]
            at += 1


def _dashless(tokens: Sequence[Token], words: Words) -> list[Token]:
    """ "65-W", "8-inch": without the hyphen before a unit."""
    return [
        token
        for at, token in enumerate(tokens)
        if not (
            token.text == "-"
            and 0 < at < len(tokens) - 1
            and tokens[at - 1].kind == "number"
            and (tokens[at + 1].text in words.units or tokens[at + 1].text in NAMED_UNITS)
        )
    ]


SHARES = {"half": "0.5", "quarter": "0.25"}
LONGEST_NUMBER = 9


def _weighs(number: str, unit: str) -> bool:
    """ "500 g" is a weight, "2 G" two large ones."""
    return unit == "g" and number.isdecimal() and int(number[:6]) >= LIGHTEST


def _unit(amount: re.Match[str], words: Words, letters: Mapping[str, str], known: Callable[[Key], bool]) -> str | None:
    unit = words.units.get(amount[2]) or letters.get(amount[2]) or NAMED_UNITS.get(amount[2])
    believed = unit and (len(amount[2]) > 1 or amount[2] in letters or known(_measure(amount[1], unit)))
    return unit if believed else None


def measured(
    tokens: Iterable[Token], words: Words, *, named: bool = False, known: Callable[[Key], bool] = lambda _key: False
) -> Iterator[Token]:
    """The same tokens with a number and its unit as one word: "128 go", "128GB" -> "#128gb".

    `named`: they are a name. `known` tells a measure of the catalogue: "2m" is one where a cable of 2 m is sold.
    """
    letters = NAMED_UNITS if named else GLUED_UNITS
    waiting: Token | None = None
    for token in _halves(_dashless(list(tokens), words), words):
        if waiting is not None and waiting.kind == "word":
            if words.units.get(token.text) in WHOLE:
                yield Token(_measure("1", words.units[token.text]), "word", waiting.glued)
                waiting = None
                continue
            yield waiting
            waiting = None
        if waiting is None and token.text in words.either["one"]:
            waiting = token  # "un litre"
            continue
        if waiting is not None:
            unit = words.units.get(token.text) or NAMED_UNITS.get(token.text) or ("pct" if token.text == "%" else None)
            if unit and (
                len(token.text) > 1
                or unit == "pct"
                or named
                or _weighs(waiting.text, token.text)
                or known(_measure(waiting.text, unit))
            ):
                yield Token(_measure(waiting.text, unit), "word", waiting.glued)
                waiting = None
                continue
            yield waiting
            waiting = None
        amount = _AMOUNT.fullmatch(token.text) if token.kind == "word" else None
        if token.kind == "number" and token.text[0].isdecimal():
            waiting = token
        elif amount and (unit := _unit(amount, words, letters, known)):
            yield Token(_measure(amount[1], unit), "word", token.glued)
        else:
            yield token
    if waiting is not None:
        yield waiting

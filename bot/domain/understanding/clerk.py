"""Understands a shopper's message: word lists and the catalogue, no language model, the same answer every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.catalogue import Catalogue
from bot.domain.money import to_decimal
from bot.domain.understanding.index import Index
from bot.domain.understanding.intents import COMMAND, COMMANDS, PROGRAM, Signals, intent
from bot.domain.understanding.languages import spoken
from bot.domain.understanding.meaning import Intent, Understanding, Wanted
from bot.domain.understanding.mentions import Mention, segments
from bot.domain.understanding.numbers import amount
from bot.domain.understanding.options import narrowed
from bot.domain.understanding.phrases import Found, Phrasebook, compiled, literal
from bot.domain.understanding.reading import Item, Reader, Tongue, cues
from bot.domain.understanding.stems import Stems
from bot.domain.understanding.tokens import fold, raw
from bot.domain.understanding.wishes import Listener, Wishes
from bot.domain.understanding.words import Words, load

MOST_CANDIDATES = 50
"""More than anybody can choose from in a chat."""
INTENTS = frozenset(Intent)
SPEAKS_OF = frozenset({Intent.ASK, Intent.RETURN, Intent.REMOVE, Intent.CANCEL})


class Clerk:
    """Built once for a catalogue; `understand` may be called from any thread.

    `keywords` are the merchant's own phrases by intent, added to the built-in ones of every language. `language` is
    the shop's, in which product names are written and which is answered in where nothing else is known.
    """

    def __init__(
        self, catalogue: Catalogue, *, keywords: Mapping[str, Sequence[str]] | None = None, language: str = "fr"
    ) -> None:
        words = load()
        stems = Stems(words)
        self._catalogue, self._language = catalogue, language
        self._index = Index(catalogue, words, stems, language)
        self._reader = Reader(self._index, words, stems)
        self._tongues = {code: self._tongue(code, words, keywords or {}) for code in words.languages}
        self._listeners = {
            code: Listener(self._index, self._reader, known) for code, known in words.languages.items()
        }

    def _tongue(self, code: str, words: Words, keywords: Mapping[str, Sequence[str]]) -> Tongue:
        language = words.languages[code]

        def split(written: str) -> list[str]:
            tokens = language.shorthand.apply(words.spelling.apply(raw(fold(written))))
            return [token.text for token in tokens if token.kind in ("word", "emoji", "mark", "number")]

        phrases = [
            compiled(meaning, phrase, split)
            for table in (language.intents, language.cues)
            for meaning, written in table.items()
            for phrase in written
        ]
        own = [literal(meaning, phrase, split) for meaning, written in keywords.items() for phrase in written]
        return Tongue(language, Phrasebook([*phrases, *own]), words)

    def understand(self, text: str, *, language: str | None = None) -> Understanding:
        """What the message means by itself. `language` is the shopper's as known so far. Never raises."""
        folded = fold(text)
        tokens = self._reader.tokens(folded)
        hint = next((code for code in (language, self._language) if code in self._tongues), next(iter(self._tongues)))
        code = spoken(tokens, self._tongues, self._reader.names, str(hint))
        command = COMMAND.match(folded)
        if command and command[1] in COMMANDS:
            return Understanding(text, str(hint), COMMANDS[command[1]], about=self._linked(command[2] or ""))
        if PROGRAM.search(folded.replace("<3", "")):
            return Understanding(text, code, Intent.UNKNOWN)
        items, found = self._read(tokens, code)
        meanings = frozenset(one.meaning for one in found)
        if "program" in meanings:
            return Understanding(text, code, Intent.UNKNOWN)
        silent = frozenset(at for one in found if one.meaning == "idiom" for at in one.at)
        wishes = self._listeners[code].hear(segments(items, silent))
        signals = Signals(
            meanings,
            wishes,
            question=any(item.text == "?" for item in items),
            please=any("please" in item.roles for item in items),
            reference=any(item.kind == "reference" for item in items),
        )
        return self._answer(text, code, intent(signals), signals, items)

    def _read(self, tokens: Sequence[object], code: str) -> tuple[list[Item], list[Found]]:
        """The message in its language; its phrases in another one where its own says nothing."""
        others = [tongue for other, tongue in self._tongues.items() if other != code]
        items = self._reader.items(tokens, self._tongues[code], others)  # type: ignore[arg-type]
        found: list[Found] = []
        for tongue in (self._tongues[code], *others):
            more = cues(items, tongue.book)
            if tongue.language.code == code or not any(one.meaning in INTENTS for one in found):
                found += more
            else:
                found += [one for one in more if one.meaning == "program"]
        return items, [one for one in found if not _names_goods(one, items)]

    def _linked(self, payload: str) -> tuple[str, ...]:
        """The product that a deep link (/start p_<sku>) speaks of."""
        product = self._catalogue.product(payload.removeprefix("p_")) if payload.startswith("p_") else None
        return (product.sku,) if product else ()

    def _answer(self, text: str, code: str, meant: Intent, signals: Signals, items: Sequence[Item]) -> Understanding:
        wishes = signals.wishes
        if meant is Intent.BUY:
            return self._purchase(text, code, wishes, _prices(items))
        if meant is Intent.SEARCH:
            return Understanding(text, code, meant, candidates=self._skus(wishes.mentions))
        if meant not in SPEAKS_OF or not wishes.mentions:
            loose = wishes.loose.value if meant is Intent.UNKNOWN and wishes.loose.said else None
            return Understanding(text, code, meant, quantity=loose)
        sole = all(len(mention.products) == 1 or mention.plural for mention in wishes.mentions)
        asked = signals.has("ask", "help", "return", "complaint", "remove", "cancel")
        quantity = wishes.mentions[0].quantity
        said = quantity.value if quantity.said and len(wishes.mentions) == 1 else None
        if sole and (asked or all(len(mention.products) == 1 for mention in wishes.mentions)):
            return Understanding(text, code, meant, about=self._skus(wishes.mentions), quantity=said)
        return Understanding(text, code, meant, candidates=self._skus(wishes.mentions), quantity=said)

    def _purchase(self, text: str, code: str, wishes: Wishes, prices: Sequence[str]) -> Understanding:
        lines: dict[str, int] = {}
        missing: dict[str, None] = {}
        certain = not wishes.rest
        for mention in wishes.mentions:
            sku, gaps = self._settled(mention)
            if mention.quantity.value is None or (mention.plural and not mention.quantity.said and not mention.counted):
                gaps = (*gaps, "quantity")
            missing |= dict.fromkeys(gaps)
            if sku is None or gaps or mention.doubtful or not self._priced(sku, mention.quantity.value or 1, prices):
                certain = False
            else:
                lines[sku] = lines.get(sku, 0) + (mention.quantity.value or 1)
        if wishes.loose.said and wishes.loose.value is None:
            certain, missing = False, missing | {"quantity": None}
        if certain and lines:
            wanted = tuple(Wanted(sku, count) for sku, count in lines.items())
            return Understanding(text, code, Intent.BUY, lines=wanted)
        said = [m.quantity.value for m in wishes.mentions if m.quantity.said] or [
            wishes.loose.value if wishes.loose.said else None
        ]
        return Understanding(
            text,
            code,
            Intent.BUY,
            candidates=self._skus(wishes.mentions),
            missing=tuple(missing),
            quantity=said[0] if len(said) == 1 else None,
        )

    def _settled(self, mention: Mention) -> tuple[str | None, tuple[str, ...]]:
        """(the one SKU that is meant, the options that are open)."""
        if len(mention.products) != 1:
            return None, ()
        (number,) = mention.products
        exact = self._written(mention)
        if exact:
            return exact[0], ()
        left = narrowed(self._index.entries[number], mention.terms, mention.without)
        return (left.variants[0].sku if len(left.variants) == 1 else None), left.missing

    def _written(self, mention: Mention) -> tuple[str, ...]:
        """The variant whose SKU the shopper wrote out."""
        return tuple(t.variant for t in mention.terms if t.variant and self._catalogue.variant(t.variant) is not None)

    def _skus(self, mentions: Iterable[Mention]) -> tuple[str, ...]:
        """A lone product's variants that are left; of several products each one's SKU, or its only variant's."""
        skus: dict[str, None] = {}
        for mention in mentions:
            written = self._written(mention)
            for number in sorted(mention.products) if not written else ():
                entry = self._index.entries[number]
                left = narrowed(entry, mention.terms, mention.without).variants
                if len(mention.products) > 1 and len(left) > 1:
                    skus[entry.product.sku] = None
                else:
                    skus |= dict.fromkeys(variant.sku for variant in left)
            skus |= dict.fromkeys(written)
        return tuple(skus)[:MOST_CANDIDATES]

    def _priced(self, sku: str, quantity: int, prices: Sequence[str]) -> bool:
        """Whether a price that was named is the real one; another is a bargain to talk about, not a sale."""
        variant = self._catalogue.variant(sku)
        if variant is None:
            return False
        right = {to_decimal(variant.unit_minor * n, self._catalogue.currency).normalize() for n in (1, quantity)}
        return all(any(f"{value:f}" == price for value in right) for price in prices)


def _names_goods(found: Found, items: Sequence[Item]) -> bool:
    """A single word that names goods of this shop says nothing else ("support" where phone supports are sold)."""
    term = items[found.at[0]].term if len(found.at) == 1 else None
    return bool(term and term.strong and found.meaning != "buy")


def _prices(items: Sequence[Item]) -> list[str]:
    """Amounts beside a currency, as plain decimals."""
    prices = []
    for at, item in enumerate(items):
        beside = [*items[max(0, at - 1) : at], *items[at + 1 : at + 2]]
        if item.kind == "number" and any("currency" in one.roles or one.text in "€$£" for one in beside):
            whole, _, cents = item.text.replace(",", ".").partition(".")
            prices.append(f"{whole}.{cents.rstrip('0')}".rstrip(".") if cents else whole)
    return prices


def reply_number(text: str, *, language: str = "fr") -> int | None:
    """The choice that a short reply names: "2", "n°2", "the second one", "le deuxième"; None for anything else."""
    words = load()
    known = words.languages.get(language) or next(iter(words.languages.values()))
    tokens = [token for token in raw(fold(text)) if token.kind in ("word", "number")]
    if not tokens or len(tokens) > 4:
        return None
    meant: list[int] = []
    for token in tokens:
        number = amount(token.text) if token.kind == "number" else None
        for tongue in (known, *words.languages.values()):
            number = number or tongue.ordinals.get(token.text)
        if number:
            meant.append(number)
        elif not any(token.text in tongue.lists["function"] | tongue.lists["one"] | tongue.lists["pronouns"] | {"numero", "number", "option"}
                     for tongue in words.languages.values()):  # fmt: skip
            return None
    return meant[0] if len(meant) == 1 else None


def as_json(meaning: Understanding) -> dict[str, object]:
    """The public form, with the keys of `comptoir understand`."""
    return {
        "text": meaning.text,
        "language": meaning.language,
        "intent": meaning.intent.value,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in meaning.lines],
        "candidates": list(meaning.candidates),
        "missing": list(meaning.missing),
        "about": list(meaning.about),
    }

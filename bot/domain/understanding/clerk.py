"""Understands a shopper's message: word lists and the catalogue, no language model, the same answer every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial

from bot.domain.catalogue import Catalogue
from bot.domain.understanding.answers import Answers
from bot.domain.understanding.index import Index
from bot.domain.understanding.intents import COMMAND, COMMANDS, PROGRAM, Signals, intent
from bot.domain.understanding.languages import spoken
from bot.domain.understanding.meaning import Intent, Understanding
from bot.domain.understanding.mentions import segments
from bot.domain.understanding.phrases import Found, Phrase, Phrasebook, compiled, literal
from bot.domain.understanding.reading import Item, Reader, Tongue, cues
from bot.domain.understanding.stems import Stems
from bot.domain.understanding.tokens import Token, fold, raw
from bot.domain.understanding.wishes import Listener
from bot.domain.understanding.words import Words, load

INTENTS = frozenset(Intent)


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
        self._answers = Answers(catalogue, self._index)
        self._tongues = {code: _tongue(code, words, keywords or {}) for code in words.languages}
        self._listeners = {
            code: Listener(self._index, self._reader, words, known) for code, known in words.languages.items()
        }

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
        silent = {at for one in found for at in one.at if one.meaning == "idiom" or _hides(one, items[at])}
        refusals = {one.at[-1] for one in found if one.meaning == "no" and len(one.at) > 1}
        wishes = self._listeners[code].hear(segments(items, silent, refusals))
        signals = Signals(
            meanings,
            wishes,
            question=any(item.text == "?" for item in items),
            please=any("please" in item.roles for item in items),
            reference=any(item.kind == "reference" for item in items),
        )
        return self._answers.given(text, code, intent(signals), signals, items)

    def _read(self, tokens: Sequence[Token], code: str) -> tuple[list[Item], list[Found]]:
        """The message in its language; its phrases in another one where its own says nothing."""
        others = [tongue for other, tongue in self._tongues.items() if other != code]
        items = self._reader.items(tokens, self._tongues[code], others)
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


def _tongue(code: str, words: Words, keywords: Mapping[str, Sequence[str]]) -> Tongue:
    own = [
        literal(meaning, [word for word in _split(code, phrase) if word[0].isalnum()])
        for meaning, written in keywords.items()
        for phrase in written
    ]
    return Tongue(words.languages[code], Phrasebook([*_built_in(code), *own]), words)


@cache
def _built_in(code: str) -> tuple[Phrase, ...]:
    """The phrases of a language, the same for every shop; to cut them takes most of a clerk's making."""
    language = load().languages[code]
    return tuple(
        compiled(meaning, phrase, partial(_split, code))
        for table in (language.intents, language.cues)
        for meaning, written in table.items()
        for phrase in written
    )


def _split(code: str, written: str) -> list[str]:
    words = load()
    tokens = words.languages[code].shorthand.apply(words.spelling.apply(raw(fold(written))))
    return [token.text for token in tokens if token.kind in ("word", "emoji", "mark", "number")]


def _names_goods(found: Found, items: Sequence[Item]) -> bool:
    """A single word that names goods of this shop says nothing else ("support" where phone supports are sold)."""
    term = items[found.at[0]].term if len(found.at) == 1 else None
    return bool(term and term.strong and found.meaning not in ("buy", "stop"))


def _hides(found: Found, item: Item) -> bool:
    """A word of daily life inside a longer phrase names no goods: "gift wrapping" where gift cards are sold."""
    return len(found.at) > 1 and item.term is not None and item.term.common


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

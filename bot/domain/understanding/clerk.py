"""Understands a shopper's message: word lists and the catalogue, no language model, the same answer every time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.domain.catalogue import Catalogue
from bot.domain.understanding.answers import Answers
from bot.domain.understanding.index import NOTHING, Index
from bot.domain.understanding.intents import COMMAND, GUARDS, PROGRAM, Signals, intent
from bot.domain.understanding.languages import spoken
from bot.domain.understanding.limits import bounds
from bot.domain.understanding.meaning import Intent, Understanding
from bot.domain.understanding.mentions import segments
from bot.domain.understanding.phrases import Found
from bot.domain.understanding.reading import Item, Line, Reader
from bot.domain.understanding.stems import Stems
from bot.domain.understanding.tokens import Token
from bot.domain.understanding.tongues import tongue
from bot.domain.understanding.wishes import Listener, Wishes
from bot.domain.understanding.words import load

SPEAKING = frozenset(Intent) | GUARDS
"""Meanings by which a message says in its own language what it is after."""
VAGUE = frozenset({"vague"})
BARE = frozenset("please greeting one definite counters of joiners pairs packs made sizing multiple".split())
"""Words that may stand beside a thing, or beside "one more", without making a statement of it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message in its language, before it is decided what it means. `items` are without the bounds of prices."""

    code: str
    items: Sequence[Item]
    signals: Signals
    manner: frozenset[str]
    """How it is said: "plain", "bare"."""


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
        self._catalogue, self._language, self._words = catalogue, language, words
        self._index = Index(catalogue, words, stems, language)
        self._answers = Answers(catalogue, self._index)
        self._commands = {
            word: Intent(meant) for known in words.languages.values() for word, meant in known.commands.items()
        }
        own = tuple((meaning, tuple(phrases)) for meaning, phrases in (keywords or {}).items())
        self._tongues = {code: tongue(code, own) for code in words.languages}
        self._speakers = lru_cache(maxsize=16_384)(self._spoken_by)
        self._reader = Reader(self._index, words, stems, self._tongues)
        self._listeners = {
            code: Listener(self._index, self._reader, words, known) for code, known in words.languages.items()
        }

    def _spoken_by(self, word: str) -> tuple[str, ...]:
        return tuple(code for code, known in self._tongues.items() if known.has(word))

    def understand(self, text: str, *, language: str | None = None) -> Understanding:
        """What the message means by itself. `language` is the shopper's as known so far. Never raises."""
        heard = self._hear(text, language)
        return heard if isinstance(heard, Understanding) else self._given(text, heard, intent(heard.signals))

    def follow(self, text: str, before: str, *, language: str | None = None) -> Understanding | None:
        """What the message means as the rest of what was said `before` ("un tee noir", "en M"); None where
        it stands by itself. Never raises."""
        now, then = self._hear(text, language), self._hear(before, language)
        if isinstance(now, Understanding) or isinstance(then, Understanding):
            return None
        signals, agrees = now.signals, now.signals.has("yes", "agree")
        mentions = self._listeners[now.code].goes_on(then.signals.wishes, signals.wishes)
        if not mentions and not (agrees and then.signals.goods):
            return None
        mentions = mentions or then.signals.wishes.mentions
        asks = signals.question or signals.has("ask")
        buys = (
            agrees
            or "correction" in signals.asides
            or intent(then.signals) is Intent.BUY
            or signals.has("buy")
            or signals.please
        )
        counts = any(mention.quantity.said for mention in mentions)
        meant = Intent.BUY if not asks and (buys or counts) else Intent.ASK
        return self._given(text, replace(now, signals=replace(signals, wishes=Wishes(mentions))), meant)

    def _hear(self, text: str, language: str | None) -> Heard | Understanding:
        """What is heard in a message; at once what it means where it is a command or speaks to a program."""
        folded = self._words.plain(text)
        tokens = self._reader.tokens(folded)
        hint = next((code for code in (language, self._language) if code in self._tongues), next(iter(self._tongues)))
        code = spoken(tokens, self._tongues, self._reader.names, str(hint), self._speakers)
        command = COMMAND.match(folded)
        if command and command[1] in self._commands:
            return Understanding(text, str(hint), self._commands[command[1]], about=self._linked(command[2] or ""))
        if PROGRAM.search(folded.replace("<3", "")):
            return Understanding(text, code, Intent.UNKNOWN)
        items, line, found = self._read(tokens, code)
        found = [one for one in found if one.meaning != "idiom" or not _is_a_name(one, items)]
        idle = {one.at for one in found if one.meaning == "idiom"}
        if any(one.meaning == "program" for one in found):
            return Understanding(text, code, Intent.UNKNOWN)
        aside = line.phrases(self._tongues[code].asides)
        told = _before_all(items, found, aside) or _story(items, found)
        live = (one for one in found if told.isdisjoint(one.at))
        meanings = frozenset(one.meaning for one in live if one.meaning not in GUARDS or one.at not in idle)
        bound = bounds(items, aside)
        items = [replace(item, roles=item.roles | VAGUE) if item.at in bound.vague else item for item in items]
        silent = {at for one in found for at in one.at if one.meaning == "idiom" or _hides(one, items[at])}
        silent |= {at for one in aside for at in one.at if len(one.at) > 1 and "carts" in items[at].roles}
        turns = _turns(items, found, aside)
        silent |= told
        silent |= bound.places | {at for at in turns if items[at].term is None}
        refusals = {_refusal(one, items) for one in found if one.meaning == "no" and len(one.at) > 1}
        signals = Signals(
            meanings,
            self._listeners[code].hear(segments(items, silent, refusals), turns),
            question=any(item.text == "?" for item in items),
            please=any("please" in item.roles for item in items),
            reference=any(item.kind == "reference" for item in items),
            limits=bound.limits,
            asides=frozenset(one.meaning for one in aside),
            chatter=_chatter(items, found, silent),
        )
        manner = _manner(items, found, aside, signals)
        return Heard(code, [item for item in items if item.at not in bound.places], signals, manner)

    def _given(self, text: str, heard: Heard, meant: Intent) -> Understanding:
        given = self._answers.given(text, heard.code, meant, heard.signals, heard.items)
        return replace(given, asides=heard.signals.asides | heard.manner)

    def _read(self, tokens: Sequence[Token], code: str) -> tuple[list[Item], Line, list[Found]]:
        """The message in its language; its phrases in another one where its own says nothing, but for those that
        speak to a program."""
        others = [tongue for other, tongue in self._tongues.items() if other != code]
        said = sum(token.kind == "word" for token in tokens)
        items = self._reader.items(tokens, self._tongues[code], others)
        line = Line(items)
        found = line.phrases(self._tongues[code].book)
        for other in others:
            speaks = any(one.meaning in SPEAKING for one in found)
            more = line.phrases(other.programs if speaks else other.book)
            more = [
                one for one in more if len(one.at) > 1 or (items[one.at[0]].term is None and one.meaning not in GUARDS)
            ]
            found += [one for one in more if len(one.at) == said or not self._is_small_talk(one, items, code)]
        return items, line, [one for one in found if not _names_goods(one, items)]

    def _is_small_talk(self, found: Found, items: Sequence[Item], code: str) -> bool:
        """Whether a phrase of another language is made of daily words of this one: Italian "non" is no French "no".
        One that is the whole message is none."""
        lists = self._tongues[code].language.lists
        small = lists["function"] | lists["ordinary"]
        return all(items[at].text in small for at in found.at)

    def _linked(self, payload: str) -> tuple[str, ...]:
        """The product that a deep link (/start p_<sku>) speaks of."""
        product = self._catalogue.product(payload.removeprefix("p_")) if payload.startswith("p_") else None
        return (product.sku,) if product else ()


def _turns(items: Sequence[Item], found: Sequence[Found], aside: Sequence[Found]) -> frozenset[int]:
    """Where the shopper takes back what they just said: "no", "sorry, I meant". Not where they add to it."""
    if any(one.meaning == "add" for one in aside):
        return frozenset()
    back = {at for one in aside if one.meaning == "correction" for at in one.at}
    noes = (one.at for one in found if one.meaning == "no" and not any("refusal" in items[at].roles for at in one.at))
    return frozenset(back.union(*noes))


STORY = frozenset({"past", "others", "denial"})
"""What is told of the past and of other people."""


def _story(items: Sequence[Item], found: Sequence[Found]) -> frozenset[int]:
    """The places of what is only told around an order: "my sister is moving, anyway: a doormat please".

    Empty where a condition or a plan is spoken of, or where no clause orders something and tells nothing.
    """
    if not any(one.meaning in STORY for one in found) or any(one.meaning in GUARDS - STORY for one in found):
        return frozenset()
    clauses: list[list[Item]] = [[]]
    for item in items:
        if item.kind == "mark" and item.text in CLAUSE_ENDS:
            clauses.append([])
        else:
            clauses[-1].append(item)
    tells = {at for one in found if one.meaning in STORY for at in one.at}
    asks = {at for one in found if one.meaning == "buy" for at in one.at}
    ordering = [
        clause
        for clause in clauses
        if any(item.term is not None for item in clause)
        and any(item.at in asks or "please" in item.roles for item in clause)
        and not any(item.at in tells for item in clause)
    ]
    if not ordering:
        return frozenset()
    kept = {item.at for clause in ordering for item in clause}
    return frozenset(item.at for clause in clauses for item in clause if item.at not in kept)


def _before_all(items: Sequence[Item], found: Sequence[Found], aside: Sequence[Found]) -> frozenset[int]:
    """The places of what was told before the shopper came to the point: "… anyway, send me the lamp". Empty where
    nothing is ordered after that."""
    point = max((one.at[-1] for one in aside if one.meaning == "anyway"), default=-1)
    asks = any(one.meaning == "buy" and one.at[0] > point for one in found)
    after = items[point + 1 :]
    orders = asks or any("please" in item.roles for item in after)
    supposes = any(one.meaning == "condition" for one in found)
    tells = point > 0 and orders and not supposes and any(item.term for item in after)
    return frozenset(range(point)) if tells else frozenset()


CLAUSE_ENDS = frozenset(".?!;:,\n")


def _names_goods(found: Found, items: Sequence[Item]) -> bool:
    """A single word that names goods of this shop says nothing else ("support" where phone supports are sold)."""
    term = items[found.at[0]].term if len(found.at) == 1 else None
    known = term is not None and (bool(term.strong) or (bool(term.has) and not term.common))
    return known and found.meaning not in ("buy", "stop")


def _refusal(found: Found, items: Sequence[Item]) -> int:
    """The word of a refusing phrase that refuses: "brauche ich *nicht* mehr"."""
    return next((at for at in reversed(found.at) if "refusal" in items[at].roles), found.at[-1])


IDLE = frozenset({"ordinary", "cue", "things"})


def _chatter(items: Sequence[Item], found: Sequence[Found], silent: Collection[int]) -> int:
    """How many words have nothing to do with goods, numbers, manners or any phrase that is known."""
    known = {at for one in found for at in one.at} | set(silent)
    words = (item for item in items if item.kind == "word" and item.term is None and item.at not in known)
    return sum(item.roles <= IDLE for item in words)


def _is_a_name(idiom: Found, items: Sequence[Item]) -> bool:
    """Whether all of it is the name of one thing: "black tea" where it is sold."""
    terms = [term for at in idiom.at if (term := items[at].term)]
    shared = terms[0].has if len(terms) > 1 else NOTHING
    for term in terms[1:]:
        shared &= term.has
    return bool(shared)


def _manner(items: Sequence[Item], found: Sequence[Found], aside: Sequence[Found], signals: Signals) -> frozenset[str]:
    """ "plain": no question, no refusal, no word that has to do with something else. "bare": nothing but things,
    their number, manners and what asks for them; a statement ("I also have one") is not."""
    refuses = any("refusal" in item.roles for item in items) or signals.has("no", "complaint", "anger")
    referring = {at for one in aside for at in one.at}
    guarded = any(one.meaning in GUARDS and not referring.issuperset(one.at) for one in found)  # "last time"
    if signals.question or refuses or guarded:
        return frozenset()
    told = {at for one in (*found, *aside) for at in one.at}
    words = [item for item in items if item.kind == "word" and item.term is None]
    if any(item.at not in told and item.roles <= IDLE for item in words):
        return frozenset()
    wanted = {at for one in (*(it for it in found if it.meaning in WANTED), *aside) for at in one.at}
    bare = all(item.at in wanted or item.roles & BARE for item in words)
    return frozenset({"plain", "bare"} if bare else {"plain"})


WANTED = frozenset({"buy", "agree", "yes"})


def _hides(found: Found, item: Item) -> bool:
    """A word of daily life inside a longer phrase names no goods: "gift wrapping" where gift cards are sold."""
    if len(found.at) < 2:
        return False
    if item.kind == "number":
        return found.meaning != "buy"  # "grazie mille"
    return item.term is not None and (item.term.common or "carts" in item.roles)


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

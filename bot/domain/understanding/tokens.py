"""Makes any text, however it was typed, into plain tokens: lower case, no accents, numbers apart from words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

LIMIT = 2000
"""Characters that are read; what a shop is asked stands in the first of them (F114)."""

Kind = Literal["word", "number", "mark", "emoji", "reference", "sku"]


@dataclass(frozen=True, slots=True)
class Token:
    """`glued`: nothing stands between it and the token before it, a hyphen aside."""

    text: str
    kind: Kind
    glued: bool = False


def fold(text: str) -> str:
    """Lower case without accents; full-width letters and the digits of every script are plain ones.

    Superscripts are dropped, for "m²" counts nothing; a fraction such as ½ becomes 0.5, which no one can buy (F118).
    Letters of other scripts stay what they are, so that a Cyrillic look-alike matches nothing (F119).
    """
    text = text[:LIMIT]
    if not text.isascii():
        text = "".join(map(_plain, text))
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
        text = "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cs", "Sk"))
    text = _STRETCHED.sub(r"\1", text.lower())[:LIMIT]
    text = _SHORTENED.sub(r"\1 ", text)
    return _NUMERO.sub("n", _NUMBERED.sub(" ", _CONTROLS.sub(" ", text)))


_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_NUMBERED = re.compile(
    r"(?<!\d)(?:\d{4}[ -]){3}\d{1,4}(?!\d)|(?<!\d)(?:\d{2}[ .-]){4}\d{2}(?!\d)|(?<!\d)0\d{9}(?!\d)"
    r"|(?:\+\d{1,3} ?)?(?<!\d)9\d{2}[ .]\d{3}[ .]\d{3}(?!\d)"  # Portugal
    r"|(?:\+\d{1,3} ?)?(?<!\d)(?:\(?\d{2}\)? ?)?9?\d{4}-\d{4}(?!\d)"  # Brazil
    r"|(?<!\d)\d{4,5}-\d{3}(?!\d)"  # postal codes of both
    r"|•+ ?\d{4}(?!\d)"  # what is left of a card
)
"""Numbers of cards, telephones and postal codes, which count nothing."""
_NUMERO = re.compile(r"(?<![^\W_])n(?:o|r|um)?[.°]\s?(?=\d)")
"""The "no." before a number."""
_SHORTENED = re.compile(r"(?<![^\W_])(gr|tg|tam|sz|tal)\.\s?(?=\w)")
"""The "Gr." before a size, whose dot ends no sentence."""
_STRETCHED = re.compile(r"([a-wyz])\1{2,}")
_ALIKE = (
    dict.fromkeys("’‘ʼ‛´`ʹ′", "'")
    | dict.fromkeys("‐‑‒–—−", "-")
    | dict.fromkeys("×✕✖", " x")
    | {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "…": ".", "º": "°", "«": '"', "»": '"', "“": '"', "”": '"'}
)


def _plain(char: str) -> str:
    if char < "\x80":
        return char
    if char in _ALIKE:
        return _ALIKE[char]
    decimal = unicodedata.decimal(char, None)
    if decimal is not None:
        return str(decimal)
    kind = unicodedata.decomposition(char)
    if kind.startswith(("<super>", "<sub>")):
        return " "
    return " 0.5 " if kind.startswith("<fraction>") else char


_TOKEN = re.compile(
    r"""
    (?P<skip>https?://\S+|www\.\S+|@\w+)
  | (?P<reference>(?<!\w)c-(?=[a-z0-9]*\d)[a-z0-9]{5}(?![\w-]))
  | (?P<number>(?:(?<![\w.,-])[-+])?\d+(?:[.,]\d+)*(?![^\W_]))
  | (?P<word>[^\W_]+(?:'[^\W_]+)*)
  | (?P<mark>[-?!,.;:+&/()€$£%"\n*=])
  | (?P<emoji>[\u2600-\u27bf\U0001f000-\U0001faff])
    """,
    re.VERBOSE,
)


def raw(folded: str) -> list[Token]:
    """The tokens of folded text as they stand, nothing expanded."""
    return list(_raw(folded))


def _raw(folded: str) -> Iterator[Token]:
    end = -1
    for match in _TOKEN.finditer(folded):
        kind, text, start = match.lastgroup, match.group(), match.start()
        if kind == "skip":
            continue
        hyphen = text == "-" and start == end
        if hyphen and not folded[start - 1].isdigit():
            end = match.end()
            continue
        yield Token(text, kind, start == end)  # type: ignore[arg-type]
        end = match.end()


@dataclass(frozen=True, slots=True)
class Expansions:
    """What is written for something else: whole sequences of words, and beginnings before an apostrophe."""

    sequences: Mapping[tuple[str, ...], tuple[str, ...]]
    elisions: Mapping[str, str]
    longest: Mapping[str, int]
    """By the first word of a sequence, how many words there are at most."""

    @classmethod
    def of(cls, written: Mapping[str, str], elisions: Mapping[str, str]) -> Expansions:
        sequences = {_words(key): _words(value) for key, value in written.items()}
        longest: dict[str, int] = {}
        for first, *others in sequences:
            longest[first] = max(longest.get(first, 1), 1 + len(others))
        return cls(sequences, elisions, longest)

    def apply(self, tokens: list[Token]) -> list[Token]:
        """Replace the longest known sequences, from left to right; every part is `glued` as its first was."""
        done: list[Token] = []
        at = 0
        while at < len(tokens):
            for length in range(min(self.longest.get(tokens[at].text, 0), len(tokens) - at), 0, -1):
                meant = self.sequences.get(tuple(token.text for token in tokens[at : at + length]))
                if meant is not None:
                    done += [Token(word, "word", tokens[at].glued) for word in meant]
                    at += length
                    break
            else:
                elided = "'" in tokens[at].text and tokens[at].kind == "word"
                done += self._split(tokens[at]) if elided else (tokens[at],)
                at += 1
        return done

    def _split(self, token: Token) -> list[Token]:
        """ "l'affiche" -> "le affiche"; what stands behind any other apostrophe says little ("Rosie's")."""
        parts = token.text.split("'")
        if len(parts) == 1:
            return [token]
        words = [self.elisions.get(part, part) for part in parts[:-1]]
        if len(parts[-1]) > 2 or parts[-2] in self.elisions:
            words.append(parts[-1])
        return [Token(word, "word", token.glued and not at) for at, word in enumerate(words)]


def _words(text: str) -> tuple[str, ...]:
    return tuple(token.text for token in raw(fold(text)))

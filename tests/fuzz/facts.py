"""Every template and every button's words with hostile facts: what no conversation brings about often enough.

The facts are those of `bot.samples`; what a merchant or a shopper wrote among them is replaced by what `bot.toml` or a
platform lets them write, as long as it may be.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping

from bot.domain.conversation.in_public import NAMED
from bot.domain.effects import Button, Fact, Rows, Say
from bot.domain.messages import Post
from bot.domain.money import LARGEST_MINOR
from bot.samples import LABELS, SAMPLES
from tests.fuzz.goods import LONGEST_DESCRIPTION, LONGEST_NAME, PICTURE
from tests.fuzz.texts import Texts

WRITTEN: Mapping[str, int] = {
    "name": LONGEST_NAME,
    "example": LONGEST_NAME,
    "category": LONGEST_NAME,
    "option": LONGEST_NAME,
    "options": LONGEST_NAME,
    "gone": LONGEST_NAME,
    "values": 600,
    "description": LONGEST_DESCRIPTION,
    "tracking": 200,
}
"""Facts that somebody wrote, with the most characters they may have."""
ADDRESSES: Mapping[str, str] = {
    "support": "https://shop.example/?a=1&b=<2>&" + "c" * 300,
    "terms_url": "https://shop.example/?x=%22&y=" + "z" * 500,
    "privacy_url": "https://shop.example/#&<>\"'",
}
COUNTED = frozenset({"price", "total", "unit", "refunded", "delivery", "quantity", "available", "most", "more"})
LENGTHS: Mapping[str, int] = {
    "lines": 60,
    "orders": 8,
    "items": 6,
    "ways": 5,
    "deliveries": 5,
    "gone": 50,
    "options": 4,
}
"""The longest that a list may become: a message of 4,096 characters names at most so many things."""
IN_PUBLIC: Mapping[str, int] = {**LENGTHS, "items": NAMED}
PUBLIC = tuple(name for name in SAMPLES if name.startswith("public_"))
LABELS_SHOWN = frozenset({"buy", "take", "choice", "cancel_ref", "order_again", "speak", "count", "browse"})
LINKS = frozenset({"pay", "pay_ref", "order_page"})
URL = "https://shop.example/o/" + "t" * 24
ACTION = f"buy|{'s' * 64}|9999|255"


def spoilt(
    facts: Mapping[str, Fact], dice: random.Random, texts: Texts, longest: Mapping[str, int] = LENGTHS
) -> dict[str, Fact]:
    """The same facts, hostile; no list is longer than `longest` says."""

    def worse(name: str, fact: Fact) -> Fact:
        match fact:
            case bool() | None:
                return fact
            case str() if name in WRITTEN and fact:
                return texts.line(WRITTEN[name])
            case str() if name in ADDRESSES and fact:
                return dice.choice((fact, ADDRESSES[name]))
            case int() if name in COUNTED and fact:
                return dice.choice((fact, 1, LARGEST_MINOR))
            case list() if fact:
                many = dice.choice((len(fact), 1, longest.get(name, len(fact))))
                return [worse(name, fact[place % len(fact)]) for place in range(many)]
            case dict():
                return spoilt(fact, dice, texts, longest)
            case _:
                return fact

    return {name: worse(name, fact) for name, fact in facts.items()}


def rows(dice: random.Random, texts: Texts) -> Rows:
    """Buttons with every kind of words, as many as a message shows at most."""
    facts = dict(LABELS) | {"name": texts.line(LONGEST_NAME), "price": dice.choice((None, LARGEST_MINOR))}
    chosen = dice.sample(sorted(LABELS_SHOWN | LINKS), dice.randint(0, len(LABELS_SHOWN)))
    return tuple(
        (Button(label, url=URL, facts=facts) if label in LINKS else Button(label, ACTION, facts=facts),)
        for label in chosen
    )


def every_message(dice: random.Random, texts: Texts) -> Iterator[tuple[str, Say]]:
    """(channel, message): each template with each of its samples, in each language and channel, once more hostile."""
    posts = Post("1234567890", "2026-11-23T12:00:00+00:00", handle="camille")
    for (message, samples), language in itertools.product(SAMPLES.items(), ("fr", "en", "xx")):
        for facts in samples:
            for channel in ("x",) if message in PUBLIC else ("telegram", "x"):
                said = spoilt(facts, dice, texts, IN_PUBLIC if message in PUBLIC else LENGTHS)
                if message in PUBLIC:
                    yield channel, Say(message, language, said, answers=posts)
                    continue
                picture = dice.choice((None, None, PICTURE)) if channel == "telegram" else None
                yield channel, Say(message, language, said, rows(dice, texts), picture)

"""The ways to say the same thing in public: each fits a post, and none need be said twice on one day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.domain.effects import Fact, Say
from bot.domain.weights import CASHTAG, LONGEST_POST, cut, weighted_length
from bot.ports import Renderer

WAYS = 25
"""Six ways to begin times four to end; the last carries a number that is this post's alone."""
NAMES = (80, 50, 30, 15)
"""Weighted characters that a product's name is cut to, one after the other, until the whole fits."""


def wordings(renderer: Renderer, say: Say, *, channel: str, task: int) -> Iterator[str]:
    """The texts of a public message in the order in which they are tried, each made when it is asked for."""
    for way in range(WAYS):
        yield _fitting(renderer, say, channel, task, way)


def _fitting(renderer: Renderer, say: Say, channel: str, task: int, way: int) -> str:
    """The text in 280 weighted characters. Names give way, never a price; what the merchant's own template makes too
    long all the same is refused at the gate."""
    facts: dict[str, Fact] = {**say.facts, "wording": way}

    def text(facts: dict[str, Fact]) -> str:
        rendered = renderer.say(replace(say, facts=facts), channel=channel, task=task).text
        return CASHTAG.sub("$ ", rendered)  # X takes "$US" for a share's name and allows only one

    whole = text(facts)
    for most in NAMES:
        if weighted_length(whole) <= LONGEST_POST:
            break
        whole = text(_named_shorter(facts, most))
    return whole


def _named_shorter(facts: Mapping[str, Fact], most: int) -> dict[str, Fact]:
    """The facts with the name of every product and of its options cut, also in the list of several."""

    def shorter(name: str, fact: Fact) -> Fact:
        if isinstance(fact, list):
            return [_named_shorter(item, most) if isinstance(item, dict) else shorter(name, item) for item in fact]
        return cut(fact, most) if name in ("name", "options") and isinstance(fact, str) else fact

    return {name: shorter(name, fact) for name, fact in facts.items()}

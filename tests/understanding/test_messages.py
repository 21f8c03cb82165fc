"""The clerk against a labelled set of messages: what it must get right as a whole, and what it may never do."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.domain.understanding import Clerk, Understanding
from tests.understanding.shops import SHOPS

MESSAGES = tomllib.loads(Path(__file__).with_name("messages.toml").read_text("utf-8"))
LABELLED = [(shop, message) for shop, messages in MESSAGES.items() for message in messages]
EXACT = 0.95
"""The share of the set that must be understood to the letter."""


def read(clerks: dict[str, Clerk], shop: str, message: dict[str, Any]) -> Understanding:
    return clerks[shop].understand(message["say"])


def seen(meant: Understanding) -> dict[str, object]:
    return {
        "language": meant.language,
        "intent": meant.intent.value,
        "lines": {line.sku: line.quantity for line in meant.lines},
        "candidates": set(meant.candidates),
        "missing": set(meant.missing),
        "about": set(meant.about),
    }


def wanted(shop: str, message: dict[str, Any]) -> dict[str, object]:
    return {
        "language": message.get("language", SHOPS[shop][1]),
        "intent": message["intent"],
        "lines": message.get("lines", {}),
        "candidates": set(message.get("candidates", ())),
        "missing": set(message.get("missing", ())),
        "about": set(message.get("about", ())),
    }


@pytest.fixture(scope="module")
def clerks() -> dict[str, Clerk]:
    return {name: Clerk(catalogue, language=language) for name, (catalogue, language) in SHOPS.items()}


def test_the_set_is_large_and_speaks_both_languages() -> None:
    languages = [wanted(shop, message)["language"] for shop, message in LABELLED]
    assert len(LABELLED) >= 150
    assert min(languages.count("fr"), languages.count("en")) >= 60


@pytest.mark.parametrize(("shop", "message"), LABELLED, ids=[message["say"] for _, message in LABELLED])
def test_never_sells_what_was_not_asked_for(clerks: dict[str, Clerk], shop: str, message: dict[str, Any]) -> None:
    sold = seen(read(clerks, shop, message))["lines"]
    assert not sold or sold == message.get("lines"), message["say"]


def test_understands_nearly_all_to_the_letter(clerks: dict[str, Clerk]) -> None:
    wrong = [
        f"{message['say']}: {seen(read(clerks, shop, message))}"
        for shop, message in LABELLED
        if seen(read(clerks, shop, message)) != wanted(shop, message)
    ]
    assert len(wrong) <= (1 - EXACT) * len(LABELLED), "\n".join(wrong)


def test_the_same_message_means_the_same_in_capitals_and_without_accents(clerks: dict[str, Clerk]) -> None:
    clerk = clerks["atelier"]
    plain = clerk.understand("je voudrais une théière")
    for text in ("JE VOUDRAIS UNE THÉIÈRE", "je voudrais une theiere", "Je Voudrais  une   Theiere"):
        assert seen(clerk.understand(text)) == seen(plain)

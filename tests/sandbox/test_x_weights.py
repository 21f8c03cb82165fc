"""How long X finds a text, and what in it is an address."""

from __future__ import annotations

import unicodedata

import pytest

from bot.sandbox.x.weights import weighted_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("bonjour", 7),
        ("café", 4),
        (unicodedata.normalize("NFD", "café"), 4),
        ("“guillemets” — tiret", 20),
        ("12 € le mug", 12),
        ("日本", 4),
        ("👾", 2),
        ("🙋🏽", 2),
        ("👨\u200d🎤", 2),
        ("👨\u200d👩\u200d👧\u200d👦", 2),
        ("🇫🇷🇧🇪", 4),
        ("❤️", 2),
        ("1️⃣", 2),
        ("https://example.com", 23),
        ("https://example.com/a/very/long/path?with=1&more=2#all", 23),
        ("example.com", 23),
        ("voir example.com.", 29),
        ("(https://example.com/a)", 25),
        ("a.b", 3),
        ("3.50", 4),
        ("moi@example.com", 15),
        ("fin.Debut", 9),
    ],
)
def test_a_text_is_as_long_as_x_finds_it(text: str, length: int) -> None:
    assert weighted_length(text) == length

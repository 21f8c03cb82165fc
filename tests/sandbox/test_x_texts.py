"""What the sandbox's X takes for a link, a name or a tag."""

from __future__ import annotations

import pytest

from bot.sandbox.x.texts import Span, links, short_for, shortened, spans


@pytest.mark.parametrize("text", ["fin.Puis", "12.50", "C-7Q4K2", "zoe@example.com", "10h30", "p.ex. un", "3.14.15"])
def test_words_with_dots_are_no_links(text: str) -> None:
    assert links(text) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("voir shop.example.com.", "shop.example.com"),
        ("Atelier.fr", "Atelier.fr"),
        ("https://a.example/x(1), puis", "https://a.example/x(1)"),
        ("(https://a.example/x)", "https://a.example/x"),
        ("fin.Puis a.com/b?c=d !", "a.com/b?c=d"),
    ],
)
def test_a_link_ends_where_the_sentence_goes_on(text: str, shown: str) -> None:
    assert [link.value for link in links(text)] == [shown]


def test_names_and_tags_are_told_apart() -> None:
    assert spans("@zoe et a@b, ＠luc: #mug #12 $TSLA $5 @seize_caracteres") == [
        Span("mention", 0, 4, "zoe"),
        Span("mention", 13, 17, "luc"),
        Span("hashtag", 19, 23, "mug"),
        Span("cashtag", 28, 33, "TSLA"),
    ]


def test_every_link_becomes_one_of_23_characters() -> None:
    long = "https://example.com/" + "x" * 300
    text, found = shortened(f"a {long} b example.com")
    short, bare = short_for(long), short_for("http://example.com")
    assert text == f"a {short} b {bare}"
    assert [text[start:end] for start, end, _, _ in found] == [short, bare]
    assert {len(short), len(bare)} == {23}
    assert short != bare

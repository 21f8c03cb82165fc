"""Words: escaped for their channel, never executed, the merchant's own before ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from bot.domain.effects import Button, Say
from bot.rendering import MESSAGES, TemplateRenderer, Voice

VOICE = Voice("Atelier <Lumière>", "EUR", "Europe/Paris")
OURS = TemplateRenderer(VOICE)


def said(message: str, renderer: TemplateRenderer = OURS, *, channel: str = "telegram", **facts: object) -> str:
    return renderer.say(Say(message, "fr", facts), channel=channel, task=1).text  # type: ignore[arg-type]


HOSTILE = [
    "{{ 7*7 }}",
    "{order.__class__.__mro__}",
    "{% for x in range(9) %}x{% endfor %}",
    "%s%n",
    "<b>x</b>",
    "${7*7}",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_shopper_wrote_is_never_executed(name: str) -> None:
    """F112, F116"""
    text = said("welcome", name=name)
    assert "49" not in text
    assert name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in text


def test_a_channel_of_plain_words_gets_no_tags() -> None:
    text = said("welcome", channel="x", name="Zoë & <b>")
    assert "Zoë & <b>" in text
    assert "&lt;" not in text


def test_a_fact_that_is_missing_is_an_error_and_not_a_blank() -> None:
    """F111"""
    with pytest.raises(UndefinedError):
        said("thanks")


def test_the_merchants_own_words_come_first(tmp_path: Path) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "you_are_welcome.j2").write_text("De rien, {{ shop }} !", encoding="utf-8")
    (tmp_path / "fr" / "words.toml").write_text('browse = "Par ici"', encoding="utf-8")
    own = TemplateRenderer(VOICE, tmp_path)
    assert said("you_are_welcome", own) == "De rien, Atelier &lt;Lumière&gt; !"
    assert own.word("browse", "fr") == "Par ici"
    assert own.word("my_orders", "fr") == OURS.word("my_orders", "fr")


def test_a_fault_in_a_template_is_found_before_the_first_sale(tmp_path: Path) -> None:
    """F111"""
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "thanks.j2").write_text("Merci\n{% if %}", encoding="utf-8")
    (problem,) = TemplateRenderer(VOICE, tmp_path).problems(["telegram"])
    assert (problem.file, problem.line) == ("templates/fr/thanks.j2", 2)


def test_ours_are_without_fault_for_every_channel() -> None:
    assert OURS.problems(["telegram", "x"], ours=True) == []
    assert len(MESSAGES) == len(set(MESSAGES))


def test_a_template_cannot_reach_into_python(tmp_path: Path) -> None:
    """F112"""
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "you_are_welcome.j2").write_text("{{ shop.__class__.__mro__ }}", encoding="utf-8")
    with pytest.raises(Exception, match=r"unsafe|undefined"):
        said("you_are_welcome", TemplateRenderer(VOICE, tmp_path))


def test_each_button_has_a_token_of_its_own() -> None:
    rows = (
        (Button("browse", "browse||1|0"), Button("pay", url="https://pay.example", facts={"total": 1800})),
        (Button("my_orders", "o"),),
    )
    body = OURS.say(Say("you_are_welcome", "en", {}, rows), channel="telegram", task=12)
    assert [(token, url) for row in body.rows for _, token, url in row] == [
        ("12.0", None),
        (None, "https://pay.example"),
        ("12.2", None),
    ]
    assert [label for row in body.rows for label, _, _ in row][1] == "Pay €18.00"

"""The short form: some thousand hostile messages and every template with hostile facts, judged by the strict sandbox.

The long form is `python -m tests.fuzz`.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from bot.domain.effects import Button, Fact, Say
from bot.domain.understanding import Intent, Understanding, Wanted
from bot.domain.weights import LONGEST_POST, weighted_length
from bot.ports import Envelope, Rendered
from bot.samples import SAMPLES
from bot.service.wordings import wordings
from tests.fuzz.backroom import shop_parts
from tests.fuzz.crowd import Crowd, crowded
from tests.fuzz.facts import PUBLIC, WRITTEN
from tests.fuzz.found import Found
from tests.fuzz.hearing import heard, nonsense, shop
from tests.fuzz.texts import Texts
from tests.fuzz.wires import Verdicts, telegram_channel, telegram_side

MESSAGES = 800
COMMON = ("welcome", "help", "product", "window", "choose_option", "link", "unknown", "card_in_chat", "public_offer")


@pytest.fixture(scope="module")
def found() -> Found:
    return crowded(3, MESSAGES)


def test_no_message_crashes_the_shop(found: Found) -> None:
    """F112, F114, F115, F116, F118, F119"""
    assert found.messages == MESSAGES
    assert found.crashes == []


def test_the_strict_sandbox_takes_every_reply(found: Found) -> None:
    """F056, F057, F084, F112, F115, F116"""
    assert found.refused == []
    assert found.kept_back["too long"] == 0
    assert min(found.sent[kind] for kind in ("telegram sendMessage", "telegram sendPhoto", "x post", "x message")) > 20


def test_every_template_is_said_with_hostile_facts(found: Found) -> None:
    assert set(found.rendered) == set(SAMPLES)
    assert [name for name in COMMON if not found.said[name]] == []


def test_no_message_takes_long(found: Found) -> None:
    """F114, F117: 10,000 characters of anything; in milliseconds of CPU time."""
    assert found.slowest_ms < 400, found.slowest


def test_the_same_seed_meets_the_same_people() -> None:
    """What a failure is replayed with."""
    first, again = crowded(5, 25), crowded(5, 25)
    assert (first.said, first.sent, first.rendered) == (again.said, again.sent, again.rendered)


def test_a_crash_and_a_refusal_are_seen() -> None:
    """The negative control: a reply that Telegram refuses, and a shop that breaks at a word, are both found."""

    async def broken() -> Found:
        crowd = Crowd(6)
        understand = crowd._shop.understand

        def breaks(text: str, language: str | None) -> object:
            if "mug" in text.lower():
                raise ZeroDivisionError
            return understand(text, language)

        object.__setattr__(crowd._shop, "understand", breaks)
        say = crowd._renderer.say

        def unescaped(said: Say, *, channel: str, task: int) -> Rendered:
            body = say(said, channel=channel, task=task)
            return Rendered(f"<b>{body.text}", body.rows) if said.message == "unknown" else body

        object.__setattr__(crowd._perform, "renderer", type("Broken", (), {"say": staticmethod(unescaped)}))
        try:
            return await crowd.run(40)
        finally:
            crowd.close()

    found = asyncio.run(broken())
    assert any("ZeroDivisionError" in error for *_, error in found.crashes)
    assert any("can't parse entities" in refusal for *_, refusal in found.refused)


def test_names_of_options_give_way_in_public() -> None:
    """F084: three options with names of two hundred letters still fit a post."""
    _, _, renderer = shop_parts(0)
    facts: dict[str, Fact] = {**SAMPLES["public_offer"][0], "options": ["é" * WRITTEN["option"]] * 3}
    for language in ("fr", "en"):
        texts = list(wordings(renderer, Say("public_offer", language, facts), channel="x", task=1))
        assert max(map(weighted_length, texts)) <= LONGEST_POST
    assert "public_offer" in PUBLIC


def test_a_hostile_line_is_one_that_the_file_lets_pass() -> None:
    """Else the shops of this test would be impossible ones."""
    from bot.config.texts import _line

    texts = Texts(random.Random(1), ("mug",))
    for _ in range(300):
        line = texts.line(200)
        assert _line(line) == line


async def test_a_picture_that_was_never_sent_can_take_the_place_of_another(tmp_path: Path) -> None:
    """A file is uploaded where a message is edited too; the address of a file on our disk is refused by Telegram."""
    verdicts = Verdicts()
    side = telegram_side(lambda: 0.0)
    channel = telegram_channel(side, verdicts)
    side.chats.open(1001, name="Camille", language="fr")
    first, second = (Path("images") / name for name in ("mug-bleu.jpg", "mug-noir.jpg"))
    sent = await channel.send(Envelope("1001", Rendered("one", picture=str(first))))
    assert sent is not None
    edited = await channel.send(Envelope("1001", Rendered("two", picture=str(second)), replaces=sent, pictured=True))
    assert edited == sent
    assert side.chats.find(1001).messages[int(sent)].wire["caption"] == "two"
    assert verdicts.refused == []


async def test_a_picture_that_is_gone_does_not_silence_its_message(tmp_path: Path) -> None:
    """Also where the message was to be edited: it is said anew, without the picture."""
    verdicts = Verdicts()
    side = telegram_side(lambda: 0.0)
    channel = telegram_channel(side, verdicts)
    side.chats.open(1001, name="Camille", language="fr")
    sent = await channel.send(Envelope("1001", Rendered("one", picture="https://shop.example/one.jpg")))
    assert sent is not None
    gone = Rendered("two", ((("Buy", "1.0", None),),), picture=str(tmp_path / "gone.jpg"))
    anew = await channel.send(Envelope("1001", gone, replaces=sent, pictured=True))
    assert anew is not None
    assert anew != sent
    assert side.chats.find(1001).messages[int(anew)].wire["text"] == "two"


def test_buttons_carry_no_more_than_a_platform_takes() -> None:
    """F056: the action itself stays here; what goes out is a short token."""
    _, _, renderer = shop_parts(1)
    button = Button("buy", f"buy|{'s' * 64}|9999|255", facts={"quantity": 2, "total": 1})
    body = renderer.say(Say("unknown", "fr", {"support": ""}, ((button,),)), channel="telegram", task=10**15)
    ((label, token, _),) = body.rows[0]
    assert len(label) <= 64
    assert token is not None
    assert len(token.encode()) <= 64


def test_the_clerk_hears_hostile_messages_without_an_error_or_a_long_wait() -> None:
    """F115, F117, F118, F119; the long form is `python -m tests.fuzz.hearing`."""
    found = heard(1_000_006, 3_300)
    assert found.messages == 3_300
    assert found.crashes == []


def test_a_clerk_that_answers_nonsense_is_caught() -> None:
    goods, _ = shop(0)
    assert "not sold here" in nonsense(goods, Understanding("x", "fr", Intent.ASK, about=("nothing-like-it",)))
    sku = next(iter(goods.variants())).sku
    assert "cannot be bought" in nonsense(goods, Understanding("x", "fr", Intent.BUY, lines=(Wanted(sku, 0),)))

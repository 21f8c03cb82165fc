"""What leaves for X: a reply under its post, a message with its picture, and neither of them twice."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.x.failures import Duplicate
from bot.channels.x.sending import LONGEST_MESSAGE, Sender, in_words
from bot.channels.x.wire import LARGEST_PICTURE, XKeys, XWire
from bot.errors import Permanent, Temporary, Unreachable
from bot.ports import Envelope, Rendered
from tests.channels.scripted import Answer, Scripted, page, problem, said, scripted
from tests.channels.tally import Tally

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
US, CAMILLE = "1111111111111111111", "2222222222222222222"
KEYS = XKeys("ck", "cs", f"{US}-at", "as")
SENT = said({"data": {"dm_conversation_id": f"{US}-{CAMILLE}", "dm_event_id": "900"}}, 201)
POSTED = said({"data": {"id": "901", "text": "un mug"}}, 201)
UPLOADED = said({"data": {"id": "77", "media_key": "3_77"}})
DUPLICATE = problem(403, "You are not allowed to create a Tweet with duplicate content.")
LINK = Rendered("2 × Mug bleu, 36,00 €", ((("Payer 36,00 €", None, "https://pay.example/cs_123?a=1&b=2"),),))
IN_WORDS = "2 × Mug bleu, 36,00 €\n\nPayer 36,00 €\nhttps://pay.example/cs_123?a=1&b=2"
PIXELS = b"\xff\xd8\xff not much of a picture"
MESSAGES = f"/2/dm_conversations/with/{CAMILLE}/messages"
LOOK_UP = f"/2/dm_conversations/with/{CAMILLE}/dm_events"


@dataclass
class Line:
    script: Scripted
    sender: Sender
    meter: Tally

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(it.method, it.path) for it in self.script.asked]


@asynccontextmanager
async def connected(*answers: Answer) -> AsyncIterator[Line]:
    async with scripted(*answers) as script:
        wire, meter = XWire(KEYS, script.address, lambda: NOW), Tally(lambda: NOW)
        yield Line(script, Sender(wire, meter), meter)
        wire.close()


def private(body: Rendered = LINK, **more: Any) -> Envelope:
    return Envelope(CAMILLE, body, **more)


def reply(**more: Any) -> Envelope:
    return Envelope(CAMILLE, Rendered("@camille Mug bleu, 18,00 €"), answers="500", **more)


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "mug.jpg"
    path.write_bytes(PIXELS)
    return str(path)


def event(text: str, *, sender: str = US, event_id: str = "890") -> dict[str, str]:
    return {"id": event_id, "event_type": "MessageCreate", "sender_id": sender, "text": text}


# -- in public


async def test_a_reply_stands_under_the_post_that_it_answers() -> None:
    async with connected(POSTED) as line:
        assert await line.sender.reply(reply()) == "901"
        (asked,) = line.script.asked
        assert asked.json == {"text": "@camille Mug bleu, 18,00 €", "reply": {"in_reply_to_tweet_id": "500"}}
        assert asked.headers["authorization"].startswith("OAuth ")


async def test_a_call_that_the_gate_has_counted_is_not_counted_again() -> None:
    async with connected(POSTED, SENT) as line:
        await line.sender.reply(reply())
        await line.sender.message(private())
        assert line.meter.asked == []


async def test_a_duplicate_of_a_try_of_unknown_fate_is_that_try() -> None:
    """F078: it had arrived; nothing is said again."""
    async with connected(DUPLICATE) as line:
        assert await line.sender.reply(reply(again=True)) is None
        assert len(line.script.asked) == 1


async def test_a_duplicate_on_the_first_try_is_a_refusal() -> None:
    """F078: somebody else had these very words; the negative twin."""
    async with connected(DUPLICATE) as line:
        with pytest.raises(Duplicate):
            await line.sender.reply(reply())


async def test_a_reply_to_a_post_that_is_gone_is_given_up() -> None:
    """F083"""
    gone = problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
    async with connected(gone) as line:
        with pytest.raises(Permanent, match="deleted"):
            await line.sender.reply(reply(again=True))


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": None}, {"data": {"id": None}}, {"data": "901"}])
async def test_a_success_without_an_id_is_of_unknown_fate(body: dict[str, Any]) -> None:
    """What X answers instead of an id proves nothing: it is looked for before it is said again."""
    async with connected(said(body, 201), said(body, 201)) as line:
        for send, envelope in ((line.sender.reply, reply()), (line.sender.message, private())):
            with pytest.raises(Temporary) as unclear:
                await send(envelope)
            assert unclear.value.uncertain


# -- in private


async def test_a_message_is_its_text_with_addresses_and_numbers() -> None:
    async with connected(SENT) as line:
        assert await line.sender.message(private()) == "900"
        (asked,) = line.script.asked
        assert line.asked == [("POST", MESSAGES)]
        assert asked.json == {"text": IN_WORDS}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (Rendered("Bonjour"), "Bonjour"),
        (Rendered("Lequel ?", ((("Bleu", "1", None), ("Noir", "2", None)),)), "Lequel ?\n\n1. Bleu\n2. Noir"),
        (LINK, IN_WORDS),
        (
            replace(LINK, text="2 × Mug bleu\n<links>\nPour annuler : annuler"),
            "2 × Mug bleu\n\nPayer 36,00 €\nhttps://pay.example/cs_123?a=1&b=2\n\nPour annuler : annuler",
        ),
        (Rendered("Bonjour\n<links>"), "Bonjour"),
        (Rendered("", ((("Bleu", "1", None),),)), "1. Bleu"),
        (Rendered("Oui", ((("Sans rien", None, None),),)), "Oui"),
    ],
)
def test_buttons_are_said_in_words(body: Rendered, words: str) -> None:
    assert in_words(body) == words


def test_a_message_is_no_longer_than_x_takes() -> None:
    """F084"""
    assert len(in_words(Rendered("x" * 20_000))) == LONGEST_MESSAGE


async def test_somebody_who_shut_their_messages_is_unreachable() -> None:
    """F077"""
    async with connected(problem(403, "You cannot send messages to this user.")) as line:
        with pytest.raises(Unreachable):
            await line.sender.message(private())


# -- its picture


async def test_a_picture_is_uploaded_once_and_used_again(picture: str) -> None:
    body = Rendered("Mug bleu", (), picture)
    async with connected(UPLOADED, SENT, SENT) as line:
        await line.sender.message(private(body))
        await line.sender.message(private(body))
        assert line.asked == [("POST", "/2/media/upload"), ("POST", MESSAGES), ("POST", MESSAGES)]
        upload, *messages = line.script.asked
        assert base64.b64decode(upload.json["media"]) == PIXELS
        assert upload.json["media_category"] == "dm_image"
        assert [it.json["attachments"] for it in messages] == [[{"media_id": "77"}]] * 2


@pytest.mark.parametrize(
    "answer",
    [
        said({"title": "Unsupported Media Type"}, 415),
        said({}, 503),
        problem(400, "media type unrecognized."),
        said({"data": {}}),
        said({"data": None}),
        said({"errors": []}),
        "cut",
    ],
)
async def test_a_message_goes_without_a_picture_that_cannot_be_uploaded(answer: Answer, picture: str) -> None:
    async with connected(answer, SENT) as line:
        assert await line.sender.message(private(Rendered("Mug bleu", (), picture))) == "900"
        assert line.script.asked[-1].json == {"text": "Mug bleu"}


@pytest.mark.parametrize(
    "refusal",
    [
        problem(400, "Your media IDs are invalid."),
        problem(400, "One or more parameters to your request was invalid.", messages=["Invalid media id 77"]),
    ],
)
async def test_a_picture_that_x_refuses_in_the_message_is_left_out_and_uploaded_anew_later(
    refusal: Answer, picture: str
) -> None:
    body = Rendered("Mug bleu", (), picture)
    async with connected(UPLOADED, refusal, SENT, UPLOADED, SENT) as line:
        assert await line.sender.message(private(body)) == "900"
        assert [("attachments" in it.json) for it in line.script.asked if it.path == MESSAGES] == [True, False]
        await line.sender.message(private(body))
        assert line.script.asked[-2].path == "/2/media/upload"


async def test_another_refusal_of_a_pictured_message_is_not_blamed_on_its_picture(picture: str) -> None:
    """F077"""
    async with connected(UPLOADED, problem(403, "You cannot send messages to this user.")) as line:
        with pytest.raises(Unreachable):
            await line.sender.message(private(Rendered("Mug bleu", (), picture)))
        assert len(line.script.asked) == 2


@pytest.mark.parametrize("where", ["missing", "address", "too large"])
async def test_a_picture_that_is_not_at_hand_is_not_uploaded(where: str, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(b"\0" * (LARGEST_PICTURE + 1))
    path = {"missing": "/nowhere/mug.jpg", "address": "https://127.0.0.1:9/mug.jpg", "too large": str(large)}[where]
    async with connected(SENT) as line:
        await line.sender.message(private(Rendered("Mug bleu", (), path)))
        assert line.asked == [("POST", MESSAGES)]


# -- once more


async def test_a_message_that_had_arrived_is_found_and_not_said_again() -> None:
    """X shortens addresses and writes & as an entity: the rest of the words tells."""
    arrived = "2 × Mug bleu, 36,00 €\n\nPayer 36,00 €\nhttps://t.co/AbCdEf1234"
    async with connected(page([event("bonjour", sender=CAMILLE), event(arrived)])) as line:
        assert await line.sender.message(private(again=True)) == "890"
        assert line.asked == [("GET", LOOK_UP)]
        assert line.meter.asked == ["dm_lookups"]
        assert sorted(line.meter.costs) == [("dm_read", "890")]


async def test_an_ampersand_does_not_hide_a_message_that_had_arrived() -> None:
    async with connected(page([event("Mug &amp; soucoupe &lt;3")])) as line:
        assert await line.sender.message(private(Rendered("Mug & soucoupe <3"), again=True)) == "890"


@pytest.mark.parametrize(
    "found",
    [
        page([]),
        page([event("autre chose")]),
        page([event(IN_WORDS, sender=CAMILLE)]),
        page([{"id": "890"}]),
    ],
)
async def test_a_message_that_had_not_arrived_is_said_again(found: Answer) -> None:
    """The negative twin: the same words of somebody else are not ours."""
    async with connected(found, SENT) as line:
        assert await line.sender.message(private(again=True)) == "900"
        assert line.asked == [("GET", LOOK_UP), ("POST", MESSAGES)]


@pytest.mark.parametrize(
    "failure", [said({}, 503), said({}, 429), problem(403, "no"), "cut", said({"data": 5}), said({"data": [5]})]
)
async def test_where_x_cannot_be_asked_the_message_is_said_again(failure: Answer) -> None:
    """Rather twice than never."""
    async with connected(failure, SENT) as line:
        assert await line.sender.message(private(again=True)) == "900"


async def test_a_first_try_asks_nothing_before() -> None:
    async with connected(SENT) as line:
        await line.sender.message(private())
        assert line.asked == [("POST", MESSAGES)]

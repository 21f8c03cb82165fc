"""What the shop may post on the sandbox's X, whom it may answer, and how X refuses the rest."""

from __future__ import annotations

import base64
from typing import Any

import aiohttp
import pytest

from bot.sandbox.server import Sandbox, serving
from tests.sandbox.conftest import Control
from tests.sandbox.pictures import picture
from tests.sandbox.x_client import X, signature

DUPLICATE = "You are not allowed to create a Tweet with duplicate content."


@pytest.fixture
def x(base: str) -> X:
    return X(base)


async def posted(control: Control, user: int, text: str, **more: Any) -> str:
    return str((await control.post("/x/post", user=user, text=text, **more))["id"])


async def shop_posted(control: Control, text: str, **more: Any) -> str:
    return str((await control.post("/x/shop_post", text=text, **more))["id"])


async def shown(control: Control) -> list[dict[str, Any]]:
    return list((await control.get("/x/timeline"))["posts"])


async def test_who_names_the_shop_may_be_answered(x: X, control: Control) -> None:
    asked = await posted(control, 1001, "@atelier_lumiere combien ?", handle="zoe")
    told = await x.reply("12 €, en stock", asked)
    assert told.status == 201
    assert told.data["text"] == "@zoe 12 €, en stock"
    answer = (await shown(control))[-1]
    assert answer["author"]["ours"] is True
    assert (answer["text"], answer["reply_to"]) == ("12 €, en stock", asked)


async def test_who_quotes_the_shop_may_be_answered(x: X, control: Control) -> None:
    ours = await shop_posted(control, "Le mug Lune est là")
    assert (await x.reply("Merci !", await posted(control, 1001, "joli", quote=ours))).status == 201


async def test_a_stranger_may_not_be_answered(x: X, control: Control) -> None:
    refused = await x.reply("12 €", await posted(control, 1001, "je cherche un mug"))
    assert refused.status == 403
    assert refused.detail.startswith("Reply to this conversation is not allowed")
    quoting = await posted(control, 1001, "regardez", quote=await posted(control, 1002, "un mug ailleurs"))
    assert (await x.reply("12 €", quoting)).status == 403


async def test_who_answers_the_shop_s_post_may_be_answered_unless_summons_are_strict(x: X, control: Control) -> None:
    ours = await shop_posted(control, "Le mug Lune est là")
    implied = await posted(control, 1001, "combien ?", reply_to=ours)
    named = await posted(control, 1001, "@atelier_lumiere combien ?", reply_to=ours)
    assert (await x.reply("12 €", implied)).status == 201
    await control.post("/x/account", strict_summon=True)
    assert (await x.reply("douze euros", implied)).status == 403
    assert (await x.reply("12 euros", named)).status == 201


async def test_the_shop_may_answer_itself(x: X, control: Control) -> None:
    assert (await x.reply("suite", await shop_posted(control, "début"))).status == 201


async def test_a_deleted_or_hidden_post_cannot_be_answered(x: X, control: Control) -> None:
    gone = await posted(control, 1001, "@atelier_lumiere combien ?")
    await control.post("/x/delete", id=gone)
    hidden = await posted(control, 1002, "@atelier_lumiere combien ?")
    await control.post("/x/user", user=1002, protected=True)
    banned = await posted(control, 1003, "@atelier_lumiere combien ?")
    await control.post("/x/user", user=1003, suspended=True)
    blocked = await posted(control, 1004, "@atelier_lumiere combien ?")
    await control.post("/x/user", user=1004, blocks=True)
    for target in (gone, hidden, banned, blocked, "1"):
        refused = await x.reply(f"12 € pour {target}", target)
        assert refused.status in (403, 404), target
    assert (await x.reply("un", await posted(control, 1005, "@atelier_lumiere combien ?"))).status == 201


async def test_the_same_words_twice_are_a_duplicate_for_some_hours(control: Control) -> None:
    clock = [1_800_000_000.0]
    sandbox = Sandbox(now=lambda: clock[0])
    async with serving(sandbox) as base:
        x = X(base)
        one, two = (sandbox.x.post(user, "@atelier_lumiere combien ?") for user in (1001, 1002))
        assert [(await x.post("Bonjour")).status for _ in range(2)] == [201, 403]
        assert (await x.reply("12 €", one)).status == 201
        for asked in (one, two):
            refused = await x.reply("12 €", asked)
            assert (refused.status, refused.detail) == (403, DUPLICATE)
        clock[0] += 24 * 3600
        assert (await x.post("Bonjour")).status == 201


async def test_a_post_has_at_most_280_weighted_characters(x: X) -> None:
    assert (await x.post("é" * 280)).status == 201
    assert (await x.post("a" * 281)).status == 403
    assert (await x.post("猫" * 140)).status == 201
    assert (await x.post("猫" * 141)).status == 403
    link = "https://example.com/" + "x" * 300
    assert (await x.post("b" * 256 + " " + link)).status == 201
    assert (await x.post("c" * 257 + " " + link)).status == 403


async def test_names_that_x_puts_before_an_answer_do_not_count(x: X, control: Control) -> None:
    asked = await posted(control, 1001, "@atelier_lumiere combien ?", handle="fifteen_letters")
    assert (await x.reply("a" * 280, asked)).status == 201


async def test_one_cashtag_is_enough(x: X) -> None:
    assert (await x.post("du $AAPL")).status == 201
    assert (await x.post("du $AAPL et du $TSLA")).status == 403
    assert (await x.post("12$ et $5")).status == 201


async def test_links_are_shortened_and_told_whole_in_entities(x: X, control: Control) -> None:
    long = "https://example.com/mug/lune?couleur=bleu"
    await posted(control, 1001, f"@atelier_lumiere celui-ci {long}, non ?")
    told = (await x.mentions(tweet_fields=["entities"])).data[0]
    (url,) = told["entities"]["urls"]
    assert told["text"][url["start"] : url["end"]] == url["url"]
    assert (len(url["url"]), url["expanded_url"]) == (23, long)
    assert told["text"].endswith(", non ?")


async def test_a_long_post_of_a_subscriber_is_cut_and_whole_in_its_note(x: X, control: Control) -> None:
    said = "@atelier_lumiere " + "je voudrais un mug " * 20 + "bleu"
    await posted(control, 1001, said)
    told = (await x.mentions(tweet_fields=["note_tweet"])).data[0]
    assert len(told["text"]) <= 281
    assert told["note_tweet"]["text"] == said


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": 5},
        {"text": "x", "colour": "red"},
        {"text": "x", "reply": {}},
        {"text": "x", "reply": {"in_reply_to_tweet_id": "abc"}},
        {"text": "x", "media": {"media_ids": []}},
        {"text": "x", "media": {"media_ids": ["123"]}},
    ],
)
async def test_a_body_that_does_not_fit_is_refused(x: X, body: Any) -> None:
    assert (await x.raw("POST", "/2/tweets", json=body)).status == 400


async def test_a_post_can_be_deleted_by_its_author_only(x: X, control: Control) -> None:
    own = (await x.post("Bonjour")).data["id"]
    theirs = await posted(control, 1001, "bonjour")
    assert (await x.raw("DELETE", f"/2/tweets/{own}")).data == {"deleted": True}
    assert (await x.raw("DELETE", f"/2/tweets/{theirs}")).status == 403
    assert [it["id"] for it in await shown(control)] == [theirs]


async def uploaded(x: X, category: str, data: bytes | None = None) -> str:
    encoded = base64.b64encode(picture() if data is None else data).decode()
    told = await x.raw("POST", "/2/media/upload", json={"media": encoded, "media_category": category})
    return str(told.data["id"])


async def test_a_picture_is_uploaded_and_shown(x: X, control: Control, http: aiohttp.ClientSession) -> None:
    media = await uploaded(x, "tweet_image")
    assert (await x.post("Le mug", media_ids=[media])).status == 201
    address = (await shown(control))[-1]["picture"]
    async with http.get(control.base + address) as answer:
        assert await answer.read() == picture()
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_picture_is_uploaded_as_a_form_too(x: X) -> None:
    def upload() -> Any:
        return x.session.request(
            "POST",
            "/2/media/upload",
            files={"media": ("mug.png", picture(), "image/png")},
            data={"media_category": "dm_image"},
            auth=signature(x.keys),
        )

    told = await x.ask(upload)
    assert told.data["size"] == len(picture())


@pytest.mark.parametrize(
    ("media", "category"),
    [
        ("bm8gcGljdHVyZQ==", "dm_image"),
        ("***", "dm_image"),
        (base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(6_000_000)).decode(), "dm_image"),
        (base64.b64encode(picture()).decode(), "wallpaper"),
        (None, "dm_image"),
    ],
)
async def test_what_is_no_picture_is_refused(x: X, media: str | None, category: str) -> None:
    body = {"media_category": category} | ({} if media is None else {"media": media})
    assert (await x.raw("POST", "/2/media/upload", json=body)).status == 400


async def test_a_picture_can_be_attached_for_a_day_and_where_it_belongs() -> None:
    clock = [1_800_000_000.0]
    sandbox = Sandbox(now=lambda: clock[0])
    async with serving(sandbox) as base:
        x = X(base)
        sandbox.x.dm(1001, "bonjour")
        media = await uploaded(x, "dm_image")
        assert (await x.post("Le mug", media_ids=[media])).status in (400, 403)
        clock[0] += 23 * 3600
        assert (await x.dm(1001, "voici", media_id=media)).status == 201
        clock[0] += 2 * 3600
        assert (await x.dm(1001, "encore", media_id=media)).status in (400, 403)

"""What the demo page is made of, without a browser: its files, its words, its books."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from bot.rendering import LANGUAGES
from bot.sandbox import demo

WEB = Path(__file__).parents[2] / "templates" / "web"
BOOKS: Mapping[str, object] = {"orders": [{"ref": "C-7Q4K2"}], "lines": []}


@pytest.fixture
def shop() -> httpx.AsyncClient:
    routes = demo.routes(
        lambda: BOOKS,
        shop_name="Mugs & <Co>",
        currency="JPY",
        bot_name="mugs_bot",
        hints={"fr": ["un mug </script>"], "en": ["a mug"]},
    )
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def test_the_page_names_the_shop_and_asks_nothing_of_the_outside(shop: httpx.AsyncClient) -> None:
    async with shop:
        page = await shop.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "Mugs &amp; &lt;Co&gt;" in page.text
    assert "@mugs_bot" in page.text
    facts = re.search(r'id="facts">(.*?)</script>', page.text)
    assert facts
    assert json.loads(facts[1]) == {
        "shop": "Mugs & <Co>",
        "currency": "JPY",
        "exponent": 0,
        "hints": {"fr": ["un mug </script>"], "en": ["a mug"]},
    }
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)


async def test_every_file_that_the_page_names_is_served_and_no_other(shop: httpx.AsyncClient) -> None:
    async with shop:
        wanted = set(re.findall(r"/demo/static/([\w.-]+)", (await shop.get("/")).text))
        wanted |= {
            name for file in WEB.glob("demo*.js") for name in re.findall(r'"\./([\w.-]+)"', file.read_text("utf-8"))
        }
        kinds = {name: (await shop.get(f"/demo/static/{name}")).headers["content-type"] for name in wanted}
        hidden = [
            (await shop.get(f"/demo/static/{name}")).status_code for name in ("demo.html", "order.css", "..%2fpay.html")
        ]
    assert len([name for name in wanted if name.startswith("demo-words-")]) == len(LANGUAGES)
    assert len(wanted) == 13 + len(LANGUAGES)
    assert {kind.split(";")[0] for kind in kinds.values()} == {"text/css", "text/javascript"}
    assert hidden == [404, 404, 404]


async def test_the_books_are_given_as_they_are(shop: httpx.AsyncClient) -> None:
    async with shop:
        answer = await shop.get("/demo/books")
    assert answer.json() == BOOKS
    assert answer.headers["cache-control"] == "no-store"


def test_every_language_of_the_page_has_every_word_it_asks_for() -> None:
    words = {
        language: set(
            re.findall(r'(?:^|[ ,{])"?([a-z_]+(?:\.[a-z_]+)?)"?: (?=["(])', script.read_text("utf-8"), re.MULTILINE)
        )
        for language in LANGUAGES
        if (script := WEB / f"demo-words-{language}.js")
    }
    french = words["fr"]
    assert [language for language, known in words.items() if known != french] == []
    page = (WEB / "demo.html").read_text("utf-8")
    asked = set(re.findall(r'data-(?:word|label|title|placeholder)="(\w+)"', page))
    asked |= {
        f"{kind}_{name}"
        for kind in ("try", "did")
        for name in re.findall(r"^  (\w+): \{ ?(?:on|$)", TRIES, re.MULTILINE)
    }
    assert {"send", "try_refund", "did_decline"} <= asked
    assert asked <= french


TRIES = (WEB / "demo.js").read_text("utf-8").split("const TRIES")[1].split("};")[0]

"""The page on which a person plays the shopper and sees the shop's books change: the product's first impression.

The page itself only knows the sandbox's own control addresses and the books it is given; it is no part of a real shop.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import orjson
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from bot.domain.money import exponent

ROOT = Path(__file__).parents[1]
TEMPLATES = (ROOT.parent / "templates" / "web", ROOT / "_templates" / "web")
"""Where our own page lies: beside the package in a checkout, inside it in a wheel."""

TYPES: Mapping[str, str] = {".css": "text/css", ".js": "text/javascript"}
HANDLE = re.compile(r"[A-Za-z0-9_]+")
FRESH = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'self'"
)
"""Nothing from outside: the sandbox, its payment page and the shop itself listen on the same port."""


def routes(
    books: Callable[[], Mapping[str, object]],
    *,
    shop_name: str,
    currency: str,
    bot_name: str,
    hints: Mapping[str, Sequence[str]],
    x_account: str | None = None,
    x_hints: Mapping[str, Sequence[str]] | None = None,
) -> list[BaseRoute]:
    """`GET /`, `GET /demo/static/{name}` and `GET /demo/books`.

    `books` gives the rows to show under orders, lines, stock, outbox, history (oldest first), payments and alerts; it
    is called in a thread of the pool at every look. It may give costs, each `{"what", "usd"}`: what X charged.
    `bot_name` is the bot's name at Telegram, `x_account` the shop's at X (without @; None: the page has no X). `hints`
    are sentences to try, by language, and `x_hints` those to post in public, else the same. Raises OSError where the
    page's files are missing.
    """
    folder = next((it for it in TEMPLATES if it.is_dir()), TEMPLATES[0])
    environment = SandboxedEnvironment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    facts: dict[str, object] = {
        "shop": shop_name,
        "currency": currency,
        "exponent": exponent(currency),
        "hints": _listed(hints),
    }
    if x_account is not None:
        facts["x"] = {"account": x_account, "hints": _listed(hints if x_hints is None else x_hints)}
    handle = f"@{bot_name}" if HANDLE.fullmatch(bot_name) else "bot"
    page = environment.get_template("demo.html").render(
        shop_name=shop_name, handle=handle, account=x_account, facts=facts
    )
    files = {file.name: file.read_bytes() for file in sorted(folder.glob("demo*")) if file.suffix in TYPES}

    async def show(_: Request) -> Response:
        return HTMLResponse(page, headers={**FRESH, "content-security-policy": POLICY})

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            return Response(status_code=404)
        return Response(files[name], media_type=TYPES[Path(name).suffix], headers=FRESH)

    def look(_: Request) -> Response:
        return Response(
            orjson.dumps(books(), default=str), media_type="application/json", headers={"cache-control": "no-store"}
        )

    return [Route("/", show), Route("/demo/static/{name}", static), Route("/demo/books", look)]


def _listed(hints: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {language: list(sentences) for language, sentences in hints.items()}

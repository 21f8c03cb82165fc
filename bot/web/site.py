"""The shop's web application, declared as a value: routes from top to bottom, built once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.domain.orders import Order
from bot.domain.payments import Payment
from bot.web.hatch import Hatch
from bot.web.hooks import LARGEST_BODY, Hooks

Look = Callable[[str], tuple[Order, Sequence[Payment]] | None]
LONGEST_TOKEN = 64


class OrderPages(Protocol):
    def order(self, order: Order, payments: Sequence[Payment], *, awaiting: bool = False) -> str: ...
    def not_found(self, language: str) -> str: ...


@dataclass(frozen=True)
class Site:
    """`ailing` names the parts that cannot serve, with the reason; `look` finds an order by its token."""

    hooks: Hooks
    pages: OrderPages
    look: Look
    ailing: Callable[[], Mapping[str, str]]
    measure: Callable[[], tuple[bytes, str]]
    language: Callable[[], str]
    hatch: Hatch

    async def order(self, request: Request) -> Response:
        token = request.path_params["token"]
        found = self.look(token) if len(token) <= LONGEST_TOKEN else None
        private = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"} | GUARDED
        if found is None:
            return HTMLResponse(self.pages.not_found(self.language()), 404, headers=private)
        order, payments = found
        awaiting = request.query_params.get("paid") == "1"
        return HTMLResponse(self.pages.order(order, payments, awaiting=awaiting), headers=private)

    async def alive(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(self, _request: Request) -> Response:
        ailing = dict(self.ailing())
        return JSONResponse({"status": "ailing" if ailing else "ok", "ailing": ailing}, 503 if ailing else 200)

    async def metrics(self, _request: Request) -> Response:
        body, kind = await run_in_threadpool(self.measure)
        return Response(body, media_type=kind)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/stripe/webhook", self.hooks.stripe, methods=["POST"], max_body_size=LARGEST_BODY),
            Route("/telegram/webhook", self.hooks.telegram, methods=["POST"], max_body_size=LARGEST_BODY),
            Route("/x/webhook", self.hooks.x_challenge, methods=["GET"]),
            Route("/x/webhook", self.hooks.x_event, methods=["POST"], max_body_size=LARGEST_BODY),
            Route("/hatch/{wish}", self.hatch.ask, methods=["POST"], max_body_size=LARGEST_BODY),
            Route("/o/{token}", self.order),
            Route("/healthz", self.alive),
            Route("/readyz", self.ready),
            Route("/metrics", self.metrics),
        ]


GUARDED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https:; "
    "base-uri 'none'; form-action 'none'",
}


def application(site: Site, more: Sequence[BaseRoute] = ()) -> Starlette:
    return Starlette(routes=[*site.routes(), *more])

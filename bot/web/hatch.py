"""The hatch through which commands on the same machine ask the running shop to do something.

One process writes the books; so a command hands its wish over. Whoever may read the database may also read the token.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.errors import Permanent, StoreDamaged, Temporary

Wish = Callable[[Mapping[str, str]], Awaitable[object]]
"""What it returns, in JSON, is the answer."""


@dataclass(frozen=True)
class Hatch:
    """`wishes` by name; each raises Permanent where it cannot be granted."""

    token: str
    wishes: Mapping[str, Wish]

    async def ask(self, request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        wish = self.wishes.get(request.path_params["wish"])
        if not self.token or not hmac.compare_digest(given.encode(), self.token.encode()) or wish is None:
            return JSONResponse({"error": "not found"}, 404)
        try:
            asked = await request.json()
            answer = await wish({str(name): str(value) for name, value in asked.items()})
        except Permanent as error:
            return JSONResponse({"error": str(error)}, 409)
        except (ValueError, AttributeError, KeyError):
            return JSONResponse({"error": "not a wish"}, 400)
        except (Temporary, StoreDamaged) as error:
            return JSONResponse({"error": str(error)}, 503)
        return JSONResponse({"done": True, "answer": answer})

"""How a control call is read and answered: a checked payload in, JSON out, one sentence where it cannot be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from bot.sandbox.stripe.payments import CannotPay
from bot.sandbox.stripe.refusals import StripeRefusal
from bot.sandbox.wire import in_json

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

Handler = Callable[["Sandbox", Request], Awaitable[object]]
Asked = TypeVar("Asked", bound=BaseModel)


class Ask(BaseModel):
    """A payload in which an unknown field is a mistake."""

    model_config = ConfigDict(extra="forbid")


async def payload(request: Request, kind: type[Asked]) -> Asked:
    """The body as `kind`; an empty body is an empty object. Raises ValueError."""
    return kind.model_validate_json(await request.body() or b"{}")


def in_answer(handler: Handler, sandbox: Sandbox) -> Callable[[Request], Awaitable[Response]]:
    """The handler's result as JSON: 400 for a payload that does not fit, 404 for what is not there, 409 for what
    cannot be any more."""

    async def answer(request: Request) -> Response:
        try:
            result = await handler(sandbox, request)
        except ValueError as error:
            return _json(400, {"error": str(error)})
        except LookupError as error:
            return _json(404, {"error": str(error.args[0]) if error.args else "not found"})
        except CannotPay as error:
            return _json(409, {"error": str(error)})
        except StripeRefusal as error:
            return _json(error.status, {"error": str(error)})
        return result if isinstance(result, Response) else _json(200, result)

    return answer


def _json(status: int, value: object) -> Response:
    answer = in_json(status, value)
    return Response(answer.body, answer.status, media_type="application/json")

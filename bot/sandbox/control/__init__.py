"""The sandbox's other side over HTTP: what people, banks and bad days do, as JSON under `/sandbox`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route

from bot.sandbox.control import general, shoppers, till, x
from bot.sandbox.control.asking import in_answer

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Every route of the control API."""
    table = (*general.TABLE, *shoppers.TABLE, *till.TABLE, *x.TABLE)
    return [Route(path, in_answer(handler, sandbox), methods=[method]) for method, path, handler in table]

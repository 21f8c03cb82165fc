"""What truly came to be outside, each message counted for the outbox row whose worker asked for it."""

from __future__ import annotations

from typing import Any

from bot.sandbox.server import Sandbox
from tests.simulation.lines import ROW


def watched(sandbox: Sandbox) -> tuple[dict[int, int], set[int]]:
    """(copies that arrived, by row, in the order of the first ones; rows that changed a message)."""
    arrived: dict[int, int] = {}
    edited: set[int] = set()
    telegram, threads, posts, shop = sandbox.telegram, sandbox.x.threads, sandbox.x.posts, sandbox.x.shop
    call, add, write = telegram.call, threads.add, posts.write

    def one_more() -> None:
        row = ROW.get()
        arrived[row] = arrived.get(row, 0) + 1

    async def called(method: str, params: Any) -> Any:
        if method.startswith("edit"):
            edited.add(ROW.get())
        result = await call(method, params)
        if method in ("sendMessage", "sendPhoto"):
            one_more()
        return result

    def added(user: Any, message: Any) -> None:
        add(user, message)
        if message.sender == shop.id:
            one_more()

    def written(number: int, author: Any, *more: Any, **named: Any) -> Any:
        if author is shop:
            one_more()
        return write(number, author, *more, **named)

    telegram.call, threads.add, posts.write = called, added, written  # type: ignore[method-assign]
    return arrived, edited

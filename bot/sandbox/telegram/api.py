"""The Bot API's two doors: methods at `/bot<token>/<method>` and files at `/file/bot<token>/<path>`."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from bot.sandbox.faults import Faults, Rule, wait_header
from bot.sandbox.journal import Journal
from bot.sandbox.telegram.params import Params, parse
from bot.sandbox.telegram.refusals import Refused, by_fault, not_found
from bot.sandbox.telegram.side import TelegramSide
from bot.sandbox.wire import Answer, cut, give, in_json


class TelegramApi:
    """Answers the methods, under the faults in force, and notes what was asked."""

    def __init__(self, side: TelegramSide, faults: Faults, journal: Journal) -> None:
        self._side = side
        self._faults = faults
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call over HTTP."""
        method = scope["path_params"]["method"]
        params = Params({})
        try:
            self._side.admit(scope["path_params"]["token"])
            params = await parse(scope, receive)
            answer = await self._attempt(method, params)
        except Refused as refused:
            answer = refused.answer()
        self._journal.note("telegram", method, params.wire(), answer.status if answer else 0)
        if answer is None:
            await cut(receive)
        else:
            await give(send, answer)

    async def _attempt(self, method: str, params: Params) -> Answer | None:
        async def perform() -> Answer:
            try:
                return in_json(200, {"ok": True, "result": await self._side.call(method, params)})
            except Refused as refused:
                return refused.answer()

        rule = self._faults.take("telegram", method, params.integer("chat_id") or None)
        return await self._faults.around(rule, perform, _stand_in)


def _stand_in(rule: Rule) -> Answer:
    answer = by_fault(rule.code, rule.retry_after).answer()
    headers = tuple(pair for pair in answer.headers if pair[0] != b"retry-after")
    return Answer(answer.status, answer.body, (*headers, *wait_header(rule)))


class TelegramFiles:
    """Hands out the pictures that getFile gave a path to."""

    def __init__(self, side: TelegramSide) -> None:
        self._side = side

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One download."""
        try:
            self._side.admit(scope["path_params"]["token"])
            picture = self._side.pictures.at(scope["path_params"]["path"])
            if picture is None or not picture.data:
                raise not_found()
            answer = Answer(200, picture.data, ((b"content-type", picture.content_type.encode()),))
        except Refused as refused:
            answer = refused.answer()
        await give(send, answer)

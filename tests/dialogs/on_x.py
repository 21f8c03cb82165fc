"""A conversation on X as a test reads it: what is said in public, what in private, and what the gate keeps back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

from bot.channels.x.sending import in_words
from bot.domain.catalogue import Catalogue
from bot.domain.costs import PRICES
from bot.domain.effects import Say
from bot.domain.messages import Inbound, Post
from bot.errors import Permanent, Refused, Temporary
from bot.ports import Books, Channel, Envelope, Intake, Task
from bot.service.gate import Gate, can_answer
from bot.service.meter import Accounts
from bot.service.perform import Performer
from bot.service.receive import receive
from tests.dialogs.dialog import START, Dialog, Said, opened_shop

T = TypeVar("T")
BUDGET = 5_000_000


@dataclass
class Timeline:
    """X as the gate's other side: takes what comes, or raises what it was told to."""

    name: str = "x"
    public: list[tuple[str, str]] = field(default_factory=list)
    private: list[tuple[str, str]] = field(default_factory=list)
    refuses: list[Exception] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    """The words of every call, whether it was taken or not."""

    async def start(self, intake: Intake) -> None: ...
    async def listen(self) -> None: ...
    async def stop(self) -> None: ...
    async def ready(self, chat: str) -> None: ...
    async def register(self) -> list[str]:
        return []

    async def examine(self) -> list[tuple[str, str]]:
        return []

    def free(self, chat: str) -> bool:
        return False

    def healthy(self) -> str | None:
        return None

    async def send(self, envelope: Envelope) -> str:
        self.tried.append(envelope.body.text)
        if self.refuses:
            raise self.refuses.pop(0)
        if envelope.answers is not None:
            self.public.append((envelope.answers, envelope.body.text))
        elif not envelope.keyboard_only:
            self.private.append((envelope.chat, in_words(envelope.body)))
        return str(len(self.public) + len(self.private))


@dataclass
class XDialog(Dialog):
    """One person on X. `mentions` posts for all to read, `shopper` writes in private."""

    x: Timeline = field(default_factory=Timeline)
    budget: int = BUDGET
    wire: Channel | None = None
    """A channel to send through instead of the timeline above."""
    run: Callable[[Coroutine[Any, Any, Any]], Any] = asyncio.run

    def _event(self) -> Inbound:
        number = next(self.numbers)
        return Inbound("x", f"dm:{number}", "x", self.chat, self.chat, "Camille")

    def mentions(
        self, text: str, *, post: str = "", summoned: bool = True, shows: tuple[str, ...] = (), handle: str = "camille"
    ) -> list[Said]:
        post = post or str(10_000 + next(self.numbers))
        public = Post(post, self.now.isoformat(), summoned, handle, shows)
        return self.does(
            replace(self._event(), key=f"post:{post}", text=text, private=False, message_id=post, post=public)
        )

    def delivered(self) -> list[Said]:
        """Carry out all that is due now through the real gate."""
        said: list[Said] = []
        while (task := self._next()) is not None:
            if not isinstance(task.effect, Say):
                self._outside(task)
                self.write(lambda books, task=task: books.outbox.sent(task, None, self.now))  # type: ignore[misc]
            elif self._said(task):
                body = self.renderer.say(task.effect, channel="x", task=task.id)
                said.append(Said(task.effect.message, body, task))
        return said

    def _said(self, task: Task) -> bool:
        try:
            external, _ = self.run(self._performer()(task))
        except Refused as error:
            why = str(error)
            self.write(lambda books: books.outbox.dead(task, why))
        except Permanent as error:
            why = str(error)
            self.write(lambda books: books.outbox.dead(task, why))
        except Temporary as error:
            at, why = self.now + timedelta(seconds=error.retry_after or 1), str(error)
            uncertain = error.uncertain
            self.write(lambda books: books.outbox.again(task, why, at, failed=False, uncertain=uncertain))
        else:
            return self.write(lambda books: books.outbox.sent(task, external, self.now))
        return False

    def _performer(self) -> Performer:
        gate = Gate(self.accounts, self._written, lambda: self.now)
        return replace(self.perform, channels={"x": self.wire or self.x}, gates={"x": gate})

    @property
    def accounts(self) -> Accounts:
        return Accounts("x", PRICES, self.budget)

    def _written(self, work: Callable[[Books], T]) -> Awaitable[T]:
        async def done() -> T:
            return self.write(work)

        return done()

    # -- what the books say

    def record(self) -> list[tuple[object, bool, object]]:
        """(act, allowed, reason), oldest first."""
        rows = reversed(self.store.view("v_policy"))
        return [(row["act"], bool(row["allowed"]), row["reason"]) for row in rows]

    def costs(self) -> dict[object, int]:
        spent: dict[object, int] = {}
        for row in self.store.view("v_costs"):
            spent[row["kind"]] = spent.get(row["kind"], 0) + int(str(row["micro_usd"]))
        return spent


def on_x(*, budget: int = BUDGET, goods: Catalogue | None = None) -> XDialog:
    base = opened_shop(goods=goods)
    accounts = Accounts("x", PRICES, budget)
    shop = replace(
        base.shop,
        metered=frozenset({"x"}),
        can_answer=lambda books, _, chat, now: can_answer(accounts, books, chat, now),
    )
    return XDialog(
        shop, base.store, base.renderer, replace(base.perform, shop=shop), chat="2001", now=START, budget=budget
    )


def receive_again(dialog: XDialog, event: Inbound) -> bool:
    """Whether an event is fresh to the books."""
    return dialog.write(lambda books: receive(dialog.shop, books, event, dialog.now)).fresh

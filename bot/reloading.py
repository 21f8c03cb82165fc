"""bot.toml and the templates read anew while the shop sells: taken over whole, or not at all (F113).

What can be exchanged is one value, made and checked aside, and put in the place of the one before by the store's
writer, in the transaction that takes over the stock: an event is decided before it or after it. Orders that stand
keep their own names, prices and frozen requests (F034, F035).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog

from bot.config import Settings
from bot.domain.effects import Alert
from bot.errors import ConfigError, Problem, StoreDamaged, Temporary
from bot.front import Front, Shown, read_anew
from bot.metrics import CONFIG_REFUSED
from bot.ports import Books, Clock, Store
from bot.service.shop import Shop
from bot.service.stocktaking import take_stock

log = structlog.get_logger(__name__)
QUIET = 0.25
"""Seconds for which the files must lie still before they are believed: an editor may be in the middle of writing."""
LOOKS = 40
NAMED = 5
"""Faults that an alert names; the log names all."""
AGAIN = 1.0


class Reloader:
    """`make` makes the shop's rules from settings; `pause` waits so many seconds between two looks at the files."""

    def __init__(
        self,
        front: Front,
        shown: Shown,
        make: Callable[[Settings], Shop],
        store: Store,
        clock: Clock,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._front, self._shown, self._make = front, shown, make
        self._store, self._clock, self._pause = store, clock, pause
        self._one_at_a_time = asyncio.Lock()
        self._told: tuple[str, ...] = ()

    async def reload(self) -> Sequence[str]:
        """Take over what lies there now; -> the changed keys that take effect at the next start.

        Raises ConfigError with every fault, and nothing has changed; Temporary where the store cannot write.
        """
        async with self._one_at_a_time:
            try:
                front = await self._read()
            except ConfigError as refused:
                await self._refused(refused.problems)
                raise
            await self._show(front)
            CONFIG_REFUSED.set(0)
            log.info("config.taken_over", products=len(front.settings.catalogue.products))
            if front.waiting and front.waiting != self._told:
                await self._alert(f"takes effect at the next start: {', '.join(front.waiting)}")
            self._told = front.waiting
            return front.waiting

    async def whenever(self, asked: asyncio.Event) -> None:
        """Reload each time it is set, until cancelled; whatever goes wrong, the shop goes on as it is."""
        while True:
            await asked.wait()
            asked.clear()
            try:
                await self.reload()
            except ConfigError:
                pass  # said already
            except Temporary as error:
                log.warning("config.waits", error=str(error))
                asked.set()
                await self._pause(AGAIN)
            except StoreDamaged:
                raise
            except Exception:  # a fault of ours in reading must not end the shop
                log.exception("config.broke")

    async def _read(self) -> Front:
        running = self._front.settings
        before = state_of_files(running)
        for _ in range(LOOKS):
            await self._pause(QUIET)
            if (now := state_of_files(running)) != before:
                before = now
                continue
            found = await asyncio.to_thread(self._attempt, running)
            if (before := state_of_files(running)) != now:
                continue
            if isinstance(found, ConfigError):
                raise found
            return found
        name = running.path.name
        raise ConfigError([Problem(str(running.path), 0, name, "it is being written all the time", "reload it later")])

    def _attempt(self, running: Settings) -> Front | ConfigError:
        try:
            return read_anew(running, self._make)
        except ConfigError as refused:
            return refused

    async def _show(self, front: Front) -> None:
        before = self._front

        def exchange(books: Books) -> None:
            take_stock(books, front.settings.catalogue, self._clock())
            self._shown.show(front)

        def undone() -> None:
            self._shown.show(before)

        await self._written(exchange, undone)
        self._front = front

    async def _written(self, work: Callable[[Books], None], undone: Callable[[], None] = lambda: None) -> None:
        """Awaits the COMMIT; where there is none, `undone` is called in the writer's thread before its next event."""
        loop = asyncio.get_running_loop()
        landed: asyncio.Future[None] = loop.create_future()

        def done(_result: None, error: Exception | None) -> None:
            if error is not None:
                undone()
            loop.call_soon_threadsafe(_resolve, landed, error)

        self._store.submit(work, done)
        await landed

    async def _refused(self, problems: Sequence[Problem]) -> None:
        """The shop serves on, so `/readyz` stays as it is: the log, an alert and a metric say it."""
        CONFIG_REFUSED.set(1)
        for problem in problems:
            log.error("config.refused", problem=str(problem))
        named = "; ".join(str(problem) for problem in problems[:NAMED])
        more = f"; and {len(problems) - NAMED} more" if len(problems) > NAMED else ""
        try:
            await self._alert(f"not taken over, the shop goes on as before: {named}{more}")
        except Temporary as error:
            log.warning("config.untold", error=str(error))

    async def _alert(self, text: str) -> None:
        log.warning("alert", kind="config", text=text)
        await self._written(lambda books: books.alert(Alert("config", text), None, self._clock()))


def _resolve(landed: asyncio.Future[None], error: Exception | None) -> None:
    if not landed.done():
        landed.set_exception(error) if error else landed.set_result(None)


def state_of_files(settings: Settings) -> Sequence[tuple[str, int, int]]:
    """(path, time of its last change in ns, bytes) of every file of words and settings that a reload reads."""
    folder = settings.path.parent
    own = sorted(path for path in (folder / "templates").rglob("*") if path.is_file())
    return [_state(path) for path in (settings.path, folder / ".env", *own)]


def _state(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, -1
    return str(path), found.st_mtime_ns, found.st_size

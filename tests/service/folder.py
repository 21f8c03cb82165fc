"""A shop on a folder with a bot.toml that can be read anew, without its channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.config import Settings, load
from bot.config import Shop as Who
from bot.domain.messages import Inbound
from bot.errors import Temporary
from bot.front import Posts, Shown
from bot.parts import provider_of, shop_of
from bot.ports import Books
from bot.reloading import Reloader
from bot.service.receive import receive
from bot.service.shop import Shop
from bot.wording import Wording, Words, words_of
from storage import SqliteStore
from storage.writer import Work

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHOP = """
[shop]
name = "Atelier Lumière"
currency = "EUR"
locale = "fr"
support = "bonjour@example.com"
[channels.telegram]
enabled = true
[payments.stripe]
shipping_countries = ["FR"]
[[shipping]]
id = "colissimo"
name = "Colissimo"
price = 4.90
[[products]]
sku = "mug-bleu"
name = "Mug bleu"
price = 18.00
stock = 5
"""
THEIERE = """
[[products]]
sku = "theiere"
name = "Théière"
price = 45.00
stock = 2
"""
ENV = """
TELEGRAM_BOT_TOKEN=123456789:AAFakeTokenFakeTokenFakeTokenFakeTok
STRIPE_API_KEY=rk_test_reload
STRIPE_WEBHOOK_SECRET=whsec_reload
"""


class Refusing(SqliteStore):
    """A store whose next commit fails, as on a full disk, when it is told to."""

    full = False

    def submit(self, work: Work, done: Callable[[Any, Exception | None], None]) -> None:
        def undone(books: Books) -> None:
            work(books)
            raise OSError("no space left")

        def failed(_result: None, _error: Exception | None) -> None:
            done(None, Temporary("the store could not write"))

        if self.full:
            super().submit(undone, failed)
        else:
            super().submit(work, done)


@dataclass
class Office:
    """A shop on a folder. `meanwhile` happens while the reload waits for the files to lie still."""

    folder: Path
    store: Refusing
    shop: Shop
    wording: Wording
    posts: Posts
    reloader: Reloader
    meanwhile: list[Callable[[], None]]

    def writes(self, text: str) -> None:
        (self.folder / "bot.toml").write_text(text, encoding="utf-8")

    def template(self, name: str, text: str) -> None:
        path = self.folder / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def says(self, text: str, key: str = "1", chat: str = "1001") -> None:
        event = Inbound("telegram", key, "telegram", chat, chat, "Camille", "fr", text=text)
        self.store.write(lambda books: receive(self.shop, books, event, NOON))

    def stock(self, sku: str) -> tuple[int | None, int, int, int | None]:
        """(total, held, sold, available)."""
        found = self.store.read(lambda books: books.shelf.get(sku))
        return found.total, found.held, found.sold, found.available

    def alerts(self, kind: str = "config") -> list[str]:
        return [str(row["text"]) for row in self.store.view("v_alerts") if row["kind"] == kind]

    def frozen(self) -> list[str]:
        def requests(books: Books) -> list[str]:
            refs = [str(row["ref"]) for row in self.store.view("v_orders", 10_000)]
            return [payment.request for ref in refs for payment in books.payments.of(ref)]

        return self.store.write(requests)


KEPT: dict[Who, Words] = {}


def words(settings: Settings) -> Words:
    """Templates take most of a reload, and ours are the same each time: they are read once."""
    if (settings.path.parent / "templates").exists():
        return words_of(settings)
    if settings.shop not in KEPT:
        KEPT[settings.shop] = words_of(settings)
    return KEPT[settings.shop]


@contextmanager
def opened_office(tmp_path: Path) -> Iterator[Office]:
    """A shop on a new folder, open for as long as the context lasts."""
    (tmp_path / "bot.toml").write_text(SHOP, encoding="utf-8")
    (tmp_path / ".env").write_text(ENV, encoding="utf-8")
    settings = load(tmp_path / "bot.toml", {})
    provider, store = provider_of(settings), Refusing(str(tmp_path / "shop.db"))
    store.write(lambda books: books.shelf.sync(settings.catalogue))

    def made(of: Any) -> Shop:
        return shop_of(of, provider, lambda _channel, _chat: False)

    meanwhile: list[Callable[[], None]] = []

    async def pause(_seconds: float) -> None:
        if meanwhile:
            meanwhile.pop(0)()

    shop, wording, posts = made(settings), Wording(words(settings)), Posts(dict(settings.posts))
    shown = Shown(shop, provider, wording, posts)
    reloader = Reloader(shown.front(settings), shown, made, store, lambda: NOON, pause=pause)
    yield Office(tmp_path, store, shop, wording, posts, reloader, meanwhile)
    store.close()

"""Books that are cut short, filled with garbage, half migrated, or shut when somebody calls."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from stripe import WebhookSignature

from bot.domain.effects import Say
from bot.domain.payments import News
from bot.errors import StoreDamaged, Temporary
from bot.ports import Books
from bot.web.hooks import Hooks
from storage import SqliteStore
from storage.schema import migrate
from tests.dialogs.dialog import opened_shop

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STEPS = 24
"""Places in a migration at which it is interrupted, spread over all of it."""


def schema(path: Path) -> set[tuple[str, str]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        found = {(str(name), str(sql)) for name, sql in rows.fetchall()}
    connection.close()
    return found


def interrupted(path: Path, after: int) -> int:
    """Migrate a fresh database and break off at the `after`-th thing it asks SQLite to do; -> how many there were."""
    asked = 0

    def authorizer(*_: object) -> int:
        nonlocal asked
        asked += 1
        return sqlite3.SQLITE_DENY if asked == after else sqlite3.SQLITE_OK

    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.set_authorizer(authorizer)
    try:
        migrate(connection)
    except sqlite3.Error:
        assert after
    finally:
        connection.set_authorizer(None)
        connection.close()
    return asked


def test_a_migration_interrupted_anywhere_is_none_at_all_and_is_made_at_the_next_start(tmp_path: Path) -> None:
    """F095"""
    whole = tmp_path / "whole.db"
    things = interrupted(whole, 0)
    wanted = schema(whole)
    assert things > STEPS
    for after in range(1, things + 1, things // STEPS):
        path = tmp_path / f"{after}.db"
        interrupted(path, after)
        left = {name for name, _ in schema(path)}
        assert left <= {"_sqlite_migrations"} or schema(path) == wanted, f"half of it is there after {after}"
        SqliteStore(str(path)).close()
        assert schema(path) == wanted
        path.unlink()


def filled(path: Path) -> None:
    store = SqliteStore(str(path))

    def work(books: Books) -> None:
        for number in range(400):
            said = Say("unknown", "fr", {"support": "x" * 300})
            books.outbox.put(said, channel="telegram", chat=str(number), ref=None, now=NOW)

    store.write(work)
    store.close()


@pytest.mark.parametrize("way", ["cut short", "empty header", "garbage in the middle", "another file"])
def test_books_that_cannot_be_trusted_are_refused_with_the_remedy_and_never_begun_anew(
    tmp_path: Path, way: str
) -> None:
    """F093"""
    path = tmp_path / "shop.db"
    filled(path)
    content = bytearray(path.read_bytes())
    match way:
        case "cut short":
            content = content[: len(content) // 2]
        case "empty header":
            content[:100] = bytes(100)
        case "garbage in the middle":
            content[4096:-4096] = bytes(b"\xa5" * (len(content) - 8192))
        case _:
            content = bytearray(b"SQLite format 3\x00" + b"\xff" * 8000)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match=r"(?i)restore"):
        SqliteStore(str(path), fatal=lambda _: None).close()
    assert path.read_bytes()[: len(content)] == bytes(content)


@pytest.mark.parametrize("failure", [Temporary("locked"), StoreDamaged("the disk failed")], ids=repr)
async def test_what_cannot_be_kept_is_never_acknowledged(failure: Exception) -> None:
    """F024: Stripe and Telegram are asked to send it again, and it counts once when they do."""
    dialog, now = opened_shop(), int(datetime.now(UTC).timestamp())
    shut = True
    kept: list[str] = []

    async def settle(news: News) -> None:
        if shut:
            raise failure
        kept.append(news.key)

    async def take(updates: Sequence[Mapping[str, Any]]) -> None:
        if shut:
            raise failure
        kept.extend(str(update["update_id"]) for update in updates)

    hooks = Hooks(dialog.shop.provider, settle, lambda: datetime.now(UTC), take, "secret")
    routes = [Route("/stripe", hooks.stripe, methods=["POST"]), Route("/telegram", hooks.telegram, methods=["POST"])]
    dispute = {"id": "du_1", "status": "lost", "payment_intent": "pi_1"}
    event = json.dumps({"id": "evt_1", "type": "charge.dispute.closed", "livemode": False, "data": {"object": dispute}})
    signed = {"stripe-signature": WebhookSignature.generate_signature_header(event, "whsec_test", now)}
    token = {"x-telegram-bot-api-secret-token": "secret"}
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        for opens in (False, True):
            shut = not opens
            answers = [
                await client.post("/stripe", content=event, headers=signed),
                await client.post("/telegram", content='{"update_id": 5}', headers=token),
            ]
            assert [answer.status_code for answer in answers] == ([200, 200] if opens else [503, 503])
    assert kept == ["evt_1", "5"]
    dialog.store.close()

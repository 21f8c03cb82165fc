"""Days on which the network breaks, the log is full, a reader never lets go, or the file has changed by the morning."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.effects import Say
from bot.ports import Books, View
from storage import SqliteStore
from tests.process.world import World, opened, until

pytestmark = pytest.mark.process
SHOPPERS = range(5001, 5009)
BREAKS = 12
WAYS = ("drop_before", "status", "drop_after")
UNWRITTEN = 120
"""How Python itself ends where the last words of a process could not be written."""
VIEWS: tuple[View, ...] = ("v_orders", "v_outbox", "v_stock", "v_inbox")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def breaks_every_third(world: World, service: str, method: str, *kinds: str) -> None:
    """Of the calls of a method every third breaks, in these ways in turn, so many times."""
    for number in range(BREAKS):
        world.breaks(service=service, method=method, kind=kinds[number % len(kinds)], skip=2 * number + 2, times=1)


def test_a_network_that_breaks_every_third_call_delays_and_loses_nothing(shared: World) -> None:
    """F068: all is said, in its order, no oftener than the breaks explain, and no page is opened twice."""
    breaks_every_third(shared, "telegram", "getUpdates", "drop_before", "drop_after")
    breaks_every_third(shared, "stripe", "POST /v1/checkout/sessions", "drop_before", "drop_after")
    for chat in SHOPPERS:  # a third of what each hears breaks; never one message twice, for then its fate is a human's
        way = WAYS[chat % len(WAYS)]
        shared.breaks(service="telegram", method="sendMessage", chat=chat, kind=way, code=502, times=1)
        shared.breaks(service="telegram", method="sendMessage", chat=chat, kind=way, code=502, skip=1, times=1)
        shared.says("je voudrais un mug bleu", chat=chat)
    for chat in SHOPPERS:
        shared.hears("gardée", chat=chat)
        shared.pays(shared.order(chat)["ref"])
    for chat in SHOPPERS:
        shared.hears("Merci", chat=chat)
    shared.quiet()
    shared.mends()
    for chat in SHOPPERS:
        order = shared.order(chat)
        said = [message["text"] for message in shared.heard(chat)]
        rows = {row["kind"]: row for row in shared.rows("v_outbox", ref=order["ref"])}
        assert (order["status"], len(shared.get("/stripe/sessions", client_reference_id=order["ref"]))) == ("paid", 1)
        assert 1 <= sum("gardée" in text for text in said) <= 1 + rows["link"]["ambiguous"]
        assert 1 <= sum("Merci" in text for text in said) <= 1 + rows["thanks"]["ambiguous"]
        assert "Merci" in said[-1]
        tries = sum(row["attempts"] + 1 for name, row in rows.items() if name in ("link", "thanks", "one_moment"))
        assert tries <= len(rows) + 2, "no storm"
    dead = {row["kind"] for row in shared.rows("v_outbox", state="dead")}
    assert dead <= {"link"}, "what was heard, and paid before its second try, is not said again"
    assert shared.stock("mug-bleu") == (0, len(SHOPPERS))


@pytest.mark.parametrize("log", ["/dev/full", "gone"])
def test_a_log_that_cannot_be_written_holds_up_no_sale(tmp_path: Path, log: str) -> None:
    """F128: a full disk under the log, and a log file that was taken away."""
    with opened(tmp_path) as world:
        place = Path(log) if log.startswith("/") else tmp_path / "shop.log"
        keys = {"STRIPE_API_KEY": "rk_test_process", "STRIPE_WEBHOOK_SECRET": "whsec_process"}
        world.logs.append(tmp_path / "nothing.log")
        world.logs[-1].touch()
        world.shop = world.by(["-c", str(tmp_path / "bot.toml"), "run"], world.secrets | keys, place)
        until(world.ready, what="the shop is ready")
        if log == "gone":
            place.unlink()
        world.says("je voudrais un mug bleu")
        world.hears("gardée")
        world.pays(world.order()["ref"])
        world.hears("Merci")
        assert world.order_is("paid")
        assert world.stop() in (0, UNWRITTEN)


def test_an_order_of_yesterdays_file_is_paid_today(tmp_path: Path) -> None:
    """F035: the product is gone from bot.toml when the shop opens again, the order and its page are as they were."""
    with opened(tmp_path) as world:
        world.start()
        world.says("je voudrais un mug noir")
        world.hears("gardée")
        assert world.stop() == 0
        file = tmp_path / "bot.toml"
        kept, _, _ = file.read_text().rpartition("[[products]]")
        file.write_text(kept)
        world.start()
        ref = world.order()["ref"]
        world.pays(ref)
        world.hears("Merci")
        assert world.order_is("paid")["total_minor"] == 1800 + 490
        assert world.stock("mug-noir") == (0, 1)
        page = str(world.session(ref)["success_url"]).partition("/o/")[2].partition("?")[0]
        assert "Mug noir" in world.http.get(f"http://127.0.0.1:{world.port}/o/{page}").text
        before = len(world.heard())
        world.says("je voudrais un mug noir")
        until(lambda: len(world.heard()) > before, what="an answer")
        assert len(world.rows("v_orders")) == 1
        assert "Traceback" not in world.log()


def test_a_reader_that_never_lets_go_delays_no_page_and_once_gone_leaves_nothing(tmp_path: Path) -> None:
    """F100: a shell left open, a backup tool that hangs. The log of changes grows meanwhile, and is used anew after."""
    store = SqliteStore(str(tmp_path / "shop.db"))
    wal = tmp_path / "shop.db-wal"

    def chatter(books: Books) -> None:
        for number in range(200):
            said = Say("unknown", "fr", {"support": "x" * 500})
            books.outbox.put(said, channel="telegram", chat=str(number), ref=None, now=NOW)

    def written(times: int) -> int:
        for _ in range(times):
            store.write(chatter)
        return wal.stat().st_size

    with contextlib.closing(
        sqlite3.connect(f"file:{tmp_path / 'shop.db'}?mode=ro", uri=True, isolation_level=None)
    ) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM outbox").fetchone()
        pinned = written(80)
        began = time.monotonic()
        for view in VIEWS:
            store.view(view)
        assert time.monotonic() - began < 1
        assert pinned > 5_000_000, "the negative control: nothing was written back"
        reader.execute("COMMIT")
    written(2)
    settled = wal.stat().st_size
    assert written(40) <= settled
    store.close()

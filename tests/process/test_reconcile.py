"""What Stripe could not tell the shop is found by asking: by the running shop, and by command while it rests."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.process.world import STRIPE_SECRET, TOKEN, World, installed, opened

pytestmark = pytest.mark.process


def command(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "STRIPE_API_KEY": "rk_test_process",
        "STRIPE_WEBHOOK_SECRET": STRIPE_SECRET,
    }
    return subprocess.run(
        [*installed(), "-c", str(world.folder / "bot.toml"), *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def asked(world: World) -> dict[str, Any]:
    done = command(world, "reconcile", "--once", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_a_shop_that_no_webhook_reaches_finds_every_payment(tmp_path: Path) -> None:
    """F018: first the running shop is asked, then its books while it rests; the thanks waits for the next start."""
    with opened(tmp_path) as world:
        world.start()
        world.post("/stripe/webhook", url=None)
        for chat in (1001, 2002):
            world.says("je voudrais un mug bleu", chat=chat)
            world.hears("Mug bleu", chat=chat)
        world.pays(world.order(1001)["ref"])
        assert asked(world)["missed"] >= 1
        world.order_is("paid", chat=1001)
        world.hears("Merci", chat=1001)
        assert asked(world)["missed"] == 0
        assert world.stop() == 0
        world.pays(world.order(2002)["ref"])
        assert asked(world)["missed"] >= 1
        assert world.order(2002)["status"] == "paid"
        world.start()
        world.hears("Merci", chat=2002)
        world.quiet()
        assert world.stock("mug-bleu") == (0, 2)
        thanks = [row for row in world.rows("v_outbox") if row["kind"] == "thanks"]
        assert [row["state"] for row in thanks] == ["sent", "sent"]
        assert command(world, "reconcile").returncode == 2

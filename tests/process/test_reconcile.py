"""What Stripe could not tell the shop is found by asking: by the running shop, and by command while it rests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.process.commands import typed
from tests.process.world import World, opened

pytestmark = pytest.mark.process


def asked(world: World) -> dict[str, Any]:
    done = typed(world, "reconcile", "--once", "--json", keys=True)
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
        assert typed(world, "reconcile", keys=True).returncode == 2

"""A copy is made while the shop sells; the disk fails; the copy is put back and the shop opens again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.process.commands import typed
from tests.process.world import World

pytestmark = pytest.mark.process


def test_a_shop_whose_database_is_lost_opens_again_on_its_copy(world: World, tmp_path: Path) -> None:
    """F093, F096, F099"""
    world.says("je voudrais deux mugs bleus")
    world.hears("Mug bleu")
    world.pays(world.order()["ref"])
    world.order_is("paid")
    world.quiet()
    copy = tmp_path / "copy.db"
    made = typed(world, "backup", copy, "--json")
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert (facts["path"], facts["orders"], facts["bytes"]) == (str(copy), 1, copy.stat().st_size)
    assert copy.stat().st_mode & 0o777 == 0o600
    running = typed(world, "restore", copy)
    assert (running.returncode, "already runs the shop" in running.stderr) == (1, True)

    world.kill()
    database = tmp_path / "shop.db"
    Path(f"{database}-wal").unlink()
    noise = b"\xa5" * database.stat().st_size
    database.write_bytes(noise)
    world.start(ready=False)
    assert world.shop is not None
    assert world.shop.wait(timeout=20) == 1
    assert "comptoir restore PATH" in world.logs[-1].read_text()
    assert database.read_bytes() == noise

    restored = typed(world, "restore", copy)
    assert restored.returncode == 0, restored.stderr
    assert "1 orders" in restored.stdout
    assert Path(f"{database}.before-restore-1").read_bytes() == noise
    heard = len(world.heard())
    world.start()
    assert world.order()["status"] == "paid"
    world.says("je voudrais un mug noir")
    world.hears("1 × Mug noir")
    world.quiet()
    assert [m["text"] for m in world.heard()[heard:] if "Merci" in m["text"]] == []
    assert world.stock("mug-bleu") == (0, 2)

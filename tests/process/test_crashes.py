"""`kill -9` at named moments, then a restart: nothing lost, nothing doubled beyond what is recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.process.world import World, free_port, installed, opened, until

pytestmark = pytest.mark.process


def _before_the_answer_is_sent(world: World) -> None:
    """The message is in the books, its answer is on the wire and never comes back."""
    world.breaks(service="stripe", method="POST /v1/checkout/sessions", kind="delay", seconds=2, times=1)
    world.says("je voudrais un mug bleu")
    until(lambda: world.rows("v_orders"), what="the order is in the books")


def _after_stripe_opened_the_page(world: World) -> None:
    """Stripe has made the session, its answer is lost."""
    world.breaks(service="stripe", method="POST /v1/checkout/sessions", kind="drop_after", times=1)
    world.says("je voudrais un mug bleu")
    until(lambda: world.get("/stripe/sessions"), what="Stripe has a session")


def _while_the_link_is_said(world: World) -> None:
    """Telegram hangs on the link message."""
    world.breaks(service="telegram", method="sendMessage", kind="delay", seconds=2, times=1)
    world.says("je voudrais un mug bleu")
    until(lambda: world.rows("v_outbox", kind="link"), what="the link is on its way")


def _after_the_link_was_said(world: World) -> None:
    """All is said; nothing is under way."""
    world.says("je voudrais un mug bleu")
    world.hears("Mug bleu")


def _while_the_thanks_is_said(world: World) -> None:
    """Paid and durable; Telegram hangs on the thank-you."""
    world.says("je voudrais un mug bleu")
    world.hears("Mug bleu")
    world.breaks(service="telegram", method="sendMessage", kind="delay", seconds=2, times=1)
    world.pays(world.order()["ref"])
    until(lambda: world.rows("v_outbox", kind="thanks"), what="the thank-you is on its way")


MOMENTS = (
    _before_the_answer_is_sent,
    _after_stripe_opened_the_page,
    _while_the_link_is_said,
    _after_the_link_was_said,
    _while_the_thanks_is_said,
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__.strip("_"))
def test_a_sale_survives_kill_nine(world: World, moment: Callable[[World], None]) -> None:
    """F027, F051, F101"""
    moment(world)
    world.kill()
    world.mends()
    world.start()
    world.hears("Mug bleu")
    ref = world.order()["ref"]
    assert len(world.get("/stripe/sessions")) == 1
    if world.order()["status"] == "created":
        world.pays(ref)
    world.order_is("paid")
    world.hears("Merci")
    world.quiet()
    assert world.stock("mug-bleu") == (0, 1)
    assert [r["to_status"] for r in world.rows("v_history")] == ["created", "paid"]
    thanks = [m for m in world.heard() if "Merci" in m["text"]]
    (row,) = world.rows("v_outbox", kind="thanks")
    assert 1 <= len(thanks) <= 1 + row["ambiguous"]
    assert not world.rows("v_inbox", state="new")


def test_what_was_written_while_the_shop_was_down_is_answered_after(tmp_path: Path) -> None:
    with opened(tmp_path) as world:
        world.start()
        world.kill()
        world.says("je voudrais un mug bleu")
        world.start()
        world.hears("Mug bleu")


def test_a_payment_while_the_shop_was_down_is_settled_after(world: World) -> None:
    world.says("je voudrais un mug bleu")
    world.hears("Mug bleu")
    ref = world.order()["ref"]
    world.kill()
    world.pays(ref)
    world.start()
    world.order_is("paid")
    world.hears("Merci")


def test_a_second_process_is_turned_away(world: World) -> None:
    """F099"""
    import os
    import subprocess

    environment = {
        "PATH": os.environ["PATH"],
        "TELEGRAM_BOT_TOKEN": "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok",
        "STRIPE_API_KEY": "rk_test_process",
        "STRIPE_WEBHOOK_SECRET": "whsec_process",
        "PORT": str(free_port()),
    }
    second = subprocess.run(
        [*installed(), "-c", str(world.folder / "bot.toml"), "run"], env=environment, capture_output=True, timeout=30
    )
    assert second.returncode == 1
    assert b"already runs the shop" in second.stderr
    assert b"Traceback" not in second.stderr


def test_sigterm_in_the_middle_of_a_sale_loses_nothing(true_world: World) -> None:
    """F126"""
    world = true_world
    world.breaks(service="stripe", method="POST /v1/checkout/sessions", kind="delay", seconds=1, times=1)
    world.says("je voudrais un mug bleu")
    until(lambda: world.rows("v_orders"), what="the order is in the books")
    assert world.stop() == 0
    world.start()
    world.hears("Mug bleu")
    assert len(world.get("/stripe/sessions")) == 1


def test_a_stop_waits_for_no_answer_that_never_comes(world: World) -> None:
    """F126, F101: what hangs is ended, and its fate is remembered as unknown."""
    world.breaks(service="telegram", method="sendMessage", kind="delay", seconds=30, times=1)
    world.says("bonjour")
    until(lambda: world.rows("v_outbox", kind="welcome", state="sending"), what="the answer is on its way")
    assert world.stop() == 0
    world.mends()
    world.start()
    world.hears("Bienvenue")
    world.quiet()
    (row,) = world.rows("v_outbox", kind="welcome")
    assert (row["state"], row["ambiguous"]) == ("sent", 1)

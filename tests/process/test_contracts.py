"""What the shop asks of Telegram in a whole sale, held to Telegram's own description of its API."""

from __future__ import annotations

import json

import pytest

from tests.process.world import World
from tests.sandbox.bot_api_spec import faults_of_call

pytestmark = pytest.mark.process


def test_every_call_of_a_sale_is_as_telegram_describes_it(world: World) -> None:
    world.says("combien coûte le mug bleu ?")
    card = world.hears("En stock")
    world.presses(card, "+")
    world.hears("2 pour")
    world.presses(world.hears("2 pour"), "Acheter")
    world.hears("gardée")
    world.pays(world.order()["ref"])
    world.hears("Merci")
    world.quiet()
    asked = world.get("/requests", service="telegram")
    methods = {request["method"] for request in asked}
    assert {"getMe", "getUpdates", "setMyCommands", "sendMessage", "editMessageText", "answerCallbackQuery"} <= methods
    faults = [fault for request in asked for fault in faults_of_call(request["method"], request["params"])]
    assert faults == [], json.dumps(faults, ensure_ascii=False)


def test_commands_are_registered_in_each_language(world: World) -> None:
    sent = [r["params"] for r in world.get("/requests", service="telegram") if r["method"] == "setMyCommands"]
    assert {params.get("language_code") for params in sent} == {None, "fr", "en"}
    assert all(len(json.loads(params["commands"])) == 10 for params in sent)


def test_no_update_is_ever_thrown_away(world: World) -> None:
    """F073"""
    world.says("bonjour")
    world.hears("Bienvenue")
    for request in world.get("/requests", service="telegram"):
        assert request["params"].get("drop_pending_updates") in (None, "false", False)
        assert int(request["params"].get("offset") or 0) >= 0

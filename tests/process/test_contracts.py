"""What the shop asks of Telegram in a whole sale, held to Telegram's own description of its API."""

from __future__ import annotations

import json

import pytest

from bot.rendering import LANGUAGES
from tests.process.world import World
from tests.sandbox.bot_api_spec import faults_of_call

pytestmark = pytest.mark.process


def test_every_call_of_a_sale_is_as_telegram_describes_it(shared: World) -> None:
    shared.says("combien coûte le mug bleu ?")
    card = shared.hears("En stock")
    shared.presses(card, "+")
    shared.hears("2 pour")
    shared.presses(shared.hears("2 pour"), "Acheter")
    shared.hears("gardée")
    shared.pays(shared.order()["ref"])
    shared.hears("Merci")
    shared.quiet()
    asked = shared.get("/requests", service="telegram")
    methods = {request["method"] for request in asked}
    assert {"getMe", "getUpdates", "setMyCommands", "sendMessage", "editMessageText", "answerCallbackQuery"} <= methods
    faults = [fault for request in asked for fault in faults_of_call(request["method"], request["params"])]
    assert faults == [], json.dumps(faults, ensure_ascii=False)


def test_commands_are_registered_in_each_language(shared: World) -> None:
    sent = [r["params"] for r in shared.get("/requests", service="telegram") if r["method"] == "setMyCommands"]
    assert {params.get("language_code") for params in sent} == {None, *LANGUAGES}
    assert all(len(json.loads(params["commands"])) == 10 for params in sent)


def test_no_update_is_ever_thrown_away(shared: World) -> None:
    """F073"""
    shared.says("bonjour", chat=3003)
    shared.hears("Bienvenue", chat=3003)
    for request in shared.get("/requests", service="telegram"):
        assert request["params"].get("drop_pending_updates") in (None, "false", False)
        assert int(request["params"].get("offset") or 0) >= 0

"""The sandbox held to what the vendors publish: its requests and answers, field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from stripe import StripeClient
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from bot.sandbox.server import Sandbox
from bot.sandbox.telegram.methods import METHODS
from tests.sandbox.bot_api_spec import faults_of_call, faults_of_object, spec
from tests.sandbox.conftest import TOKEN, Control
from tests.sandbox.ordering import mugs, rate
from tests.sandbox.pictures import picture
from tests.sandbox.stripe_fixtures import faults_of


def test_every_method_is_one_of_telegrams() -> None:
    assert METHODS.keys() - spec()["methods"].keys() == set()


async def test_what_the_bot_library_sends_fits_the_description(bot: Bot, control: Control, sandbox: Sandbox) -> None:
    await control.say(1001, "bonjour")
    await bot.get_updates(timeout=0, allowed_updates=["message"])
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("ok", callback_data="a")]])
    sent = await bot.send_message(1001, "<b>x</b>", parse_mode="HTML", reply_markup=buttons)
    await bot.send_photo(1001, picture(), caption="x")
    await bot.edit_message_text("y", 1001, sent.message_id)
    await bot.set_my_commands([("aide", "Aide")], language_code="fr")
    entries = sandbox.journal.of("telegram")
    assert len(entries) == 6
    assert [fault for entry in entries for fault in faults_of_call(entry.method, entry.params)] == []


def test_the_judge_of_requests_sees_what_is_wrong() -> None:
    assert faults_of_call("sendMessage", {"chat_id": "1", "text": "x"}) == []
    assert len(faults_of_call("sendMessage", {"chat_id": "1"})) == 1
    assert len(faults_of_call("sendMessage", {"chat_id": "1", "text": "x", "colour": "red"})) == 1
    assert len(faults_of_call("sendMessage", {"chat_id": "1", "text": "x", "reply_markup": "{}x"})) == 1
    assert len(faults_of_call("getUpdates", {"offset": "soon"})) == 1
    assert len(faults_of_object("Message", {"message_id": "1", "date": 1, "chat": {"id": 1, "type": "private"}})) == 1


async def test_what_the_sandbox_answers_fits_the_description(control: Control, http: aiohttp.ClientSession) -> None:
    await control.say(1001, "/start p_mug", reply_to=None)
    calls: list[tuple[str, Mapping[str, Any], str]] = [
        ("getMe", {}, "User"),
        ("getWebhookInfo", {}, "WebhookInfo"),
        ("getChat", {"chat_id": 1001}, "ChatFullInfo"),
        ("sendMessage", {"chat_id": 1001, "text": "<b>x</b> http://a.example", "parse_mode": "HTML"}, "Message"),
        ("sendPhoto", {"chat_id": 1001, "photo": "https://a.example/x.png", "caption": "x"}, "Message"),
        ("editMessageText", {"chat_id": 1001, "message_id": 2, "text": "y"}, "Message"),
    ]
    for method, params, kind in calls:
        async with http.post(f"{control.base}/telegram/bot{TOKEN}/{method}", json=params) as answer:
            told = await answer.json()
        assert told["ok"], told
        assert faults_of_object(kind, told["result"]) == []


async def test_every_kind_of_update_fits_the_description(control: Control, http: aiohttp.ClientSession) -> None:
    said = await control.say(1001, "/start", entities=None)
    await control.post("/telegram/edit", chat=1001, message_id=said["message_id"], text="bonjour")
    await control.post("/telegram/press", chat=1001, message_id=said["message_id"], data="a")
    await control.post("/telegram/press", chat=1001, message_id=77, data="a")
    await control.post("/telegram/block", chat=1001)
    await control.say(-5, "salut", reply_to=None)
    await control.post("/telegram/block", chat=-5, kind="migrated", to=-100500)
    async with http.get(f"{control.base}/telegram/bot{TOKEN}/getUpdates") as answer:
        updates = (await answer.json())["result"]
    assert len(updates) == 8
    assert [fault for update in updates for fault in faults_of_object("Update", update)] == []


@pytest.fixture
async def things(client: StripeClient, control: Control, sandbox: Sandbox) -> Mapping[str, Any]:
    """One of each Stripe object, with as much in it as the sandbox ever puts there."""
    made = await client.v1.checkout.sessions.create_async(
        mugs(
            locale="fr",
            shipping_address_collection={"allowed_countries": ["FR"]},
            shipping_options=[rate("Post", 490)],
            automatic_tax={"enabled": False},
            custom_text={"submit": {"message": "Merci"}},
        )
    )
    paid = await control.post(f"/stripe/sessions/{made.id}/pay")
    refund = await control.post(f"/stripe/payments/{paid['payment_intent']}/refund", amount=100)
    dispute = await control.post(f"/stripe/charges/{refund['charge']}/dispute")
    account = sandbox.stripe
    await client.v1.webhook_endpoints.create_async({"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
    (endpoint,) = account.events.endpoints.values()
    return {
        "checkout.session": paid,
        "item": account.sessions[made.id].items[0],
        "payment_intent": account.intents[paid["payment_intent"]],
        "charge": account.charges[refund["charge"]],
        "refund": refund,
        "dispute": dispute,
        "event": next(iter(account.events.book.values())),
        "account": account.wire(),
        "balance": account.balance(),
        "webhook_endpoint": endpoint.wire(),
        "shipping_rate": next(iter(account.rates.values())),
    }


@pytest.mark.parametrize("kind", [
    "checkout.session", "item", "payment_intent", "charge", "refund", "dispute", "event", "account", "balance",
    "webhook_endpoint", "shipping_rate",
])  # fmt: skip
async def test_every_stripe_object_fits_its_sample(things: Mapping[str, Any], kind: str) -> None:
    assert faults_of(kind, things[kind]) == []


async def test_an_open_and_a_failed_payment_fit_too(client: StripeClient, control: Control, sandbox: Sandbox) -> None:
    made = await client.v1.checkout.sessions.create_async(mugs())
    assert faults_of("checkout.session", sandbox.stripe.sessions[made.id].wire) == []
    after = await control.post(f"/stripe/sessions/{made.id}/pay", outcome="decline")
    assert faults_of("payment_intent", sandbox.stripe.intents[after["payment_intent"]]) == []
    (charge,) = sandbox.stripe.charges.values()
    assert faults_of("charge", charge) == []


def test_the_judge_of_objects_sees_what_is_wrong() -> None:
    assert faults_of("refund", {"colour": "red"}) == ["refund.colour is not in the sample"]
    assert faults_of("refund", {"amount": "100"}) == ["refund.amount is str, not int"]
    assert json.dumps(faults_of("refund", {"amount": 1, "reason": "duplicate"})) == "[]"

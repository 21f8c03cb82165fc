"""What a stranger, a prankster or a broken service sends: a clear answer, and nothing is left."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from stripe import WebhookSignature

from tests.process.world import STRIPE_SECRET, TELEGRAM_SECRET, World, opened, until

pytestmark = pytest.mark.process
GOOD = '{"id": "evt_1", "object": "event", "type": "invoice.paid", "livemode": false, "data": {"object": {}}}'


def signed(body: str, *, secret: str = STRIPE_SECRET, age: int = 0) -> dict[str, str]:
    made = int(time.time()) - age
    return {"stripe-signature": WebhookSignature.generate_signature_header(body, secret, made)}


def test_a_webhook_that_is_not_stripes_leaves_nothing(world: World) -> None:
    """F009, F010, F019, F022"""
    hook = f"http://127.0.0.1:{world.port}/stripe/webhook"

    def status(body: bytes | str, headers: dict[str, str]) -> int:
        return world.http.post(hook, content=body, headers=headers).status_code

    assert status(GOOD, signed(GOOD)) == 200
    assert status(GOOD, signed(GOOD, age=240)) == 200
    refused: dict[str, tuple[bytes | str, dict[str, str]]] = {
        "no signature": (GOOD, {}),
        "garbled": (GOOD, {"stripe-signature": "t=x,v1=,,,"}),
        "other secret": (GOOD, signed(GOOD, secret="whsec_other")),
        "stale": (GOOD, signed(GOOD, age=301)),
        "from the future": (GOOD, signed(GOOD, age=-31_536_000)),
        "re-serialised": (GOOD.replace(": ", ":"), signed(GOOD)),
        "not UTF-8": (b"\xff\xfe" + GOOD.encode(), signed(GOOD)),
        "a list": ("[]", signed("[]")),
        "no JSON": ("{", signed("{")),
        "nested": ("[" * 100_000, signed("[" * 100_000)),
        "NaN": ('{"id": NaN}', signed('{"id": NaN}')),
        "empty": ("", signed("")),
    }
    for name, (body, headers) in refused.items():
        assert status(body, headers) == 400, name
    assert status("x" * 2_000_000, signed("x" * 2_000_000)) == 413
    assert world.rows("v_inbox") == []
    metrics = world.http.get(f"http://127.0.0.1:{world.port}/metrics").text
    assert 'comptoir_webhooks_refused_total{reason="forged",source="stripe"}' in metrics


def test_a_body_without_end_is_cut_off(world: World) -> None:
    """F019"""
    hook = f"http://127.0.0.1:{world.port}/stripe/webhook"
    chunks = (b"x" * 65_536 for _ in range(800))
    try:
        assert world.http.post(hook, content=chunks).status_code == 413
    except Exception as error:  # noqa: BLE001 - the server may also hang up on us
        assert type(error).__module__.startswith("httpx")
    assert world.http.get(f"http://127.0.0.1:{world.port}/healthz").status_code == 200


@pytest.mark.parametrize("mode", ["polling", "webhook"])
def test_a_telegram_webhook_needs_its_secret(tmp_path: Path, mode: str) -> None:
    """F069"""
    with opened(tmp_path, mode=mode) as world:
        world.start()
        hook = f"http://127.0.0.1:{world.port}/telegram/webhook"
        body = '{"update_id": 1, "message": {"message_id": 1}}'
        for secret in (None, "", "wrong"):
            headers = {} if secret is None else {"x-telegram-bot-api-secret-token": secret}
            assert world.http.post(hook, content=body, headers=headers).status_code == 401
        assert world.rows("v_inbox") == []


@pytest.mark.parametrize(
    "text",
    [
        "asdf qwer zxcv",
        "x" * 4096,
        "buy\x00 a mug",
        "\u202eje voudrais un mug",
        "je voudrais " + "e\u0301\u0301\u0301\u0301\u0301" * 200,
        "<b>mug</b> & <script>alert(1)</script>",
        "{{ 7*7 }} {% for x in range(9) %}",
        "{order.__class__.__mro__}",
        "%s%s%n",
        "'; DROP TABLE orders; --",
        "buy -1 mug bleu",
        "buy 0.5 mug bleu",
        "buy 99999999999 mug bleu",
        "buy 0 mug bleu",
        "👩‍👩‍👧‍👦" * 100,
    ],
    ids=range(15),
)
def test_junk_gets_a_sensible_answer_and_no_order(shared: World, text: str) -> None:
    """F114, F115, F116, F118"""
    world = shared
    before = len(world.heard())
    world.says(text)
    until(lambda: len(world.heard()) > before, what="an answer")
    world.says("merci")
    until(lambda: len(world.heard()) > before + 1, what="the next answer")
    heard = world.heard()
    assert "plaisir" in heard[-1]["text"]
    assert "49" not in heard[-2]["text"] or "7*7" not in text
    assert world.rows("v_orders") == []
    assert not world.rows("v_inbox", state="new")


def test_a_photo_without_words_and_a_ten_megabyte_text_are_answered(world: World) -> None:
    """F114"""
    chat = {"id": 1001, "type": "private", "first_name": "Camille"}
    person = {"id": 1001, "is_bot": False, "first_name": "Camille", "language_code": "fr"}
    for text in (
        {"photo": [{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}]},
        {"text": "a" * 10_000_000},
    ):
        world.post("/telegram/update", message={"message_id": 9, "date": 1, "chat": chat, "from": person, **text})
    world.says("merci")
    world.hears("plaisir")
    assert len(world.heard()) == 3
    assert (world.folder / "shop.db").stat().st_size < 2_000_000


def test_a_signed_event_that_is_not_as_expected_is_kept_for_a_human_and_acknowledged(world: World) -> None:
    """F021"""
    hook = f"http://127.0.0.1:{world.port}/stripe/webhook"
    session = {"id": {"an": "object"}, "status": "complete", "payment_status": "paid", "livemode": False}
    bodies = [
        {"id": "evt_a", "type": "checkout.session.completed", "livemode": False, "data": {"object": session}},
        {"id": "evt_b", "type": "checkout.session.completed", "livemode": False, "data": {"object": {"id": "cs_1"}}},
        {"id": "evt_c", "type": "charge.refunded", "livemode": False, "data": {"object": {"payment_intent": "pi_x"}}},
    ]
    for body in bodies:
        text = json.dumps(body)
        assert world.http.post(hook, content=text, headers=signed(text)).status_code == 200
    kept = {row["key"]: row["state"] for row in world.rows("v_inbox", source="stripe")}
    assert kept == {"evt_a": "new", "evt_b": "new", "evt_c": "new"}
    assert world.http.get(f"http://127.0.0.1:{world.port}/healthz").status_code == 200


def test_a_signature_that_is_no_ascii_is_a_forgery_and_no_accident(world: World) -> None:
    """F009"""
    made = int(time.time())
    hook = f"http://127.0.0.1:{world.port}/stripe/webhook"
    headers = [(b"stripe-signature", f"t={made},v1=é".encode("latin-1"))]
    assert world.http.post(hook, content=GOOD, headers=headers).status_code == 400
    assert "Traceback" not in world.log()


def test_a_lone_surrogate_from_telegram_stops_nobody(tmp_path: Path) -> None:
    """F115"""
    with opened(tmp_path, mode="webhook") as world:
        world.start()
        world.says("bonjour")
        world.hears("Bienvenue")
        person = '{"id": 1001, "is_bot": false, "first_name": "Camille", "language_code": "fr"}'
        chat = '{"id": 1001, "type": "private", "first_name": "Camille"}'
        text = "je voudrais \\ud83d un mug bleu"
        message = f'{{"message_id": 7, "date": 1, "chat": {chat}, "from": {person}, "text": "{text}"}}'
        body = f'{{"update_id": 7, "message": {message}}}'
        headers = {"x-telegram-bot-api-secret-token": TELEGRAM_SECRET}
        hook = f"http://127.0.0.1:{world.port}/telegram/webhook"
        assert world.http.post(hook, content=body, headers=headers).status_code == 200
        world.hears("gardée")

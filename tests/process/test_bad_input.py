"""What a stranger, a prankster or a broken service sends: a clear answer, and nothing is left."""

from __future__ import annotations

import time

import pytest
from stripe import WebhookSignature

from tests.process.world import STRIPE_SECRET, World, until

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
    assert status(GOOD, signed(GOOD, age=299)) == 200
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


def test_a_telegram_webhook_needs_its_secret(either: World) -> None:
    """F069"""
    hook = f"http://127.0.0.1:{either.port}/telegram/webhook"
    body = '{"update_id": 1, "message": {"message_id": 1}}'
    for secret in (None, "", "wrong"):
        headers = {} if secret is None else {"x-telegram-bot-api-secret-token": secret}
        assert either.http.post(hook, content=body, headers=headers).status_code == 401
    assert either.rows("v_inbox") == []


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
def test_junk_gets_a_sensible_answer_and_no_order(shop_for_junk: World, text: str) -> None:
    """F114, F115, F116, F118"""
    world = shop_for_junk
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

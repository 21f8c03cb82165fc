"""Stripe: frozen requests that its own types accept, events that are only believed when signed, every error's kind."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from stripe import WebhookSignature

from bot.domain.orders import Line, Order, OrderStatus
from bot.domain.payments import Payment, PaymentStatus
from bot.errors import Forged, Permanent, Temporary
from bot.payments.stripe import CheckoutRequest, SignedEvents, StripeProvider
from bot.payments.stripe.events import read_event
from bot.payments.stripe.request import page_ends
from bot.sandbox.faults import Rule
from bot.sandbox.server import Sandbox, serving
from tests.dialogs.dialog import catalogue

NOW = datetime.now(UTC).replace(microsecond=0)
REQUEST = CheckoutRequest(
    catalogue(),
    timedelta(minutes=30),
    lambda token: f"https://shop.example/o/{token}",
    ("FR", "BE"),
    promotion_codes=True,
)


def order(minor: int = 1800) -> Order:
    return Order(
        ref="C-7Q4K2",
        token="t" * 24,
        channel="telegram",
        chat="1001",
        language="fr",
        status=OrderStatus.CREATED,
        currency="EUR",
        lines=(Line("mug-bleu", "Mug bleu", 2, minor),),
        created_at=NOW,
        updated_at=NOW,
        items_minor=2 * minor,
    )


def payment(key: str = "C-7Q4K2-key", **changes: object) -> Payment:
    fresh = Payment(
        key, "C-7Q4K2", "stripe", PaymentStatus.PENDING, "EUR", 3600, REQUEST.freeze(order(), key, physical=True), NOW
    )
    return replace(fresh, **changes)  # type: ignore[arg-type]


class Till:
    def __init__(self, sandbox: Sandbox, provider: StripeProvider) -> None:
        self.sandbox, self.provider, self.now = sandbox, provider, NOW

    def breaks(self, **rule: object) -> None:
        self.sandbox.faults.add(Rule(service="stripe", **rule))


@pytest.fixture
async def till() -> AsyncIterator[Till]:
    sandbox = Sandbox(seed=1)
    async with serving(sandbox) as address:
        made: list[Till] = []
        provider = StripeProvider(
            "rk_test_till",
            host=f"{address}/stripe",
            request=REQUEST,
            events=SignedEvents(["whsec_a", "whsec_b"]),
            clock=lambda: made[0].now,
        )
        made.append(Till(sandbox, provider))
        yield made[0]
        await provider.stop()


async def test_the_same_payment_opens_the_same_page_however_often(till: Till) -> None:
    """F026, F027"""
    first = await till.provider.open(payment())
    second = await till.provider.open(payment())
    assert first.session == second.session
    assert (first.reference, first.key, first.amount_minor) == ("C-7Q4K2", "C-7Q4K2-key", 3600)
    assert len(till.sandbox.stripe.sessions) == 1


async def test_a_page_whose_answer_was_lost_is_found_again(till: Till) -> None:
    """F026"""
    till.breaks(method="POST /v1/checkout/sessions", kind="drop_after")
    with pytest.raises(Temporary) as failed:
        await till.provider.open(payment())
    assert failed.value.uncertain
    await till.provider.open(payment())
    assert len(till.sandbox.stripe.sessions) == 1


async def test_a_request_that_waited_too_long_is_renewed_only_after_a_look(till: Till) -> None:
    """F031, F038"""
    opened = await till.provider.open(payment())
    old = payment(created_at=NOW - timedelta(hours=5))
    stale = json.loads(old.request) | {"expires_at": int((NOW - timedelta(hours=3)).timestamp())}
    found = await till.provider.open(replace(old, request=json.dumps(stale)))
    assert found.session == opened.session
    other = payment("C-7Q4K2-other", created_at=NOW - timedelta(hours=5))
    unknown = json.loads(other.request) | {"expires_at": int((NOW - timedelta(hours=3)).timestamp())}
    renewed = await till.provider.open(replace(other, request=json.dumps(unknown)))
    assert renewed.session != opened.session
    assert renewed.key == "C-7Q4K2-other"


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"kind": "status", "code": 500, "sticky": False}, Temporary),
        ({"kind": "status", "code": 503}, Temporary),
        ({"kind": "status", "code": 429, "retry_after": 3}, Temporary),
        ({"kind": "status", "code": 429, "header": False}, Temporary),
        ({"kind": "status", "code": 409}, Temporary),
        ({"kind": "status", "code": 502, "body": "<html>gateway</html>"}, Temporary),
        ({"kind": "status", "code": 401}, Temporary),
        ({"kind": "status", "code": 403}, Temporary),
        ({"kind": "status", "code": 400}, Permanent),
        ({"kind": "drop_before"}, Temporary),
    ],
    ids=str,
)
async def test_every_failure_has_its_kind(till: Till, rule: dict[str, object], kind: type[Exception]) -> None:
    """F028, F032"""
    till.breaks(method="POST /v1/checkout/sessions", **rule)
    with pytest.raises(kind):
        await till.provider.open(payment())


async def test_a_refused_key_is_told_by_the_readiness_page_until_it_is_mended(till: Till) -> None:
    """F032"""
    till.breaks(method="POST /v1/checkout/sessions", kind="status", code=401)
    with pytest.raises(Temporary) as failed:
        await till.provider.open(payment())
    assert failed.value.retry_after
    assert "STRIPE_API_KEY" in (till.provider.healthy() or "")
    await till.provider.open(payment())
    assert till.provider.healthy() is None


async def test_other_parameters_under_one_key_are_refused_by_stripe_and_by_us(till: Till) -> None:
    """F030"""
    await till.provider.open(payment())
    changed = json.loads(payment().request)
    changed["line_items"][0]["quantity"] = 3
    with pytest.raises(Permanent):
        await till.provider.open(replace(payment(), request=json.dumps(changed)))


async def test_an_amount_that_stripe_refuses_is_permanent(till: Till) -> None:
    """F033"""
    small = replace(payment(), request=REQUEST.freeze(order(1), "k", physical=True), key="k")
    with pytest.raises(Permanent):
        await till.provider.open(small)


async def test_closing_tells_how_the_page_stands(till: Till) -> None:
    """F037"""
    opened = await till.provider.open(payment())
    known = payment(external_id=opened.session)
    assert (await till.provider.close(known)).state == "expired"
    assert (await till.provider.close(known)).state == "expired"
    with pytest.raises(Permanent):
        await till.provider.close(payment(external_id="cs_test_unknown"))


def signed(body: str, *, secret: str = "whsec_a", at: float | None = None) -> str:
    return str(WebhookSignature.generate_signature_header(body, secret, int(at or time.time())))


EVENT = json.dumps(
    {"id": "evt_1", "object": "event", "type": "invoice.paid", "livemode": False, "data": {"object": {}}}
)


@pytest.mark.parametrize("secret", ["whsec_a", "whsec_b"])
def test_any_of_the_configured_secrets_may_sign(secret: str) -> None:
    """F011"""
    events = SignedEvents(["whsec_a", "whsec_b"])
    now = datetime.now(UTC)
    assert events.read(EVENT.encode(), signed(EVENT, secret=secret), now) is None
    both = signed(EVENT, secret="whsec_old") + "," + signed(EVENT, secret=secret).split(",")[1]
    assert events.read(EVENT.encode(), both, now) is None


@pytest.mark.parametrize("seconds", [-301, -3600, 301, 31_536_000])
def test_a_signature_is_too_old_or_from_the_future(seconds: int) -> None:
    """F010"""
    now = datetime.now(UTC)
    with pytest.raises(Forged):
        SignedEvents(["whsec_a"]).read(EVENT.encode(), signed(EVENT, at=now.timestamp() + seconds), now)


@pytest.mark.parametrize("seconds", [-290, 0, 290])
def test_a_clock_a_little_off_is_no_forgery(seconds: int) -> None:
    now = datetime.now(UTC)
    SignedEvents(["whsec_a"]).read(EVENT.encode(), signed(EVENT, at=now.timestamp() + seconds), now)


@pytest.mark.parametrize("body", ["[]", "{}", '{"id": 1, "type": "x"}', '{"id": NaN}', "", "[" * 100_000, "1" * 5000])
def test_a_signed_body_that_is_no_event_is_a_value_error(body: str) -> None:
    """F022"""
    with pytest.raises(ValueError, match=r"."):
        SignedEvents(["whsec_a"]).read(body.encode(), signed(body), datetime.now(UTC))


def test_an_event_whose_object_is_not_as_expected_is_kept_for_a_human() -> None:
    """F021"""
    news = read_event(
        json.dumps({"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {"id": "cs_1"}}})
    )
    assert news is not None
    assert news.kind == "unreadable"


def test_an_event_of_another_account_says_so() -> None:
    """F015"""
    news = read_event(
        json.dumps(
            {"id": "e", "type": "charge.refunded", "account": "acct_2", "data": {"object": {"payment_intent": "pi"}}}
        )
    )
    assert news is not None
    assert news.account == "acct_2"


@pytest.mark.parametrize(("hold", "minutes"), [(0.1, 90), (1800, 90), (7200, 180), (86_400, 23 * 60 + 55)])
def test_a_page_lives_within_what_stripe_allows(hold: float, minutes: int) -> None:
    assert page_ends(NOW, timedelta(seconds=hold)) == NOW + timedelta(minutes=minutes)


async def test_a_key_that_is_answered_with_the_same_error_for_ever_is_left(till: Till) -> None:
    """F029: Stripe replays a 500 under its key; after some tries another key opens the page, once."""
    till.breaks(kind="status", code=500, method="POST /v1/checkout/sessions", times=1)
    for _ in range(3):
        with pytest.raises(Temporary):
            await till.provider.open(payment())
    opened = await till.provider.open(payment())
    assert (opened.state, opened.key) == ("open", payment().key)
    assert len(till.sandbox.stripe.sessions) == 1


async def test_a_page_that_was_opened_under_a_stuck_key_is_found(till: Till) -> None:
    """F029: the 500 lied; a second page would be one too many."""
    till.breaks(kind="status", code=500, done=True, method="POST /v1/checkout/sessions", times=1)
    for _ in range(3):
        with pytest.raises(Temporary):
            await till.provider.open(payment())
    (made,) = till.sandbox.stripe.sessions
    assert (await till.provider.open(payment())).session == made


async def test_a_wrong_clock_of_ours_does_not_keep_a_page_from_opening(till: Till) -> None:
    """F098: Stripe does not take our date; the page then ends by Stripe's own clock."""
    late = replace(order(), created_at=NOW - timedelta(hours=5))
    odd = payment(request=REQUEST.freeze(late, "C-7Q4K2-key", physical=True), created_at=NOW - timedelta(hours=5))
    till.now = NOW - timedelta(hours=5)
    opened = await till.provider.open(odd)
    assert opened.state == "open"
    again = await till.provider.open(odd)
    assert again.session == opened.session
    assert len(till.sandbox.stripe.sessions) == 1

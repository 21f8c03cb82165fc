"""What shoppers do while the shop is traced: each flow leaves it quiet, with all that it promised said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.process.on_x import XWorld
from tests.process.starts import executed
from tests.process.world import STRIPE_SECRET, World, until

AT_ONCE = 6
"""Shoppers who buy and pay at the same time: their events share commits."""
DM_LIMIT = "POST /2/dm_conversations/with/:participant_id/messages"


def command(world: World, *words: str) -> None:
    """Run the installed command beside the shop; an assertion error says what it complained of."""
    keys = {**world.secrets, "STRIPE_API_KEY": "rk_test_process", "STRIPE_WEBHOOK_SECRET": STRIPE_SECRET}
    log = world.folder / "command.log"
    log.touch()
    done = executed(["-c", str(world.folder / "bot.toml"), *words], keys, log)
    assert done.wait(30) == 0, log.read_text()


def sales(count: int) -> Callable[[World], None]:
    """So many shoppers buy and pay."""

    def play(world: World) -> None:
        for first in range(0, count, AT_ONCE):
            chats = range(10_000 + first, 10_000 + min(first + AT_ONCE, count))
            for chat in chats:
                world.says("je voudrais deux mugs bleus", chat=chat)
            for chat in chats:
                world.hears("Mug bleu", chat=chat)
                world.pays(world.order(chat)["ref"])
            for chat in chats:
                world.hears("Merci", chat=chat)

    return play


def asks(world: World) -> None:
    questions = {20_000: "bonjour", 20_001: "combien coûte le mug bleu ?", 20_002: "aide", 20_003: "stop"}
    for chat, text in questions.items():
        world.says(text, chat=chat)
    until(lambda: all(world.heard(chat) for chat in questions), what="every question is answered")


def _bought(world: World, chat: int) -> str:
    world.says("je voudrais un mug bleu", chat=chat)
    world.hears("Mug bleu", chat=chat)
    return str(world.order(chat)["ref"])


def _told(world: World, kind: str) -> bool:
    """Whether the shop has taken in an event of this kind."""
    events = [event["id"] for event in world.get("/stripe/events") if event["type"] == kind]
    return any(world.rows("v_inbox", source="stripe", key=event) for event in events)


def cancels(world: World) -> None:
    """The shopper cancels: Stripe is asked to close the page, and its word releases the hold."""
    _bought(world, 20_100)
    world.says("annuler", chat=20_100)
    world.order_is("canceled", chat=20_100)
    until(lambda: _told(world, "checkout.session.expired"), what="Stripe has said so too")


def is_refunded(world: World) -> None:
    """From Stripe's desk, a part and then the rest."""
    ref = _bought(world, 20_200)
    world.pays(ref)
    world.hears("Merci", chat=20_200)
    intent = world.session(ref)["payment_intent"]
    world.post(f"/stripe/payments/{intent}/refund", amount=500)
    until(lambda: world.order(20_200)["refunded_minor"] == 500, what="a part is given back")
    world.post(f"/stripe/payments/{intent}/refund")
    until(lambda: world.rows("v_payments", ref=ref)[0]["status"] == "refunded", what="all is given back")


def is_refunded_by_the_merchant(world: World) -> None:
    """By a command beside the running shop: the books know of it before Stripe is asked."""
    ref = _bought(world, 20_250)
    world.pays(ref)
    world.hears("Merci", chat=20_250)
    command(world, "orders", "refund", ref)
    until(lambda: world.rows("v_payments", ref=ref)[0]["status"] == "refunded", what="all is given back")


def pays_late(world: World) -> None:
    """A card that is declined, then a bank debit that settles."""
    ref = _bought(world, 20_300)
    world.pays(ref, "decline")
    world.pays(ref, "unpaid")
    world.hears("en cours", chat=20_300)
    world.post(f"/stripe/sessions/{world.session(ref)['id']}/settle", outcome="succeed")
    world.order_is("paid", chat=20_300)


def redelivered(world: World) -> None:
    """A storm of webhooks: all that Stripe ever said, twice more."""
    for event in world.get("/stripe/events"):
        world.post(f"/stripe/events/{event['id']}/deliver", copies=2)


def runs_out(world: World) -> None:
    """Nobody pays; the shop asks Stripe to close the pages once the hold is over."""
    chats = range(20_400, 20_406)
    for chat in chats:
        world.says("je voudrais un mug bleu", chat=chat)
    until(lambda: len(world.rows("v_orders", status="canceled")) == len(chats), what="every hold has ended")


def sales_on_x(count: int) -> Callable[[XWorld], None]:
    """So many shoppers mention the shop, go on in private, buy and pay."""

    def play(world: XWorld) -> None:
        people = range(30_000, 30_000 + count)
        posts: dict[int, Any] = {
            user: world.posts(f"@atelier_lumiere je voudrais deux mugs bleus svp, {user}", user=user) for user in people
        }
        for user in people:
            until(lambda user=user: world.replies(posts[user]), what=f"a reply to {user}")  # type: ignore[misc]
            world.writes("oui", user=user)
        for user in people:
            world.tells("Mug bleu", user=user)
            world.pays(world.order(user)["ref"])
        for user in people:
            world.tells("Merci", user=user)

    return play


EVERYTHING: Sequence[Callable[[World], None]] = (
    asks,
    cancels,
    is_refunded,
    is_refunded_by_the_merchant,
    pays_late,
    redelivered,
)

"""Limits on X as a shopper meets them: turns, quotas and the budget, what is owed, and what then is not ordered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.policy import MESSAGES_AN_HOUR, REPLIES_AN_HOUR
from bot.domain.weights import has_address
from bot.errors import Permanent, Temporary, Unreachable
from tests.dialogs.on_x import XDialog, on_x


@pytest.fixture
def camille() -> Iterator[XDialog]:
    dialog = on_x()
    yield dialog
    dialog.store.close()


def test_a_paid_order_is_thanked_even_after_stop(camille: XDialog) -> None:
    camille.shopper("je voudrais un mug bleu")
    camille.shopper("stop")
    (thanks,) = camille.pays()
    assert thanks.name == "thanks"
    assert ("message", True, "order_owes") in camille.record()


def test_two_machines_fall_silent(camille: XDialog) -> None:
    """F082"""
    for _ in range(REPLIES_AN_HOUR + 10):
        camille.mentions("@atelier_lumiere un mug bleu svp")
    assert len(camille.x.public) == REPLIES_AN_HOUR
    for _ in range(MESSAGES_AN_HOUR + 10):
        camille.shopper("combien coûte le mug bleu ?")
    assert len(camille.x.private) == MESSAGES_AN_HOUR
    camille.now += timedelta(hours=2)
    assert len(camille.mentions("@atelier_lumiere un mug bleu svp")) == 1


def test_a_public_refusal_of_x_is_not_tried_again_and_costs_nothing(camille: XDialog) -> None:
    """F078"""
    camille.x.refuses = [Permanent("403: You are not permitted to reply")]
    assert camille.mentions("@atelier_lumiere un mug bleu svp") == []
    assert camille.hours(1) == []
    assert camille.x.private == []
    assert camille.costs() == {}
    ((act, allowed, reason),) = camille.record()
    assert (act, allowed) == ("reply", False)
    assert "not permitted" in str(reason)


def test_an_answer_of_unknown_fate_is_charged_and_may_be_tried_again(camille: XDialog) -> None:
    camille.x.refuses = [Temporary("no answer", uncertain=True)]
    camille.mentions("@atelier_lumiere un mug bleu svp")
    camille.hours(0.01)
    assert len(camille.x.public) == 1
    assert camille.costs() == {"summoned_reply": 20_000}


def test_what_a_sale_cost_is_laid_on_its_order(camille: XDialog) -> None:
    camille.mentions("@atelier_lumiere je voudrais deux mugs bleus")
    camille.shopper("oui")
    camille.pays()
    rows = camille.store.view("v_costs")
    assert {row["ref"] for row in rows} == {camille.order().ref}
    assert camille.costs() == {"summoned_reply": 10_000, "dm_sent": 30_000}


def test_the_budget_gives_up_public_replies_first_then_all_but_paid_orders() -> None:
    camille = on_x(budget=100_000)
    camille.shopper("je voudrais un mug bleu")  # 15,000
    camille.pays()  # 30,000
    for number in range(4):  # 80,000 and more
        camille.shopper(f"combien coûte le mug bleu ? {number}")
    assert camille.mentions("@atelier_lumiere un mug bleu svp") == []
    assert camille.record()[-1] == ("reply", False, "over_budget")
    camille.shopper("combien coûte le mug noir ?")
    before = camille.store.view("v_outbox")
    assert camille.shopper("je voudrais un mug bleu") == []
    assert camille.store.view("v_outbox") == before, "nothing is ordered that could not be answered"
    assert [row["kind"] for row in reversed(camille.store.view("v_alerts"))] == [
        "budget_slow",
        "budget_private",
        "budget_owed",
    ]
    camille.now += timedelta(hours=13)  # the next UTC day
    assert len(camille.shopper("combien coûte la théière ?")) == 1
    camille.store.close()


def test_a_paid_order_is_thanked_over_any_budget() -> None:
    camille = on_x(budget=15_000)
    camille.shopper("je voudrais un mug bleu")
    (thanks,) = camille.pays()
    assert thanks.name == "thanks"
    camille.store.close()


def test_the_days_messages_are_kept_for_paid_orders_and_the_others_are_shown_another_door(camille: XDialog) -> None:
    """F088"""
    camille.shopper("je voudrais un mug bleu")
    full = camille.now + timedelta(hours=8)
    camille.write(lambda books: books.ledger.keep_quota("x:dm_sends_a_day", 1440, 1400, full))
    assert camille.shopper("combien coûte le mug noir ?") == []
    assert camille.x.private[1:] == []
    (thanks,) = camille.pays()
    assert thanks.name == "thanks"
    camille.shop = replace(
        camille.shop,
        elsewhere=lambda _: "Telegram (atelier_bot)",
        full=lambda books, _, now: camille.accounts.wait(books, "dm_sends_a_day", now) > 0,
    )
    camille.mentions("@atelier_lumiere je voudrais un mug bleu")
    assert "Telegram (atelier_bot)" in camille.x.public[-1][1]
    assert not has_address(camille.x.public[-1][1])


def test_a_full_quarter_of_an_hour_only_delays(camille: XDialog) -> None:
    """F075: the window is a row; what waits for it leaves when it begins anew."""
    soon = camille.now + timedelta(minutes=10)
    camille.write(lambda books: books.ledger.keep_quota("x:dm_sends", 15, 15, soon))
    assert camille.shopper("je voudrais un mug bleu") == []
    assert camille.hours(0.1) == []
    assert "link" in [said.name for said in camille.hours(0.1)]


def test_a_closed_door_costs_nothing(camille: XDialog) -> None:
    camille.x.refuses = [Unreachable("You cannot send messages to this user.")]
    camille.shopper("je voudrais un mug bleu")
    assert camille.costs() == {}


def fills(camille: XDialog, limit: str, most: int, used: int, wait: timedelta) -> None:
    """X has said how much of a limit is used, and until when."""
    until = camille.now + wait
    camille.write(lambda books: books.ledger.keep_quota(f"x:{limit}", most, used, until))


def used(camille: XDialog, limit: str) -> int:
    known = camille.write(lambda books: books.ledger.quota(f"x:{limit}"))
    assert known is not None
    return known[1]


# -- what an order owes


def test_what_an_order_owes_waits_for_the_next_day_and_is_said_then(camille: XDialog) -> None:
    """F088: an ordinary answer that long after would answer nothing."""
    camille.shopper("je voudrais un mug bleu")
    fills(camille, "dm_sends_a_day", 1440, 1440, timedelta(hours=8))
    assert camille.pays() == []
    assert camille.hours(7.9) == []
    (thanks,) = camille.hours(0.2)
    assert thanks.name == "thanks"
    assert ("message", True, "order_owes") in camille.record()


def test_what_a_refused_message_would_have_used_is_left_for_others(camille: XDialog) -> None:
    """F077, F088"""
    fills(camille, "dm_sends", 15, 4, timedelta(minutes=10))
    camille.x.refuses = [Unreachable("You cannot send messages to this user.")]
    camille.shopper("bonjour")
    assert (used(camille, "dm_sends"), used(camille, "dm_sends_a_day")) == (4, 0)
    camille.shopper("bonjour")
    assert (used(camille, "dm_sends"), used(camille, "dm_sends_a_day")) == (5, 1)


def test_only_a_paid_order_has_a_claim(camille: XDialog) -> None:
    """The same words about an order that nobody paid for are not owed: after "stop" they are not said."""
    camille.shopper("je voudrais un mug bleu")
    camille.shopper("stop")
    camille.hours(1)
    assert camille.order().status == "canceled"
    assert "order_expired" in [row["kind"] for row in camille.store.view("v_outbox")]
    assert ("message", False, "opted_out") in camille.record()


def test_money_given_back_is_told_after_stop(camille: XDialog) -> None:
    """The negative twin."""
    camille.shopper("je voudrais un mug bleu")
    camille.pays()
    camille.shopper("stop")
    said = camille.news("refunded", refunded_minor=1800)
    assert [one.name for one in said] == ["refunded"]


def test_money_that_came_too_late_is_told_of_after_stop(camille: XDialog) -> None:
    """The goods are gone; whoever paid hears that it comes back, whatever they said before."""
    camille.shopper("je voudrais un mug noir")
    late = camille.payments()[-1].key
    camille.hours(1)
    camille.chat = "2002"
    camille.shopper("je voudrais un mug noir")
    camille.pays()
    camille.chat = "2001"
    camille.shopper("stop")
    assert [said.name for said in camille.news("completed", key=late)] == ["refund_due", "refunded"]


def test_a_reply_of_unknown_fate_is_repeated_in_its_own_words(camille: XDialog) -> None:
    """F078: X refuses the duplicate of a reply that stands; in other words it would stand there twice."""
    camille.x.refuses = [Temporary("no answer", uncertain=True, retry_after=60)]
    camille.mentions("@atelier_lumiere un mug bleu svp", handle="")
    camille.chat = "2002"
    camille.mentions("@atelier_lumiere un mug bleu svp", handle="")
    camille.hours(0.1)
    first, other, again = camille.x.tried
    assert first == again != other


# -- lanes: what waits for one limit waits for no other


def test_a_public_reply_that_waits_holds_back_no_private_message(camille: XDialog) -> None:
    fills(camille, "posts", 100, 100, timedelta(minutes=10))
    assert camille.mentions("@atelier_lumiere un mug bleu svp") == []
    (link,) = camille.shopper("je voudrais un mug bleu")
    assert link.name == "link"
    assert [said.name for said in camille.hours(0.2)] == ["public_offer"]


def test_an_answer_that_waits_holds_back_nothing_that_is_owed(camille: XDialog) -> None:
    """F088: what is kept for paid orders would be of no use behind an answer that waits."""
    camille.shopper("je voudrais un mug bleu")
    fills(camille, "dm_sends", 15, 12, timedelta(minutes=10))
    assert camille.shopper("combien coûte le mug noir ?") == []
    (thanks,) = camille.pays()
    assert thanks.name == "thanks"
    assert [said.name for said in camille.hours(0.2)] == ["product"]


def test_who_shut_their_messages_is_owed_nothing_that_could_reach_them(camille: XDialog) -> None:
    """F055: also what waits in its own lane is set aside; what is said in public is not theirs alone."""
    camille.shopper("je voudrais un mug bleu")
    fills(camille, "dm_sends", 15, 15, timedelta(minutes=10))
    fills(camille, "posts", 100, 100, timedelta(minutes=10))
    camille.pays()
    camille.shopper("combien coûte le mug noir ?")
    camille.mentions("@atelier_lumiere je voudrais une carte cadeau")
    assert camille.write(lambda books: books.outbox.bury("x", camille.chat, "closed")) == 2
    assert [said.name for said in camille.hours(0.2)] == ["public_offer"]


# -- nothing is ordered that could not be answered


def nothing_more_happens(camille: XDialog) -> None:
    """An order is neither answered nor made; "stop" is obeyed all the same."""
    orders, rows = len(camille.store.view("v_orders")), len(camille.store.view("v_outbox", 1000))
    assert camille.shopper("je voudrais deux mugs bleus") == []
    assert len(camille.store.view("v_orders")) == orders
    assert len(camille.store.view("v_outbox", 1000)) == rows
    assert camille.shopper("stop") == []
    person = camille.write(lambda books: books.shoppers.get("x", camille.chat))
    assert person is not None
    assert person.quiet


def test_nothing_is_ordered_once_the_turns_of_the_hour_are_used_up(camille: XDialog) -> None:
    """F082: stock is not held for a link that nobody will be sent."""
    for _ in range(MESSAGES_AN_HOUR):
        camille.shopper("combien coûte le mug bleu ?")
    assert len(camille.x.private) == MESSAGES_AN_HOUR
    nothing_more_happens(camille)
    assert camille.stock("mug-bleu") == (0, 0)


def test_nothing_is_ordered_once_the_budget_is_spent() -> None:
    camille = on_x(budget=15_000)
    camille.shopper("bonjour")
    nothing_more_happens(camille)
    camille.store.close()


def test_nothing_is_ordered_once_the_days_messages_are_used_up(camille: XDialog) -> None:
    """F088"""
    fills(camille, "dm_sends_a_day", 1440, 1400, timedelta(hours=8))
    nothing_more_happens(camille)
    camille.now += timedelta(hours=8)
    (back,) = camille.shopper("start")
    assert back.name == "welcome"


def test_an_order_waits_for_a_full_quarter_of_an_hour(camille: XDialog) -> None:
    """The negative twin: what is only delayed is answered."""
    fills(camille, "dm_sends", 15, 15, timedelta(minutes=10))
    camille.shopper("je voudrais un mug bleu")
    assert len(camille.store.view("v_orders")) == 1

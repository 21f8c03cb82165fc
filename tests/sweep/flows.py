"""What a shop lives through, each in three steps: what leads up to it, what sets it off, and how its end is known."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.sandbox.stripe import aftermath, payments
from tests.sweep.shop import LONE, Mode
from tests.sweep.world import World

WISH = "je voudrais deux mugs bleus"
TELEGRAM = frozenset({Mode.TELEGRAM_POLLING, Mode.TELEGRAM_WEBHOOK})
EVERYWHERE = frozenset(Mode)


@dataclass(slots=True)
class Case:
    """Who is in it: shoppers' chats, in order; what a step must leave for the next one."""

    chats: list[int] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)

    @property
    def chat(self) -> int:
        return self.chats[0]


Step = Callable[[World, Case], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Flow:
    """`prepare` runs before anything is counted, `act` is what is swept, `done` tells that all has come about.

    `again` is what somebody does who saw that nothing came of it, once the shop is well. `lasts` is how many points
    one world may serve. A flow that `starts` the shop has it ended after `prepare`; a `fresh` one is the first start
    of a folder.
    """

    prepare: Step
    act: Step
    done: Callable[[World, Case], bool]
    again: Step | None = None
    hold: str = "30m"
    lasts: int = 40
    modes: frozenset[Mode] = EVERYWHERE
    starts: bool = False
    fresh: bool = False


# -- how a shopper comes to a link, to thanks


async def nothing(_world: World, _case: Case) -> None:
    """Nothing leads up to it."""


async def _linked(world: World, case: Case, words: str = WISH) -> int:
    chat = world.somebody()
    case.chats.append(chat)
    world.says(chat, words)
    await world.until(lambda: world.said(chat, "link") and world.quiet(), "the link is said")
    return chat


async def _thanked(world: World, case: Case) -> int:
    chat = await _linked(world, case)
    world.pays(world.ref(chat))
    await world.until(lambda: world.said(chat, "thanks") and world.quiet(), "the thanks are said")
    return chat


async def link(world: World, case: Case) -> None:
    await _linked(world, case)


async def thanks(world: World, case: Case) -> None:
    await _thanked(world, case)


# -- what is swept


async def buys(world: World, case: Case) -> None:
    case.chats.append(world.somebody())
    world.says(case.chat, WISH)


def has_link(world: World, case: Case) -> bool:
    return world.said(case.chat, "link")


async def pays(world: World, case: Case) -> None:
    world.pays(world.ref(case.chat))


def is_thanked(world: World, case: Case) -> bool:
    return world.said(case.chat, "thanks") and world.order_is(case.chat, "paid", "succeeded")


async def refunds(world: World, case: Case) -> None:
    """The merchant gives back a part, then the rest, at Stripe's desk."""
    charge = _charge(world, case.chat)
    aftermath.refund(world.sandbox.stripe, charge, 700)
    aftermath.refund(world.sandbox.stripe, charge)


def _charge(world: World, chat: int) -> dict[str, object]:
    session = world.sandbox.stripe.sessions[world.session(world.ref(chat))]
    return aftermath.charge_of(world.sandbox.stripe, session.wire["payment_intent"])


def is_refunded(world: World, case: Case) -> bool:
    return world.order_is(case.chat, "paid", "refunded") and world.said(case.chat, "refunded")


async def debits(world: World, case: Case) -> None:
    """A bank debit: completed now, and paid as soon as the bank has spoken, which is at once."""
    world.pays(world.ref(case.chat), "unpaid")
    await settles(world, case)


async def settles(world: World, case: Case) -> None:
    payments.settle(world.sandbox.stripe, world.session(world.ref(case.chat)), succeeds=True)


async def sold_elsewhere(world: World, case: Case) -> None:
    """The bank refuses a debit, the last one goes to somebody else; then the bank pays after all."""
    name = LONE[len(world.chats) // 2 % len(LONE)]
    first = await _linked(world, case, f"je voudrais un {name}")
    world.pays(world.ref(first), "unpaid")
    await world.until(lambda: world.said(first, "payment_processing") and world.quiet(), "the debit is on its way")
    session = world.sandbox.stripe.sessions[world.session(world.ref(first))]
    world.sandbox.stripe.events.tell([("checkout.session.async_payment_failed", copy.deepcopy(session.wire))])
    await world.until(lambda: world.said(first, "payment_failed") and world.quiet(), "the debit has failed")
    await _linked(world, case, f"je voudrais un {name}")


def is_given_back(world: World, case: Case) -> bool:
    return world.order_is(case.chat, "canceled", "refunded") and world.said(case.chat, "refund_due")


def has_run_out(world: World, case: Case) -> bool:
    return world.order_is(case.chat, "canceled", "failed") and world.said(case.chat, "order_expired")


async def cancels(world: World, case: Case) -> None:
    world.says(case.chat, "annuler ma commande")


def is_canceled(world: World, case: Case) -> bool:
    return world.order_is(case.chat, "canceled", "failed") and world.said(case.chat, "order_canceled")


async def three_links(world: World, case: Case) -> None:
    events = world.sandbox.stripe.events
    events.copies, events.order = 1, "natural"
    for _ in range(3):
        await _linked(world, case)


async def storm(world: World, case: Case) -> None:
    """Twenty-one events, each twice and the last one first: three orders paid and given back, wholly and in parts."""
    events = world.sandbox.stripe.events
    events.paused = True
    for chat in case.chats:
        world.pays(world.ref(chat))
    first, second, third = (_charge(world, chat) for chat in case.chats)
    aftermath.refund(world.sandbox.stripe, first)
    aftermath.refund(world.sandbox.stripe, second, 1000)
    aftermath.refund(world.sandbox.stripe, second)
    aftermath.refund(world.sandbox.stripe, third, 500)
    events.copies, events.order = 2, "reversed"
    events.resume()


def is_calm(world: World, case: Case) -> bool:
    wanted = ("refunded", "refunded", "partially_refunded")
    return all(world.order_is(chat, "paid", status) for chat, status in zip(case.chats, wanted, strict=True))


async def ships(world: World, case: Case) -> None:
    """The merchant repeats a command that failed, twice at most."""
    ref = world.ref(case.chat)
    for _ in range(3):
        if await world.command("orders", "ship", ref, "--tracking", "6A123") == 0:
            return


async def ships_again(world: World, case: Case) -> None:
    if not world.order_is(case.chat, "fulfilled", "succeeded"):
        await ships(world, case)


def is_shipped(world: World, case: Case) -> bool:
    return world.order_is(case.chat, "fulfilled", "succeeded") and world.said(case.chat, "shipped")


async def asks_in_public(world: World, case: Case) -> None:
    case.chats.append(world.somebody())
    case.posts.append(world.sandbox.x.post(case.chat, "@atelier_lumiere je voudrais deux mugs bleus", name="Camille"))


def is_answered_in_public(world: World, case: Case) -> bool:
    return world.said_in_public(case.chat)


async def news_while_down(world: World, case: Case) -> None:
    """Somebody pays and somebody writes while the shop rests."""
    await _linked(world, case)
    await world.down()
    world.pays(world.ref(case.chats[0]))
    case.chats.append(world.somebody())
    world.says(case.chats[1], WISH)


async def begins(world: World, _case: Case) -> None:
    """The start itself is what is swept: whoever plays the point has begun it."""


def has_caught_up(world: World, case: Case) -> bool:
    return world.said(case.chats[0], "thanks") and world.said(case.chats[1], "link")


async def a_first_customer(world: World, case: Case) -> None:
    case.chats.append(world.somebody())
    world.says(case.chat, WISH)


FLOWS: Mapping[str, Flow] = {
    "buy": Flow(nothing, buys, has_link),
    "pay": Flow(link, pays, is_thanked),
    "debit": Flow(link, debits, is_thanked),
    "refund": Flow(thanks, refunds, is_refunded),
    "owed": Flow(sold_elsewhere, settles, is_given_back, lasts=len(LONE)),
    "expire": Flow(link, nothing, has_run_out, hold="900ms"),
    "cancel": Flow(link, cancels, is_canceled),
    "storm": Flow(three_links, storm, is_calm, lasts=15),
    "ship": Flow(thanks, ships, is_shipped, again=ships_again),
    "ask": Flow(nothing, asks_in_public, is_answered_in_public, modes=EVERYWHERE - TELEGRAM),
    "start": Flow(news_while_down, begins, has_caught_up, starts=True),
    "first": Flow(a_first_customer, begins, has_link, starts=True, fresh=True, lasts=1),
}

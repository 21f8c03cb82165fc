"""All that may happen to a simulated shop, and how often; each step says in words what it did, None that it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from bot.errors import Busy
from bot.sandbox.stripe import aftermath
from bot.sandbox.stripe.refusals import StripeRefusal
from tests.simulation.people import BUYS, TALKS
from tests.simulation.shop_file import restocked

if TYPE_CHECKING:
    from tests.simulation.life import Life

Step = Callable[["Life"], Awaitable[str | None]]
MINUTE, HOUR = 60.0, 3600.0


async def _buys(life: Life) -> str:
    return life.people.writes(BUYS)


async def _talks(life: Life) -> str:
    return life.people.writes(TALKS)


async def _taps(life: Life) -> str | None:
    return life.people.taps()


async def _taps_twice(life: Life) -> str | None:
    return life.people.taps(twice=True)


async def _stops(life: Life) -> str:
    return life.people.writes(("stop", "start", "start"))


async def _blocks(life: Life) -> str | None:
    return life.people.blocks()


async def _update_again(life: Life) -> str | None:
    return life.people.again()


async def _buys_on_x(life: Life) -> str:
    return life.people.messages(BUYS)


async def _talks_on_x(life: Life) -> str:
    return life.people.messages((*TALKS, "1", "1", "2", "stop", "start", "start"))


async def _posts(life: Life) -> str:
    return life.people.posts()


async def _shuts(life: Life) -> str:
    return life.people.shuts()


async def _pays(life: Life) -> str | None:
    return life.people.pays()


async def _settles(life: Life) -> str | None:
    return life.people.settles()


async def _refunds(life: Life) -> str | None:
    """The merchant gives money back at Stripe's desk, all or part of what is left."""
    stripe, dice = life.world.sandbox.stripe, life.world.dice
    charges = [it for it in stripe.charges.values() if it["paid"] and not it["refunded"]]
    if not charges:
        return None
    charge = dice.choice(charges[-20:])
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = left if dice.random() < 0.5 else dice.randint(1, left)
    try:
        aftermath.refund(stripe, charge, amount)
    except StripeRefusal as error:
        return f"no refund: {error}"
    return f"{amount} of {charge['id'][:9]} goes back, by hand"


async def _bounces(life: Life) -> str | None:
    """A refund comes back from the bank."""
    stripe = life.world.sandbox.stripe
    refunds = [it["id"] for it in stripe.refunds.values() if it["status"] != "failed"]
    if not refunds:
        return None
    name = life.world.dice.choice(refunds[-10:])
    aftermath.bounce(stripe, name)
    return f"the refund {name[:9]} comes back"


async def _disputes(life: Life) -> str | None:
    stripe, dice = life.world.sandbox.stripe, life.world.dice
    charges = [it for it in stripe.charges.values() if it["paid"]]
    if not charges:
        return None
    charge = dice.choice(charges[-20:])
    try:
        if charge["disputed"]:
            aftermath.close_dispute(stripe, charge, won=dice.random() < 0.6)
            return f"the dispute of {charge['id'][:9]} is over"
        aftermath.open_dispute(stripe, charge, inquiry=dice.random() < 0.2)
    except StripeRefusal as error:
        return f"no dispute: {error}"
    return f"{charge['id'][:9]} is disputed"


async def _ships(life: Life) -> str | None:
    if life.world.process is None:
        return None
    paid = [ref for ref, kept in life.books.orders.items() if kept.status == "paid"]
    if not paid:
        return None
    ref = life.world.dice.choice(paid[-20:])
    try:
        status = await life.world.wishes("ship", ref=ref, tracking="6A1")
    except ConnectionError:
        return f"{ref} could not be shipped: nobody answered"
    return f"{ref} is shipped: {status}"


async def _event_again(life: Life) -> str | None:
    """An event of Stripe's comes again, once or twice at the same time."""
    events, dice = life.world.sandbox.stripe.events, life.world.dice
    if not events.book:
        return None
    event = events.book[dice.choice(list(events.book)[-80:])]
    await events.deliver(event, dice.choice((1, 2, 3)))
    return f"{event['type']} {event['id'][:12]} comes again"


async def _waits(life: Life) -> str:
    seconds = life.world.dice.choice((1.0, 2.0, 3.0, 5.0, 12.0))
    await life.world.passes(seconds)
    return f"{seconds:.0f} s pass"


async def _sleeps(life: Life) -> str:
    seconds = life.world.dice.choice((40.0, MINUTE, 5 * MINUTE, 12 * MINUTE, 31 * MINUTE, 2 * HOUR))
    await life.world.skips(seconds)
    await life.world.passes(1.0)
    return f"{seconds / MINUTE:.0f} min pass at once"


async def _a_day(life: Life) -> str | None:
    """Nobody's message on X waits: what it lists is read back for a day and no further."""
    if any(key.startswith("x ") and life.books.events.get(key) != "done" for key in life.people.expected):
        return None
    await life.world.skips(25 * HOUR)
    await life.world.passes(5.0)
    return "a day passes at once"


async def _vendor_fails(life: Life) -> str:
    return life.trouble.vendor()


async def _line_fails(life: Life) -> str:
    return life.trouble.line()


async def _disk_fails(life: Life) -> str | None:
    """For some moments; a shop that cannot keep anything acknowledges nothing."""
    if life.trouble.of_the_disk:
        life.trouble.disk_is_well()
        return "the disk is well again"
    return life.trouble.disk()


async def _clock_jumps(life: Life) -> str:
    return life.trouble.clock()


async def _events_fail(life: Life) -> str | None:
    return life.trouble.events()


async def _all_is_well(life: Life) -> str:
    life.trouble.all_is_well()
    return "all is well"


async def _crashes(life: Life) -> str | None:
    """At any moment of what is under way, or while nobody runs: it is started again, with more stock at times."""
    world = life.world
    if world.process is not None:
        turns = world.dice.choice((0, 0, 1, 2, 3, 5, 8, 13, 21))
        for _ in range(turns):
            await asyncio.sleep(0)
        await world.crashes()
        if world.dice.random() < 0.6:
            await _begins(life)
        return f"the shop crashes after {turns} turns of the loop"
    return f"the shop is started: {await _begins(life)}"


async def _is_stopped(life: Life) -> str | None:
    world = life.world
    if world.process is None:
        return f"the shop is started: {await _begins(life)}"
    await world.stops()
    await _begins(life)
    return "the shop is stopped and started"


async def _begins(life: Life) -> str:
    """Start it; a database that another program has locked refuses it in words."""
    world, dice = life.world, life.world.dice
    if dice.random() < 0.25:
        more = {variant.sku: dice.choice((0, 1, 2, 4)) for variant in world.settings.catalogue.variants()}
        world.settings = restocked(world.settings, more)
    try:
        await world.starts()
    except Busy:
        return "the database is locked"
    return "it serves"


STEPS: Sequence[tuple[str, int, Step]] = (
    ("a shopper buys", 140, _buys),
    ("a shopper talks", 110, _talks),
    ("a shopper taps", 160, _taps),
    ("a shopper taps twice", 20, _taps_twice),
    ("a shopper says stop or start", 12, _stops),
    ("a shopper blocks the shop", 6, _blocks),
    ("an update comes again", 20, _update_again),
    ("a shopper buys on X", 14, _buys_on_x),
    ("a shopper talks on X", 14, _talks_on_x),
    ("a shopper posts on X", 6, _posts),
    ("a shopper on X takes no messages, or does again", 2, _shuts),
    ("a page is used", 110, _pays),
    ("a bank settles", 25, _settles),
    ("money goes back by hand", 14, _refunds),
    ("a refund comes back", 6, _bounces),
    ("a dispute is opened or closed", 10, _disputes),
    ("the merchant ships", 14, _ships),
    ("an event comes again", 40, _event_again),
    ("seconds pass", 40, _waits),
    ("minutes pass", 40, _sleeps),
    ("a day passes", 1, _a_day),
    ("a vendor fails", 70, _vendor_fails),
    ("a connection fails or is back", 14, _line_fails),
    ("the disk fails or is well", 14, _disk_fails),
    ("the clock is set", 4, _clock_jumps),
    ("events wait, are lost or come", 14, _events_fail),
    ("all is well", 20, _all_is_well),
    ("the shop crashes or begins", 34, _crashes),
    ("the shop is stopped and started", 8, _is_stopped),
)

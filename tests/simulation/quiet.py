"""The strict look: all is well outside, time has passed until nothing moves, and now everything must add up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from tests.simulation.books import balance, till_key
from tests.simulation.life import Life
from tests.simulation.world import Violation, World

ROUNDS: tuple[float, ...] = (0.0, 5.0, 10.0, 30.0, 60.0, *[320.0] * 8, *[960.0] * 20, *[4000.0] * 30)
"""Seconds that pass at once before each look whether all is quiet; about two days in all."""
OPEN_ROWS = "SELECT id, lane, kind, state, not_before, error FROM outbox WHERE state IN ('queued', 'sending')"
WAITING = "SELECT source, key, state, error FROM inbox WHERE state = 'new'"
CLOSING = """
    SELECT ref, status, closing, hold_until FROM orders WHERE status = 'created' AND (closing IS NOT NULL
    OR (hold_until <= ? AND needs_review IS NULL AND NOT EXISTS
    (SELECT 1 FROM payments p WHERE p.ref = orders.ref AND p.status = 'processing')))"""
SILENT = ("open_checkout", "close_checkout", "refund", "retire")


async def becomes_quiet(life: Life) -> None:
    """Lift every fault and let time pass until nothing is under way. Raises Violation where that does not come."""
    world = life.world
    life.trouble.all_is_well()
    if world.process is None:
        await world.starts()
    await world.passes(1.0)
    for seconds in ROUNDS:
        if seconds:
            await world.skips(seconds)
            await world.passes(2.0)
        life.books.check()
        if not list(_under_way(life)):
            await world.passes(1.0)
            life.books.check()
            if not list(_under_way(life)):
                return
    raise Violation("it does not become quiet: " + "; ".join(list(_under_way(life))[:6]))


def _under_way(life: Life) -> Iterator[str]:
    world = life.world
    for row in world.look(OPEN_ROWS):
        yield f"row {row} is open"
    for row in world.look(WAITING):
        yield f"event {row} waits"
    for row in world.look(CLOSING, _stamp(world)):
        yield f"order {row} is not closed"
    if world.sandbox.telegram.queue.pending:
        yield f"{len(world.sandbox.telegram.queue.pending)} updates wait"
    for key, what in life.people.expected.items():
        if life.books.events.get(key) != "done":
            yield f"{what} ({key}) is {life.books.events.get(key, 'not taken in')}"
    yield from _pages_ended(life)
    yield from _money_differs(life)


def _pages_ended(life: Life) -> Iterator[str]:
    """Orders that wait for a page that can no longer be paid: of an ended page the shop may learn at its next look."""
    for ref, key, session in life.world.look(
        "SELECT o.ref, p.key, p.external_id FROM orders o JOIN payments p ON p.ref = o.ref"
        " WHERE o.status = 'created' AND o.needs_review IS NULL AND p.status = 'pending'"
    ):
        page = life.world.sandbox.stripe.sessions.get(str(session))
        if page is None or page.wire["status"] != "open":
            yield f"{ref} waits for {key}, whose page is {None if page is None else page.wire['status']}"


def _stamp(world: World) -> str:
    return world.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _money_differs(life: Life) -> Iterator[str]:
    """What the books say of each payment that differs from what Stripe has."""
    till = life.books.till
    ours: dict[str, tuple[int, int]] = {}
    for name, paid, back in life.world.look("SELECT key, paid_minor, refunded_minor FROM payments"):
        key = till_key(str(name))
        before = ours.get(key, (0, 0))
        ours[key] = (before[0] + int(str(paid)), before[1] + int(str(back)))
    for key in till.keys() | ours.keys():
        paid, back = ours.get(key, (0, 0))
        there = till.of(key)
        if (paid, back) != (there.captured, there.refunded):
            yield f"{key}: paid {paid}, back {back}; at Stripe {there.captured}, {there.refunded}"


def check_strictly(life: Life) -> None:
    """Hold all of the books against all that is outside. Raises Violation."""
    for wrong in _wrong(life):
        raise Violation(wrong)
    life.people.expected.clear()
    life.people.pressed.clear()


def _wrong(life: Life) -> Iterator[str]:
    yield from _money_differs(life)
    ours = int(str(life.world.look("SELECT coalesce(sum(paid_minor - refunded_minor), 0) FROM payments")[0][0]))
    if ours != balance(life.world.sandbox.stripe):
        yield f"the books come to {ours}, Stripe's balance to {balance(life.world.sandbox.stripe)}"
    yield from _orders(life)
    yield from _messages(life)
    yield from _answers(life)


def _orders(life: Life) -> Iterator[str]:
    world = life.world
    for ref, why in world.look("SELECT ref, needs_review FROM orders WHERE needs_review IS NOT NULL"):
        if not (life.trouble.clock_was_wrong and "expires_at" in str(why)):
            yield f"{ref} needs review: {why}"
    for ref, kinds in world.look(
        "SELECT o.ref, group_concat(p.status) FROM orders o LEFT JOIN payments p ON p.ref = o.ref"
        " WHERE o.status = 'created' GROUP BY o.ref"
    ):
        if not {"pending", "processing"} & set(str(kinds).split(",")):
            yield f"{ref} is neither paid nor ended and nothing can pay it: {kinds}"
    refunds: dict[str, int] = {}
    for refund in world.sandbox.stripe.refunds.values():
        if "order" in refund["metadata"] and refund["status"] != "failed":
            refunds[refund["charge"]] = refunds.get(refund["charge"], 0) + 1
    for charge, count in refunds.items():
        if count > 1:
            yield f"the shop has refunded {charge} {count} times"
    yield from _confirmed(life)


def _confirmed(life: Life) -> Iterator[str]:
    thanked: dict[str, list[tuple[int, str, str]]] = {}
    for ref, row, state, error in life.world.look("SELECT ref, id, state, error FROM outbox WHERE kind = 'thanks'"):
        thanked.setdefault(str(ref), []).append((int(str(row)), str(state), str(error)))
    for ref, times in life.books.paid_times.items():
        rows = thanked.get(ref, [])
        if len(rows) != times:
            yield f"{ref} was paid {times} times and is confirmed {len(rows)} times"
        for row, state, error in rows:
            if state == "dead" and not error:
                yield f"the confirmation {row} of {ref} is dead for no reason"


def _messages(life: Life) -> Iterator[str]:
    """Each row arrived as often as it may have, and in each lane one after another."""
    world = life.world
    place = {row: number for number, row in enumerate(world.arrived)}
    last: dict[str, tuple[int, int]] = {}
    if world.arrived.get(0):
        yield f"{world.arrived[0]} messages came from no row"
    for number, lane, kind, state, ambiguous, error in world.look(
        "SELECT id, lane, kind, state, ambiguous, error FROM outbox ORDER BY id"
    ):
        row = int(str(number))
        copies = world.arrived.get(row, 0)
        if copies > 1 + int(str(ambiguous)):
            yield f"row {row} ({kind}) arrived {copies} times, {ambiguous} sends were ambiguous"
        if kind in SILENT:
            continue
        if state == "sent" and not copies and row not in world.edited:
            yield f"row {row} ({kind}) is sent and never arrived"
        if state == "dead" and not error:
            yield f"row {row} ({kind}) is dead for no reason"
        if copies and not int(str(ambiguous)):  # what was on its way when its sender died may come late
            before = last.get(str(lane))
            if before is not None and place[row] < before[1]:
                yield f"{lane}: row {row} arrived before row {before[0]}"
            last[str(lane)] = (row, place[row])


def _answers(life: Life) -> Iterator[str]:
    """Whoever wrote was answered, or the shop says why not."""
    for key, what in life.people.expected.items():
        who = what.split(" ", 1)[0]
        answered = any(put.startswith(f"{who} ") for put in life.books.answers.get(key, ()))
        said_why = key in life.people.pressed or who in life.books.silent.get(key, ()) or who in life.world.unanswered
        if not answered and not said_why:
            yield f"{what} ({key}) was not answered"


async def checkpoint(life: Life) -> None:
    """Wait until all is quiet, then look strictly. Raises Violation."""
    await becomes_quiet(life)
    check_strictly(life)
    await asyncio.sleep(0)

"""What goes wrong outside the shop: networks, vendors, disks, clocks; and how all of it is lifted again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.faults import Rule
from tests.simulation.world import World

CREATE, EXPIRE, REFUND = "POST /v1/checkout/sessions", "POST /v1/checkout/sessions/*/expire", "POST /v1/refunds"
SEND, EDIT, POLL = "sendMessage", "edit*", "getUpdates"
DM, POST, READ = "POST /2/dm_conversations/*", "POST /2/tweets", "GET /2/*"


def _network(service: str, *methods: str) -> list[dict[str, Any]]:
    """What a network does to any request."""
    kinds: Sequence[dict[str, Any]] = (
        {"kind": "drop_before"},
        {"kind": "drop_after"},
        {"kind": "hang", "done": True, "seconds": 40},
        {"kind": "hang", "done": False, "seconds": 40},
        {"kind": "status", "code": 502, "body": "<html>bad gateway</html>"},
        {"kind": "status", "code": 503},
    )
    return [{"service": service, "method": method, **kind} for method in methods for kind in kinds]


RULES: Sequence[dict[str, Any]] = (
    *_network("telegram", SEND, SEND, POLL, EDIT, "*"),
    {"service": "telegram", "method": SEND, "kind": "status", "code": 429, "retry_after": 3},
    {"service": "telegram", "method": "*", "kind": "status", "code": 401},
    {"service": "telegram", "method": SEND, "kind": "delay", "seconds": 2},
    *_network("stripe", CREATE, CREATE, EXPIRE, EXPIRE, REFUND, "*"),
    {"service": "stripe", "method": CREATE, "kind": "status", "code": 429},
    {"service": "stripe", "method": CREATE, "kind": "status", "code": 500},
    {"service": "stripe", "method": CREATE, "kind": "status", "code": 500, "done": True},
    {"service": "stripe", "method": "*", "kind": "status", "code": 401},
    {"service": "stripe", "method": CREATE, "kind": "delay", "seconds": 4},
    *_network("x", DM, POST, READ),
    {"service": "x", "method": DM, "kind": "status", "code": 429},
    {"service": "x", "method": READ, "kind": "status", "code": 429, "headers": False},
    {"service": "webhook", "kind": "delay", "seconds": 20},
    {"service": "webhook", "kind": "duplicate"},
    {"service": "webhook", "kind": "reorder"},
    {"service": "webhook", "kind": "drop_before"},
    {"service": "webhook", "kind": "drop_after"},
    {"service": "webhook", "kind": "status", "code": 500},
    {"service": "updates", "kind": "duplicate"},
    {"service": "updates", "kind": "reorder"},
    {"service": "updates", "kind": "drop_after"},
    {"service": "updates", "kind": "status", "code": 500},
    {"service": "x_events", "kind": "duplicate"},
    {"service": "x_events", "kind": "drop_after"},
)


@dataclass
class Trouble:
    """All that is wrong at the moment."""

    world: World
    clock_was_wrong: bool = False
    _lifts: list[Callable[[], None]] = field(default_factory=list)

    def vendor(self) -> str:
        """One of the sandbox's faults, for one call, some, or until all is lifted."""
        dice, sandbox = self.world.dice, self.world.sandbox
        rule = dict(dice.choice(RULES))
        if rule["service"] == "updates" and rule["kind"] == "reorder" and self.world.manner.telegram == "polling":
            rule["kind"] = "duplicate"  # a list of updates has an order: what is confirmed takes all before it along
        (times,) = dice.choices((1, 2, 5, -1), (10, 4, 2, 1))
        if rule["kind"] in ("delay", "hang", "reorder"):
            times = min(abs(times), 3)
        sandbox.faults.add(Rule(**rule, times=times, skip=dice.choice((0, 0, 0, 1, 2))))
        return f"{rule['service']} {rule.get('method', '*')}: {rule['kind']} {rule.get('code', '')} x{times}"

    def line(self) -> str:
        """No connection to one of them, or there is again."""
        service = self.world.dice.choice(("telegram", "stripe", "x"))
        if service in self.world.up:
            self.world.up.discard(service)
            return f"no connection to {service}"
        self.world.up.add(service)
        return f"{service} can be reached again"

    def disk(self) -> str | None:
        """The database is locked by another program, or the disk is full."""
        if self.world.process is None or self._lifts:
            return None
        locked = self.world.dice.random() < 0.5
        disk = self.world.process.disk
        self._lifts.append(disk.lock() if locked else disk.fill())
        return "the database is locked" if locked else "the disk is full"

    @property
    def of_the_disk(self) -> bool:
        return bool(self._lifts)

    def disk_is_well(self) -> None:
        while self._lifts:
            self._lifts.pop()()

    def clock(self) -> str:
        """The shop's clock is set wrong, or right again."""
        world = self.world
        world.skew = 0.0 if world.skew else world.dice.choice((-7200.0, -400.0, -20.0, 20.0, 400.0, 7200.0, 90_000.0))
        self.clock_was_wrong = True
        return f"the shop's clock is {world.skew:+.0f} s off"

    def events(self) -> str | None:
        """Stripe's events wait, are lost, come in another order, or as they should."""
        events = self.world.sandbox.stripe.events
        what = self.world.dice.choice(("wait", "come", "shuffled", "natural", "lost"))
        match what:
            case "wait":
                events.paused = True
            case "lost":
                if not events._held:
                    return None
                events._held.clear()
            case "come":
                events.resume()
            case order:
                events.order = order  # type: ignore[assignment] # one of its three words
        return f"events: {what}"

    def all_is_well(self) -> None:
        """Lift everything."""
        world = self.world
        world.sandbox.faults.clear()
        world.up.update(("telegram", "stripe", "x"))
        self.disk_is_well()
        world.skew = 0.0
        side = world.sandbox.telegram
        held, side._held = side._held, None
        if held is not None:
            side.put(held)
        world.sandbox.stripe.events.order = "natural"
        world.sandbox.stripe.events.resume()

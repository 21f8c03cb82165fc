"""What the flow needs of the world, as protocols; `bot.app` is where the concrete parts meet them."""

from bot.ports.books import (
    Books,
    Inbox,
    Orders,
    Outbox,
    Payments,
    Receipt,
    Shelf,
    Shoppers,
    Store,
    Task,
    View,
    Writer,
)
from bot.ports.wires import (
    Channel,
    Clock,
    Envelope,
    Intake,
    PaymentProvider,
    Rendered,
    Renderer,
)

__all__ = [
    "Books",
    "Channel",
    "Clock",
    "Envelope",
    "Inbox",
    "Intake",
    "Orders",
    "Outbox",
    "PaymentProvider",
    "Payments",
    "Receipt",
    "Rendered",
    "Renderer",
    "Shelf",
    "Shoppers",
    "Store",
    "Task",
    "View",
    "Writer",
]

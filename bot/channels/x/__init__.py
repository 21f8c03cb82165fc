"""X: mentions answered once in public, sales in private messages; tweepy's client under our own intake."""

from bot.channels.x.channel import XChannel, XSettings
from bot.channels.x.wire import XKeys, XWire

__all__ = ["XChannel", "XKeys", "XSettings", "XWire"]

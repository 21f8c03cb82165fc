"""bot.toml and the environment, read into frozen settings or refused with every fault at once."""

from bot.config.advice import warnings
from bot.config.reading import Report, examine, load
from bot.config.schema import schema, schema_text
from bot.config.secrets import Secrets
from bot.config.sections import Delivery, Orders, Reconcile, Shop, Storage, Stripe, Telegram, Web, X, XPrices
from bot.config.settings import Settings
from bot.errors import ConfigError, Problem

__all__ = [
    "ConfigError",
    "Delivery",
    "Orders",
    "Problem",
    "Reconcile",
    "Report",
    "Secrets",
    "Settings",
    "Shop",
    "Storage",
    "Stripe",
    "Telegram",
    "Web",
    "X",
    "XPrices",
    "examine",
    "load",
    "schema",
    "schema_text",
    "warnings",
]

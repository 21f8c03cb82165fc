"""The shop as it runs: frozen values made of bot.toml and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.config.addresses import SQLITE
from bot.config.secrets import Secrets
from bot.config.sections import Delivery, Orders, Reconcile, Shop, Storage, Stripe, Telegram, Web, X
from bot.domain.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a shop is set up with. Durations are timedeltas, prices minor units, picture paths absolute."""

    path: Path
    shop: Shop
    orders: Orders
    telegram: Telegram
    x: X
    stripe: Stripe
    delivery: Delivery
    reconcile: Reconcile
    web: Web
    storage: Storage
    keywords: Mapping[str, tuple[str, ...]]
    """By intent, as bot.domain.understanding.Intent spells it."""
    catalogue: Catalogue
    posts: Mapping[str, tuple[str, ...]]
    """Post id on X -> the SKUs that can be bought of the products that the post shows, in the file's order."""
    post_addresses: tuple[tuple[str, ...], ...] = ()
    """For each product of the catalogue, its posts as they are written."""
    secrets: Secrets = field(default_factory=Secrets)

    @property
    def database_path(self) -> Path:
        """The file of `sqlite:///…`; a relative one lies beside bot.toml, sqlite:////srv/shop.db is absolute."""
        return self.path.parent / self.storage.url.removeprefix(SQLITE)

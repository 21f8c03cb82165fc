"""The shops that are simulated: small ones with little of everything, one for each way of being told things."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.config import Settings, load
from bot.domain.catalogue import Catalogue
from bot.sandbox.x.account import X_KEYS

PORT = 8080
ADDRESS = f"http://127.0.0.1:{PORT}"
SANDBOX = "http://127.0.0.1:8081"
STRIPE_SECRET = "whsec_simulated"
SECRETS = {
    "TELEGRAM_BOT_TOKEN": "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok",
    "TELEGRAM_WEBHOOK_SECRET": "a-secret-of-the-simulation",
    "STRIPE_API_KEY": "rk_test_simulated",
    "STRIPE_WEBHOOK_SECRET": STRIPE_SECRET,
    "X_CONSUMER_KEY": X_KEYS.consumer_key,
    "X_CONSUMER_SECRET": X_KEYS.consumer_secret,
    "X_ACCESS_TOKEN": X_KEYS.access_token,
    "X_ACCESS_TOKEN_SECRET": X_KEYS.access_token_secret,
    "X_BEARER_TOKEN": X_KEYS.bearer_token,
}
HEAD = """
[shop]
name = "Atelier Lumière"
currency = "EUR"
locale = "fr"
support = "bonjour@example.com"
[orders]
hold = "{hold}"
max_open = 3
[channels.telegram]
enabled = true
mode = "{telegram}"
api_base = "{sandbox}/telegram"
poll_timeout = "30s"
messages_per_second = {pace}
messages_per_chat_per_second = {chat_pace}
[channels.x]
enabled = true
account = "atelier_lumiere"
mode = "{x}"
api_base = "{sandbox}/x"
daily_budget_usd = 500.00
[payments.stripe]
api_base = "{sandbox}/stripe"
livemode = false
shipping_countries = ["FR"]
[[shipping]]
id = "colissimo"
name = "Colissimo"
price = 4.90
free_from = 60.00
[delivery]
retry_base = "1s"
[reconcile]
every = "{reconcile}"
[web]
host = "127.0.0.1"
port = {port}
public_url = "{address}"
[storage]
url = "sqlite:///shop.db"
"""
GOODS = """
[[products]]
sku = "mug-bleu"
name = "Mug bleu"
price = 18.00
stock = 6
keywords = ["mug", "tasse"]
  [products.translations.en]
  name = "Blue mug"
[[products]]
sku = "mug-noir"
name = "Mug noir"
price = 18.00
stock = 1
keywords = ["mug", "tasse"]
  [products.translations.en]
  name = "Black mug"
[[products]]
sku = "theiere"
name = "Théière"
price = 45.00
stock = 2
keywords = ["teapot"]
  [products.translations.en]
  name = "Teapot"
[[products]]
sku = "carte"
name = "Carte cadeau"
price = 25.00
stock = "unlimited"
  [products.translations.en]
  name = "Gift card"
[[products]]
sku = "tee"
name = "T-shirt Lumière"
price = 29.90
keywords = ["tee-shirt", "tshirt"]
  [[products.variants]]
  sku = "tee-noir-m"
  options = { couleur = "noir", taille = "M" }
  stock = 3
  [[products.variants]]
  sku = "tee-noir-l"
  options = { couleur = "noir", taille = "L" }
  stock = 2
"""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a shop is set up: how it hears of things, how long it keeps stock, how fast it may speak."""

    telegram: str = "polling"
    x: str = "polling"
    hold: str = "30m"
    pace: int = 1000
    chat_pace: int = 1000
    reconcile: str = "30m"


def settings_of(folder: Path, manner: Manner, goods: str = GOODS) -> Settings:
    """The settings of a shop in this folder."""
    return replace(_loaded(manner, goods), path=folder / "bot.toml")


@lru_cache
def _loaded(manner: Manner, goods: str) -> Settings:
    text = HEAD.format(
        hold=manner.hold,
        telegram=manner.telegram,
        x=manner.x,
        pace=manner.pace,
        chat_pace=manner.chat_pace,
        reconcile=manner.reconcile,
        sandbox=SANDBOX,
        port=PORT,
        address=ADDRESS,
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bot.toml"
        path.write_text(text + goods, encoding="utf-8")
        return load(path, SECRETS)


def restocked(settings: Settings, more: dict[str, int]) -> Settings:
    """The same shop after a delivery: so many more of each."""
    products = tuple(
        replace(
            product,
            variants=tuple(
                variant if variant.stock is None else replace(variant, stock=variant.stock + more.get(variant.sku, 0))
                for variant in product.variants
            ),
        )
        for product in settings.catalogue.products
    )
    goods = settings.catalogue
    return replace(settings, catalogue=Catalogue(goods.currency, products, goods.shipping))

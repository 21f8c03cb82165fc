"""The shop that is swept: its file and its environment in each of the four ways in which news reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.x.account import X_KEYS

TOKEN = "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok"
STRIPE_SECRET = "whsec_sweep"
TELEGRAM_SECRET = "a-secret-of-the-sweeps"
PLENTY = "mug-bleu"
LONE = ("Théière", "Carafe", "Bougie", "Plateau", "Lampe", "Coussin", "Horloge", "Miroir", "Panier", "Tapis")
"""Products of which there is one each."""

HEAD = """
[shop]
name = "Atelier Lumière"
currency = "EUR"
locale = "fr"
support = "bonjour@example.com"
[orders]
hold = "{hold}"
[payments.stripe]
api_base = "{sandbox}/stripe"
livemode = false
shipping_countries = ["FR"]
[[shipping]]
id = "colissimo"
name = "Colissimo"
price = 4.90
[delivery]
retry_base = "100ms"
[web]
host = "127.0.0.1"
port = {port}
public_url = "http://127.0.0.1:{port}"
[storage]
url = "sqlite:///shop.db"
[[products]]
sku = "mug-bleu"
name = "Mug bleu"
price = 18.00
stock = 100000
keywords = ["mug", "tasse"]
"""
ONE = """
[[products]]
sku = "seul-{number}"
name = "{name}"
price = 40.00
stock = 1
"""
TELEGRAM = """
[channels.telegram]
enabled = true
mode = "{way}"
api_base = "{sandbox}/telegram"
poll_timeout = "5s"
messages_per_second = 1000
messages_per_chat_per_second = 1000
"""
X = """
[channels.x]
enabled = true
account = "atelier_lumiere"
mode = "{way}"
api_base = "{sandbox}/x"
mentions_every = "400ms"
dms_every = "400ms"
daily_budget_usd = 1000
"""


class Mode(StrEnum):
    """A channel, and whether the shop asks for its news or is called."""

    TELEGRAM_POLLING = "telegram-polling"
    TELEGRAM_WEBHOOK = "telegram-webhook"
    X_POLLING = "x-polling"
    X_WEBHOOK = "x-webhook"

    @property
    def channel(self) -> str:
        return self.value.partition("-")[0]

    @property
    def way(self) -> str:
        return self.value.partition("-")[2]


LISTENS: Mapping[Mode, tuple[str, ...]] = {
    Mode.TELEGRAM_POLLING: ("getUpdates",),
    Mode.TELEGRAM_WEBHOOK: ("setWebhook",),
    Mode.X_POLLING: ("mentions", "dm_events"),
    Mode.X_WEBHOOK: ("mentions", "dm_events"),
}
"""What a shop that has just started asks last, before it is ready for news."""


@dataclass(frozen=True, slots=True)
class Described:
    """What stands in bot.toml beside the sandbox's address. `hold` is how long an unpaid order keeps its stock."""

    mode: Mode
    sandbox: str
    port: int
    hold: str = "30m"

    @property
    def text(self) -> str:
        channel = TELEGRAM if self.mode.channel == "telegram" else X
        facts = {"hold": self.hold, "sandbox": self.sandbox, "port": self.port, "way": self.mode.way}
        lone = "".join(ONE.format(number=number, name=name) for number, name in enumerate(LONE))
        return (channel + HEAD).format(**facts) + lone

    @property
    def environment(self) -> Mapping[str, str]:
        stripe = {"STRIPE_API_KEY": "rk_test_sweep", "STRIPE_WEBHOOK_SECRET": STRIPE_SECRET}
        if self.mode.channel == "telegram":
            return stripe | {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_WEBHOOK_SECRET": TELEGRAM_SECRET}
        return stripe | {
            "X_CONSUMER_KEY": X_KEYS.consumer_key,
            "X_CONSUMER_SECRET": X_KEYS.consumer_secret,
            "X_ACCESS_TOKEN": X_KEYS.access_token,
            "X_ACCESS_TOKEN_SECRET": X_KEYS.access_token_secret,
            "X_BEARER_TOKEN": X_KEYS.bearer_token,
        }

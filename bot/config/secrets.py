"""The shop's secrets: where they come from, which are needed, and which cannot be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import SecretStr

from bot.config.environment import Environment
from bot.config.rules import Table, pays_by_invoice, sells_on, table
from bot.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Every secret, masked in any text made of it; `.get_secret_value()` tells it where it is used."""

    telegram_bot_token: SecretStr | None = None
    telegram_webhook_secret: SecretStr | None = None
    telegram_provider_token: SecretStr | None = None
    x_consumer_key: SecretStr | None = None
    x_consumer_secret: SecretStr | None = None
    x_access_token: SecretStr | None = None
    x_access_token_secret: SecretStr | None = None
    x_bearer_token: SecretStr | None = None
    stripe_api_key: SecretStr | None = None
    stripe_webhook_secret: tuple[SecretStr, ...] = ()
    """Several while one is rotated."""
    comptoir_admin_password: SecretStr | None = None
    database_url: SecretStr | None = None


NAMES = tuple(name.upper() for name in Secrets.__dataclass_fields__)
"""As the environment spells them."""
REMEDIES = {
    "TELEGRAM_BOT_TOKEN": "set it to the token that @BotFather gave you, such as 123456789:AA…",
    "TELEGRAM_WEBHOOK_SECRET": "set it to 32 random letters and digits",
    "TELEGRAM_PROVIDER_TOKEN": "set it to the token that @BotFather gives (your bot, Payments, Stripe), digits:TEST:…"
    " or digits:LIVE:…",
    "X_CONSUMER_KEY": "set it to the API key of your app: console.x.com, Apps, your app, Keys and tokens",
    "X_CONSUMER_SECRET": "set it to the API key secret: console.x.com, Apps, your app, Keys and tokens",
    "X_ACCESS_TOKEN": "set it to the access token that console.x.com (Keys and tokens) makes for the shop's account, "
    "with read, write and direct message permissions",
    "X_ACCESS_TOKEN_SECRET": "set it to the secret that console.x.com (Keys and tokens) shows with the access token",
    "X_BEARER_TOKEN": "set it to the bearer token of your app: console.x.com, Apps, your app, Keys and tokens",
    "STRIPE_API_KEY": "set it to a restricted key of dashboard.stripe.com/apikeys, such as rk_test_…",
    "STRIPE_WEBHOOK_SECRET": "set it to the signing secret of the webhook endpoint, such as whsec_…",
}
PLACEHOLDER = re.compile(
    r"change.?me|replace.?me|(?:insert|put|your)[-_ ].*|to.?do|secret|password|token|admin|none|null|test|"
    r"<.*>|\[.*\]|\{.*\}|[x*._\-\u2026 ]{0,}|.*(?:\.\.\.|\u2026)",
    re.IGNORECASE,
)
VENDOR_PREFIX = re.compile(r"(?:sk|rk|pk)_(?:test|live)_|whsec_|[0-9]+:|[0-9]{5,}-")
STRIPE_KEY = re.compile(r"(?:sk|rk)_(test|live)_[A-Za-z0-9_]+")
TELEGRAM_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,}")
PROVIDER_TOKEN = re.compile(r"[0-9]{3,20}:(TEST|LIVE):[A-Za-z0-9_:-]+")
"""As @BotFather writes it, for every provider: https://core.telegram.org/bots/payments#getting-a-token."""
TELEGRAM_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""https://core.telegram.org/bots/api#setwebhook `secret_token`."""
X_KEY = re.compile(r"[\x21-\x7e]+")
X_ACCESS_TOKEN = re.compile(r"[0-9]{1,20}-[A-Za-z0-9]+")
"""As https://docs.x.com/fundamentals/authentication/oauth-1-0a/authorizing-a-request shows it."""
NOT_A_SIGNING_SECRET = re.compile(r"(?:sk|rk|pk)_(?:test|live)_|we_")


def is_placeholder(text: str) -> bool:
    """ "changeme", "xxx", "sk_test_...", "<token>": copied from an example, not a secret."""
    return bool(PLACEHOLDER.fullmatch(VENDOR_PREFIX.sub("", text, count=1)))


def _telegram_token(text: str, _live: bool) -> str | None:
    return None if TELEGRAM_TOKEN.fullmatch(text) else "it is not a bot token, which reads digits:letters"


def _webhook_secret(text: str, _live: bool) -> str | None:
    if TELEGRAM_WEBHOOK_SECRET.fullmatch(text):
        return None
    return "Telegram takes 1 to 256 letters A-Z, digits, _ and -"


def _provider_token(text: str, live: bool) -> str | None:
    match = PROVIDER_TOKEN.fullmatch(text)
    if match is None:
        return "it is not a payment provider's token, which reads digits:TEST:… or digits:LIVE:…"
    if (match[1] == "LIVE") != live:
        return f"it takes {match[1].lower()} payments, and bot.toml says livemode = {'true' if live else 'false'}"
    return None


def _x_key(text: str, _live: bool) -> str | None:
    return None if X_KEY.fullmatch(text) else "it holds a space or a letter beyond A-Z, which X's keys do not have"


def _x_access_token(text: str, _live: bool) -> str | None:
    if X_ACCESS_TOKEN.fullmatch(text):
        return None
    return "it is not an access token, which reads digits-letters; the digits are the account's user id"


def _stripe_key(text: str, live: bool) -> str | None:
    match = STRIPE_KEY.fullmatch(text)
    if match is None:
        return "it is not a secret or restricted key, which begins with sk_ or rk_"
    if (match[1] == "live") != live:
        return f"it is a {match[1]} key, and bot.toml says livemode = {'true' if live else 'false'}"
    return None


def _signing_secret(text: str, _live: bool) -> str | None:
    return "it is not a signing secret, which begins with whsec_" if NOT_A_SIGNING_SECRET.match(text) else None


SHAPES: dict[str, Callable[[str, bool], str | None]] = {
    "TELEGRAM_BOT_TOKEN": _telegram_token,
    "TELEGRAM_WEBHOOK_SECRET": _webhook_secret,
    "TELEGRAM_PROVIDER_TOKEN": _provider_token,
    "X_CONSUMER_KEY": _x_key,
    "X_CONSUMER_SECRET": _x_key,
    "X_ACCESS_TOKEN": _x_access_token,
    "X_ACCESS_TOKEN_SECRET": _x_key,
    "X_BEARER_TOKEN": _x_key,
    "STRIPE_API_KEY": _stripe_key,
    "STRIPE_WEBHOOK_SECRET": _signing_secret,
}


def read(environment: Environment) -> Secrets:
    """Every secret that is set. What cannot be read is among the environment's problems."""
    found: dict[str, SecretStr | tuple[SecretStr, ...]] = {}
    for name in NAMES:
        if (value := environment.value(name)) is None:
            continue
        if name == "STRIPE_WEBHOOK_SECRET":
            found[name.lower()] = tuple(SecretStr(part.strip()) for part in value.split(",") if part.strip())
        else:
            found[name.lower()] = SecretStr(value)
    return Secrets(**found)  # type: ignore[arg-type]  # the names are the fields', so are the two shapes


def values(secrets: Secrets, name: str) -> tuple[str, ...]:
    """The plain values of one secret: none, one, or several while it is rotated."""
    held = getattr(secrets, name.lower())
    each = held if isinstance(held, tuple) else (held,) if held else ()
    return tuple(secret.get_secret_value() for secret in each)


def impossible(secrets: Secrets, environment: Environment, file: Table) -> Iterator[Problem]:
    """Secrets that are set and cannot be right: placeholders, other shapes, a key of the other mode."""
    live = table(file, "payments", "stripe").get("livemode") is True
    for name in NAMES:
        for value in values(secrets, name):
            if is_placeholder(value):
                wrong: str | None = "it is a placeholder"
            else:
                wrong = SHAPES[name](value, live) if name in SHAPES else None
            if wrong:
                place, line = environment.place(name)
                remedy = REMEDIES.get(name, "set it to the real one, or leave it out")
                if "livemode" in wrong:
                    remedy = "set it to a key of the same mode, or change livemode under [payments.stripe]"
                yield Problem(place, line, name, wrong, remedy)


PAYING = ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET")
SELLING: dict[str, tuple[str, ...]] = {
    "telegram": ("TELEGRAM_BOT_TOKEN",),
    "x": ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"),
}
"""By channel."""
CALLED_BACK: dict[str, tuple[str, ...]] = {"telegram": ("TELEGRAM_WEBHOOK_SECRET",), "x": ("X_BEARER_TOKEN",)}
"""By channel, with mode = "webhook": X registers webhooks with the app's own token, not with the account's."""


def needed(file: Table) -> tuple[str, ...]:
    """The secrets without which the shop of this file cannot run."""
    names: tuple[str, ...] = PAYING
    for channel in SELLING:
        if sells_on(file, channel):
            names += SELLING[channel]
            if table(file, "channels", channel).get("mode") == "webhook":
                names += CALLED_BACK[channel]
    if pays_by_invoice(file):
        names += ("TELEGRAM_PROVIDER_TOKEN",)
    return names


def missing(secrets: Secrets, environment: Environment, file: Table) -> Iterator[Problem]:
    unreadable = {problem.key.removesuffix("_FILE") for problem in environment.problems}
    for name in needed(file):
        if not values(secrets, name) and name not in unreadable:
            yield Problem("environment", 0, name, "it is not set", REMEDIES[name])

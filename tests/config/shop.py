"""A small sound shop, and ways to spoil it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.config import ConfigError, Problem, Settings, load

SOUND = """\
[shop]
name = "Atelier"
currency = "EUR"
support = "bonjour@example.com"

[orders]
hold = "30m"

[channels.telegram]
enabled = true

[payments.stripe]
livemode = false
shipping_countries = ["FR"]

[[shipping]]
id = "post"
name = "La Poste"
price = 4.90

[keywords]
buy = ["je craque"]

[[products]]
sku = "mug"
name = "Mug"
price = 18.00
stock = 25

[[products]]
sku = "tee"
name = "T-shirt"
price = 29.90
  [[products.variants]]
  sku = "tee-m"
  options = { taille = "M" }
  [[products.variants]]
  sku = "tee-l"
  options = { taille = "L" }
  price = 31.90
  stock = 0
"""
SECRETS = {
    "TELEGRAM_BOT_TOKEN": "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok",
    "STRIPE_API_KEY": "rk_test_51Hq8sKd93kd",
    "STRIPE_WEBHOOK_SECRET": "whsec_Zk3l9sQm",
}
ON_X = SOUND.replace("[channels.telegram]\nenabled = true", '[channels.x]\naccount = "Atelier_L"')
"""The same shop on X alone."""
X_SECRETS = {
    "STRIPE_API_KEY": SECRETS["STRIPE_API_KEY"],
    "STRIPE_WEBHOOK_SECRET": SECRETS["STRIPE_WEBHOOK_SECRET"],
    "X_CONSUMER_KEY": "fAkEcOnSuMeRkEyfAkEcOnSuM",
    "X_CONSUMER_SECRET": "fAkEsEcReTfAkEsEcReTfAkEsEcReTfAkE",
    "X_ACCESS_TOKEN": "1900000000000000001-fAkEtOkEnfAkEtOkEn",
    "X_ACCESS_TOKEN_SECRET": "fAkEoThErfAkEoThErfAkEoThEr",
}


def opened(folder: Path, text: str = SOUND, env: Mapping[str, str] | None = None, *, secrets: bool = False) -> Settings:
    """The settings of a bot.toml with this text."""
    path = folder / "bot.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, env or {}, secrets=secrets)


def refused(
    folder: Path, text: str = SOUND, env: Mapping[str, str] | None = None, *, secrets: bool = False
) -> tuple[Problem, ...]:
    """The problems for which it is refused; none where it is accepted."""
    try:
        opened(folder, text, env, secrets=secrets)
    except ConfigError as error:
        return error.problems
    return ()


def line_of(text: str, part: str) -> int:
    """The line of the first place where the part stands."""
    return text.count("\n", 0, text.index(part)) + 1

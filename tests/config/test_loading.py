"""bot.toml becomes frozen settings; the environment stands above it."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.config import Settings, load, warnings
from tests.config.shop import SECRETS, SOUND, opened, refused

ROOT = Path(__file__).parents[2]


def test_our_own_shop_has_no_faults() -> None:
    settings = load(ROOT / "bot.toml", {}, secrets=False)
    mug = settings.catalogue.product("mug-bleu")
    assert mug is not None
    assert (mug.name, mug.named("en"), mug.variants[0].unit_minor, mug.variants[0].stock) == (
        "Mug bleu",
        "Blue mug",
        1800,
        25,
    )
    assert all(Path(product.image or "").is_file() for product in settings.catalogue.products)
    assert all(product.translations["en"].name for product in settings.catalogue.products)


def test_the_sample_shop_of_every_key_loads(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/mug-bleu.jpg").write_bytes(b"\xff\xd8\xff\xe0 a picture")
    settings = opened(tmp_path, EVERY_KEY)
    assert settings.shop.terms_url == "https://…"
    assert settings.orders.hold == timedelta(minutes=30)
    assert settings.telegram.messages_per_second == 30.0
    assert settings.x.daily_budget_usd == Decimal("5.00")
    assert settings.stripe.shipping_countries == ("FR", "BE")
    assert settings.keywords == {"buy": ("je craque",)}
    assert settings.catalogue.shipping[0].free_from_minor == 6000
    large = settings.catalogue.variant("TEE-NOIR-L")
    assert large is not None
    assert (large.unit_minor, large.stock, dict(large.options)) == (3190, 0, {"couleur": "noir", "taille": "L"})
    medium = settings.catalogue.variant("tee-noir-m")
    assert medium is not None
    assert medium.unit_minor == 2990
    mug = settings.catalogue.product("mug-bleu")
    assert mug is not None
    assert mug.image == str((tmp_path / "images/mug-bleu.jpg").resolve())
    assert mug.described("en") == "Hand-thrown stoneware, 30 cl."


def test_the_sample_states_the_defaults(tmp_path: Path) -> None:
    """A shop that leaves out what has a default is set up as the sample is."""
    sample = opened(tmp_path, re.sub(r"image = .*", "", EVERY_KEY))
    bare = opened(tmp_path, SOUND.replace('[orders]\nhold = "30m"\n', ""))
    assert bare.orders == sample.orders
    assert bare.delivery == sample.delivery
    assert bare.reconcile == sample.reconcile
    assert bare.telegram == sample.telegram
    assert bare.storage == sample.storage
    assert (bare.shop.locale, bare.shop.timezone) == (sample.shop.locale, sample.shop.timezone)
    assert bare.x.mentions_every == sample.x.mentions_every


def test_a_channel_without_its_table_is_off(tmp_path: Path) -> None:
    settings = opened(tmp_path, SOUND.replace("[channels.telegram]\nenabled = true", ""))
    assert not settings.telegram.enabled
    assert not settings.x.enabled


def test_stock_is_a_number_or_a_level(tmp_path: Path) -> None:
    text = SOUND.replace("stock = 25", 'stock = "limited"')
    catalogue = opened(tmp_path, text).catalogue
    found = {variant.sku: (variant.level, variant.stock) for variant in catalogue.variants()}
    assert found == {"mug": ("limited", None), "tee-m": ("unlimited", None), "tee-l": ("counted", 0)}


def test_a_post_leads_to_the_products_that_name_it(tmp_path: Path) -> None:
    post = 'posts = ["https://x.com/atelier/status/123"]'
    text = SOUND.replace('name = "Mug"', f'name = "Mug"\n{post}').replace(
        'name = "T-shirt"', f'name = "T-shirt"\n{post}'
    )
    assert opened(tmp_path, text).posts == {"123": ("mug", "tee-m", "tee-l")}


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = opened(tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.shop = settings.shop  # type: ignore[misc]
    with pytest.raises(ValidationError):
        settings.shop.name = "Other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("url", "path"), [("sqlite:///data/shop.db", "data/shop.db"), ("sqlite:////srv/shop.db", "/srv/shop.db")]
)
def test_the_database_lies_beside_the_file_unless_its_path_is_absolute(tmp_path: Path, url: str, path: str) -> None:
    assert opened(tmp_path, f'{SOUND}[storage]\nurl = "{url}"').database_path == tmp_path / path


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    env = {"PORT": "9000", "DATABASE_URL": "sqlite:///other.db"}
    settings = opened(tmp_path, f'{SOUND}[web]\nport = 1\nhost = "0.0.0.0"', env)
    assert (settings.web.port, settings.web.host) == (9000, "0.0.0.0")
    assert settings.database_path == tmp_path / "other.db"


@pytest.mark.parametrize("port", ["0", "65536", "http", "８０", "99999999999999999999"])
def test_an_impossible_port_of_the_environment_is_a_problem(tmp_path: Path, port: str) -> None:
    (problem,) = refused(tmp_path, SOUND, {"PORT": port})
    assert (problem.file, problem.key) == ("environment", "PORT")


def test_a_database_address_of_the_environment_is_not_repeated(tmp_path: Path) -> None:
    """F120"""
    (problem,) = refused(tmp_path, SOUND, {"DATABASE_URL": "mysql://u:hunter2@h/d"})
    assert problem.key == "DATABASE_URL"
    assert "hunter2" not in str(problem)


def test_a_file_saved_by_windows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bot.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
    assert load(path, {}, secrets=False).shop.name == "Atelier"


def test_thousands_of_products_load_with_each_fault_on_its_line(tmp_path: Path) -> None:
    one = '[[products]]\nsku = "p{0}"\nname = "Product {0}"\nprice = 1.00\n'
    text = SOUND + "".join(one.format(number) for number in range(5000))
    assert len(opened(tmp_path, text).catalogue.products) == 5002
    (problem,) = refused(tmp_path, text.replace('"p4999"', '"p12"'))
    assert problem.line == len(text.split("\n")) - 4 + 1
    assert "line " in problem.wrong


EVERY_KEY = """\
#:schema ./bot.schema.json
[shop]
name = "Atelier Lumière"
currency = "EUR"                 # ISO 4217, one per shop
locale = "fr"                    # used until the shopper's own language is known; fr and en ship
support = "bonjour@example.com"  # whom a shopper may ask for a human
terms_url = "https://…"          # optional
privacy_url = "https://…"        # optional
timezone = "Europe/Paris"        # for dates shown to people; stored times are UTC

[orders]
hold = "30m"                     # how long a shopper's stock is kept while the link is unpaid
max_quantity = 10                # per line
max_open = 3                     # unpaid orders a shopper may have at once

[channels.telegram]
enabled = true
mode = "polling"                 # or "webhook" (needs web.public_url)
payments = "link"                # or "invoice" (Telegram's own payment sheet)
api_base = "https://api.telegram.org"
poll_timeout = "30s"
messages_per_second = 30         # Telegram's limits for everybody; raise them with paid rates or for a benchmark
messages_per_chat_per_second = 1

[channels.x]
enabled = true
account = "atelier_lumiere"      # without @
mode = "polling"                 # or "webhook" (X Activity API)
api_base = "https://api.x.com"
mentions_every = "30s"
dms_every = "60s"
daily_budget_usd = 5.00

[payments.stripe]
api_base = "https://api.stripe.com"
livemode = false                 # an event of the other mode is never believed
automatic_tax = false
shipping_countries = ["FR", "BE"]
allow_promotion_codes = true

[[shipping]]                     # optional; at most 5
id = "colissimo"
name = "Colissimo"
price = 4.90
free_from = 60.00                # optional
countries = ["FR"]               # optional

[delivery]
retry_base = "2s"
max_attempts = 8
lease = "30s"

[reconcile]
every = "5m"

[web]
host = "127.0.0.1"
port = 8080
public_url = "https://shop.example.com"

[storage]
url = "sqlite:///shop.db"        # relative to bot.toml; or postgresql://user@host/db

[keywords]                       # added to the built-in words of each intent
buy = ["je craque"]

[[products]]
sku = "mug-bleu"                 # [A-Za-z0-9._-]+, unique without regard to case
name = "Mug bleu"
price = 18.00
stock = 25                       # a number; or "unlimited", "limited", "out" (coarse levels, nothing counted)
kind = "physical"                # or "digital", "service"
description = "Grès tourné à la main, 30 cl."
image = "images/mug-bleu.jpg"    # a file beside bot.toml or an https address
keywords = ["mug", "tasse"]
category = "Vaisselle"
  [products.translations.en]
  name = "Blue mug"
  description = "Hand-thrown stoneware, 30 cl."

[[products]]
sku = "tee"
name = "T-shirt Lumière"
price = 29.90
  [[products.variants]]
  sku = "tee-noir-m"
  options = { couleur = "noir", taille = "M" }
  stock = 4
  [[products.variants]]
  sku = "tee-noir-l"
  options = { couleur = "noir", taille = "L" }
  price = 31.90                  # optional, else the product's
  stock = 0
"""

ADVICE = [
    ("stock = 25", 'kind = "digital"', "products[1].kind"),
    ("[keywords]", "[keywords]", "web.public_url"),
    ("[keywords]", "[keywords]", "shop.terms_url"),
    ('support = "bonjour@example.com"', "", "shop.support"),
    ('name = "T-shirt"', 'name = "mug"', "products[2].name"),
    (
        'name = "T-shirt"',
        'name = "T"\ntranslations.en.options = { talle = "size" }',
        "products[2].translations.en.options.talle",
    ),
]


@pytest.mark.parametrize(("there", "instead", "key"), ADVICE)
def test_what_may_surprise_is_said_without_being_refused(tmp_path: Path, there: str, instead: str, key: str) -> None:
    assert key in {warning.key for warning in warnings(opened(tmp_path, SOUND.replace(there, instead)))}


def test_a_careful_shop_gets_no_advice(tmp_path: Path) -> None:
    careful = SOUND.replace("[orders]", 'terms_url = "https://example.com/cgv"\n[orders]')
    settings: Settings = opened(tmp_path, f'{careful}[web]\npublic_url = "https://e.org/"', SECRETS, secrets=True)
    assert warnings(settings) == []
    assert settings.web.public_url == "https://e.org"


def test_a_key_that_may_do_everything_is_advised_against(tmp_path: Path) -> None:
    settings = opened(tmp_path, SOUND, SECRETS | {"STRIPE_API_KEY": "sk_test_51Hq8sKd93kd"}, secrets=True)
    assert "STRIPE_API_KEY" in {warning.key for warning in warnings(settings)}

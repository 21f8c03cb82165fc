"""What bot.toml says of X: what it charges, which posts show which products, and what surprises a merchant there."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from bot.config import XPrices, load, warnings
from bot.domain.costs import PRICES, micro
from tests.config.shop import ON_X, SOUND, X_SECRETS, line_of, opened, refused

ROOT = Path(__file__).parents[2]
CAREFUL = (
    ON_X.replace(
        "[orders]",
        'terms_url = "https://example.com/cgv"\nprivacy_url = "https://example.com/privacy"\n[orders]',
    )
    + '[web]\npublic_url = "https://e.org"\n'
)


def with_posts(*addresses: str, product: str = "Mug", text: str = CAREFUL) -> str:
    written = ", ".join(f'"{address}"' for address in addresses)
    return text.replace(f'name = "{product}"', f'name = "{product}"\nposts = [{written}]')


def advised(folder: Path, text: str) -> dict[str, str]:
    """Key -> the whole sentence."""
    return {problem.key: str(problem) for problem in warnings(opened(folder, text))}


def test_a_shop_on_x_alone_is_a_shop(tmp_path: Path) -> None:
    settings = opened(tmp_path, CAREFUL, X_SECRETS, secrets=True)
    assert settings.x.enabled
    assert not settings.telegram.enabled
    assert settings.x.account == "Atelier_L"
    assert warnings(settings) == []


def test_the_prices_are_those_that_the_books_count_with() -> None:
    """The defaults stand twice, for merchants and for the domain: both say the same."""
    written = {name: micro(getattr(XPrices(), name)) for name in XPrices.model_fields}
    assert written == {charge.value: price for charge, price in PRICES.items()}


def test_a_price_that_x_changed_is_written_alone(tmp_path: Path) -> None:
    text = ON_X + "[channels.x.prices]\npost = 0.02\nmention_read = 0\ndm_read = 0.000001\n"
    prices = opened(tmp_path, text).x.prices
    assert [prices.post, prices.mention_read, prices.dm_read] == [Decimal("0.02"), Decimal(0), Decimal("0.000001")]
    assert type(prices.mention_read) is Decimal
    assert prices.post_with_url == Decimal("0.200")


def test_the_prices_that_our_own_shop_shows_are_the_defaults(tmp_path: Path) -> None:
    text = (ROOT / "bot.toml").read_text(encoding="utf-8")
    table = re.search(r"^# \[channels\.x\.prices\]\n(?:# \w+ = .*\n)+", text, re.MULTILINE)
    assert table is not None
    assert "August 2026" in text
    shown = re.findall(r"^# (\w+) = ([0-9.]+)", table[0], re.MULTILINE)
    assert [name for name, _ in shown] == list(XPrices.model_fields)
    shop = opened(tmp_path, ON_X + re.sub(r"^# ", "", table[0], flags=re.MULTILINE))
    assert shop.x.prices == XPrices()


def test_the_demo_shop_is_on_x_with_a_product_behind_a_post() -> None:
    settings = load(ROOT / "bot.toml", {}, secrets=False)
    assert settings.x.enabled
    assert settings.x.account == "atelier_lumiere"
    assert settings.posts == {"1900000000000000101": ("mug-bleu",)}
    assert {problem.key for problem in warnings(settings)} == {"products[15].kind", "web.public_url"}


def test_a_new_shop_is_not_on_x_and_one_word_puts_it_there(tmp_path: Path) -> None:
    starter = (ROOT / "bot/config/starter/bot.toml").read_text(encoding="utf-8")
    assert not opened(tmp_path, starter).x.enabled
    text = starter.replace("[channels.x]\nenabled = false", "[channels.x]\nenabled = true")
    assert text != starter
    assert opened(tmp_path, text).x.enabled


SAME_POST = [
    "https://x.com/Atelier_L/status/123",
    "https://x.com/atelier_l/status/123/",
    "https://x.com/atelier_l/status/123?s=20&t=aBc-_",
    "https://x.com/atelier_l/status/123/photo/1?s=20#m",
    "https://www.x.com/atelier_l/status/123",
    "https://mobile.x.com/atelier_l/status/123",
    "https://twitter.com/atelier_l/status/123",
    "https://mobile.twitter.com/atelier_l/status/123?lang=fr",
    "https://x.com/i/status/123",
    "https://x.com/i/web/status/123",
]


@pytest.mark.parametrize("address", SAME_POST)
def test_a_post_is_known_by_its_id_however_its_address_was_copied(tmp_path: Path, address: str) -> None:
    settings = opened(tmp_path, with_posts(address))
    assert settings.posts == {"123": ("mug",)}
    assert warnings(settings) == []


def test_a_post_named_twice_shows_its_product_once(tmp_path: Path) -> None:
    assert opened(tmp_path, with_posts(*SAME_POST)).posts == {"123": ("mug",)}


def test_a_post_of_several_products_gives_what_can_be_bought_of_each(tmp_path: Path) -> None:
    text = with_posts(SAME_POST[0], product="T-shirt", text=with_posts(SAME_POST[6], "https://x.com/i/status/9"))
    assert opened(tmp_path, text).posts == {"123": ("mug", "tee-m", "tee-l"), "9": ("mug",)}


@pytest.mark.parametrize(
    "address",
    [
        "http://x.com/a/status/123",
        "https://x.com.evil.example/a/status/123",
        "https://evil.example/x.com/a/status/123",
        "https://x.com@evil.example/a/status/123",
        "https://x.com/a/status/",
        "https://x.com/a/status/0123",
        "https://x.com/a/status/123456789012345678901",
        "https://x.com/a/status/123/likes",
        "https://x.com/a/status/123 ",
        "https://x.com/a_name_that_is_too_long/status/123",
        "https://x.com/atelier_l",
        "",
    ],
)
def test_what_is_not_the_address_of_a_post_is_refused_with_its_line(tmp_path: Path, address: str) -> None:
    """F107"""
    text = with_posts(address)
    (problem,) = refused(tmp_path, text)
    assert (problem.key, problem.line) == ("products[1].posts[1]", line_of(text, "posts ="))
    assert re.match(r'write "https://x\.com/\w+/status/[0-9]+"$', problem.remedy)


def test_a_post_of_another_account_is_advised_against_on_its_own_line(tmp_path: Path) -> None:
    text = CAREFUL.replace(
        'name = "T-shirt"',
        'name = "T-shirt"\nposts = [\n"https://x.com/ATELIER_L/status/1",\n"https://x.com/rival/status/2",\n]',
    )
    (problem,) = warnings(opened(tmp_path, text))
    assert (problem.key, problem.line) == ("products[2].posts[2]", line_of(text, "rival"))
    assert "it is a post of @rival, the shop is @Atelier_L" in problem.wrong


@pytest.mark.parametrize(
    ("there", "instead", "key", "sentence"),
    [
        ('name = "Mug"', 'name = "Mug.com"', "products[1].name", "X makes a link of Mug.com"),
        ('name = "Mug"', 'name = "Le mug shop.example.fr bleu"', "products[1].name", "a link of shop.example.fr"),
        ('name = "Mug"', 'name = "Mug https://e.org/a"', "products[1].name", "no public reply can name mug"),
        (
            'name = "Mug"',
            'name = "Mug"\ntranslations.en.name = "Mug.com"',
            "products[1].translations.en.name",
            "X makes a link of Mug.com",
        ),
        (
            'name = "T-shirt"',
            'name = "T-shirt"\ntranslations.en.options = { L = "large.co" }',
            "products[2].translations.en.options.L",
            "X makes a link of large.co",
        ),
        (
            '{ taille = "L" }',
            '{ taille = "large.fr" }',
            "products[2].variants[2].options.taille",
            "X makes a link of large.fr",
        ),
        ("[channels.x]", '[channels.x]\nmentions_every = "2s"', "channels.x.mentions_every", 'mentions_every = "3s"'),
        ("[channels.x]", '[channels.x]\ndms_every = "59s"', "channels.x.dms_every", 'write dms_every = "1m"'),
        ("[channels.x]", "[channels.x]\ndaily_budget_usd = 0.04", "channels.x.daily_budget_usd", "may cost $0.05"),
        ('privacy_url = "https://example.com/privacy"\n', "", "shop.privacy_url", "name a privacy page"),
    ],
)
def test_what_may_surprise_on_x_is_said_to_a_shop_that_is_there(
    tmp_path: Path, there: str, instead: str, key: str, sentence: str
) -> None:
    assert there in CAREFUL
    text = CAREFUL.replace(there, instead)
    found = advised(tmp_path, text)
    assert list(found) == [key]
    assert sentence in found[key]
    off = advised(tmp_path, text.replace("[channels.x]", "[channels.x]\nenabled = false"))
    assert off == {}


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ('name = "Mug"', 'name = "Mug n.1, 30 cl. d\'eau"'),
        ("[channels.x]", '[channels.x]\nmentions_every = "3s"\ndms_every = "60s"\ndaily_budget_usd = 0.05'),
        ("[channels.x]", '[channels.x]\napi_base = "http://127.0.0.1:9/x"\nmentions_every = "100ms"\ndms_every = "1s"'),
    ],
)
def test_what_x_allows_is_not_advised_against(tmp_path: Path, there: str, instead: str) -> None:
    assert there in CAREFUL
    assert advised(tmp_path, CAREFUL.replace(there, instead)) == {}


def test_a_shop_that_is_not_on_x_is_told_nothing_of_x(tmp_path: Path) -> None:
    text = with_posts("https://x.com/rival/status/2", text=SOUND.replace('name = "T-shirt"', 'name = "Tee.com"'))
    assert set(advised(tmp_path, text)) == {"web.public_url", "shop.terms_url"}

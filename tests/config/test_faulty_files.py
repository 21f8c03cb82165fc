"""Every fault of bot.toml is refused with its line, its key and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import ConfigError, load
from tests.config.shop import SOUND, line_of, opened, refused

# what stands there | what is written instead | the part whose line is named | key | a part of the sentence
FAULTS = [
    ('name = "Atelier"', 'nmae = "Atelier"', "nmae", "shop.nmae", "did you mean name?"),
    ('name = "Atelier"', 'nmae = "Atelier"', "[shop]", "shop.name", 'missing -> write name = "Atelier Lumière"'),
    ('name = "Atelier"', "name = 3", "name = 3", "shop.name", '3 is not text -> write name = "3"'),
    ('name = "Atelier"', 'name = "  "', 'name = "  "', "shop.name", "it is empty"),
    ('name = "Atelier"', r'name = "a\u0000b"', "name =", "shop.name", "control character"),
    ('name = "Atelier"', f'name = "{"x" * 201}"', "name =", "shop.name", "more than 200 characters"),
    ('"EUR"', '"eur"', "eur", "shop.currency", 'not in upper case -> write currency = "EUR"'),
    ('"EUR"', '"EURO"', "EURO", "shop.currency", "is not a currency of ISO 4217"),
    ('"EUR"', '"FRF"', "FRF", "shop.currency", "is not a currency of ISO 4217"),
    ('"bonjour@example.com"', '"bonjour"', "support", "shop.support", "neither an e-mail address"),
    (
        "[orders]",
        'locale = "en_GB"\n[orders]',
        "locale",
        "shop.locale",
        'is not "fr", "en", "es", "de", "it" or "pt" -> write locale = "en"',
    ),
    (
        "[orders]",
        'timezone = "Europe/Pariss"\n[orders]',
        "timezone",
        "shop.timezone",
        'write timezone = "Europe/Paris"',
    ),
    ("[orders]", 'terms_url = "example.com"\n[orders]', "terms_url", "shop.terms_url", "begins with https://"),
    ("[orders]", "[ordres]", "[ordres]", "ordres", "did you mean orders?"),
    ("[orders]", "[web]\nmax_open = 3\n[orders]", "max_open", "web.max_open", "move max_open under [orders]"),
    ('"30m"', '"30 m"', "30 m", "orders.hold", "is not a duration"),
    ('"30m"', "30", "hold = 30", "orders.hold", 'write hold = "30m"'),
    ('"30m"', '"25h"', "25h", "orders.hold", '24 hours at most -> write hold = "24h"'),
    ('"30m"', '"99ms"', "99ms", "orders.hold", 'shorter than 100 ms -> write hold = "100ms"'),
    ('"30m"', '"999999999d"', "999999999d", "orders.hold", "longer than a year"),
    ('"30m"', '"30m"\nmax_quantity = 0', "max_quantity", "orders.max_quantity", "0 is less than 1"),
    ('"30m"', '"30m"\nmax_open = 101', "max_open", "orders.max_open", "101 is more than 100"),
    ('"30m"', '"30m"\nmax_open = true', "max_open", "orders.max_open", "true is not a whole number"),
    ("enabled = true", 'enabled = "yes"', "enabled", "channels.telegram.enabled", "neither true nor false"),
    ("enabled = true", 'mode = "webhook"', "mode", "channels.telegram.mode", "needs web.public_url"),
    ("enabled = true", 'mode = "pull"', "mode", "channels.telegram.mode", 'write mode = "polling"'),
    ("enabled = true", 'payments = "stars"', "payments =", "channels.telegram.payments", 'write payments = "link"'),
    ("enabled = true", 'api_base = "http://e.org"', "api_base", "channels.telegram.api_base", '"https://e.org"'),
    ("enabled = true", "messages_per_second = 0", "messages_per", "channels.telegram.messages_per_second", "between 0"),
    ("enabled = true", "[channels.x]", "[channels.x]", "channels.x.account", "it is missing"),
    ("enabled = true", '[channels.x]\naccount = "@a"', "account", "channels.x.account", 'write account = "a"'),
    ("enabled = true", '[channels.x]\nmode = "webhook"', "mode", "channels.x.mode", "needs web.public_url"),
    ("enabled = true", "[channels.x]\nmentions_every = 30", "mentions", "channels.x.mentions_every", "not a duration"),
    ("enabled = true", "[channels.x]\ndaily_budget_usd = 0.005", "0.005", "channels.x.daily_budget_usd", "2 decimals"),
    ("enabled = true", "[channels.x.prices]\npost = -0.1", "-0.1", "channels.x.prices.post", "-0.1 is negative"),
    ("enabled = true", "[channels.x.prices]\npost = nan", "nan", "channels.x.prices.post", "not an amount"),
    ("enabled = true", "[channels.x.prices]\npost = 1e-7", "1e-7", "channels.x.prices.post", "more than 6 decimals"),
    (
        "enabled = true",
        "[channels.x.prices]\npost = 1e999",
        "1e999",
        "channels.x.prices.post",
        "more than 1000 dollars",
    ),
    ("enabled = true", '[channels.x.prices]\npost = "0,02"', "0,02", "channels.x.prices.post", "write post = 0.02"),
    ("enabled = true", "[channels.x.prices]\ndm_send = 1", "dm_send", "channels.x.prices.dm_send", "mean dm_sent?"),
    ("enabled = true", "[channels.x]\nprices = 1", "prices", "channels.x.prices", "write [channels.x.prices]"),
    ("livemode = false", 'api_key = "sk_live_x"', "api_key", "payments.stripe.api_key", "secrets do not stand in this"),
    ('["FR"]', '["FR", "UK"]', "UK", "payments.stripe.shipping_countries[2]", 'write "GB"'),
    ('["FR"]', '"FR"', "shipping_countries", "payments.stripe.shipping_countries", 'write shipping_countries = ["FR"'),
    ("[[shipping]]", "[shipping]", "[shipping]", "shipping", "write [[shipping]]"),
    ("price = 4.90", "price = -1.00", "-1.00", "shipping[1].price", "-1.00 is negative"),
    ("[keywords]", '[storage]\nurl = "postgresql://h/d"\n[keywords]', "url =", "storage.url", "sqlite:///shop.db"),
    ("[keywords]", '[storage]\nurl = "shop.db"\n[keywords]', "url =", "storage.url", 'write url = "sqlite:///shop.db"'),
    ("[keywords]", "[web]\nport = 65536\n[keywords]", "65536", "web.port", "65536 is more than 65535"),
    ("[keywords]", '[web]\npublic_url = "http://e.org"\n[keywords]', "public", "web.public_url", "is not encrypted"),
    ("buy =", "byu =", "byu", "keywords.byu", "is not an intent -> write buy instead"),
    ('"je craque"', '""', "buy", "keywords.buy[1]", "it is empty"),
    ('"je craque"', f'"{"x" * 81}"', "buy", "keywords.buy[1]", "more than 80 characters"),
    ('sku = "mug"', 'sku = "le mug"', "le mug", "products[1].sku", 'write sku = "le-mug"'),
    ("stock = 25", "stock = -1", "stock = -1", "products[1].stock", "-1 is not between 0"),
    ("stock = 25", 'stock = "some"', "some", "products[1].stock", 'neither a whole number nor "unlimited"'),
    ("stock = 25", "stock = 2.5", "2.5", "products[1].stock", "neither a whole number"),
    ("stock = 25", 'kind = "thing"', "kind", "products[1].kind", '"physical", "digital" or "service"'),
    ("stock = 25", 'posts = ["https://e.org/1"]', "posts", "products[1].posts[1]", "not the address of a post on X"),
    ("stock = 25", 'posts = ["https://x.com/a"]', "posts", "products[1].posts[1]", '"https://x.com/atelier_lumiere/st'),
    ("stock = 25", 'posts = [\n"x.com/a/status/1"]', "x.com", "products[1].posts[1]", '"https://x.com/a/status/1"'),
    ("stock = 25", "posts = [\n1900]", "1900", "products[1].posts[1]", 'write "https://x.com/i/status/1900"'),
    ("stock = 25", 'posts = "https://x.com/a/status/1"', "posts", "products[1].posts", 'write posts = ["https://x.com'),
    ("stock = 25", 'translations.qq.name = "x"', "translations", "products[1].translations.qq", "not a language"),
    ("price = 18.00\n", "", "[[products]]", "products[1].price", "it has no price -> write price = 18.00"),
    ("price = 29.90", "price = 29.90\nstock = 3", "stock = 3", "products[2].stock", "under each [[products.variants]]"),
    ('{ taille = "L" }', "{ taille = 42 }", "42", "products[2].variants[2].options.taille", 'write taille = "42"'),
    ('{ taille = "L" }', '{ size = "L" }', "size", "products[2].variants[2].options", 'write options = { taille = "'),
    (
        '{ taille = "L" }',
        '{ taille = "m" }',
        '"m"',
        "products[2].variants[2].options",
        "same options as the variant of",
    ),
    ('{ taille = "L" }', "{}", "{}", "products[2].variants[2].options", "it is empty"),
]


@pytest.mark.parametrize(("there", "instead", "part", "key", "sentence"), FAULTS)
def test_a_fault_is_named_with_its_line_key_and_remedy(
    tmp_path: Path, there: str, instead: str, part: str, key: str, sentence: str
) -> None:
    """F107"""
    assert there in SOUND
    text = SOUND.replace(there, instead, 1)
    found = {problem.key: problem for problem in refused(tmp_path, text)}
    assert key in found
    problem = found[key]
    assert problem.line == line_of(text, part)
    assert problem.file == str(tmp_path / "bot.toml")
    assert sentence in str(problem)
    assert problem.remedy


def test_the_sound_shop_that_the_table_spoils_is_accepted(tmp_path: Path) -> None:
    assert refused(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("[shop\nname = 1", 1, "not TOML"),
        ("[shop]\nname = Atelier\n", 2, "text stands without quotes"),
        ('[shop]\nname = "Atelier\n', 2, "a text is not closed"),
        ("[shop]\n[[products]]\nprice = 19,99\n", 3, "write price = 19.99"),
        ('[shop]\nname = "a"\nname = "b"\n', 3, "stands twice"),
        ("[shop]\nlist = [1,\n", 2, "not TOML"),
        ("x = " + "9" * 5000, 1, "impossible"),
        ("x = " + "[" * 3000, 0, "nested too deeply"),
    ],
)
def test_text_that_is_not_toml_is_one_problem_with_its_line(
    tmp_path: Path, text: str, line: int, sentence: str
) -> None:
    """F107"""
    (problem,) = refused(tmp_path, text)
    assert problem.line == line
    assert sentence in str(problem)


@pytest.mark.parametrize(("content", "sentence"), [(b"[shop]\nname = '\xe9'", "not UTF-8"), (None, "no such file")])
def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    """F107"""
    path = tmp_path / "bot.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=sentence):
        load(path, {})


def test_a_folder_in_place_of_the_file_is_a_problem_and_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {})


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """F107"""
    text = SOUND
    for there, instead in [('"EUR"', '"eur"'), ('"30m"', "30"), ("buy", "byu"), ("18.00", "0"), ("tee-l", "MUG")]:
        text = text.replace(there, instead)
    keys = [problem.key for problem in refused(tmp_path, text, secrets=True)]
    assert keys == [
        "shop.currency",
        "orders.hold",
        "keywords.byu",
        "products[1].price",
        "products[2].variants[2].sku",
        "STRIPE_API_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "TELEGRAM_BOT_TOKEN",
    ]


@pytest.mark.parametrize("again", ["mug", "MUG", "Mug", " mug ", "ｍｕｇ"])
def test_a_sku_that_differs_only_by_case_space_or_width_is_refused_with_both_places(tmp_path: Path, again: str) -> None:
    """F108"""
    text = SOUND.replace('"tee-l"', f'"{again}"')
    sentences = [problem.wrong for problem in refused(tmp_path, text) if problem.key.endswith("variants[2].sku")]
    first = line_of(text, 'sku = "mug"')
    assert any(f"line {first}" in sentence for sentence in sentences)


@pytest.mark.parametrize("again", ["je craque", "JE CRAQUE", "je  craqué"])
def test_a_keyword_cannot_mean_two_things(tmp_path: Path, again: str) -> None:
    """F108"""
    text = SOUND.replace('["je craque"]', f'["je craque"]\ncancel = ["non merci", "{again}"]')
    (problem,) = refused(tmp_path, text)
    assert problem.key == "keywords.cancel[2]"
    assert f"already means buy (line {line_of(text, 'buy =')})" in problem.wrong


def test_a_keyword_that_looks_like_a_pattern_is_refused(tmp_path: Path) -> None:
    """F117"""
    (problem,) = refused(tmp_path, SOUND.replace('"je craque"', r"'^(\w+\s?)*$'"))
    assert problem.key == "keywords.buy[1]"
    assert "keywords are plain words" in problem.wrong


def test_a_keyword_with_other_signs_is_kept_as_the_text_that_it_is(tmp_path: Path) -> None:
    """F117"""
    settings = opened(tmp_path, SOUND.replace('"je craque"', '"c\'est parti ! (vite)", "+1", "❤️"'))
    assert settings.keywords["buy"] == ("c'est parti ! (vite)", "+1", "❤️")


def test_no_more_than_five_ways_of_delivery(tmp_path: Path) -> None:
    way = '[[shipping]]\nid = "w{}"\nname = "W"\nprice = 1\n'
    four = "".join(way.format(number) for number in range(4))
    assert refused(tmp_path, SOUND + four) == ()
    (problem,) = refused(tmp_path, SOUND + four + way.format(9))
    assert (problem.key, problem.wrong) == ("shipping", "it has more than 5 entries")


def test_what_looks_like_a_secret_is_not_repeated(tmp_path: Path) -> None:
    """F120"""
    text = SOUND.replace('"EUR"', '"sk_live_4eC39HqLyjWDarjtT1zdp7dc"')
    assert "4eC39H" not in "".join(map(str, refused(tmp_path, text)))

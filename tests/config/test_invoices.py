"""A shop that is paid in Telegram's own sheet: what it needs, and what that sheet cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import examine
from bot.parts import invoices_of
from tests.config.shop import SECRETS, SOUND, line_of, opened, refused

INVOICE = SOUND.replace("enabled = true", 'payments = "invoice"')
TOKEN = {"TELEGRAM_PROVIDER_TOKEN": "284685063:TEST:NGI1ZmE2NjQyOTY4"}


def test_a_shop_with_a_providers_token_is_paid_by_invoice(tmp_path: Path) -> None:
    settings = opened(tmp_path, INVOICE, SECRETS | TOKEN, secrets=True)
    assert set(invoices_of(settings)) == {"telegram"}
    assert invoices_of(opened(tmp_path)) == {}


def test_without_the_token_the_check_says_where_it_comes_from(tmp_path: Path) -> None:
    """F107"""
    (problem,) = refused(tmp_path, INVOICE, SECRETS, secrets=True)
    assert (problem.key, problem.wrong) == ("TELEGRAM_PROVIDER_TOKEN", "it is not set")
    assert "@BotFather" in problem.remedy
    path = tmp_path / "bot.toml"
    assert "TELEGRAM_PROVIDER_TOKEN" in {missing.key for missing in examine(path, {}).missing}


def test_a_shop_that_sends_links_needs_no_token(tmp_path: Path) -> None:
    assert refused(tmp_path, SOUND, SECRETS, secrets=True) == ()
    off = INVOICE.replace('payments = "invoice"', 'payments = "invoice"\nenabled = false')
    assert "TELEGRAM_PROVIDER_TOKEN" not in {problem.key for problem in refused(tmp_path, off, SECRETS, secrets=True)}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("changeme", "placeholder"),
        ("sk_test_51Hq8sKd93kd", "not a payment provider's token"),
        ("284685063:LIVE:NGI1ZmE2NjQyOTY4", "it takes live payments, and bot.toml says livemode = false"),
    ],
)
def test_a_token_that_cannot_be_right_is_refused(tmp_path: Path, value: str, sentence: str) -> None:
    """F107"""
    (problem,) = refused(tmp_path, INVOICE, SECRETS | {"TELEGRAM_PROVIDER_TOKEN": value}, secrets=True)
    assert problem.key == "TELEGRAM_PROVIDER_TOKEN"
    assert sentence in problem.wrong


@pytest.mark.parametrize("kind", ["digital", "service"])
def test_what_telegram_sells_in_stars_alone_is_refused(tmp_path: Path, kind: str) -> None:
    text = INVOICE.replace("price = 18.00", f'price = 18.00\nkind = "{kind}"')
    (problem,) = refused(tmp_path, text)
    assert (problem.key, problem.line) == ("products[1].kind", line_of(text, "kind ="))
    assert "Stars" in problem.wrong


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"EUR"', '"XAF"', "does not take"),
        ("livemode = false", "livemode = false\nautomatic_tax = true", "does not work out a tax"),
    ],
)
def test_what_the_sheet_cannot_do_is_refused_with_a_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = INVOICE.replace(old, new).replace("4.90", "5").replace("29.90", "30").replace("31.90", "32")
    (problem,) = refused(tmp_path, text)
    assert (problem.key, problem.line) == ("channels.telegram.payments", line_of(text, "payments ="))
    assert sentence in problem.wrong

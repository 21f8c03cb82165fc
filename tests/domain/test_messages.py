"""What comes in is made safe at the door."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.messages import LONGEST_TEXT, clean, mask_cards


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a\x00b", "ab"),
        ("a\ud800b", "ab"),
        ("\u202egum", "gum"),
        ("deux\nmugs\tbleus", "deux mugs bleus"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 4),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("x" * 10_000, "x" * LONGEST_TEXT),
        ("   ", ""),
    ],
)
def test_what_breaks_a_database_or_a_readers_eyes_is_taken_out(sent: str, kept: str) -> None:
    """F115"""
    assert clean(sent) == kept


def test_ten_megabytes_cost_no_more_than_a_page() -> None:
    """F114"""
    assert clean("é" * 10_000_000) == "é" * LONGEST_TEXT


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300))
def test_whatever_is_sent_can_be_stored(text: str) -> None:
    """F115"""
    kept = clean(text)
    kept.encode()
    assert "\x00" not in kept
    assert clean(kept) == kept


@pytest.mark.parametrize(
    "written",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4000.0000.0000.9995",
        "378282246310005",
        "4242  4242  4242  4242",
        "4242/4242/4242/4242",
        "4242 – 4242 – 4242 – 4242",
        "4242_4242_4242_4242",
        "4242,4242,4242,4242",
        "4242\u200b4242\u200b4242\u200b4242",
        "４２４２424242424242",
    ],
)
def test_a_card_number_is_masked_however_it_is_written(written: str) -> None:
    """F133"""
    masked = mask_cards(f"ma carte : {written}, merci")
    assert "•••• " in masked
    assert sum(char.isdigit() for char in masked) == 4
    assert masked.endswith("merci")


def test_a_card_number_run_into_other_digits_is_masked_too() -> None:
    """F133"""
    assert "4242424242424242" not in mask_cards("42424242424242421230")
    assert "4242" not in mask_cards("0612345678 4000000000009995 12/30").replace("•••• 9995", "")
    assert mask_cards("4242 4242 4242 4242 et 5555 5555 5555 4444") == "•••• 4242 et •••• 4444"


@pytest.mark.parametrize(
    "written", ["4242424242424241", "06 12 34 56 78", "3 mugs à 18,00 €", "C-7Q4K2", "1234567890123"]
)
def test_a_number_that_is_no_card_stays(written: str) -> None:
    assert mask_cards(written) == written


@given(st.text(max_size=200))
def test_masking_never_fails_and_never_leaves_a_card(text: str) -> None:
    assert "4242424242424242" not in mask_cards(f"{text} 4242424242424242")

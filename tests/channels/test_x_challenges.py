"""X's challenge, answered from the secret alone and never signing what could be an event."""

from __future__ import annotations

import json
import string
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.x.doorbell import answer
from bot.errors import StoreDamaged
from tests.channels.door import SECRET, Door, dm, opened, signed

TOKEN, SECRET_OF_VECTOR = "a-token-of-ours", "a secret of ours"
VECTOR = "sha256=Piv21cl51J+URxpliTkqiWnTcsO/kQfdfXBi7S8ODbk="
"""Of openssl: printf %s "$TOKEN" | openssl dgst -sha256 -hmac "$SECRET" -binary | base64"""

PLAIN = frozenset(string.ascii_letters + string.digits + "_.~+/=-")


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened() as at:
        yield at


def test_the_answer_to_a_challenge_is_what_openssl_makes_of_it() -> None:
    """F085"""
    assert answer(TOKEN, SECRET_OF_VECTOR) == VECTOR


async def test_a_challenge_is_answered(door: Door) -> None:
    """F085"""
    answered = await door.challenged(f"?crc_token={TOKEN}&nonce=1")
    assert answered.status_code == 200
    assert answered.json() == {"response_token": signed(TOKEN.encode())}


async def test_a_challenge_is_answered_before_the_channel_has_started_and_while_the_store_is_down() -> None:
    """F085: it needs the secret and nothing else."""
    async with opened(started=False) as door:
        door.reception.fails = StoreDamaged("the disk is gone")
        assert (await door.challenged(f"?crc_token={TOKEN}")).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?crc_token=",
        "?other=1",
        "?crc_token=" + "x" * 513,
        "?crc_token=" + "x" * 60_000,
        "?crc_token=%00%01%02",
        "?crc_token=%ff%fe",
        "?crc_token=a%20b",
        "?crc_token=%7B%7D",
        "?crc_token=%22a%22",
        "?crc_token=%0d%0aset-cookie:1",
        "?crc_token=t%C3%A9",
        "?crc_token=%F0%9F%91%BE",
    ],
)
async def test_what_is_no_challenge_is_refused(door: Door, query: str) -> None:
    """F085: nothing is signed that could be anything but a challenge."""
    refused = await door.challenged(query)
    assert refused.status_code == 400
    assert "response_token" not in refused.text


async def test_a_challenge_cannot_be_used_to_have_an_event_signed(door: Door) -> None:
    """F086: anybody may ask for the answer to a challenge, which is signed as X's events are."""
    body = json.dumps(dm("stop"), separators=(",", ":"))
    assert len(body) < 512
    refused = await door.http.get("/x/webhook", params={"crc_token": body})
    assert refused.status_code == 400
    assert signed(body.encode()) not in refused.text


@given(st.text(max_size=600) | st.text(st.sampled_from(sorted(PLAIN)), max_size=600))
def test_an_answer_is_made_of_plain_tokens_only(token: str) -> None:
    """F085"""
    plain = 0 < len(token) <= 512 and set(token) <= PLAIN
    if plain:
        assert answer(token, SECRET) == signed(token.encode())
    else:
        with pytest.raises(ValueError, match="crc_token"):
            answer(token, SECRET)

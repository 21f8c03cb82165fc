"""X's own calls to the shop: the challenge by which it knows whom it calls, and the events that it signs.

The challenge needs nothing but the consumer secret: it is answered while the database is down (F085).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

import orjson

from bot.domain.costs import Charge
from bot.errors import Forged

SIGNATURE = "x-twitter-webhooks-signature"
CHALLENGE = re.compile(r"[A-Za-z0-9_.~+/=-]{1,512}")
"""Whoever asks gets this signed as X's events are: so nothing that could be one (a brace, a quote) is a challenge."""
PREFIX = "sha256="

PRICED = {
    "post.mention.create": Charge.MENTION_EVENT,
    "post.reply.create": Charge.MENTION_EVENT,
    "post.quote.create": Charge.MENTION_EVENT,
    "dm.received": Charge.DM_EVENT,
    "chat.received": Charge.DM_EVENT,
}
"""What a delivered event is charged as; the others are free."""


def answer(token: str, secret: str) -> str:
    """The answer to a challenge. Raises ValueError where it is none: missing, huge, or not plain text."""
    if CHALLENGE.fullmatch(token) is None:
        raise ValueError("crc_token is missing or no token")
    return _signed(token.encode(), secret)


def verified(body: bytes, signature: str | None, secret: str) -> object:
    """The signed body, parsed. Raises Forged where the signature is not good, ValueError where it is not JSON."""
    given = (signature or "").encode()
    if not hmac.compare_digest(given, _signed(body, secret).encode()):
        raise Forged("the signature does not fit the body")
    return orjson.loads(body)


def _signed(body: bytes, secret: str) -> str:
    return PREFIX + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()

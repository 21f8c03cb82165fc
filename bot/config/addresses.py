"""Addresses on the network: a shop talks in the clear only to its own machine."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import PlainValidator, WithJsonSchema

from bot.config.literal import Wrong, shown

POST = re.compile(
    r"https://(?:(?:www|mobile|m)\.)?(?:x|twitter)\.com/([A-Za-z0-9_]{1,15}|i/web)/status/([1-9][0-9]{0,19})"
    r"(?:/(?:photo|video)/[0-9]{1,2})?/?(?:\?[^\s#]*)?(?:#\S*)?"
)
"""As browsers, phones and "copy link" write it: account, then id. Also read by editors, so nothing of Python's own."""
NO_ACCOUNT = frozenset({"i", "i/web"})
"""What stands in an address of a post that does not say whose it is."""
SQLITE = "sqlite:///"


def split(value: object) -> SplitResult:
    """The parts of an http(s) address. Raises Wrong for anything else, and for a name and password inside it."""
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)} is not an address")
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise Wrong(f"{shown(value)} is not an address") from None
    if parts.scheme not in ("http", "https") or not named or re.search(r"[\s\x00-\x1f]", value):
        raise Wrong(f"{shown(value)} is not an address that begins with https://")
    if parts.username or parts.password:
        raise Wrong("it holds a user name or password", remedy="write the address without what stands before @")
    return parts


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(host: str) -> bool:
    """False for this machine, private networks and the metadata address 169.254.169.254. Names are not resolved."""
    if is_loopback(host):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return True


def web(value: object) -> str:
    split(value)
    return str(value)


def service(value: object) -> str:
    """An address that carries secrets: https, or http on this machine. No slash at its end, no query."""
    parts = split(value)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        encrypted = "https" + str(value).removeprefix("http")
        raise Wrong(f"{shown(value)} is not encrypted", example=f'"{encrypted}"')
    if parts.query or parts.fragment:
        raise Wrong(f"{shown(value)} has more than a host and a path", remedy="write it without ? and #")
    return str(value).rstrip("/")


def picture(value: str) -> str:
    """A picture elsewhere. Refuses http and hosts that only this machine or its network can reach."""
    parts = split(value)
    if parts.scheme != "https":
        raise Wrong(f"{shown(value)} is not encrypted", example=f'"https{value.removeprefix("http")}"')
    if not is_public(parts.hostname or ""):
        raise Wrong(f"{shown(value)} is not a public address")
    return value


def post(value: object) -> str:
    if isinstance(value, str) and POST.fullmatch(value):
        return value
    meant = _meant(str(value).strip()) if isinstance(value, str | int) else None
    raise Wrong(
        f"{shown(value)} is not the address of a post on X",
        example=f'"{meant}"' if meant else '"https://x.com/atelier_lumiere/status/1234567890"',
    )


def _meant(text: str) -> str | None:
    """An address without its https://, or the bare id of a post."""
    bare = re.sub(r"^(?:https?:)?//", "", text)
    guesses = (f"https://{bare}", f"https://x.com/i/status/{bare}")
    return next((guess for guess in guesses if POST.fullmatch(guess)), None)


def post_id(address: str) -> str:
    """https://x.com/a/status/123?s=20 -> "123", the key under which X speaks of the post."""
    return _post_parts(address)[2]


def post_account(address: str) -> str | None:
    """https://x.com/a/status/123 -> "a"; None where the address does not say whose post it is."""
    account = _post_parts(address)[1]
    return None if account in NO_ACCOUNT else account


def _post_parts(address: str) -> re.Match[str]:
    match = POST.fullmatch(address)
    assert match is not None, address
    return match


def database(value: object) -> str:
    if isinstance(value, str) and value.startswith(("postgresql://", "postgres://")):
        raise Wrong("PostgreSQL is not available in this version yet", example='"sqlite:///shop.db"')
    if not isinstance(value, str) or not value.startswith(SQLITE) or not value.removeprefix(SQLITE).strip("/"):
        raise Wrong(f"{shown(value)} is not a database address", example='"sqlite:///shop.db"')
    if ":memory:" in value or re.search(r"[\x00-\x1f?]", value):
        raise Wrong(f"{shown(value)} does not name a file that keeps the orders", example='"sqlite:///shop.db"')
    return value


_URL = {"type": "string", "pattern": "^https?://"}
WebAddress = Annotated[str, PlainValidator(web), WithJsonSchema(_URL)]
ServiceAddress = Annotated[str, PlainValidator(service), WithJsonSchema(_URL)]
PostAddress = Annotated[str, PlainValidator(post), WithJsonSchema({"type": "string", "pattern": f"^{POST.pattern}$"})]
DatabaseAddress = Annotated[
    str, PlainValidator(database), WithJsonSchema({"type": "string", "pattern": "^(sqlite:///|postgres(ql)?://)"})
]

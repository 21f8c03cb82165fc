"""Addresses on the network: a shop talks in the clear only to its own machine."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import PlainValidator, WithJsonSchema

from bot.config.literal import Wrong, shown

POST = re.compile(r"https://(?:x|twitter)\.com/[A-Za-z0-9_]{1,15}/status/([0-9]{1,20})")
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
    raise Wrong(
        f"{shown(value)} is not the address of a post on X",
        remedy='write "https://x.com/atelier_lumiere/status/1234567890"',
    )


def post_id(address: str) -> str:
    """https://x.com/a/status/123 -> "123", the key under which X speaks of the post."""
    return address.rsplit("/", 1)[-1]


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

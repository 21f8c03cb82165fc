"""Who asks: the shop's user, by an OAuth 1.0a signature that is verified, or the app, by its bearer token."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Literal

from oauthlib.oauth1.rfc5849 import signature

from bot.sandbox.x.account import XKeys
from bot.sandbox.x.refusals import unauthorized

Who = Literal["user", "app"]
NAMES: Mapping[Who, str] = {"user": "OAuth 1.0a User Context", "app": "OAuth 2.0 Application-Only"}


def who(keys: XKeys, method: str, url: str, query: str, authorization: str) -> Who:
    """The caller of `url` (absolute, as requested, without its query). Raises XRefusal with 401.

    A time-stamp must be there but is not compared with the clock, for the sandbox's clock may be another than that
    of the library that signs.
    """
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), keys.bearer_token.encode()):
        return "app"
    if scheme.lower() == "oauth" and _signed(keys, method, url, query, authorization):
        return "user"
    raise unauthorized()


def _signed(keys: XKeys, method: str, url: str, query: str, authorization: str) -> bool:
    try:
        params = signature.collect_parameters(
            uri_query=query, headers={"Authorization": authorization}, exclude_oauth_signature=False
        )
    except ValueError:
        return False
    sent = dict(params)
    known = (
        sent.get("oauth_consumer_key") == keys.consumer_key
        and sent.get("oauth_token") == keys.access_token
        and sent.get("oauth_signature_method") == "HMAC-SHA1"
        and sent.get("oauth_timestamp", "").isdigit()
        and bool(sent.get("oauth_nonce"))
    )
    if not known:
        return False
    asked = SimpleNamespace(
        params=[pair for pair in params if pair[0] != "oauth_signature"],
        uri=url,
        http_method=method,
        signature=sent.get("oauth_signature", ""),
    )
    return bool(signature.verify_hmac_sha1(asked, keys.consumer_secret, keys.access_token_secret))

"""What X thinks of the shop's account: its keys, its label, its webhook and its credits, and how X is told to call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.channels.x.failures import AccountRefused, NoCredits
from bot.channels.x.reading import ENCRYPTED_EVENT, MESSAGE_EVENT, POST_EVENTS
from bot.channels.x.wire import Json, XWire
from bot.errors import Permanent, Temporary

Findings = Sequence[tuple[str, str]]
WANTED_EVENTS = (*POST_EVENTS, MESSAGE_EVENT, ENCRYPTED_EVENT)
ACCESS = "read-write-directmessages"
CONSOLE = "in X's developer console"
LABEL = "automated"


async def examined(wire: XWire, account: str, webhook: str | None) -> Findings:
    """(what is wrong, its remedy) of keys, permissions, label, bio, private messages, webhook and credits."""
    try:
        answer = await wire.raw(
            "GET", "/2/users/me?user.fields=description,protected,receives_your_dm,affiliation&expansions=affiliation"
        )
        me: Json = answer.json().get("data") or {}
    except NoCredits as error:
        return [(str(error), f"buy credits {CONSOLE}, and switch automatic recharge on")]
    except (Temporary, Permanent, ValueError) as error:
        return [(str(error), _remedy(error))]
    found = list(_of_account(me, account))
    level = answer.headers.get("x-access-level")
    if level is not None and level != ACCESS:
        remedy = f"set “Read and write and Direct message” {CONSOLE}, then make the access token anew"
        found.append((f"the access token may only {level}", remedy))
    found += await _of_webhook(wire, webhook)
    found += await _of_credits(wire)
    return found


def _remedy(error: Exception) -> str:
    if isinstance(error, AccountRefused) or "refuses the keys" in str(error):
        return f"set the four X keys anew; they are {CONSOLE} under Keys and tokens"
    return "look at channels.x.api_base and at the network, and ask again later"


def _of_account(me: Json, account: str) -> Findings:
    found: list[tuple[str, str]] = []
    name = str(me.get("username", ""))
    if name.lower() != account.lower():
        found.append((f"the keys belong to @{name}", f"set channels.x.account, or make keys for @{account}"))
    label = str((me.get("affiliation") or {}).get("description") or "")
    if LABEL not in label.lower():
        remedy = "at X: Settings, Your account, Account information, Automation; name the account that runs it"
        found.append(("the account does not carry the Automated label that X asks of it", remedy))
    if not str(me.get("description") or "").strip():
        found.append(("the account's bio is empty", "say in it that the shop answers by itself and who runs it"))
    if me.get("protected"):
        found.append(("the account's posts are protected", "make them public: nobody sees its replies otherwise"))
    if me.get("receives_your_dm") is False:
        remedy = "at X: Settings, Privacy and safety, Direct messages: allow message requests from everyone"
        found.append(("strangers cannot send the account private messages", remedy))
    return found


async def _of_webhook(wire: XWire, webhook: str | None) -> Findings:
    if webhook is None:
        return []
    try:
        known = await _webhooks(wire)
        asked = await _subscriptions(wire)
    except (Temporary, Permanent) as error:
        return [(f"the webhooks cannot be looked at: {error}", "set X_BEARER_TOKEN")]
    ours = next((it for it in known if it.get("url") == webhook), None)
    if ours is None:
        return [(f"X does not know the webhook {webhook}", "run `comptoir webhooks register` while the shop runs")]
    if not ours.get("valid"):
        return [("X has found the webhook invalid", "start the shop, then run `comptoir webhooks register`")]
    here, user = str(ours.get("id")), wire.keys.user_id
    events = {str(it.get("event_type")) for it in asked if _comes_here(it, here, user)}
    missing = [event for event in WANTED_EVENTS if event not in events]
    if missing:
        return [(f"X is not asked for {', '.join(missing)}", "run `comptoir webhooks register`")]
    return []


async def _of_credits(wire: XWire) -> Findings:
    """How much is left is shown in the console only; a question that costs nothing tells when there is none."""
    if wire.keys.bearer_token is None:
        return []
    try:
        await wire.json("GET", "/2/usage/tweets", bearer=True)
    except NoCredits as error:
        return [(str(error), f"buy credits {CONSOLE}, and switch automatic recharge on")]
    except (Temporary, Permanent) as error:
        return [(f"the usage cannot be looked at: {error}", "set X_BEARER_TOKEN")]
    return []


async def registered(wire: XWire, webhook: str) -> list[str]:
    """Make X call `webhook` for every event the shop needs; -> what was done. Raises Temporary or Permanent.

    What exists is kept: X is asked to validate it anew, and only missing subscriptions are made.
    """
    known = next((it for it in await _webhooks(wire) if it.get("url") == webhook), None)
    if known is None:
        try:
            made = await wire.json("POST", "/2/webhooks", json={"url": webhook}, bearer=True)
        except Permanent as error:
            text = (
                f"X does not take {webhook}: it must be https without a port and answer while the shop runs ({error})"
            )
            raise Permanent(text) from error
        known, done = made["data"], [f"webhook {webhook} made"]
    else:
        await wire.json("PUT", f"/2/webhooks/{known['id']}", bearer=True)
        done = [f"webhook {webhook} validated"]
    user = wire.keys.user_id
    asked = {str(it.get("event_type")) for it in await _subscriptions(wire) if _comes_here(it, str(known["id"]), user)}
    for event in WANTED_EVENTS:
        if event in asked:
            continue
        body = {"event_type": event, "filter": {"user_id": user}, "webhook_id": str(known["id"]), "tag": "comptoir"}
        await wire.json("POST", "/2/activity/subscriptions", json=body)
        done.append(f"{event} asked for")
    return done


def _comes_here(subscription: dict[str, Any], webhook: str, user: str) -> bool:
    wanted = subscription.get("filter") or {}
    return str(subscription.get("webhook_id")) == webhook and str(wanted.get("user_id")) == user


async def _webhooks(wire: XWire) -> Sequence[dict[str, Any]]:
    return (await wire.json("GET", "/2/webhooks", bearer=True)).get("data") or []


async def _subscriptions(wire: XWire) -> Sequence[dict[str, Any]]:
    data = (await wire.json("GET", "/2/activity/subscriptions", params={"max_results": "1000"})).get("data") or []
    return data if isinstance(data, list) else data.get("subscriptions") or []

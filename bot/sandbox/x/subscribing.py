"""The API of webhooks and of the Activity API's subscriptions.

Reasons of refusals after "Webhooks, quickstart". Events that only those concerned may see need the user's own keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.sandbox.wire import Json, on_this_machine
from bot.sandbox.x.asking import Body, Call, Check, choice, ids, number, page_token, token_for
from bot.sandbox.x.calling import Subscription, Webhook
from bot.sandbox.x.ids import iso
from bot.sandbox.x.refusals import XRefusal, forbidden, invalid, not_found
from bot.sandbox.x.state import XState

MOST_WEBHOOKS = 5
MOST_SUBSCRIPTIONS = 1_500
PAGE = 1_000
PUBLIC = frozenset(
    """post.create post.delete broadcast.start broadcast.end follow.follow follow.unfollow news.new spaces.start
    spaces.end profile.update.bio profile.update.profile_picture profile.update.banner_picture
    profile.update.screenname profile.update.geo profile.update.url profile.update.verified_badge
    profile.update.affiliate_badge profile.update.handle""".split()
)
PRIVATE = frozenset(
    """broadcast.chat chat.received chat.sent chat.conversation.join chat.conversation_join
    chat.conversation.member_added chat.conversation.member_removed chat.conversation.admin_added
    chat.conversation.admin_removed chat.update.group_name chat.update.restrictions dm.sent dm.received
    dm.indicate_typing dm.read post.mention.create post.reply.create post.quote.create post.repost.create like.create
    mute.mute mute.unmute block.block block.unblock""".split()
)
WEBHOOK_FIELDS: Mapping[str, Check] = {"webhook_config.fields": choice("created_at", "id", "url", "valid")}
LISTING: Mapping[str, Check] = {"max_results": number(1, 1_000), "pagination_token": page_token}
BY_IDS: Mapping[str, Check] = {"ids": ids(100)}


class Address(Body):
    """Where X shall call."""

    url: str = Field(min_length=1, max_length=200)


class Filter(Body):
    """Whose events."""

    user_id: Annotated[str, Field(pattern=r"^[0-9]{1,19}$")] | None = None
    keyword: str | None = None
    direction: str | None = None


class Wish(Body):
    """A new subscription."""

    event_type: str
    filter: Filter
    tag: str | None = Field(default=None, min_length=1, max_length=200)
    webhook_id: Annotated[str, Field(pattern=r"^[0-9]{1,19}$")] | None = None


class Change(Body):
    """What of a subscription can be changed."""

    tag: str | None = Field(default=None, min_length=1, max_length=200)
    webhook_id: Annotated[str, Field(pattern=r"^[0-9]{1,19}$")] | None = None


async def webhooks(state: XState, _call: Call) -> Json:
    """GET /2/webhooks."""
    shown = [_webhook(it) for it in state.callbacks.webhooks.values()]
    return {"data": shown, "meta": {"result_count": len(shown)}}


async def create_webhook(state: XState, call: Call) -> Json:
    """POST /2/webhooks: kept where its challenge is answered. X asks for https without a port, the sandbox for an
    address of this machine, for it speaks to no other."""
    known = state.callbacks.webhooks
    url = call.read(Address).url
    if not on_this_machine(url):
        raise _failed("UrlValidationFailed", "url", url)
    if any(it.url == url for it in known.values()):
        raise _failed("DuplicateUrlFailed", "url", url)
    if len(known) >= MOST_WEBHOOKS:
        raise _failed("WebhookLimitExceeded", "url", url)
    webhook = Webhook(state.ids.next(), url, state.now())
    if not await state.callbacks.prove(webhook):
        raise _failed("CrcValidationFailed", "url", url)
    known[webhook.id] = webhook
    return {"data": _webhook(webhook)}


async def prove_webhook(state: XState, call: Call) -> Json:
    """PUT /2/webhooks/:webhook_id: a new challenge."""
    webhook = _known(state, call)
    if not await state.callbacks.prove(webhook):
        raise _failed("CrcValidationFailed", "webhook_id", str(webhook.id))
    return {"data": {"valid": webhook.valid}}


async def delete_webhook(state: XState, call: Call) -> Json:
    """DELETE /2/webhooks/:webhook_id."""
    webhook = _known(state, call)
    del state.callbacks.webhooks[webhook.id]
    return {"data": {"deleted": True}}


async def subscriptions(state: XState, call: Call) -> Json:
    """GET /2/activity/subscriptions: newest first."""
    before = call.query.get("pagination_token", 1 << 64)
    size = call.query.get("max_results", PAGE)
    known = [it for it in reversed(state.callbacks.subscriptions.values()) if it.id < before]
    page = known[:size]
    answer: Json = {"data": [_subscription(it) for it in page]}
    return {**answer, "meta": {"next_token": token_for(page[-1].id)}} if len(known) > size else answer


async def subscribe(state: XState, call: Call) -> Json:
    """POST /2/activity/subscriptions. Raises XRefusal."""
    wish = call.read(Wish)
    if wish.event_type not in PUBLIC | PRIVATE:
        raise invalid(f"$.event_type: [{wish.event_type}] is not one of the event types", {"event_type": []})
    user = _whose(state, call, wish)
    webhook = _chosen(state, wish.webhook_id)
    kind = wish.event_type.replace("conversation_join", "conversation.join")
    known = state.callbacks.subscriptions
    if any((it.event_type, it.user, it.webhook) == (kind, user, webhook) for it in known.values()):
        raise invalid("DuplicateSubscriptionFailed", {"event_type": [kind]})
    if len(known) >= MOST_SUBSCRIPTIONS:
        raise forbidden("The maximum number of subscriptions is reached.")
    made = Subscription(state.ids.next(), kind, user, state.now(), state.now(), wish.tag, webhook)
    known[made.id] = made
    return {"data": {"subscription": _subscription(made)}}


async def change(state: XState, call: Call) -> Json:
    """PUT /2/activity/subscriptions/:subscription_id: its tag or its webhook."""
    wanted = call.read(Change)
    known = _subscribed(state, call.ids["subscription_id"])
    known.tag = known.tag if wanted.tag is None else wanted.tag
    known.webhook = known.webhook if wanted.webhook_id is None else _chosen(state, wanted.webhook_id)
    known.updated = state.now()
    total = len(state.callbacks.subscriptions)
    return {"data": {"subscription": _subscription(known), "total_subscriptions": total}}


async def unsubscribe(state: XState, call: Call) -> Json:
    """DELETE /2/activity/subscriptions/:subscription_id."""
    known = _subscribed(state, call.ids["subscription_id"])
    del state.callbacks.subscriptions[known.id]
    return {"data": {"deleted": True}}


async def unsubscribe_several(state: XState, call: Call) -> Json:
    """DELETE /2/activity/subscriptions: those of `ids`, and a reason for each that is not there."""
    known = state.callbacks.subscriptions
    wanted = call.query.get("ids")
    if wanted is None:
        raise invalid("The `ids` query parameter can not be empty", {"ids": []})
    gone = [number for number in dict.fromkeys(wanted) if known.pop(number, None) is not None]
    errors = [
        {"subscription_id": str(number), "reason": "SubscriptionIdInvalid", "message": "no such subscription"}
        for number in wanted
        if number not in gone
    ]
    answer: Json = {"data": [{"subscription_id": str(number), "deleted": True} for number in gone]}
    if errors:
        answer["errors"] = errors
    return {**answer, "meta": {"total_subscriptions": len(known)}}


def _whose(state: XState, call: Call, wish: Wish) -> int:
    user = None if wish.filter.user_id is None else int(wish.filter.user_id)
    if user is None:
        raise invalid("$.filter.user_id: is missing but it is required", {"filter": []})
    if wish.event_type in PRIVATE and (call.who != "user" or user != state.shop.id):
        raise forbidden("Subscriptions for private events can only be created by the user whose events they are.")
    return user


def _chosen(state: XState, wanted: str | None) -> int | None:
    if wanted is None:
        return None
    if int(wanted) not in state.callbacks.webhooks:
        raise _failed("WebhookIdInvalid", "webhook_id", wanted)
    return int(wanted)


def _known(state: XState, call: Call) -> Webhook:
    webhook = state.callbacks.webhooks.get(call.ids["webhook_id"])
    if webhook is None:
        raise not_found("webhook", "webhook_id", str(call.ids["webhook_id"]))
    return webhook


def _subscribed(state: XState, number: int) -> Subscription:
    known = state.callbacks.subscriptions.get(number)
    if known is None:
        raise not_found("subscription", "subscription_id", str(number))
    return known


def _failed(reason: str, parameter: str, value: str) -> XRefusal:
    return invalid(reason, {parameter: [value]})


def _webhook(it: Webhook) -> Json:
    return {"id": str(it.id), "url": it.url, "valid": it.valid, "created_at": iso(it.created)}


def _subscription(it: Subscription) -> Json:
    shown: Json = {
        "subscription_id": str(it.id),
        "event_type": it.event_type,
        "filter": {"user_id": str(it.user)},
        "created_at": iso(it.created),
        "updated_at": iso(it.updated),
    }
    if it.tag is not None:
        shown["tag"] = it.tag
    if it.webhook is not None:
        shown["webhook_id"] = str(it.webhook)
    return shown

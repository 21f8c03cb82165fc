"""Pictures brought to X, and how much of X was used: the two small endpoints that belong to nothing else."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from bot.sandbox.wire import Json
from bot.sandbox.x.asking import Body, Call, Check, choice, number
from bot.sandbox.x.ids import iso
from bot.sandbox.x.refusals import invalid
from bot.sandbox.x.state import XState

MONTHLY_CAP = 3_000_000
PROJECT = "1900000000000000002"
APP = "1900000003"
READS = ("mention_read", "own_post_read", "post_read")
USAGE: Mapping[str, Check] = {
    "days": number(1, 90),
    "usage.fields": choice(
        "cap_reset_day", "daily_client_app_usage", "daily_project_usage", "project_cap", "project_id", "project_usage"
    ),
}


class Upload(Body):
    """The body of an upload: the picture in base64; of a form it is the file itself."""

    media: str | None = None
    media_category: Literal["tweet_image", "tweet_video", "tweet_gif", "dm_image", "dm_video", "dm_gif", "subtitles"]
    additional_owners: str | None = None


async def upload(state: XState, call: Call) -> Json:
    """POST /2/media/upload, as JSON or as a form. Not charged: X's price list names "Media Metadata" only."""
    asked = call.read(Upload)
    data = call.upload
    if data is None:
        try:
            data = base64.b64decode(asked.media or "", validate=True)
        except binascii.Error:
            data = b""
    if not data:
        raise invalid("$.media: is missing but it is required", {"media": []})
    return {"data": state.pictures.take(state.ids.next(), asked.media_category, data).uploaded()}


async def usage(state: XState, call: Call) -> Json:
    """GET /2/usage/tweets: posts read. The sandbox knows their sum and counts it as today's."""
    read = sum(line.count for kind, line in state.bill.lines.items() if kind in READS)
    midnight = datetime.fromtimestamp(state.now(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today = [{"date": iso(midnight.timestamp()), "usage": str(read)}]
    everything: Json = {
        "cap_reset_day": 1,
        "project_cap": str(MONTHLY_CAP),
        "project_id": PROJECT,
        "project_usage": str(read),
        "daily_project_usage": {"project_id": PROJECT, "usage": today},
        "daily_client_app_usage": [{"client_app_id": APP, "usage": today, "usage_result_count": 1}],
    }
    default = {"cap_reset_day", "project_cap", "project_id", "project_usage"}
    chosen = default | call.query.get("usage.fields", frozenset())
    return {"data": {name: value for name, value in everything.items() if name in chosen}}

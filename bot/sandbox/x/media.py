"""Pictures at X: uploaded with a purpose, named by number and by key, kept for use for a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.sandbox.telegram.pictures import dimensions
from bot.sandbox.wire import Json
from bot.sandbox.x.ids import seconds
from bot.sandbox.x.refusals import invalid

Purpose = Literal["tweet", "dm"]
MEGABYTE = 1024 * 1024
LARGEST = {"image": 5 * MEGABYTE, "gif": 15 * MEGABYTE}
"""By X's "best practices"; what one call uploads is a picture, a film goes another way."""
USABLE_SECONDS = 24 * 3600
KEPT_BYTES = 200 * MEGABYTE
"""Bytes of pictures remembered; the oldest are forgotten beyond."""
CATEGORIES: dict[str, tuple[Purpose, str]] = {
    "tweet_image": ("tweet", "image"),
    "tweet_gif": ("tweet", "gif"),
    "dm_image": ("dm", "image"),
    "dm_gif": ("dm", "gif"),
}
TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}
KEY_PREFIX = "3_"


@dataclass(frozen=True, slots=True)
class Picture:
    """An uploaded picture."""

    id: int
    purpose: Purpose
    kind: str
    content_type: str
    width: int
    height: int
    data: bytes

    @property
    def key(self) -> str:
        """Its media key."""
        return f"{KEY_PREFIX}{self.id}"

    def uploaded(self) -> Json:
        """The answer to its upload."""
        return {
            "id": str(self.id),
            "media_key": self.key,
            "size": len(self.data),
            "expires_after_secs": USABLE_SECONDS,
            "image": {"image_type": self.content_type, "w": self.width, "h": self.height},
        }

    def wire(self) -> Json:
        """Every field that X may show of it, in the words of `media.fields`."""
        return {
            "media_key": self.key,
            "type": "photo" if self.kind == "image" else "animated_gif",
            "url": f"https://pbs.twimg.com/media/{self.id}",
            "width": self.width,
            "height": self.height,
        }


class Pictures:
    """The pictures known to this X."""

    def __init__(self) -> None:
        self._known: dict[int, Picture] = {}
        self._bytes = 0

    def take(self, number: int, category: str, data: bytes) -> Picture:
        """Keep an upload under the id `number`. Raises XRefusal: no picture, too large, or for a film."""
        found = CATEGORIES.get(category)
        if found is None:
            raise invalid(f"media_category: [{category}] is not uploaded in one call", {"media_category": [category]})
        purpose, kind = found
        if len(data) > LARGEST[kind]:
            raise invalid(f"File size exceeds {LARGEST[kind]} bytes.", {"media": []})
        size = dimensions(data)
        content_type = next((it for magic, it in TYPES.items() if data.startswith(magic)), None)
        if size is None or content_type is None or (kind == "gif") > (content_type == "image/gif"):
            raise invalid("media type unrecognized.", {"media": []})
        return self.keep(Picture(number, purpose, kind, content_type, *size, data))

    def keep(self, picture: Picture) -> Picture:
        """Remember a picture."""
        self._known[picture.id] = picture
        self._bytes += len(picture.data)
        while self._bytes > KEPT_BYTES:
            self._bytes -= len(self._known.pop(next(iter(self._known))).data)
        return picture

    def get(self, number: int) -> Picture | None:
        """A picture by its number."""
        return self._known.get(number)

    def by_key(self, key: str) -> Picture | None:
        """A picture by its media key."""
        number = key.removeprefix(KEY_PREFIX)
        return self.get(int(number)) if number.isdecimal() else None

    def usable(self, media_id: str, purpose: Purpose, now: float) -> Picture | None:
        """A picture that may be attached now: known, uploaded for this purpose, and within a day."""
        picture = self.get(int(media_id))
        if picture is None or picture.purpose != purpose or now - seconds(picture.id) > USABLE_SECONDS:
            return None
        return picture

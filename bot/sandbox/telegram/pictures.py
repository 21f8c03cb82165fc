"""Pictures sent to the sandbox: kept by their content, handed out again by file id."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from bot.sandbox.telegram.params import Params, Upload
from bot.sandbox.telegram.refusals import bad_request
from bot.sandbox.wire import Json

LARGEST_PHOTO = 10 * 1024 * 1024
KEPT_BYTES = 200 * 1024 * 1024
"""Bytes of pictures remembered; the oldest are forgotten beyond."""

SIDES = (90, 320, 800, 1280)
"""The longest sides in which Telegram keeps a photo."""

_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}
_SIZED_MARKERS = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: its bytes, or only the address where a URL was sent."""

    digest: str
    width: int
    height: int
    data: bytes = b""
    url: str | None = None

    @property
    def content_type(self) -> str:
        """Told by the first bytes."""
        return next((kind for magic, kind in _TYPES.items() if self.data.startswith(magic)), "application/octet-stream")

    def sizes(self) -> list[Json]:
        """The PhotoSize objects, smallest first; the file id names picture and size."""
        longest = max(self.width, self.height)
        sides = [side for side in SIDES if side < longest] + [min(longest, SIDES[-1])]
        return [
            {
                "file_id": f"AgACAgQAAxk{number}{self.digest}",
                "file_unique_id": f"AQAD{number}{self.digest[:12]}",
                "width": max(1, self.width * side // longest),
                "height": max(1, self.height * side // longest),
                "file_size": max(1, len(self.data) * side * side // (longest * longest)),
            }
            for number, side in enumerate(dict.fromkeys(sides))
        ]


class Pictures:
    """The pictures known to this Telegram."""

    def __init__(self) -> None:
        self._known: dict[str, Picture] = {}
        self._bytes = 0

    def of(self, file_id: str) -> Picture | None:
        """A picture by the id of any of its sizes."""
        return self._known.get(file_id[12:]) if file_id.startswith("AgACAgQAAxk") else None

    def at(self, path: str) -> Picture | None:
        """A picture by the path that getFile gave."""
        return self._known.get(path.removeprefix("photos/").partition(".")[0])

    def sent(self, params: Params, value: str | None, field: str = "photo") -> Picture:
        """The picture of a call: an upload, `attach://name`, a file id or an address. Raises Refused."""
        upload = params.uploads.get(field) if value is None else None
        if value is not None and value.startswith("attach://"):
            upload = params.uploads.get(value.removeprefix("attach://"))
            if upload is None:
                raise bad_request("file must be non-empty")
        if upload is not None:
            return self._uploaded(upload)
        if not value:
            raise bad_request("there is no photo in the request")
        if value.startswith(("https://", "http://")):
            return self._keep(Picture(_digest(value.encode()), 1280, 960, url=value))
        known = self.of(value)
        if known is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return known

    def _uploaded(self, upload: Upload) -> Picture:
        if not upload.data:
            raise bad_request("file must be non-empty")
        if len(upload.data) > LARGEST_PHOTO:
            raise bad_request("file is too big")
        digest = _digest(upload.data)
        if digest in self._known:
            return self._known[digest]
        size = dimensions(upload.data)
        if size is None:
            raise bad_request("IMAGE_PROCESS_FAILED")
        width, height = size
        if width + height > 10_000 or max(size) > 20 * min(size):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        return self._keep(Picture(digest, width, height, upload.data))

    def _keep(self, picture: Picture) -> Picture:
        if picture.digest not in self._known:
            self._known[picture.digest] = picture
            self._bytes += len(picture.data)
            while self._bytes > KEPT_BYTES:
                self._bytes -= len(self._known.pop(next(iter(self._known))).data)
        return picture


def dimensions(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, JPEG, GIF or WebP; None for what is none of them or is cut short."""
    try:
        size = _dimensions(data)
    except (struct.error, IndexError):
        return None
    return size if size and min(size) > 0 else None


def _dimensions(data: bytes) -> tuple[int, int] | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = struct.unpack_from(">II", data, 16)
        return width, height
    if data.startswith(b"GIF8"):
        width, height = struct.unpack_from("<HH", data, 6)
        return width, height
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in _SIZED_MARKERS:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 1 if marker == 0xFF else 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    match data[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
    return None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:40]

"""A product's picture: a small file that cannot lie outside the shop's folder, or a public https address."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from bot.config import addresses
from bot.config.literal import Wrong, shown

LARGEST_BYTES = 5 * 1024 * 1024
"""Telegram fetches a photo by address up to 5 MB: https://core.telegram.org/bots/api#sending-files."""
BEGINNINGS = {
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".webp": (b"RIFF",),
}


def inside(folder: Path, name: str) -> Path:
    """The file of that name in the folder. Raises Wrong where it is missing or, links followed, lies elsewhere."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or (len(name) > 1 and name[1] == ":"):
        raise Wrong(f"{shown(name)} does not lie beside bot.toml", example=f'"images/{_last(name)}"')
    home = folder.resolve()
    try:
        found = (home / path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        raise Wrong(f"there is no file {shown(name)}", remedy=f"put the picture at {name} beside bot.toml") from None
    if not found.is_relative_to(home):
        raise Wrong(f"{shown(name)} leads outside the folder of bot.toml", example=f'"images/{_last(name)}"')
    return found


def _last(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def _check_content(found: Path, name: str) -> None:
    beginnings = BEGINNINGS.get(found.suffix.lower())
    if beginnings is None:
        raise Wrong(f"{shown(name)} is not a .jpg, .png or .webp file", remedy="save the picture as .jpg")
    if not found.is_file():
        raise Wrong(f"{shown(name)} is not a file", remedy="name a .jpg, .png or .webp file")
    try:
        size = found.stat().st_size
        with found.open("rb") as file:
            beginning = file.read(12)
    except OSError:
        raise Wrong(f"{shown(name)} cannot be read", remedy="let the shop read that file") from None
    if size > LARGEST_BYTES:
        raise Wrong(f"{shown(name)} has {size / 1024 / 1024:.1f} MB, 5 is the most", remedy="make the picture smaller")
    if not beginning.startswith(beginnings):
        raise Wrong(f"{shown(name)} does not hold what its name says", remedy="save the picture again as .jpg")


def picture(value: object, info: ValidationInfo) -> str:
    """An absolute path or an https address. Without a folder in the context (a schema) the name is kept as written."""
    if not isinstance(value, str) or not value.strip():
        raise Wrong(f"{shown(value)} is not the name of a picture")
    if "://" in value or value.startswith("//"):
        return addresses.picture(value)
    folder = info.context.get("folder") if info.context else None
    if folder is None:
        return value
    found = inside(folder, value)
    _check_content(found, value)
    return str(found)


Picture = Annotated[str, PlainValidator(picture), WithJsonSchema({"type": "string", "minLength": 1})]

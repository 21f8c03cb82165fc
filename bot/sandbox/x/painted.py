"""A picture nobody had to take: what a person sends who "sends a picture"."""

from __future__ import annotations

import struct
import zlib

SIDE = 64
COLOUR = bytes((217, 122, 67))


def picture() -> bytes:
    """A small PNG of one colour."""
    rows = (b"\x00" + COLOUR * SIDE) * SIDE
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )

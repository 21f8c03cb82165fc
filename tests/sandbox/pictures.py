"""Small real pictures."""

from __future__ import annotations

import io

import pytest


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 480)) -> bytes:
    """A picture of one colour in that format."""
    image = pytest.importorskip("PIL.Image")
    held = io.BytesIO()
    image.new("RGB", size, (40, 70, 180)).save(held, kind)
    return held.getvalue()

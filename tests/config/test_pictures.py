"""A picture lies in the shop's folder or at a public https address, whatever the file says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.config.pictures import LARGEST_BYTES
from tests.config.shop import SOUND, opened, refused

JPEG = b"\xff\xd8\xff\xe0 a picture"


def with_image(image: str) -> str:
    return SOUND.replace("stock = 25", f"image = '{image}'")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop's folder with pictures, and a file outside of it."""
    home = tmp_path / "shop"
    (home / "images").mkdir(parents=True)
    (home / "images/mug.jpg").write_bytes(JPEG)
    (home / "images/mug.png").write_bytes(b"\x89PNG\r\n\x1a\n...")
    (home / "images/mug.webp").write_bytes(b"RIFF....WEBP")
    (home / "images/lie.jpg").write_bytes(b"<svg onload=alert(1)>")
    (home / "images/mug.svg").write_bytes(b"<svg/>")
    (home / "images/folder.jpg").mkdir()
    with (home / "images/big.jpg").open("wb") as file:
        file.write(JPEG)
        file.truncate(LARGEST_BYTES + 1)
    (tmp_path / "outside.jpg").write_bytes(JPEG)
    (home / "images/link.jpg").symlink_to(tmp_path / "outside.jpg")
    (home / "images/inner.jpg").symlink_to(home / "images/mug.jpg")
    (home / "up").symlink_to(tmp_path)
    os.mkfifo(home / "images/pipe.jpg")
    return home


@pytest.mark.parametrize("name", ["mug.jpg", "mug.png", "mug.webp", "inner.jpg"])
def test_a_picture_in_the_folder_is_kept_by_its_absolute_path(folder: Path, name: str) -> None:
    product = opened(folder, with_image(f"images/{name}")).catalogue.product("mug")
    assert product is not None
    assert product.image == str((folder / "images" / name).resolve())


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ("../outside.jpg", "does not lie beside bot.toml"),
        ("images/../../outside.jpg", "does not lie beside bot.toml"),
        ("/etc/passwd", "does not lie beside bot.toml"),
        (r"images\mug.jpg", "does not lie beside bot.toml"),
        (r"C:\mug.jpg", "does not lie beside bot.toml"),
        ("images/link.jpg", "leads outside the folder"),
        ("up/outside.jpg", "leads outside the folder"),
        ("images/none.jpg", "there is no file"),
        ("images/" + "x" * 5000 + ".jpg", "there is no file"),
        ("images/mug.svg", "is not a .jpg, .png or .webp"),
        ("images/lie.jpg", "does not hold what its name says"),
        ("images/folder.jpg", "is not a file"),
        ("images/pipe.jpg", "is not a file"),
        ("images/big.jpg", "5 is the most"),
        ("http://example.com/mug.jpg", "is not encrypted"),
        ("file:///etc/passwd", "begins with https://"),
        ("//example.com/mug.jpg", "begins with https://"),
        ("https://127.0.0.1/mug.jpg", "is not a public address"),
        ("https://169.254.169.254/latest", "is not a public address"),
        ("https://[::1]/mug.jpg", "is not a public address"),
        ("https://10.0.0.1/mug.jpg", "is not a public address"),
        ("https://localhost/mug.jpg", "is not a public address"),
        ("https://u:p@example.com/mug.jpg", "user name or password"),
        ("", "not the name of a picture"),
    ],
)
def test_any_other_picture_is_refused(folder: Path, image: str, sentence: str) -> None:
    """F123"""
    (problem,) = refused(folder, with_image(image))
    assert problem.key == "products[1].image"
    assert sentence in problem.wrong


def test_a_public_https_picture_is_kept_as_it_is(folder: Path) -> None:
    product = opened(folder, with_image("https://example.com/mug.jpg")).catalogue.product("mug")
    assert product is not None
    assert product.image == "https://example.com/mug.jpg"

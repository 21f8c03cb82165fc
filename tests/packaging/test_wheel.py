"""The wheel holds all that the command needs, wherever it is started from."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def started(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command from the wheel alone, started from `/`."""
    environment = {"PYTHONPATH": str(site), "PATH": os.environ["PATH"]}
    program = "import sys; sys.path.insert(0, sys.argv.pop(1)); from bot.start import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, str(site), *arguments],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_holds_both_packages_and_the_templates(unpacked: Path) -> None:
    assert (unpacked / "bot" / "_templates" / "fr" / "thanks.j2").exists()
    assert (unpacked / "bot" / "_templates" / "web" / "order.html").exists()
    assert (unpacked / "bot" / "domain" / "understanding" / "words" / "fr.toml").exists()
    assert (unpacked / "storage" / "sqlite.py").exists()
    assert not (unpacked / "tests").exists()


def test_it_finds_its_own_templates_from_anywhere(unpacked: Path) -> None:
    found = started(unpacked, "--version")
    assert found.returncode == 0, found.stderr
    program = "from bot.rendering import templates_folder; print(templates_folder())"
    environment = {"PYTHONPATH": str(unpacked), "PATH": os.environ["PATH"]}
    where = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(unpacked)!r}); {program}"],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert where.stdout.strip() == str(unpacked / "bot" / "_templates")


def test_it_opens_a_new_shop_that_is_without_fault(unpacked: Path, tmp_path: Path) -> None:
    assert started(unpacked, "init", str(tmp_path / "shop")).returncode == 0
    checked = started(unpacked, "-c", str(tmp_path / "shop" / "bot.toml"), "check")
    assert checked.returncode == 0, checked.stderr


def test_the_editable_install_finds_them_too() -> None:
    found = subprocess.run(
        [str(Path(sys.executable).with_name("comptoir")), "-c", str(ROOT / "bot.toml"), "check", "--json"],
        cwd="/",
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.returncode == 0, found.stderr

"""What is installed is what was looked at: every package at one version, known by its hashes, from nowhere in
particular."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("requirements.txt", "requirements-dev.txt")
PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[0-9][A-Za-z0-9.+!-]*)(?:\s*;\s*(?P<marker>.+))?"
)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def entries(text: str) -> list[str]:
    """Each requirement with its hashes, as one line."""
    joined = text.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def faults(text: str) -> list[str]:
    """The entries that are not pinned to one version by at least one hash."""
    found = []
    for entry in entries(text):
        requirement, *hashes = re.split(r"\s+(?=--hash=)", entry)
        if PINNED.fullmatch(requirement) is None or not hashes or not all(HASH.fullmatch(one) for one in hashes):
            found.append(entry[:80])
    return found


@pytest.mark.parametrize("file", FILES)
def test_every_package_is_pinned_by_its_hashes(file: str) -> None:
    """F125"""
    text = (ROOT / file).read_text(encoding="utf-8")
    assert len(entries(text)) > 20
    assert faults(text) == []


@pytest.mark.parametrize("file", [*FILES, "build.in", "pyproject.toml", "Makefile", ".ci/run"])
def test_no_file_names_where_packages_come_from(file: str) -> None:
    """F125: no index, no repository, no address of a package; who installs decides whom they trust."""
    text = (ROOT / file).read_text(encoding="utf-8")
    options = r"--(?:extra-)?index-url|--find-links|--trusted-host|(?m:^\s*-i\s)|(?m:^\s*-f\s)"
    assert re.findall(rf"(?<!no-emit-)(?:{options})", text.replace("--no-emit-index-url", "")) == []
    assert re.findall(r"(?i)\S*(?:pypi\.org|pythonhosted|simple/)\S*|git\+\S+| @ https?://\S+", text) == []


def test_both_files_agree_on_what_the_shop_runs_with() -> None:
    """F125: what is tested is what is installed."""
    run, dev = (
        {
            m["name"]: m["version"]
            for entry in entries((ROOT / file).read_text(encoding="utf-8"))
            if (m := PINNED.match(entry))
        }
        for file in FILES
    )
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}


def test_every_dependency_that_is_declared_is_pinned() -> None:
    """F125"""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {
        entry.split("==")[0].lower() for entry in entries((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    }
    declared = {re.split(r"[<>=!;\[ ]", line, maxsplit=1)[0].lower() for line in project["dependencies"]}
    assert declared - pinned == set()


@pytest.mark.parametrize(
    "line",
    [
        "stripe>=16.1",
        "stripe==16.1.0",
        "stripe==16.* --hash=sha256:" + "a" * 64,
        "stripe==16.1.0 --hash=md5:" + "a" * 32,
        "stripe @ https://example.com/stripe.whl --hash=sha256:" + "a" * 64,
        "-e .",
    ],
)
def test_what_is_not_pinned_is_found(line: str) -> None:
    """The negative control."""
    assert faults(line) == [line[:80]]
    assert faults("stripe==16.1.0 \\\n    --hash=sha256:" + "a" * 64) == []

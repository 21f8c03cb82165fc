"""A real Chromium and a running demo, shared by the tests that drive them."""

from __future__ import annotations

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
START_SECONDS = 60.0
PATIENCE = 10_000
"""Milliseconds for which a test waits for what must come."""

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's own browser: skipped with its reason where none is installed, but never in CI.

    It ends with its module: Playwright keeps an event loop running in this thread, and no async test runs beside one.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        reason = f"none of {', '.join(BROWSERS)} is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo_url() -> Iterator[str]:
    """The address of `comptoir demo`, started as its own process on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process.stdout, lines))
    reader.start()
    try:
        yield _address(lines)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        process.stdout.close()


def _read(stream: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    """All of it, also after the address: a full pipe would stop the demo."""
    for line in stream:
        lines.put(line)
    lines.put(None)


def _address(lines: queue.SimpleQueue[str | None]) -> str:
    said: list[str] = []
    while True:
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            pytest.fail(f"the demo named no address within {START_SECONDS:.0f} s: {''.join(said)}")
        if line is None:
            pytest.fail(f"the demo ended: {''.join(said)}")
        if found := ADDRESS.search(line):
            return found[0]
        said.append(line)


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Page]:
    """One tab for all visitors of a module: a new process for each would cost as much as what they do in it."""
    context = chromium.new_context(locale="fr-FR", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Page) -> Iterator[Page]:
    """A fresh French-speaking visitor at a desk, whose browser reports no error and keeps nothing."""
    tab.set_viewport_size({"width": 1440, "height": 900})
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    tab.on("pageerror", note)
    yield tab
    tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    tab.goto("about:blank")
    tab.context.clear_cookies()
    tab.remove_listener("pageerror", note)
    assert errors == []

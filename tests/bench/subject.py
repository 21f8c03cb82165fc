"""What is measured, as a process: the installed command with a shop of a given size, or the echo."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.process.world import TOKEN, installed

SECRET = "whsec_bench"
THINGS = ("mug", "plate", "bowl", "teapot", "candle", "scarf", "poster", "notebook", "lamp", "tray")
COLOURS = ("blue", "black", "white", "green", "terracotta", "grey")
SYLLABLES = ("ba", "ko", "lu", "mi", "ne", "po", "ra", "su", "ti", "vo", "za", "fe", "gi", "ja", "de", "ho")


def product(number: int) -> tuple[str, str]:
    """(sku, name); every name is its own: "Blue mug Baneko"."""
    thing, colour, series = THINGS[number % 10], COLOURS[number // 10 % 6], number // 60
    name = "".join(SYLLABLES[series // 16**place % 16] for place in range(4))
    return f"p{number}", f"{colour.title()} {thing} {name.title()}"


def shop(folder: Path, sandbox: str, port: int, products: int) -> Path:
    head = f'''[shop]
name = "Bench"
currency = "EUR"
locale = "en"
support = "bench@example.com"
[channels.telegram]
api_base = "{sandbox}/telegram"
poll_timeout = "10s"
messages_per_second = 1000000
messages_per_chat_per_second = 1000000
[payments.stripe]
api_base = "{sandbox}/stripe"
[web]
port = {port}
public_url = "http://127.0.0.1:{port}"
'''
    rows = [
        f'[[products]]\nsku = "{sku}"\nname = "{name}"\nprice = {10 + i % 40}.50\nkeywords = ["{THINGS[i % 10]}"]\n'
        for i in range(products)
        for sku, name in (product(i),)
    ]
    path = folder / "bot.toml"
    path.write_text(head + "\n".join(rows), encoding="utf-8")
    return path


@contextlib.contextmanager
def comptoir(sandbox: str, port: int, products: int) -> Iterator[float]:
    """The shop, running; yields the moment at which it was started."""
    with tempfile.TemporaryDirectory(prefix="comptoir-bench-") as folder:
        config = shop(Path(folder), sandbox, port, products)
        secrets = {"STRIPE_API_KEY": "rk_test_bench", "STRIPE_WEBHOOK_SECRET": SECRET}
        with _process([*installed(), "-c", str(config), "run"], secrets) as begun:
            yield begun


@contextlib.contextmanager
def echo(sandbox: str) -> Iterator[float]:
    with _process(
        [sys.executable, str(Path(__file__).with_name("echo.py"))], {"TELEGRAM_BASE": f"{sandbox}/telegram"}
    ) as begun:
        yield begun


@contextlib.contextmanager
def _process(command: Sequence[str], more: Mapping[str, str]) -> Iterator[float]:
    environment = {**os.environ, "TELEGRAM_BOT_TOKEN": TOKEN, **more}
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield begun
    finally:
        process.terminate()
        try:
            process.wait(timeout=12)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

"""The commands that read and talk, as a person types them.

What is typed into a command goes to the true executable; one that asks for nothing is forked, which is the same code.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.process.starts import forked, installed

ROOT = Path(__file__).parents[2]
SURROUNDINGS = {"LANG": "C.UTF-8"}
PATIENCE = 60.0
Comptoir = Callable[..., subprocess.CompletedProcess[str]]


def told(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The true executable, with `text` typed into it."""
    return subprocess.run(
        [*installed(), "-c", str(ROOT / "bot.toml"), *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd="/",
        env={"PATH": os.environ["PATH"], **SURROUNDINGS},
    )


@pytest.fixture
def comptoir(tmp_path: Path) -> Comptoir:
    def typed(*arguments: str, config: Path = ROOT / "bot.toml") -> subprocess.CompletedProcess[str]:
        words, out, log = ["-c", str(config), *arguments], tmp_path / "command.out", tmp_path / "command.log"
        for file in (out, log):
            file.write_bytes(b"")
        code = forked(words, SURROUNDINGS, log, out).wait(PATIENCE)
        return subprocess.CompletedProcess(words, code, out.read_text("utf-8"), log.read_text("utf-8"))

    return typed


def test_understand_answers_line_by_line_with_the_promised_keys() -> None:
    found = told("je voudrais deux mugs bleus\nbonjour\n\n", "understand")
    assert found.returncode == 0, found.stderr
    first, second, third = map(json.loads, found.stdout.splitlines())
    assert list(first) == ["text", "language", "intent", "lines", "candidates", "missing", "about"]
    assert (first["intent"], first["lines"]) == ("buy", [{"sku": "mug-bleu", "quantity": 2}])
    assert (second["intent"], third["intent"]) == ("greet", "unknown")


def test_understand_survives_what_is_no_text() -> None:
    found = subprocess.run(
        [*installed(), "-c", str(ROOT / "bot.toml"), "understand"],
        input=b"\xff\xfe\x00 mug\n\xed\xa0\x80\n" + "buу a mug\n".encode() + b"{" * 5000 + b"\n",
        capture_output=True,
        timeout=60,
    )
    assert found.returncode == 0, found.stderr
    assert len(found.stdout.splitlines()) == 4


def test_chat_holds_a_conversation() -> None:
    found = told("bonjour\ncombien coûte la théière ?\nj'en prends deux\nannuler\n", "chat")
    assert found.returncode == 0, found.stderr
    assert "Bienvenue" in found.stdout
    assert "64,00" in found.stdout
    assert "2 × Théière" in found.stdout


def test_products_are_listed_for_people_and_for_programs(comptoir: Comptoir) -> None:
    rows = json.loads(comptoir("products", "list", "--json").stdout)
    assert next(row["unit_minor"] for row in rows if row["sku"] == "mug-bleu") == 1800
    assert "mug-bleu" in comptoir("products", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("orders", "list"), 1, "start the shop first"),
        (("orders", "show", "C-AAAAA"), 1, "start the shop first"),
        (("run",), 78, "TELEGRAM_BOT_TOKEN"),
        (("demo", "--port", "99999"), 2, "65535"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_a_refusal_is_a_sentence_and_a_code(
    comptoir: Comptoir, tmp_path: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    shop = tmp_path / "bot.toml"
    shop.write_text((ROOT / "bot/config/starter/bot.toml").read_text())
    found = comptoir(*arguments, config=shop)
    assert found.returncode == code, found.stderr
    assert sentence in found.stderr
    assert "Traceback" not in found.stderr


def test_check_finds_a_template_that_speaks_of_what_is_not_there(comptoir: Comptoir, tmp_path: Path) -> None:
    """F111"""
    (tmp_path / "bot.toml").write_text((ROOT / "bot/config/starter/bot.toml").read_text())
    (tmp_path / "templates" / "fr").mkdir(parents=True)
    (tmp_path / "templates" / "fr" / "welcome.j2").write_text("Bonjour {{ shopp }}")
    found = comptoir("check", config=tmp_path / "bot.toml")
    assert found.returncode == 78
    assert "templates/fr/welcome.j2" in found.stderr
    assert "shopp" in found.stderr


def test_a_port_that_is_taken_is_named_as_it_was_asked_for(comptoir: Comptoir) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = comptoir("demo", "--port", str(taken.getsockname()[1]))
    assert found.returncode == 78
    assert "--port" in found.stderr

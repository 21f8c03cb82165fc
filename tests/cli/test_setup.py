"""check, schema and init as a merchant calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli import setup
from bot.config import Problem, Settings, load, schema_text
from bot.config.secrets import NAMES
from tests.config.shop import SECRETS, SOUND


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "PORT"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "bot.toml"
    path.write_text(SOUND, encoding="utf-8")
    return path


def test_a_sound_shop_passes_without_secrets(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.check(config) == 0
    out, err = capsys.readouterr()
    assert "no faults" in out
    assert "warning: environment: STRIPE_API_KEY: it is not set" in err


def test_faults_go_to_stderr_each_on_one_line_and_the_exit_is_78(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """F107"""
    config.write_text(SOUND.replace('"EUR"', '"eur"').replace("18.00", '"19,99"'))
    assert setup.check(config) == 78
    out, err = capsys.readouterr()
    assert out == ""
    first, second, summary = err.splitlines()
    assert first == f'{config}:3: shop.currency: "eur" is not in upper case -> write currency = "EUR"'
    assert second.endswith("-> write price = 19.99")
    assert summary.endswith("2 faults")


def test_json_is_for_programs(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(SOUND.replace('"EUR"', '"eur"'))
    assert setup.check(config, as_json=True) == 78
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == ""
    assert found["ok"] is False
    assert [(problem["line"], problem["key"]) for problem in found["problems"]] == [(3, "shop.currency")]


def test_json_of_a_sound_shop_says_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.check(config, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_faults_of_templates_are_faults_of_the_shop(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """F111"""
    fault = Problem("templates/fr/paid.j2", 2, "paid", "it uses an unknown word", "write order.ref")
    assert setup.check(config, templates=lambda settings: [fault]) == 78
    assert "templates/fr/paid.j2:2: paid: it uses an unknown word" in capsys.readouterr().err


def test_online_asks_only_a_shop_without_faults(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(settings: Settings) -> list[Problem]:
        asked.append(settings.shop.name)
        return [Problem("Stripe", 0, "STRIPE_API_KEY", "Stripe does not know it", "set another")]

    assert setup.check(config, online=True, online_checks=ask) == 78
    assert asked == []
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert setup.check(config, online=True, online_checks=ask) == 78
    assert asked == ["Atelier"]
    assert setup.check(config, online=True, online_checks=lambda settings: []) == 0


def test_online_without_anybody_to_ask_says_so(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert setup.check(config, online=True) == 1
    assert "no service was asked" in capsys.readouterr().err


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.schema() == 0
    assert capsys.readouterr().out == schema_text()


def test_what_init_writes_has_no_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "shop"
    assert setup.init(folder) == 0
    assert {path.name for path in folder.iterdir()} == {"bot.toml", ".env.example", "bot.schema.json"}
    assert (folder / "bot.toml").read_text(encoding="utf-8").startswith("#:schema ./bot.schema.json\n")
    assert setup.check(folder / "bot.toml") == 0
    assert len(load(folder / "bot.toml", {}, secrets=False).catalogue.products) == 2
    capsys.readouterr()


@pytest.mark.parametrize("standing", ["bot.toml", ".env.example", "bot.schema.json"])
def test_init_overwrites_nothing(tmp_path: Path, standing: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / standing).write_text("mine")
    assert setup.init(tmp_path) == 1
    assert standing in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [standing]
    assert (tmp_path / standing).read_text() == "mine"


def test_init_where_nothing_can_be_written_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert setup.init(tmp_path / "file") == 1
    assert "cannot be written" in capsys.readouterr().err

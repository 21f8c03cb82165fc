"""`privacy`, `backup` and `restore` as a person types them, beside a shop that rests."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli import main
from storage import SqliteStore
from tests.dialogs.dialog import START, catalogue, opened_shop

ROOT = Path(__file__).parents[2]
Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """-> (exit code, what was printed, what was complained about)."""
    (tmp_path / "bot.toml").write_text((ROOT / "bot/config/starter/bot.toml").read_text())

    def type_in(*arguments: object, answer: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["comptoir", "-c", str(tmp_path / "bot.toml"), *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, printed.out, printed.err

    return type_in


@pytest.fixture
def sold(tmp_path: Path) -> Path:
    """The database of a shop that has sold to one shopper and rests."""
    path = tmp_path / "shop.db"
    base = opened_shop()
    store = SqliteStore(str(path))
    store.write(lambda books: books.shelf.sync(catalogue()))
    dialog = replace(base, store=store, perform=replace(base.perform, store=store))
    dialog.shopper("je voudrais un mug bleu")
    dialog.pays()
    store.close()
    return path


def test_what_is_held_on_a_shopper_is_one_json_object(typed: Typed, sold: Path) -> None:
    """F132"""
    for more in ((), ("--json",)):
        code, printed, _ = typed("privacy", "export", "telegram:1001", *more)
        held = json.loads(printed)
        assert (code, held["user"], len(held["orders"])) == (0, "1001", 1)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("privacy", "export", "telegram:7"), 1, "nothing is held on telegram:7"),
        (("privacy", "erase", "telegram:7", "--yes"), 1, "nothing is held on telegram:7"),
        (("privacy", "export", "smoke-signals:7"), 2, "CHANNEL:USER"),
        (("privacy", "export", "telegram"), 2, "CHANNEL:USER"),
        (("privacy", "erase", "x:"), 2, "CHANNEL:USER"),
        (("restore", "nowhere.db"), 1, "there is no copy at nowhere.db"),
        (("backup", "/nowhere/copy.db"), 1, "cannot be written"),
    ],
)
def test_a_refusal_is_a_sentence_and_a_code(
    typed: Typed, sold: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    found, _, complained = typed(*arguments)
    assert found == code
    assert sentence in " ".join(complained.replace("│", " ").split())


def test_nobody_is_forgotten_without_a_yes(typed: Typed, sold: Path) -> None:
    """F131"""
    before = sold.read_bytes()
    for answer in ("n\n", "\n", ""):
        code, _, complained = typed("privacy", "erase", "telegram:1001", answer=answer)
        assert (code, sold.read_bytes()) == (1, before)
        assert "telegram:1001: 1 orders" in complained
    assert typed("privacy", "erase", "telegram:1001", answer="y\n")[0] == 0
    assert b"Camille" not in sold.read_bytes()


def test_a_copy_is_made_once_and_put_back(typed: Typed, sold: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "monday.db"
    copy.parent.mkdir()
    code, printed, _ = typed("backup", copy)
    assert (code, "1 orders" in printed) == (0, True)
    assert typed("backup", copy)[0] == 1
    code, printed, _ = typed("backup", copy, "--force", "--json")
    facts = json.loads(printed)
    assert (code, facts["orders"], facts["bytes"]) == (0, 1, copy.stat().st_size)
    code, printed, _ = typed("restore", copy)
    assert (code, f"{sold}.before-restore-1" in printed.replace("\n", "")) == (0, True)
    code, printed, _ = typed("restore", copy, "--json")
    assert (code, json.loads(printed)["before"]) == (0, f"{sold}.before-restore-2")
    assert json.loads(printed)["taken_at"] == facts["taken_at"]


def test_before_the_first_start_there_is_nothing_to_copy_but_a_place_to_restore_to(
    typed: Typed, tmp_path: Path
) -> None:
    assert "start the shop first" in typed("backup", tmp_path / "copy.db")[2]
    store = SqliteStore(str(tmp_path / "elsewhere.db"))
    store.write(lambda books: books.inbox.accept("telegram", "1", START))
    store.close()
    code, printed, _ = typed("restore", tmp_path / "elsewhere.db", "--json")
    assert (code, json.loads(printed)["before"]) == (0, None)
    assert (tmp_path / "shop.db").exists()

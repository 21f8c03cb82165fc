"""rehearse, as a merchant who changed bot.toml calls it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.app import rehearsed
from bot.cli import main, script
from bot.cli.rehearsal import REMEMBERED, Stage
from bot.cli.talk import typed
from bot.config import load
from tests.config.shop import SOUND

GOURDE = '\n[[products]]\nsku = "gourde"\nname = "Gourde"\nprice = 22.00\nstock = 5\n'
SAID = "je voudrais un mug\nune gourde svp\ncombien coûte le mug ?\nj'adopte le mug\nmerci\n"
CHANGES: Mapping[str, tuple[str, set[int], int, int]] = {
    "a price": (SOUND.replace("18.00", "19.00"), {1, 3, 4}, 0, 0),
    "a new product": (SOUND + GOURDE, {2}, 1, 0),
    "a renamed product": (SOUND.replace('"Mug"', '"Chope"'), {1, 3, 4}, 0, 1),
    "what is sold out": (SOUND.replace("stock = 25", "stock = 0"), {1, 3, 4}, 0, 1),
    "what delivery costs": (SOUND.replace("4.90", "5.90"), {1, 3, 4}, 0, 0),
    "nothing": (SOUND, set(), 0, 0),
}


Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """rehearse in a folder with old.toml, bot.toml and talk.txt -> (exit code, printed, complained)."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("old.toml", SOUND), ("bot.toml", SOUND + GOURDE), ("talk.txt", SAID)):
        Path(name).write_text(text, encoding="utf-8")

    def tell(*arguments: str, config: str = "bot.toml", command: str = "rehearse") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["comptoir", "-c", config, command, *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capsys.readouterr()

    return tell


def objects(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def answers(one: Mapping[str, Any]) -> str:
    return " ".join(reply["text"] for reply in one["after"]["answer"])


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_bot_toml_shows_in_the_answers_that_it_changes(told: Told, change: str) -> None:
    text, lines, appear, vanish = CHANGES[change]
    Path("bot.toml").write_text(text, encoding="utf-8")
    code, printed, complained = told("talk.txt", "--against", "old.toml", "--json")
    found = objects(printed)
    assert (code, len(found)) == (0, 5)
    changed = {one["line"] for one in found if one["changed"]}
    assert changed == lines
    assert {one["line"] for one in found if one["before"] != one["after"]} == lines
    assert complained == f"5 messages, {len(changed)} change: {appear} sales appear, {vanish} sales vanish\n"


def test_people_see_what_changes_and_all_of_it_when_asked(told: Told) -> None:
    code, printed, _ = told("talk.txt", "--against", "old.toml")
    assert (code, "2: une gourde svp" in printed, "merci" in printed) == (0, True, False)
    assert "buy 1 × gourde" in printed
    assert printed.endswith("5 messages, 1 change: 1 sales appear, 0 sales vanish\n")
    assert "5: merci" in told("talk.txt", "--against", "old.toml", "--all")[1]


def test_only_a_check_that_finds_a_change_fails(told: Told) -> None:
    assert told("talk.txt", "--against", "old.toml", "--check")[0] == 1
    assert told("talk.txt", "--against", "bot.toml", "--check")[0] == 0
    code, _, complained = told("talk.txt", "--check")
    assert (code, "--against" in complained) == (2, True)


def test_plain_text_alone_is_answered_and_compared_with_nothing(told: Told) -> None:
    code, printed, _ = told("talk.txt")
    assert (code, "5: merci" in printed, "compared with nothing" in printed) == (0, True, True)


def test_a_run_that_was_kept_is_what_is_compared_with(told: Told) -> None:
    _, kept, _ = told("talk.txt", "--json", config="old.toml")
    Path("run.jsonl").write_text(kept, encoding="utf-8")
    assert told("run.jsonl", "--check", config="old.toml")[0] == 0
    assert [one["line"] for one in objects(told("run.jsonl", "--json")[1]) if one["changed"]] == [2]


def test_a_run_of_understand_is_compared_in_what_it_says(told: Told) -> None:
    """It keeps no answers: a price changes nothing in it, a product does, and a sale is what was meant as one."""
    meant = [{"text": "une gourde svp", "intent": "unknown", "lines": []}, {"text": "je voudrais un mug", "about": []}]
    Path("run.jsonl").write_text("\n".join(map(json.dumps, meant)), encoding="utf-8")
    code, printed, complained = told("run.jsonl", "--json")
    assert (code, [one["changed"] for one in objects(printed)]) == (0, [True, False])
    assert "1 sales appear" in complained


def test_an_indented_line_goes_on_in_the_conversation_above_it(told: Told) -> None:
    Path("talk.txt").write_text("je veux un t-shirt\n  M\n\n  annuler\n# a remark\nM\n", encoding="utf-8")
    found = objects(told("talk.txt", "--json")[1])
    assert [(one["line"], one["shopper"]) for one in found] == [(1, 1), (2, 1), (4, 1), (6, 2)]
    assert [one["after"]["order"] for one in found] == [False, True, False, False]
    assert "annulée" in answers(found[2])


def test_a_number_presses_a_button(told: Told) -> None:
    Path("talk.txt").write_text("je veux un mug\n  1\n", encoding="utf-8")
    assert "annulée" in answers(objects(told("talk.txt", "--json")[1])[1])


def test_every_shopper_finds_the_shelf_full_and_nothing_ordered(told: Told) -> None:
    Path("talk.txt").write_text("".join(f"je voudrais 9 mugs {'!' * n}\n" for n in range(1, 8)), encoding="utf-8")
    found = objects(told("talk.txt", "--json")[1])
    assert all(one["after"]["order"] for one in found)
    assert len({answers(one) for one in found}) == 1


def test_without_forgetting_the_shelf_empties(told: Told) -> None:
    """What the test above would say if books were kept."""
    rehearsal = rehearsed(load(Path("bot.toml"), secrets=False))
    assert [rehearsal.take(typed("je voudrais 9 mugs", n, ())).ordered for n in range(1, 4)][-1] is False


def test_all_that_is_said_to_one_message_is_shown(told: Told) -> None:
    """What waited behind another in its lane was not."""
    Path("talk.txt").write_text("bonjour, ma carte 4242 4242 4242 4242\n", encoding="utf-8")
    assert len(objects(told("talk.txt", "--json")[1])[0]["after"]["answer"]) == 2
    assert "4242 4242 4242" not in told("talk.txt")[1]


def test_a_line_without_end_is_cut_and_the_next_is_read(told: Told) -> None:
    Path("talk.txt").write_text("mug " * script.LONGEST_LINE + "\n" + "é" * script.LONGEST_LINE + "\nmerci\n", "utf-8")
    found = objects(told("talk.txt", "--json")[1])
    assert [one["line"] for one in found] == [1, 2, 3]
    assert max(len(one["text"]) for one in found) <= 4096


def test_a_long_file_is_read_as_it_is_answered(told: Told) -> None:
    with Path("talk.txt").open("w", encoding="utf-8") as file:
        file.writelines(f"bonjour {n}\n" for n in range(100_000))
    with script.opened(Path("talk.txt")) as read:
        assert next(read.talks)[0].text == "bonjour 0"
        assert sum(1 for _ in read.talks) == 99_999
    assert Stage(load(Path("bot.toml"), secrets=False)).play.cache_info().maxsize == REMEMBERED


BAD: Sequence[tuple[str, bytes | None, str]] = (
    ("gone.txt", None, "gone.txt: it cannot be read: no such file"),
    ("empty.txt", b"", "empty.txt: it holds no message"),
    ("remarks.txt", b"# one\n\n", "remarks.txt: it holds no message"),
    ("photo.txt", b"bonjour\n\x00\x01", "photo.txt:2: it is no text"),
    ("latin.txt", b"bonjour\ncaf\xe9\n", "latin.txt:2: it is not UTF-8 text"),
    ("run.jsonl", b'{"text": "a"}\n42\n', "run.jsonl:2: it is no JSON object"),
    ("list.jsonl", b"[1]\n", "list.jsonl:1: it is no JSON object"),
    ("cut.txt", b'{"text": "a"}\n{"text": \n', "cut.txt:2: it is no JSON object"),
    ("deep.jsonl", b'{"text":' * 50_000, "deep.jsonl:1: it is no JSON object"),
    ("other.jsonl", b'{"message": "a"}\n', "other.jsonl:1: text: field required"),
    ("endless.txt", b"a\n" + b" a\n" * 300, "endless.txt:201: more than 200 messages of one shopper"),
)


@pytest.mark.parametrize(("name", "content", "sentence"), BAD)
def test_a_file_that_is_no_script_is_refused_with_its_place(
    told: Told, name: str, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    code, _, complained = told(name, "--json")
    assert (code, sentence in complained, "->" in complained) == (1, True, True)


def test_a_database_holds_no_words_to_replay(told: Told) -> None:
    with sqlite3.connect("shop.db") as books:
        books.execute("CREATE TABLE inbox (body)")
    books.close()
    code, _, complained = told("shop.db")
    assert (code, "it is a database" in complained) == (1, True)


def test_a_fault_of_either_shop_is_named_before_anything_is_said(told: Told) -> None:
    Path("bad.toml").write_text(SOUND.replace('"EUR"', '"eur"'), encoding="utf-8")
    for arguments, config in ((("--against", "bad.toml"), "bot.toml"), ((), "bad.toml")):
        code, printed, complained = told("talk.txt", *arguments, config=config)
        assert (code, printed) == (78, "")
        assert "bad.toml:3: shop.currency" in complained
    Path("templates/fr").mkdir(parents=True)
    Path("templates/fr/welcome.j2").write_text("Bonjour {{ shopp }}")
    code, _, complained = told("talk.txt")
    assert (code, "templates/fr/welcome.j2" in complained) == (78, True)

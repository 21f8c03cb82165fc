"""What the documents say is what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from bot.cli import app
from bot.config import load, schema_text
from bot.parts import CHANNELS
from bot.rendering import INVOICE, LANGUAGES, MESSAGES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SUB_COMMANDS = "list|show|ship|cancel|refund|return|retry|register|export|erase"
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def commands() -> set[str]:
    """Every command as a person writes it: "orders list"."""
    found: set[str] = set()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}" for sub in inner} if inner else {name}
    return found


def test_every_command_stands_in_the_readme_and_none_besides() -> None:
    table = README.split("### Commands")[1].split("### Over HTTP")[0]
    named = set(
        re.findall(rf"`(?:comptoir )?([a-z]+(?: (?:{SUB_COMMANDS}))?)(?: [A-Z\[-][^`]*)?`", table.split("`-c FILE`")[0])
    )
    assert commands() <= named
    assert named <= commands()


def test_the_readmes_shop_is_a_shop(tmp_path: Path) -> None:
    sample = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)[0]
    path = tmp_path / "bot.toml"
    path.write_text(sample, encoding="utf-8")
    settings = load(path, {}, secrets=False)
    assert [product.sku for product in settings.catalogue.products] == ["mug-bleu", "tee"]


def test_our_own_shop_is_without_fault_and_its_schema_is_current() -> None:
    settings = load(ROOT / "bot.toml", {}, secrets=False)
    assert len(settings.catalogue.products) >= 15
    assert (ROOT / "bot.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_place_that_a_document_points_at_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


def test_every_room_that_contributing_names_exists() -> None:
    tree = CONTRIBUTING.split("## Where things are")[1].split("```")[1]
    for line in tree.splitlines():
        if found := re.match(r"  ([a-z]+(?:/|\.py))", line):
            assert (ROOT / "bot" / found[1]).exists(), line
        elif found := re.match(r"([a-z]+)/", line):
            assert (ROOT / found[1]).is_dir(), line


def test_no_message_lacks_a_language() -> None:
    for language in LANGUAGES:
        have = {path.name.removesuffix(".j2") for path in (ROOT / "templates" / language).glob("*.j2")}
        assert {name for name in have if "." not in name} == set(MESSAGES), language


def test_a_wording_of_one_channel_is_there_in_every_language_and_belongs_to_a_message() -> None:
    own = [{path.name for path in (ROOT / "templates" / language).glob("*.*.j2")} for language in LANGUAGES]
    assert all(names == own[0] for names in own)
    for name in own[0]:
        message, channel, _ = name.split(".")
        assert message in MESSAGES
        assert channel in {*CHANNELS, INVOICE}


def test_no_word_lacks_a_language() -> None:
    words = [tomllib.loads((ROOT / "templates" / language / "words.toml").read_text("utf-8")) for language in LANGUAGES]
    assert all(set(words[0]) == set(other) for other in words)


def test_the_pins_name_no_index() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "index-url" not in text
        assert "://" not in text

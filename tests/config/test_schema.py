"""bot.schema.json says what the loader says, and the file in the project is the generated one."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.config import schema, schema_text
from tests.config.shop import SOUND

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "bot/config/starter"


def test_the_schema_in_the_project_is_the_generated_one() -> None:
    assert (ROOT / "bot.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(schema())


@pytest.mark.parametrize("path", [ROOT / "bot.toml", STARTER / "bot.toml"], ids=["ours", "starter"])
def test_our_files_name_the_schema_and_keep_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("#:schema ./bot.schema.json\n")
    jsonschema.validate(tomllib.loads(text), schema(), cls=jsonschema.Draft7Validator)


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ('name = "Atelier"', 'nmae = "Atelier"'),
        ('"30m"', '"30 minutes"'),
        ("18.00", '"18.00"'),
        ("18.00", "-1.0"),
        ("stock = 25", 'stock = "some"'),
        ("stock = 25", "stock = -1"),
        ("buy =", "byu ="),
        ("enabled = true", 'enabled = "yes"'),
        ('sku = "mug"', 'sku = "le mug"'),
        ("enabled = true", "[channels.x.prices]\npost = -0.1"),
        ("enabled = true", "[channels.x.prices]\npots = 0.1"),
        ("stock = 25", 'posts = ["https://x.com/a"]'),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(there: str, instead: str) -> None:
    jsonschema.validate(tomllib.loads(SOUND), schema(), cls=jsonschema.Draft7Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(SOUND.replace(there, instead, 1)), schema(), cls=jsonschema.Draft7Validator)


def tables(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        for child in node.values():
            yield from tables(child)


def test_every_table_refuses_unknown_keys_and_every_key_is_described() -> None:
    found = list(tables(schema()))
    assert len(found) > 12
    for table in found:
        assert table["additionalProperties"] is False
        for name, rules in table["properties"].items():
            assert "description" in rules or "$ref" in rules, name


def test_defaults_are_written_as_people_write_them() -> None:
    held = schema()["$defs"]["Orders"]["properties"]["hold"]
    assert (held["type"], held["default"]) == ("string", "30m")
    assert "null" not in json.dumps(schema())


def test_the_example_of_the_environment_is_the_one_that_init_writes() -> None:
    ours, starter = ROOT / ".env.example", STARTER / "env.example"
    assert ours.read_text(encoding="utf-8") == starter.read_text(encoding="utf-8")

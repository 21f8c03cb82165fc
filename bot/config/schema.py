"""The JSON Schema of bot.toml, for editors that complete and check it while a merchant writes."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_jsonable_python

from bot.config.amounts import written_duration
from bot.config.entries import File

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest that both tombi and taplo read; nothing here needs more."""


class _AsWritten(GenerateJsonSchema):
    """Defaults as they stand in the file: durations are text, prices numbers."""

    def encode_default(self, dft: Any) -> Any:
        match dft:
            case timedelta():
                return written_duration(dft)
            case Decimal():
                return float(dft)
            case BaseModel():
                return None
            case _:
                return to_jsonable_python(dft)


def schema() -> dict[str, Any]:
    """The schema of what people write, generated from the models that check it."""
    generated = File.model_json_schema(schema_generator=_AsWritten)
    return {"$schema": DIALECT, **_tidied(generated)}


def schema_text() -> str:
    """bot.schema.json."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _tidied(node: Any) -> Any:
    """Without pydantic's titles, and without null, which TOML does not have."""
    if isinstance(node, list):
        return [_tidied(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "properties" in node:
        node = {**node, "properties": {name: _key(each) for name, each in node["properties"].items()}}
    return {name: _tidied(each) for name, each in node.items() if name != "title" or not isinstance(each, str)}


def _key(rules: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in rules.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        rules = {**{name: each for name, each in rules.items() if name != "anyOf"}, **choices[0]}
    if "patternProperties" in rules:
        rules = {**rules, "additionalProperties": False}
    if rules.get("default", ...) is None:
        rules = {name: each for name, each in rules.items() if name != "default"}
    if rules.get("type") == "number":
        rules = {**rules, "examples": [float(each) for each in rules.get("examples", [])]}
    return {name: each for name, each in rules.items() if name != "examples" or any(map(_says_something, each))}


def _says_something(example: object) -> bool:
    return example not in ({}, [])

"""Telegram's machine-readable description of its API, as a judge over requests and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PLACE = Path(__file__).parents[2].parent / "shared" / "specs" / "telegram-bot-api-10.1.json"
SCALARS: dict[str, tuple[type, ...]] = {
    "Integer": (int,),
    "String": (str,),
    "Boolean": (bool,),
    "Float": (int, float),
}


@cache
def spec() -> Mapping[str, Any]:
    """The description; the test is skipped where it is missing."""
    if not PLACE.exists():
        pytest.skip(f"{PLACE.name} is not here")
    loaded: Mapping[str, Any] = json.loads(PLACE.read_text())
    return loaded


def faults_of_call(method: str, params: Mapping[str, Any]) -> list[str]:
    """What is wrong with a request, by name: unknown, missing, or of no type that is allowed."""
    fields = {field["name"]: field for field in spec()["methods"][method].get("fields", [])}
    faults = [f"{method}: unknown {name}" for name in params if name not in fields]
    faults += [f"{method}: missing {name}" for name, it in fields.items() if it["required"] and name not in params]
    for name in params.keys() & fields.keys():
        value = params[name]
        if not any(_fits(value, kind, form=True) for kind in fields[name]["types"]):
            faults.append(f"{method}: {name} is {value!r:.80}, not {fields[name]['types']}")
    return faults


def faults_of_object(kind: str, value: Mapping[str, Any]) -> list[str]:
    """What is wrong with an object of the answer: unknown or missing fields, wrong types."""
    described = spec()["types"][kind]
    if described.get("subtypes"):
        judged = [faults_of_object(one, value) for one in described["subtypes"]]
        return min(judged, key=len)
    fields = {field["name"]: field for field in described.get("fields", [])}
    faults = [f"{kind}: unknown {name}" for name in value if name not in fields]
    faults += [f"{kind}: missing {name}" for name, it in fields.items() if it["required"] and name not in value]
    for name in value.keys() & fields.keys():
        if not any(_fits(value[name], one, form=False) for one in fields[name]["types"]):
            faults.append(f"{kind}: {name} is {value[name]!r:.80}, not {fields[name]['types']}")
    return faults


def _fits(value: Any, kind: str, *, form: bool) -> bool:
    if form and isinstance(value, str) and kind != "String":
        if kind == "InputFile":
            return True
        try:
            value = json.loads(value)
        except ValueError:
            return False
    if kind.startswith("Array of "):
        inner = kind.removeprefix("Array of ")
        return isinstance(value, list) and all(_fits(one, inner, form=False) for one in value)
    if kind in SCALARS:
        return isinstance(value, SCALARS[kind]) and not (kind == "Integer" and isinstance(value, bool))
    if kind == "InputFile":
        return isinstance(value, dict) and "size" in value
    return isinstance(value, dict) and not faults_of_object(kind, value)

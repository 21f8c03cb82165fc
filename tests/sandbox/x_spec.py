"""What X publishes about its API and its events, for holding the sandbox to it; both files lie beside the project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

SPECS = Path(__file__).resolve().parents[2].parent / "shared" / "specs"
API, EVENTS = "x-api-v2.openapi.json", "x-activity-events.json"

NEWER = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "tweets": "posts",
    "tweet_count": "post_count",
    "most_recent_tweet_id": "most_recent_post_id",
}
"""The description says "post" where X's answers to `tweet.fields` say "tweet"."""


@cache
def published(name: str) -> Any:
    """One of X's files; the test is skipped where it is missing."""
    path = SPECS / name
    if not path.exists():
        pytest.skip(f"../shared/specs/{name} is not there")
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def _registry() -> Any:
    return Registry().with_resource("urn:x", DRAFT4.create_resource(_with_nulls(published(API))))


def _with_nulls(schema: Any) -> Any:
    """OpenAPI's `nullable` as JSON Schema says it."""
    if isinstance(schema, list):
        return [_with_nulls(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _with_nulls(it) for name, it in schema.items()}
    if told.get("nullable") and isinstance(told.get("type"), str):
        told["type"] = [told["type"], "null"]
    return told


def faults_of_answer(method: str, path: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer to `method` on `path` (as the description writes it), by X's description."""
    operation = published(API)["paths"][path][method.lower()]
    if status >= 400:
        return _faults_of_problem(status, body)
    if str(status) not in operation["responses"]:
        return [f"{method} {path} answers {sorted(operation['responses'])}, not {status}"]
    reference = operation["responses"][str(status)]["content"]["application/json"]["schema"]["$ref"]
    return _faults(reference, renamed(body)) + unknown_fields(reference, renamed(body))


def _faults(reference: str, body: Any) -> list[str]:
    validator = Draft4Validator({"$ref": f"urn:x{reference}"}, registry=_registry())
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(body)]


def _faults_of_problem(status: int, body: Any) -> list[str]:
    kinds = published(API)["components"]["schemas"]["Problem"]["discriminator"]["mapping"]
    missing = [f"{name} is missing" for name in ("title", "detail", "type", "status") if name not in body]
    missing += [f"{name} is no text" for name in ("title", "detail", "type") if not isinstance(body.get(name), str)]
    wrong = [] if body.get("status") == status else [f"the problem says {body.get('status')}, not {status}"]
    if body.get("type") in kinds:
        wrong += _faults(kinds[body["type"]], body)
    return missing + wrong


def resolved(schema: Any) -> Any:
    """A schema with its reference followed."""
    while "$ref" in schema:
        found: Any = published(API)
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def unknown_fields(reference: Any, body: Any, where: str = "") -> list[str]:
    """Fields of an answer of which the description does not know."""
    schema = resolved({"$ref": reference} if isinstance(reference, str) else reference)
    if isinstance(body, list):
        inner = schema.get("items", {})
        return [fault for it in body for fault in unknown_fields(inner, it, where)]
    if not isinstance(body, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    found: list[str] = []
    for name, it in body.items():
        within = f"{where}{name}"
        found += unknown_fields(known[name], it, f"{within}.") if name in known else [f"{within} is unknown"]
    return found


def renamed(body: Any) -> Any:
    """An answer in the words of the description."""
    if isinstance(body, dict):
        return {NEWER.get(name, name): renamed(it) for name, it in body.items()}
    return [renamed(it) for it in body] if isinstance(body, list) else body


def faults_of_event(event: Any) -> list[str]:
    """Where an event has other fields, or other kinds of values, than X's examples.

    What a post may have is taken from the examples of all events about posts: one has a link, another a name.
    """
    kind = str(event["data"]["event_type"])
    examples = published(EVENTS)
    example = examples[kind]
    if kind.startswith("post."):
        alike = [it for name, it in examples.items() if name.startswith("post.") and not name.endswith("delete")]
        example = _merged([example, *alike])
    missing = examples["Event envelope"]["data"].keys() - {"includes"} - event["data"].keys()
    return [f"{name} is missing" for name in sorted(missing)] + list(_unlike(event, example, ""))


def _merged(examples: list[Any]) -> Any:
    first = examples[0]
    if isinstance(first, dict):
        fellows = [it for it in examples if isinstance(it, dict)]
        names = dict.fromkeys(name for it in fellows for name in it)
        return {name: _merged([it[name] for it in fellows if name in it]) for name in names}
    if isinstance(first, list):
        elements = [inner for it in examples if isinstance(it, list) for inner in it]
        return [_merged(elements)] if elements and isinstance(elements[0], dict) else elements
    return first


def _unlike(given: Any, example: Any, where: str) -> Iterator[str]:
    if isinstance(example, dict) and isinstance(given, dict):
        if example and all(name.isdecimal() for name in example):
            person = _merged(list(example.values()))
            for name, it in given.items():
                yield from _unlike(it, person, f"{where}.{name}")
            return
        for name, it in given.items():
            if name not in example:
                yield f"{where}.{name} is not in X's example"
            else:
                yield from _unlike(it, example[name], f"{where}.{name}")
    elif isinstance(example, list) and isinstance(given, list):
        for it in given:
            if example:
                yield from _unlike(it, _merged(example), f"{where}[]")
    elif type(given) is not type(example):
        yield f"{where} is {type(given).__name__}, X's is {type(example).__name__}"

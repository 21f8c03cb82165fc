"""pydantic's findings in a merchant's words: what is wrong with which key, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.config.entries import File
from bot.config.literal import Wrong, shown, written
from bot.config.places import Path
from bot.config.regions import nearest
from bot.config.rules import Fault

TABLE_LISTS = {"products": "[[products]]", "shipping": "[[shipping]]", "variants": "[[products.variants]]"}
SECRET_WORDS = ("token", "secret", "password", "api_key", "apikey")

Model = type[BaseModel]
MESSAGES: dict[str, Callable[[ErrorDetails], str]] = {
    "missing": lambda e: "it is missing",
    "string_type": lambda e: f"{shown(e['input'])} is not text",
    "int_type": lambda e: f"{shown(e['input'])} is not a whole number",
    "bool_type": lambda e: f"{shown(e['input'])} is neither true nor false",
    "literal_error": lambda e: f"{shown(e['input'])} is not {e['ctx']['expected'].replace(chr(39), chr(34))}",
    "greater_than_equal": lambda e: f"{shown(e['input'])} is less than {e['ctx']['ge']}",
    "less_than_equal": lambda e: f"{shown(e['input'])} is more than {e['ctx']['le']}",
    "string_too_long": lambda e: f"it has more than {e['ctx']['max_length']} characters",
    "too_short": lambda e: "it is empty",
    "model_type": lambda e: f"{shown(e['input'])} is not a table",
    "dict_type": lambda e: f"{shown(e['input'])} is not a table",
    "tuple_type": lambda e: f"{shown(e['input'])} is not a list",
}


def from_pydantic(error: ValidationError) -> Iterator[Fault]:
    """Each finding with its place in the file."""
    for details in error.errors(include_url=False):
        path: Path = tuple(step for step in details["loc"] if step != "[key]")
        yield _fault(path, details)


def named(path: Path) -> str:
    """("products", 2, "price") -> "products[3].price": entries are counted from 1, as lines are."""
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "bot.toml"


def _fault(path: Path, details: ErrorDetails) -> Fault:
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, Wrong):
        return Fault(path, cause.wrong, cause.remedy or _remedy(path, cause.example))
    kind = details["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "too_long":
        return _too_long(path, details)
    message = MESSAGES.get(kind)
    wrong = message(details) if message else str(details["msg"])
    if kind in ("model_type", "dict_type", "tuple_type") or (kind == "missing" and len(path) == 1):
        return Fault(path, wrong, _container_remedy(path))
    return Fault(path, wrong, _remedy(path, _nearest_literal(details)))


def _too_long(path: Path, details: ErrorDetails) -> Fault:
    most = details.get("ctx", {}).get("max_length")
    if isinstance(details["input"], str):
        return Fault(path, f"it has more than {most} characters", "write a shorter text")
    return Fault(path, f"it has more than {most} entries", "delete those that matter least")


def _nearest_literal(details: ErrorDetails) -> str | None:
    if details["type"] != "literal_error" or not isinstance(details["input"], str):
        return None
    words = [part.strip().strip("'") for part in details["ctx"]["expected"].replace(" or ", ", ").split(",")]
    near = nearest(details["input"], words, cutoff=50)
    return written(near) if near else None


def _remedy(path: Path, example: str | None) -> str:
    field = _field(path)
    if example is None and field is not None and field.examples:
        inside_list = path and isinstance(path[-1], int) and isinstance(field.examples[0], list)
        example = written(field.examples[0][0] if inside_list else field.examples[0])
    if example is None:
        return "correct it or delete it"
    if path and isinstance(path[-1], int):
        return f"write {example}"
    return f"write {path[-1]} = {example}"


def _container_remedy(path: Path) -> str:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    if name in TABLE_LISTS:
        return f"write {TABLE_LISTS[name]} on a line of its own and its keys below"
    field = _field(path)
    if field is not None and field.examples and field.examples[0]:
        example = field.examples[0]
        if isinstance(path[-1], str) and isinstance(example, list | dict):
            return f"write {name} = {written(example)}"
    return f"write [{named(path)}] on a line of its own and its keys below"


def _unknown_key(path: Path) -> Fault:
    key, model = str(path[-1]), _model(path[:-1])
    if any(word in key.casefold() for word in SECRET_WORDS):
        return Fault(path, "secrets do not stand in this file", "delete it here and set it in the environment or .env")
    known = list(model.model_fields) if model else []
    near = nearest(key.casefold(), known)
    if near:
        return Fault(path, f"there is no such key, did you mean {near}?", f"write {near} instead of {key}")
    elsewhere = _homes().get(key)
    if elsewhere:
        return Fault(path, "there is no such key here", f"move {key} under [{elsewhere}]")
    return Fault(path, "there is no such key", f"delete it; known here: {', '.join(known)}")


def _homes() -> dict[str, str]:
    """The table of every key that is known outside lists."""
    homes: dict[str, str] = {}

    def walk(model: Model, prefix: str) -> None:
        for name, field in model.model_fields.items():
            inner = _inner(field.annotation)
            if inner is not None and name not in TABLE_LISTS and name != "translations":
                walk(inner, f"{prefix}.{name}" if prefix else name)
                homes.setdefault(name, prefix or name)
            elif prefix:
                homes.setdefault(name, prefix)

    walk(File, "")
    return homes


def _inner(annotation: Any) -> Model | None:
    """The model inside an annotation such as tuple[ProductEntry, ...] or dict[str, TranslationEntry]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _inner(each))), None)


def _field(path: Path) -> FieldInfo | None:
    model: Model | None = File
    field: FieldInfo | None = None
    for step in path:
        if isinstance(step, int) or model is None or step not in model.model_fields:
            continue  # a list's entry, or a dictionary's own key: still inside the same field
        field = model.model_fields[step]
        model = _inner(field.annotation)
    return field


def _model(path: Path) -> Model | None:
    if not path:
        return File
    field = _field(path)
    return _inner(field.annotation) if field else None

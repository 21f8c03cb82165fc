"""Every grave fault that a shop may meet has a test that names it; here is the list of those without one."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROW = re.compile(r"\bF\d{3}\b")
GRAVE = frozenset({"S0", "S1"})

NOT_HERE: Mapping[str, str] = {}
"""Grave rows about what this shop does not have, each with the reason; empty means that every one is tested."""


def rows() -> dict[str, tuple[str, str]]:
    """Number -> (severity, name)."""
    written = tomllib.loads(Path(__file__).with_name("rows.toml").read_text(encoding="utf-8"))
    return {number: (severity, name) for number, (severity, name) in written.items()}


def named(source: str) -> Iterator[tuple[str, str]]:
    """(row, test) for each row that the docstring of a test names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for row in ROW.findall(ast.get_docstring(node) or ""):
                yield row, node.name


def covered() -> dict[str, list[str]]:
    """Row -> the tests of the shop that name it. Those of the sandbox show that a fault can be made, not that the shop
    bears it."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        if path.is_relative_to(TESTS / "sandbox"):
            continue
        for row, test in named(path.read_text(encoding="utf-8")):
            found.setdefault(row, []).append(f"{path.relative_to(TESTS)}::{test}")
    return found


def untested(known: Mapping[str, tuple[str, str]], found: Mapping[str, object]) -> list[str]:
    """The grave rows that no test names, with their names."""
    return [
        f"{row} ({severity}) {name}"
        for row, (severity, name) in known.items()
        if severity in GRAVE and row not in found and row not in NOT_HERE
    ]


def test_every_grave_fault_has_a_test_that_names_it() -> None:
    assert untested(rows(), covered()) == []


def test_no_test_names_a_fault_that_is_not_in_the_table() -> None:
    """A mistyped number would cover nothing."""
    strangers = {row: tests for row, tests in covered().items() if row not in rows()}
    assert strangers == {}


def test_the_table_is_whole() -> None:
    assert list(rows()) == [f"F{number:03d}" for number in range(1, 134)]
    assert {severity for severity, _ in rows().values()} <= {"S0", "S1", "S2", "S3"}
    assert [row for row, (_, name) in rows().items() if not 3 <= len(name.split()) <= 8] == []


def test_a_row_that_is_excused_is_one_without_a_test() -> None:
    assert [row for row in NOT_HERE if row in covered()] == []


def test_a_row_named_nowhere_is_found() -> None:
    """The negative control: numbers in code, in a comment or in another function's words cover nothing."""
    source = '''
NUMBERS = "F001"

def helps() -> None:
    """F001"""

def test_something() -> None:
    """F002: a thing."""
    # F001
    assert "F001"

class TestMore:
    async def test_other(self) -> None:
        """Some words, F003, F004"""
'''
    found = dict(named(source))
    assert set(found) == {"F002", "F003", "F004"}
    known = {"F001": ("S0", "never tested"), "F002": ("S0", "tested"), "F005": ("S2", "not grave")}
    assert untested(known, found) == ["F001 (S0) never tested"]

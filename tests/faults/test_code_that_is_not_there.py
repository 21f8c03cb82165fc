"""Ways of writing code that would let a stranger's words do something, or throw away somebody's money: none is here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("bot", "storage")
RUN = frozenset({"eval", "exec", "compile", "__import__"})


def _written_here(tree: ast.Module) -> frozenset[str]:
    """The names that only ever stand for a text of this module."""
    given: dict[str, bool] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    given[target.id] = given.get(target.id, True) and isinstance(node.value, ast.Constant)
        elif isinstance(node, ast.arg):
            given[node.arg] = False
    return frozenset(name for name, ours in given.items() if ours)


def _literal(node: ast.expr, ours: frozenset[str]) -> bool:
    """A text of ours: written there, a name for one, or a Markup of one."""
    if isinstance(node, ast.Name):
        return node.id in ours
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Markup":
        return all(_literal(argument, ours) for argument in node.args)
    return isinstance(node, ast.Constant)


def faults(source: str) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) of each such way in a module."""
    tree = ast.parse(source)
    ours = _written_here(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value=text, attr="format" | "format_map") if not _literal(text, ours):
                yield (
                    node.lineno,
                    "str.format walks attributes: a text that somebody wrote must not be its pattern (F112)",
                )
            case ast.Name(id=name) if name in RUN:
                yield node.lineno, f"{name} runs text"
            case ast.Attribute(attr="from_string") if not node.args:
                yield node.lineno, "a template of nothing"
            case _:
                pass
        for keyword in node.keywords:
            dropped = keyword.arg == "drop_pending_updates" and not _is(keyword.value, wanted=False)
            if dropped:
                yield node.lineno, "what waits at Telegram may be somebody's money (F073)"
            if keyword.arg == "shell" and not _is(keyword.value, wanted=False):
                yield node.lineno, "a shell reads words as commands"


def _is(node: ast.expr, *, wanted: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is wanted


def modules() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "sandbox" not in path.parts:
                yield path


def test_no_text_of_a_stranger_is_a_pattern_a_program_or_a_command() -> None:
    """F073, F112, F116"""
    paths = list(modules())
    assert len(paths) > 60
    found = [
        f"{p.relative_to(ROOT)}:{line}: {why}" for p in paths for line, why in faults(p.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_what_is_looked_for_is_found() -> None:
    """The negative control."""
    source = (
        "name.format(order)\n"
        'f"{x}".format(1)\n'
        "eval(text)\n"
        "bot.delete_webhook(drop_pending_updates=True)\n"
        "run(text, shell=True)\n"
        '"{} {}".format(a, b)\n'
        'Markup("<b>{}</b>").format(text)\n'
        "bot.delete_webhook(drop_pending_updates=False)\n"
        "own = 'a {}'\n"
        "own.format(1)\n"
        "theirs = 'a {}'\n"
        "theirs = name\n"
        "theirs.format(1)\n"
    )
    assert [line for line, _ in faults(source)] == [1, 2, 3, 4, 5, 13]

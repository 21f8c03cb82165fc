"""Whatever TOML stands in place of a value, the answer is settings or problems, never a traceback."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from tests.config.shop import SOUND, refused

JUNK: dict[str, Any] = {
    "table": {"a": {"b": 1}},
    "list": [[], [1, ["x"]]],
    "tables": [{"sku": 1}, {"options": []}],
    "truth": True,
    "date": date(2026, 1, 1),
    "number": -1e300,
    "text": "\u202e%s{0.__class__}",
    "nothing": "",
}
EXTRA = """
[[products]]
sku = "p"
name = "P"
price = 1
posts = ["https://x.com/a/status/1"]
image = "https://example.com/a.jpg"
translations.en.options = { taille = "size" }
[web]
public_url = "https://e.org"
[storage]
url = "sqlite:///shop.db"
[channels.x]
account = "a"
daily_budget_usd = 1.5
prices = { post = 0.02, dm_sent = 1 }
"""


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, child in children:
        yield (*path, step)
        yield from places(child, (*path, step))


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_no_value_makes_the_loader_stumble(tmp_path: Path, junk: Any) -> None:
    """F107"""
    sound = tomllib.loads(SOUND + EXTRA)
    found = 0
    for path in places(sound):
        spoiled = copy.deepcopy(sound)
        node = spoiled
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = junk
        found += bool(refused(tmp_path, tomlkit.dumps(spoiled), secrets=True))
    assert found > 20

"""What a command loads before it does anything: most of its time, where it were everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SHOP = Path(__file__).parents[2] / "bot.toml"
CLIENTS = ("aiohttp", "httpx", "starlette", "storage", "stripe", "telegram", "tweepy", "uvicorn")
PROGRAM = """
import json, sys
from bot.cli import main
clients, commands, loaded = *map(json.loads, sys.argv[1:]), {}
for words in commands:
    sys.argv[1:] = words
    try:
        main()
    except SystemExit as ended:
        loaded[words[-1]] = {"code": ended.code, "loaded": sorted(set(sys.modules) & set(clients))}
print(json.dumps(loaded))
"""


Loaded = dict[str, dict[str, int | list[str]]]


def loaded(*commands: str) -> Loaded:
    """Of each command, one after the other in one process: its exit code, and which clients had been loaded then."""
    lines = [["-c", str(SHOP), command] for command in commands]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(CLIENTS), json.dumps(lines)],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(SHOP.parent)},
        text=True,
        timeout=60,
        check=True,
    )
    found: Loaded = json.loads(done.stdout.splitlines()[-1])
    return found


def test_commands_that_ask_nobody_load_no_client_and_no_server() -> None:
    commands = ("--version", "schema", "understand", "check")
    assert loaded(*commands) == {command: {"code": 0, "loaded": []} for command in commands}


def test_a_command_that_needs_a_whole_shop_loads_it() -> None:
    """Else the names that the other test looks for would be no proof. Nothing is served, and X is not spoken to."""
    assert loaded("chat")["chat"] == {"code": 0, "loaded": sorted({*CLIENTS} - {"tweepy", "uvicorn"})}

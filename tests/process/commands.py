"""Commands typed beside a running or resting shop."""

from __future__ import annotations

import subprocess

from tests.process.starts import forked, installed, surroundings
from tests.process.world import World

PATIENCE = 60.0


def typed(world: World, *arguments: object, answer: str = "", keys: bool = False) -> subprocess.CompletedProcess[str]:
    """`comptoir ARGUMENTS` on this world's shop; without its secrets, for most commands need none, or with its `keys`.

    `answer` is what the person types then; only the true executable is asked back.
    """
    words = ["-c", str(world.folder / "bot.toml"), *map(str, arguments)]
    secrets = dict(world.environment if keys else {})
    if answer:
        done = subprocess.run(
            [*installed(), *words],
            input=answer,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            cwd="/",
            env=surroundings(secrets),
        )
    else:
        out, log = world.folder / "command.out", world.folder / "command.log"
        for file in (out, log):
            file.write_bytes(b"")
        code = forked(words, {"COLUMNS": "200", **secrets}, log, out).wait(PATIENCE)
        done = subprocess.CompletedProcess(words, code, out.read_text("utf-8"), log.read_text("utf-8"))
    assert "Traceback" not in done.stderr, done.stderr
    return done


def told(world: World, *arguments: object, code: int = 0) -> str:
    """What a command with the shop's keys printed and complained, once it has ended with `code`."""
    done = typed(world, *arguments, keys=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr

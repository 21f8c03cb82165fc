"""Commands typed beside a running or resting shop."""

from __future__ import annotations

import os
import subprocess

from tests.process.world import World, installed


def typed(world: World, *arguments: object, answer: str = "") -> subprocess.CompletedProcess[str]:
    """`comptoir ARGUMENTS` on this world's shop, without its secrets; `answer` is what the person types then."""
    done = subprocess.run(
        [*installed(), "-c", str(world.folder / "bot.toml"), *map(str, arguments)],
        input=answer,
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done

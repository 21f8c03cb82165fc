"""The way in: `comptoir` and `python -m bot`."""

from __future__ import annotations

import gc


def main() -> None:
    """Load the command without a collector that looks in vain for garbage among modules, then run it."""
    gc.disable()
    from bot.cli import main as run

    gc.enable()
    gc.freeze()
    run()

"""`python -m tests.controls.hunted [GUARD]`: seed after seed of the simulator until one shows something wrong.

Exits 1 where one did. What it shows on which seed changes with every change of the shop; that it shows it may not.
"""

from __future__ import annotations

import os
import sys

from tests.simulation.run import lived

SEEDS = range(1, 9)
STEPS = 400


def main() -> int:
    without = f"tests.controls.removed:{sys.argv[1]}" if len(sys.argv) > 1 else ""
    for seed in SEEDS:
        outcome = lived(seed, STEPS, without=without if seed == SEEDS[0] else "")  # once removed it stays away
        if outcome.violation:
            sys.stdout.write(f"{outcome.violation}\n")
            return 1
    return 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.controls.hunted", *sys.argv[1:]])
    sys.exit(main())

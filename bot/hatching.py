"""How commands on the same machine find the running shop: a file beside its database, for its owner's eyes only."""

from __future__ import annotations

import json
import os
from pathlib import Path

from bot.config import Settings
from bot.web.hatch import Hatch


def hatch_file(settings: Settings) -> Path:
    return Path(f"{settings.database_path}.hatch")


def open_hatch(settings: Settings, hatch: Hatch) -> None:
    host = "127.0.0.1" if settings.web.host in ("0.0.0.0", "::") else settings.web.host  # noqa: S104 - not bound here
    door = {"address": f"http://{host}:{settings.web.port}", "token": hatch.token}
    path = hatch_file(settings)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(door, file)

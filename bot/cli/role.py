"""What a process of the shop does: the command line names it before the shop is loaded."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """On SQLite one process does everything."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"

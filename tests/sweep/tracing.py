"""strace, attached to a shop that runs or is held: it counts calls, and kills or fails the shop at one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from tests.sweep.forking import Process

SENDS = ("sendto", "sendmsg", "writev", "shutdown")
WRITES = ("write", "pwrite64", "pwritev", "ftruncate", "fallocate", "unlink", "rename")
SYNCS = ("fsync", "fdatasync")
DISK = ("pwrite64", "write", "ftruncate", "fallocate", *SYNCS)
"""What fails on a disk that is full or broken."""
TRACED = (*SENDS, *WRITES, *SYNCS)
ATTACHED = re.compile(rb"[Pp]rocess \d+ attached")


class Blow(StrEnum):
    """What befalls the shop at a system call: killed before it is done; the call fails once; it fails from then on.

    `full` is the database's disk alone; `everything` also the one with the log and whatever else the shop writes.
    """

    KILL = "kill"
    EIO = "eio"
    ENOSPC = "enospc"
    FULL = "full"
    EVERYTHING = "everything"


DOES: Mapping[Blow, str] = {
    Blow.KILL: "signal=KILL",
    Blow.EIO: "error=EIO",
    Blow.ENOSPC: "error=ENOSPC",
    Blow.FULL: "error=ENOSPC",
    Blow.EVERYTHING: "error=ENOSPC",
}
LASTING = frozenset({Blow.FULL, Blow.EVERYTHING})
"""They go on until the disk has room again."""
STEPS = (1, 2, 4, 8, 16, 32)
"""The calls from which on a point of `everything` lets all fail."""
ANY = "any"
"""Stands for every call of `DISK` in a point."""


@dataclass(frozen=True, slots=True)
class Injection:
    """The `number`-th call (from 1) of one thread; where `paths` are named, only calls on these files count."""

    blow: Blow
    call: str
    number: int
    paths: Sequence[Path] = ()

    @property
    def options(self) -> Sequence[str]:
        when = f"{self.number}+" if self.blow in LASTING else str(self.number)
        calls = ",".join(DISK) if self.call == ANY else self.call
        inject = f"--inject={calls}:{DOES[self.blow]}:when={when}"
        return ("--decode-fds=path", f"--trace={calls}", inject, *_only(self.paths))


def _only(paths: Sequence[Path]) -> Sequence[str]:
    return tuple(f"--trace-path={path}" for path in paths)


@cache
def missing() -> str | None:
    """Why nothing can be traced here, or None."""
    found = shutil.which("strace")
    if found is None:
        return "strace is not installed"
    tried = subprocess.run([found, "-qq", "-e", "trace=none", "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"strace cannot trace here: {tried.stderr.strip()[:100]}"


@contextlib.asynccontextmanager
async def attached(shop: Process, options: Sequence[str], output: Path) -> AsyncIterator[None]:
    """Within, every thread of the shop is traced. Leaving detaches, which ends every injection."""
    command = ["strace", "-f", "-p", str(shop.pid), "-o", str(output), *options]
    tracer = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    assert tracer.stderr is not None
    line = await tracer.stderr.readline()
    assert ATTACHED.search(line), f"strace did not attach: {line!r}"
    reading = asyncio.ensure_future(tracer.stderr.read())
    try:
        yield
    finally:
        await _still(shop)
        with contextlib.suppress(ProcessLookupError):
            tracer.terminate()
        await tracer.wait()
        await reading
        shop.signal(signal.SIGCONT)


async def _still(shop: Process) -> None:
    """Stop every thread of the shop, each outside of a call.

    A tracer that leaves between the two halves of an injection would leave an error that no disk ever gives (ENOSYS).
    """
    shop.signal(signal.SIGSTOP)
    while shop.alive and any(state(shop.pid, task) not in STILL for task in tasks(shop.pid)):  # noqa: ASYNC110
        await asyncio.sleep(0.002)  # the kernel tells it in no other way


def injected(output: Path) -> str | None:
    """The first call that was struck, as strace tells it; None where none was."""
    for line in output.read_text(errors="replace").splitlines():
        if "(INJECTED)" in line or "+++ killed by SIGKILL" in line:
            return line
    return None


LINE = re.compile(r"(\d+) +(\w+)\(")


def counted(output: Path, *, only: Sequence[Path] = ()) -> Mapping[str, int]:
    """The most that one thread made of each call, from a trace with paths beside its descriptors."""
    counts: Counter[tuple[str, str]] = Counter()
    signs = [f"<{path}>" for path in only]
    for line in output.read_text(errors="replace").splitlines():
        found = LINE.match(line)
        if found and (not signs or any(sign in line for sign in signs)):
            counts[found[1], found[2]] += 1
    most: dict[str, int] = {}
    for (_, call), number in counts.items():
        most[call] = max(most.get(call, 0), number)
    return most


STILL = "tTZX"
"""States of a thread that does nothing: stopped, under a tracer or not, or ended (proc(5))."""


def tasks(pid: int) -> Sequence[str]:
    """The threads of a process, none where it is no more."""
    with contextlib.suppress(OSError):
        return [path.name for path in Path(f"/proc/{pid}/task").iterdir()]
    return []


def state(pid: int, task: str | int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/task/{task}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    return "X"


def held(pid: int) -> bool:
    """Whether a process has stopped itself."""
    return state(pid, pid) == "T"


def database(folder: Path) -> Sequence[Path]:
    """The database's own files, whether they exist already or not."""
    return tuple(Path(os.path.realpath(folder)) / f"shop.db{ending}" for ending in ("", "-wal", "-shm", "-journal"))


def everything(folder: Path) -> Sequence[Path]:
    """All that the shop writes to."""
    beside = ("shop.log", "shop.db.lock", "shop.db.hatch")
    return (*database(folder), *(Path(os.path.realpath(folder)) / name for name in beside))

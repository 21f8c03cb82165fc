"""A process that has loaded the installed command and forks a child for every start of it.

Loading costs more than all else of a start. Beyond that only templates are compiled before the fork: no thread, no
socket, no file of the shop is touched. Requests come as JSON lines on stdin, answers go as JSON lines to stdout:
`{"id", "argv", "env", "cwd", "log", "hold", "guard"}` -> `{"id", "pid"}`, and `{"pid", "status"}` when a child has
ended, with the status as of `os.waitstatus_to_exitcode`.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import sys
from typing import Any

from tests.sweep.warm import remember

Request = dict[str, Any]
LOADED = (
    "bot.cli.serve",
    "bot.cli.books",
    "bot.channels.telegram",
    "bot.channels.x",
    "bot.payments.stripe",
    "bot.serving",
    "uvicorn.protocols.http.httptools_impl",
)
"""What the command loads late, and a running shop has loaded."""


def load() -> None:
    """What `bot.start.main` loads before it runs."""
    gc.disable()
    for module in LOADED:
        importlib.import_module(module)
    remember()
    gc.enable()
    gc.freeze()


def serve() -> Request:
    """Answer requests until stdin ends, which ends the process; returns only in a child, with its request."""
    wake, bell = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(bell, False)
    signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    lines = _Lines(0)
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd == wake:
                    os.read(wake, 4096)
                    _tell_the_ended()
                    continue
                for line in lines.read():
                    request: Request = json.loads(line)
                    pid = os.fork()
                    if pid == 0:
                        signal.set_wakeup_fd(-1)
                        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                        os.close(wake)
                        os.close(bell)
                        return request
                    _tell({"id": request["id"], "pid": pid})
                if lines.ended:
                    raise SystemExit(0)


class _Lines:
    """Whole lines from a descriptor, without a buffer that a fork would copy."""

    def __init__(self, fd: int) -> None:
        self._fd, self._rest, self.ended = fd, b"", False

    def read(self) -> list[bytes]:
        given = os.read(self._fd, 65536)
        self.ended = not given
        *whole, self._rest = (self._rest + given).split(b"\n")
        return whole


def _tell(answer: dict[str, int]) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def _tell_the_ended() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _tell({"pid": pid, "status": os.waitstatus_to_exitcode(status)})


DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def become(request: Request) -> None:
    """Make this child what the shell would have started: its own streams, folder, surroundings and arguments.

    It does not outlive the server: whatever ends a sweep leaves no shop behind.
    """
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(nothing if request.get("out") is None else os.open(request["out"], os.O_WRONLY | os.O_CREAT, 0o600), 1)
    os.dup2(log, 2)
    os.closerange(3, 64)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.argv[:] = request["argv"]
    if request.get("hold"):
        os.kill(os.getpid(), signal.SIGSTOP)
    if guard := request.get("guard"):
        module, _, function = guard.partition(":")
        getattr(importlib.import_module(module), function)()


def main() -> None:
    load()
    become(serve())
    from bot.start import main as comptoir

    comptoir()


if __name__ == "__main__":
    main()

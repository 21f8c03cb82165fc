"""Two ways to start the installed command: the true executable, or a child of a process that has loaded it."""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).parents[2]
PASSED_ON = ("PATH", "HOME", "LANG", "PYTHONPATH")
PATIENCE = 60.0


class Process(Protocol):
    """What a test does with a started command; `subprocess.Popen` is one."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


Starter = Callable[[Sequence[str], Mapping[str, str], Path], Process]
"""Arguments after the command's name, what it finds in its environment, where its complaints go."""


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """What a started command finds in its environment: little of ours, and what it is given."""
    return {**{name: os.environ[name] for name in PASSED_ON if name in os.environ}, **environment}


def installed() -> list[str]:
    """The command as it is installed beside this Python."""
    return [str(Path(sys.executable).with_name("comptoir"))]


def executed(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    """The true executable, as a merchant starts it; its complaints go to `log`."""
    with log.open("ab") as errors:
        return subprocess.Popen([*installed(), *arguments], cwd="/", env=surroundings(environment), stderr=errors)


def forked(arguments: Sequence[str], environment: Mapping[str, str], log: Path, out: Path | None = None) -> Process:
    """The same code in a child of a process that has loaded it, which spares the loading: most of a start.

    What it prints goes to the file `out`, which exists, or nowhere.
    """
    return _server().start(
        {
            "argv": ["comptoir", *arguments],
            "env": surroundings(environment),
            "cwd": "/",
            "log": str(log),
            "out": str(out) if out else None,
        }
    )


class Child:
    """A forked command. The server that forked it says when it has ended, so its number is never somebody else's."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None
        self._ended = threading.Event()

    def over(self, status: int) -> None:
        self._status = status
        self._ended.set()

    def poll(self) -> int | None:
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired("comptoir", timeout or 0)
        assert self._status is not None
        return self._status

    def send_signal(self, sig: int) -> None:
        if not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Server:
    """The process of `tests.sweep.forked`, one for all tests of this process; it ends with it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.sweep.forked"],
            cwd=ROOT,
            env=surroundings({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._numbers = itertools.count()
        self._news = threading.Condition()
        self._asked: dict[int, Child] = {}
        self._children: dict[int, Child] = {}
        self._reader = threading.Thread(target=self._read, name="forked", daemon=True)
        self._reader.start()

    def start(self, request: Mapping[str, object]) -> Child:
        assert self._process.stdin is not None
        number = next(self._numbers)
        with self._news:
            self._process.stdin.write(json.dumps({**request, "id": number}).encode() + b"\n")
            self._process.stdin.flush()
            assert self._news.wait_for(lambda: number in self._asked, PATIENCE), "nothing was forked"
            return self._asked.pop(number)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told: dict[str, int] = json.loads(line)
            with self._news:
                if "status" in told:
                    self._children.pop(told["pid"]).over(told["status"])
                else:
                    self._children[told["pid"]] = self._asked[told["id"]] = Child(told["pid"])
                self._news.notify_all()

    def close(self) -> None:
        """Whatever still runs is ended first."""
        assert self._process.stdin is not None
        with self._news:
            left = list(self._children.values())
        for child in left:
            child.kill()
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._process.stdout.close()


@functools.cache
def _server() -> _Server:
    server = _Server()
    atexit.register(server.close)
    return server


def end_server() -> None:
    """End what `forked` began, where it began anything; the next start begins it anew."""
    if _server.cache_info().currsize:
        server = _server()
        _server.cache_clear()
        atexit.unregister(server.close)
        server.close()

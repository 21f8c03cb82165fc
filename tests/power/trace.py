"""What a process asked of its kernel, read from strace's text: the only witness of what a power cut may take away.

strace writes a call's beginning before the kernel runs it and its end after it has returned, so the order of lines is
an order of what can have happened before what, over all threads.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FILES = "openat,creat,close,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range,ftruncate,fallocate"
NAMES = "unlink,unlinkat,rename,renameat,renameat2,link,linkat"
WIRES = "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg"
OPTIONS = ("-f", "-D", "--seccomp-bpf", "-y", "-xx", "-s", "10000000", "-e", "signal=none")
"""-D: the tracer is the grandchild, so that a signal to the process that was started reaches the traced command."""

NEVER = 1 << 60
"""The end of a call that has not returned."""

_LINE = re.compile(rb"(\d+) +(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*)|\+\+\+ (.*) \+\+\+)\n?")
_UNFINISHED = b" <unfinished ...>"
_RESULT = re.compile(rb"\) += (-?\d+|\?)(?:<([^>]*)>)?(?:\(deleted\))?(?: [^\"]*)?$")
_SUBJECT = re.compile(rb"\d+<([^>]*)>")
_STRING = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"')
_NUMBER = re.compile(rb", (\d+)")


@dataclass(frozen=True, slots=True)
class Call:
    """One system call. `begin` and `end` are places in the trace; `subject` is the file or socket it was about.

    `data` are the bytes written or read, cut to what the kernel took; `place` is the offset of a pwrite64, the size of
    an ftruncate; `result` is -1 for a failed call and None for one that never returned.
    """

    name: str
    subject: str
    begin: int
    end: int
    result: int | None
    data: bytes = b""
    place: int = 0
    creates: bool = False


@functools.cache
def unusable() -> str | None:
    """Why nothing can be traced on this machine, or None where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(
        ["strace", *OPTIONS, "-e", "trace=fsync", "-o", "/dev/null", "true"], capture_output=True, check=False
    )
    return (
        None if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.decode(errors='replace')[:200]}"
    )


def traced(command: Iterable[str], trace: Path, *, wires: bool) -> list[str]:
    """The command line that runs `command` under strace; `wires` also records what goes over sockets and pipes."""
    calls = ",".join((FILES, NAMES, WIRES if wires else "write"))
    return ["strace", *OPTIONS, "-e", f"trace={calls}", "-o", str(trace), *command]


def ended(trace: Path) -> bool:
    """Whether strace has written its last line: that every traced thread is gone."""
    with trace.open("rb") as text:
        text.seek(max(0, trace.stat().st_size - 200))
        last = text.read().rstrip(b"\n").rpartition(b"\n")[2]
    return last.endswith(b" +++")


def calls(trace: Path, folder: Path) -> Iterator[Call]:
    """The calls about what lies in `folder`, about sockets and about pipes, in the order in which they ended."""
    begun: dict[bytes, tuple[bytes, bytes, int]] = {}
    inside = str(folder)
    with trace.open("rb") as text:
        for number, line in enumerate(text):
            parts = _LINE.match(line)
            if parts is None:
                continue
            thread, name, rest, resumed, more, _gone = parts.groups()
            begin = number
            if name is not None and rest.endswith(_UNFINISHED):
                begun[thread] = (name, rest.removesuffix(_UNFINISHED), number)
                continue
            if resumed is not None:
                name, before, begin = begun.pop(thread, (resumed, b"", number))
                rest = before + more
            if name is not None and (call := _read(name, rest, begin, number, inside)) is not None:
                yield call
    for name, rest, begin in begun.values():
        if (call := _read(name, rest, begin, NEVER, inside)) is not None:
            yield call


def _read(name: bytes, text: bytes, begin: int, end: int, inside: str) -> Call | None:
    found = _RESULT.search(text)
    result = None if found is None or found[1] == b"?" else int(found[1])
    if name in (b"openat", b"unlink", b"unlinkat", b"rename", b"renameat", b"renameat2", b"creat", b"link", b"linkat"):
        paths = [_bytes(string).decode(errors="replace") for string in _STRING.findall(text)]
        if not any(path.startswith(inside) for path in paths):
            return None
        return Call(name.decode(), paths[-1], begin, end, result, creates=b"O_CREAT" in text)
    about = _SUBJECT.match(text)
    subject = _bytes(about[1]).decode(errors="replace") if about else ""
    if not subject.startswith((inside, "socket:[", "pipe:[")):
        return None
    data = b"".join(_bytes(string) for string in _STRING.findall(text))
    numbers = _NUMBER.findall(text[text.rfind(b'"') + 1 :] if data else text)
    if result is not None and result < len(data) and name != b"openat":
        data = data[: max(0, result)]
    place = int(numbers[-1]) if numbers and name in (b"pwrite64", b"ftruncate") else 0
    return Call(name.decode(), subject, begin, end, result, data, place)


def _bytes(text: bytes) -> bytes:
    """`-xx` writes each byte of a string as \\xNN; what stands between < and > may be plain or written so."""
    if not text.startswith(b"\\x"):
        return text
    return bytes.fromhex(text.replace(b"\\x", b"").decode())

"""What a fuzzed crowd has seen: how much was said, what crashed, what was refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Found:
    """What a run has seen. `crashes` are (seed, number of the message, its text, the error)."""

    messages: int = 0
    replies: int = 0
    silent: int = 0
    said: Counter[str] = field(default_factory=Counter)
    rendered: Counter[str] = field(default_factory=Counter)
    kept_back: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    crashes: list[tuple[int, int, str, str]] = field(default_factory=list)
    refused: list[tuple[int, int, str, str]] = field(default_factory=list)
    slowest_ms: float = 0.0
    """Of CPU time, for others may use the machine too."""
    slowest: str = ""

    def took(self, milliseconds: float, text: str) -> None:
        """Keep the slowest message."""
        if milliseconds > self.slowest_ms:
            self.slowest_ms, self.slowest = milliseconds, text[:100]

    def add(self, other: Found) -> None:
        self.messages += other.messages
        self.replies += other.replies
        self.silent += other.silent
        self.said += other.said
        self.rendered += other.rendered
        self.kept_back += other.kept_back
        self.sent += other.sent
        self.crashes += other.crashes
        self.refused += other.refused
        self.took(other.slowest_ms, other.slowest)

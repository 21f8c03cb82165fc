"""When so much comes in that keeping it goes before deciding on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

FULL = 50
"""Events that come together, from which on more are expected behind them."""
CROWD = 16
"""Calls in hand at once, from which on more are expected behind them: Telegram has 40 open at most."""


@dataclass
class Rush:
    """Full pages, or crowds, one after another: while they come nothing is decided. Times are seconds of a steady
    clock."""

    lull: float = 0.5
    """A full page is expected for so long after another one."""
    longest: float = 5.0
    """So long at most nobody is answered because of those who come behind; then both go on side by side."""
    _began: float | None = None
    _expected: float = -math.inf

    def comes(self, now: float) -> None:
        if self._began is None and now < self._expected:
            self._began = now
        self._expected = math.inf

    def kept(self, now: float) -> None:
        """What came is kept, so the next page may be asked for."""
        self._expected = now + self.lull

    def over(self) -> None:
        """Nothing more is expected for now; what comes all the same goes on with it."""
        self._expected = -math.inf

    def through(self) -> None:
        """All that was kept is decided on: whoever comes now comes behind nobody."""
        self._began, self._expected = None, -math.inf

    def lasts(self, now: float) -> bool:
        return self._began is not None and now < min(self._began + self.longest, self._expected)

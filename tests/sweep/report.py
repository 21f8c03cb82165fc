"""What a sweep found, as the section of the reports that the README quotes."""

from __future__ import annotations

import json
import platform
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sweep.play import KILLED, Played

PLACE = Path(__file__).parents[1] / "reports" / "kills.json"


@dataclass
class Report:
    """Counts each point once: `struck` where the flow came that far, `beyond` where it had ended before."""

    struck: dict[str, dict[str, Counter[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counter))
    )
    ends: Counter[str] = field(default_factory=Counter)
    beyond: int = 0
    violations: list[Played] = field(default_factory=list)

    def add(self, played: Sequence[Played]) -> None:
        for one in played:
            if one.wrong:
                self.violations.append(one)
            if one.struck is None:
                self.beyond += 1
                continue
            self.struck[one.point.flow][one.point.mode][one.point.kind] += 1
            self.ends[str(one.code)] += 1

    @property
    def kills(self) -> int:
        """Distinct points at which the shop was killed with SIGKILL."""
        return self.ends[str(KILLED)]

    @property
    def points(self) -> int:
        return sum(self.ends.values())

    def section(self, seconds: float) -> dict[str, Any]:
        kinds: Counter[str] = Counter()
        for modes in self.struck.values():
            for counts in modes.values():
                kinds.update(counts)
        return {
            "points": self.points,
            "kill_points": self.kills,
            "beyond_the_end": self.beyond,
            "by_kind": dict(sorted(kinds.items())),
            "by_flow": {
                flow: {str(mode): dict(sorted(counts.items())) for mode, counts in sorted(modes.items())}
                for flow, modes in sorted(self.struck.items())
            },
            "exit_codes": dict(sorted(self.ends.items())),
            "violations": [{"point": str(one.point), "wrong": list(one.wrong)} for one in self.violations],
            "seconds": round(seconds),
            "python": platform.python_version(),
        }

    def write(self, seconds: float, place: Path = PLACE) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(self.section(seconds), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

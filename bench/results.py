"""What was measured: one series for each contender and measure, a value for each round. Kept as JSON between runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

OURS = "ours"


class Key(NamedTuple):
    work: str
    measure: str
    contender: str


class Results:
    """Values by work, measure and contender, in the order in which they came."""

    def __init__(
        self,
        series: dict[Key, list[float]] | None = None,
        notes: dict[str, str] | None = None,
        days: dict[str, str] | None = None,
    ) -> None:
        self.series = series or {}
        self.notes = notes or {}
        self.days = days or {}
        """When each work was measured, as 2026-11-22 (UTC)."""

    def add(self, work: str, measure: str, contender: str, value: float) -> None:
        self.series.setdefault(Key(work, measure, contender), []).append(value)

    def get(self, work: str, measure: str, contender: str = OURS) -> list[float]:
        """Empty when it was not measured."""
        return self.series.get(Key(work, measure, contender), [])

    def measures(self, work: str) -> list[str]:
        return list(dict.fromkeys(key.measure for key in self.series if key.work == work))

    def contenders(self, work: str) -> list[str]:
        return list(dict.fromkeys(key.contender for key in self.series if key.work == work))

    def rounds(self) -> dict[str, int]:
        """Rounds of each work."""
        works = dict.fromkeys(key.work for key in self.series)
        return {work: max(len(self.series[key]) for key in self.series if key.work == work) for work in works}

    def forget(self, work: str) -> None:
        """Before a work is measured anew."""
        self.series = {key: values for key, values in self.series.items() if key.work != work}
        self.notes.pop(work, None)
        self.days.pop(work, None)

    def save(self, path: Path) -> None:
        rows = [[*key, values] for key, values in self.series.items()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"notes": self.notes, "days": self.days, "series": rows}, indent=1))

    @classmethod
    def load(cls, path: Path) -> Results:
        """What an earlier run left; empty when there was none."""
        if not path.exists():
            return cls()
        found = json.loads(path.read_text())
        return cls({Key(*row[:3]): row[3] for row in found["series"]}, found["notes"], found.get("days"))

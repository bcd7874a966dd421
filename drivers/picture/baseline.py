"""What one camera normally looks like, in colour and in infrared: learnt slowly, kept small.

Maps are running means that follow the seasons; single figures are kept as rows, so that a rare light (dusk, fog) is not
forgotten because many noons came after it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from drivers.picture.look import COLUMNS, HEIGHT, ROWS, TILE, WIDTH, Array, cells

MAX_ROWS = 48
FIGURES = (
    "dark", "level", "bright", "whites", "plain", "fine_noise", "middle_noise", "fine_level",
    "soft", "softer", "softest", "faint", "blue", "red", "peak", "rows", "columns", "wave",
    "step", "still", "grid", "lost",
)  # fmt: skip
"""The single figures of one snapshot, in the order of a row; drivers.picture.measure says what each is."""
SHAPES: dict[str, tuple[int, ...]] = {
    "normal": (HEIGHT, WIDTH),
    "spectrum": (TILE, TILE // 2 + 1),
    "match": (ROWS, COLUMNS),
    "scatter": (ROWS, COLUMNS),
    "sharp": (ROWS, COLUMNS),
    "sharper": (ROWS, COLUMNS),
    "sharpest": (ROWS, COLUMNS),
    "contrast": (ROWS, COLUMNS),
    "wide": (ROWS, COLUMNS),
    "blue": (ROWS, COLUMNS),
    "red": (ROWS, COLUMNS),
}
_SLOWEST = 1 / 300
"""A new snapshot never counts for less: after some days or weeks the old season is forgotten."""


class Light:
    """The baseline of one kind of light. `rows`: (n, len(FIGURES)), the most different ones that were seen."""

    def __init__(self) -> None:
        self.count = 0
        self.thumbnail = b""
        """A small JPEG of what was learnt last, to show beside a faulty picture."""
        self.maps: dict[str, Array] = {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
        self.rows: Array = np.zeros((0, len(FIGURES)), np.float32)
        self._summaries: dict[str, tuple[float, ...]] | None = None

    def high(self, name: str) -> float:
        """The highest of a figure; the same for `low`, the median (`middle`) and the lowest tenth (`tenth`)."""
        return self._summary(name, 0)

    def low(self, name: str) -> float:
        return self._summary(name, 1)

    def middle(self, name: str) -> float:
        return self._summary(name, 2)

    def tenth(self, name: str) -> float:
        return self._summary(name, 3)

    def _summary(self, name: str, which: int) -> float:
        if self._summaries is None:
            rows = np.sort(self.rows, axis=0)
            at = (-1, 0, len(rows) // 2, len(rows) // 10)
            self._summaries = {one: tuple(float(rows[i, x]) for i in at) for x, one in enumerate(FIGURES)}
        return self._summaries[name][which]

    def learn(self, maps: Mapping[str, Array], row: Array) -> None:
        """`maps`: those of this snapshot by the names of `SHAPES`, but for match and scatter."""
        if self.count >= 2:
            self._learn_match(maps["normal"])
        self.count += 1
        share = max(1 / self.count, _SLOWEST)
        for name, values in maps.items():
            kept = self.maps[name]
            if name == "spectrum":
                # The highest that is normal, sinking slowly.
                self.maps[name] = np.maximum(kept - 0.3 * share if self.count > 1 else values, values)
            else:
                self.maps[name] = kept + share * (values - kept)
        self._keep(row)

    def match(self, normal: Array) -> Array:
        """How alike each cell is to the baseline, -1 to 1."""
        mean = self.maps["normal"]
        both = cells(normal * mean)
        return both / np.sqrt((cells(normal * normal) + 0.02) * (cells(mean * mean) + 0.02))

    def _learn_match(self, normal: Array) -> None:
        found = self.match(normal)
        share = max(1 / (self.count - 1), _SLOWEST)
        off = abs(found - self.maps["match"]) if self.count > 2 else 0.1 + 0 * found
        self.maps["match"] = self.maps["match"] + share * (found - self.maps["match"])
        self.maps["scatter"] = self.maps["scatter"] + share * (off - self.maps["scatter"])

    def _keep(self, row: Array) -> None:
        if len(self.rows) >= MAX_ROWS:
            apart = np.abs(self.rows - row) / (self.rows.std(axis=0) + 1e-3)
            self.rows = np.delete(self.rows, int(apart.sum(axis=1).argmin()), axis=0)
        self._summaries = None
        self.rows = np.vstack([self.rows, row[None]]).astype(np.float32)

"""What is too much, and which fault it is. Pure; every threshold of the diagnosis stands here.

A limit is the worst that the camera showed while it was well, plus a margin, and never below a floor. One cause often
shows in several figures (stripes look like noise, a cover takes the colours away): the judge names the cause.
"""

from __future__ import annotations

import numpy as np

from drivers.picture.baseline import Light
from drivers.picture.kinds import ENOUGH, Measure
from drivers.picture.look import Look, cells
from drivers.picture.measure import Seen
from drivers.picture.place import Place, place


class Judge:
    """Judges one picture. `slack` widens the limits, for a baseline of another kind of light."""

    def __init__(self, look: Look, seen: Seen, light: Light, slack: float = 1.0) -> None:
        self.look, self.seen, self.light = look, seen, light
        self.ready = light.count >= ENOUGH
        self.slack = slack * (1 + 1 / max(1, light.count - 2))
        self.measures: list[Measure] = []

    def faults(self) -> frozenset[str]:
        """All but frozen, which needs the picture before."""
        self.measures = []
        for found in (self._no_picture(), self._broken()):
            if found:
                return frozenset({found})
        if not self.ready:
            return frozenset(filter(None, (self._certain_noise(),)))
        broken, striped, noisy = self._blocks(), self._striped(), self._noisy()
        gone = self._gone()
        if striped and not (gone and self._only_peak()):
            return frozenset({striped})
        if broken:
            return frozenset({broken})
        soft = self._blurred()
        if gone:
            return self._which(soft, noisy)
        return frozenset(filter(None, (noisy, self._tinted(), "" if noisy else soft)))

    def _value(self, name: str) -> float:
        return self.seen.figures[name]

    def _worst(self, name: str, least: float, margin: float, most: float = 1e9) -> float:
        """The highest that was normal, and `margin` more, but between `least` and `most`."""
        known = float(self.light.column(name).max()) if self.ready else -1e9
        return max(least, min(most, known + margin * self.slack))

    def _check(self, name: str, limit: float, fault: str, *, below: bool = False) -> str:
        value = self._value(name)
        over = value < limit if below else value > limit
        rows = self.light.column(name)
        usual = float(sorted(rows)[len(rows) // 2]) if len(rows) else None
        self.measures.append(Measure(name, value, usual, limit, fault if over else ""))
        return fault if over else ""

    def _no_picture(self) -> str:
        """Black, white, or a card that no lens has made."""
        found = (
            self._check("bright", self._darkest(), "black", below=True)
            or self._check("whites", self._worst("whites", 0.55, 0.25, 0.97), "white")
            or self._check("dark", self._worst("dark", 185, 40, 225), "white")
        )
        if found:
            return "signal_loss" if self._card() and self._written() else found
        if self._check("still", self._worst("still", 0.06, 0.06), "corrupt"):
            return "corrupt"
        return self._check("plain", 0.0, "signal_loss") if self._card() else ""

    def _darkest(self) -> float:
        """Much darker than ever, while the view is there; or hardly any light at all."""
        if not self.ready:
            return 22.0
        lowest = float(self.light.column("bright").min())
        hardly = min(22.0, 0.6 * lowest)
        return max(hardly, min(45.0, 0.35 * lowest)) if self._value("lost") < 0.4 else hardly

    def _card(self) -> bool:
        """A few levels only, and no grain at all."""
        small = self.look.small
        levels = np.bincount((small.ravel() / 2).astype(np.int64), minlength=128)
        few = float(np.sort(levels)[-8:].sum() / small.size)
        self.measures.append(Measure("levels", few, None, 0.7))
        usual = float(self.light.column("plain").max()) if self.ready else 0.75
        if few < 0.7 or self.look.plain < max(0.85, min(0.985, usual + 0.1)):
            return False
        return not self.ready or self._value("lost") >= 0.5

    def _written(self) -> bool:
        """Whether anything stands on it that is not the camera's own clock."""
        small = self.look.small
        off = cells(np.abs(small - np.median(small))) > 4
        off[[0, -1]] = False
        if self.ready:
            off &= ~self.seen.kept | ~self.seen.known
        return bool(off.sum() >= 2)

    def _broken(self) -> str:
        return self._check("step", self._worst("step", 0.5, 0.2, 0.85), "corrupt")

    def _blocks(self) -> str:
        return self._check("grid", self._worst("grid", 0.35, 0.25), "corrupt")

    def _certain_noise(self) -> str:
        return self._check("fine_noise", 3.2, "noise")

    def _striped(self) -> str:
        return (
            self._check("rows", self._worst("rows", 0.33, 0.2, 0.45), "stripes")
            or self._check("columns", self._worst("columns", 0.33, 0.2, 0.45), "stripes")
            or self._check("wave", self._worst("wave", 0.36, 0.12, 0.42), "stripes")
            or self._check("peak", self._worst("peak", 3.2, 0.8, 4.2), "stripes")
        )

    def _only_peak(self) -> bool:
        """A cloth before the lens has a weave: when the view is gone, a peak alone is no proof of stripes."""
        return self.measures[-1].name != "peak" and not any(m.fault for m in self.measures if m.name in _BROAD)

    def _noisy(self) -> str:
        floor = self._check("fine_noise", self._worst("fine_noise", 0.9, 0.45), "noise")
        return floor and self._check("fine_level", self._worst("fine_level", 0.9, 0.1), "noise")

    def _gone(self) -> str:
        return self._check("lost", min(0.6, 0.25 * self.slack), "covered")

    def _which(self, soft: str, noisy: str) -> frozenset[str]:
        where = place(self.seen, self.look.normal, self.light)
        self.measures += [Measure(name, value, None, 1.0) for name, value in zip(Place._fields, where, strict=True)]
        return frozenset({name_of(where, soft, noisy, self._value("peak"))})

    def _tinted(self) -> str:
        found = ""
        for name in ("blue", "red"):
            known = abs(self.light.column(name))
            limit = max(0.1, 1.2 * float(known.max()) + 0.04) * self.slack
            value = self._value(name)
            over = abs(value) > limit
            self.measures.append(Measure(name, value, 0.0, limit, "cast" if over else ""))
            found = "cast" if over else found
        return found

    def _blurred(self) -> str:
        found = ""
        for name, least, margin in (("soft", 0.15, 0.08), ("softer", 0.09, 0.05), ("softest", 0.07, 0.04)):
            usual = float(np.quantile(self.light.column(name), 0.1))
            limit = min(-least, usual - margin) * self.slack
            found = self._check(name, limit, "blur", below=True) or found
        return found


_BROAD = frozenset({"rows", "columns", "wave"})


def name_of(where: Place, soft: str, noisy: str, peak: float) -> str:
    """What has happened to the view. A thing before the lens is out of focus, or shows its own weave."""
    if noisy and (peak < 4.5 or where.kept > 0.3):
        return noisy
    natural = 0.5 < where.sharp < 1.8 and where.detail > 0.25 and peak < 4.5
    if where.found > 0.3 and natural:
        return "moved"
    if soft and where.kept > 0.6:
        return soft
    if where.kept > 0.3:
        return "covered"
    return "moved" if natural else "covered"

"""What is too much, and which fault it is. Pure; every threshold of the diagnosis stands here, but what is too
small or too large to be judged at all → `header`, and how many of how many pictures must show it → `agreement`.

A limit is the worst that the camera showed while it was well, plus a margin, and never below a floor. One cause often
shows in several figures (stripes look like noise, a cover takes the colours away): the judge names the cause.
"""

from __future__ import annotations

import numpy as np

from drivers.picture.baseline import Light
from drivers.picture.baselinesize import ENOUGH
from drivers.picture.figures import Measure
from drivers.picture.look import COLUMNS, Look, cells
from drivers.picture.measure import Seen
from drivers.picture.place import Place, place

NOTHING: frozenset[str] = frozenset()


class Judge:
    """Judges one picture. `borrowed`: the baseline is of the other kind of light; limits are wider then, and noise,
    sharpness and colours are not compared. A young baseline has wider limits, too."""

    def __init__(self, look: Look, seen: Seen, light: Light, *, borrowed: bool = False) -> None:
        self.look, self.seen, self.light = look, seen, light
        self.ready = light.count >= ENOUGH
        self.borrowed = borrowed
        self.slack = (2 if borrowed else 1) * (1 + 1 / max(1, light.count - 2))
        self.measures: list[Measure] = []
        self._few = _few_levels(look)

    def faults(self) -> frozenset[str]:
        """All but frozen, which needs the picture before. Usually one."""
        found = self._light()
        if found or not self.ready:
            return frozenset({found or self._certain_noise()} - {""})
        bars, peak = self._bars(), self._over("peak", self._high("peak", 3.3, 0.9, 4.2), "stripes")
        if bars or self.borrowed:
            return frozenset({bars or self._elsewise()} - {""})
        noisy, gone = self._noisy(), self._over("lost", min(0.6, 0.22 * self.slack), "covered")
        if peak and (not gone or (self._barred(0.1) and self._value("lost") < 0.6)):
            return frozenset({peak})
        blocks = self._over("grid", self._high("grid", 0.55, 0.25), "corrupt")
        if blocks:
            return frozenset({blocks})
        soft = self._blurred()
        if gone:
            return frozenset({self._gone(soft if self._value("softest") < -0.25 else "", noisy)})
        return frozenset({noisy, self._tinted(), "" if noisy else soft} - {""})

    def _elsewise(self) -> str:
        """What shows also beside a baseline of the other light: the view is gone, or a colour lies over all of it."""
        if self._over("lost", 0.6, "covered"):
            return self._gone("", "")
        tint = max(abs(float(np.median(self.look.blue))), abs(float(np.median(self.look.red))))
        return "cast" if self.look.grey and tint > 0.2 else ""

    def _value(self, name: str) -> float:
        return self.seen.figures[name]

    def _high(self, name: str, least: float, margin: float, most: float = 1e9) -> float:
        """The highest that was normal, and `margin` more, but between `least` and `most`."""
        return max(least, min(most, self.light.high(name) + margin * self.slack)) if self.ready else least

    def _over(self, name: str, limit: float, fault: str) -> str:
        return self._note(name, limit, fault if self._value(name) > limit else "")

    def _under(self, name: str, limit: float, fault: str) -> str:
        return self._note(name, limit, fault if self._value(name) < limit else "")

    def _note(self, name: str, limit: float, fault: str) -> str:
        usual = self.light.middle(name) if self.light.count else None
        self.measures.append(Measure(name, self._value(name), usual, limit, fault))
        return fault

    def _light(self) -> str:
        """No picture at all: black, white, a card that no lens has made, or data that end too soon."""
        if self._under("bright", self._darkest(), "black"):
            return "signal_loss" if self._card() and self._written() else "black"
        return (
            self._torn()
            or self._over("whites", self._high("whites", 0.42, 0.2, 0.97), "white")
            or self._over("dark", self._high("dark", 185, 40, 225), "white")
            or self._over("level", self._high("level", 243, 8, 252), "white")
            or self._over("still", self._high("still", 0.06, 0.06), "corrupt")
            or (self._note("plain", 0.85, "signal_loss") if self._card() else "")
        )

    def _darkest(self) -> float:
        """Much darker than ever, while the view is there; or hardly any light at all."""
        if not self.ready:
            return 22.0
        lowest = self.light.low("bright")
        hardly = min(22.0, 0.6 * lowest)
        return max(hardly, min(45.0, 0.35 * lowest)) if self._value("lost") < 0.4 else hardly

    def _card(self) -> bool:
        """A few levels only, no grain at all, and no scene at the top."""
        usual = self.light.high("plain") if self.ready else 0.75
        if self._few < 0.7 or self.look.plain < max(0.85, min(0.985, usual + 0.1)):
            return False
        if (self.look.fine[0] > 0.5).sum() >= COLUMNS * 3 // 4:
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

    def _certain_noise(self) -> str:
        return self._over("fine_noise", 4.0, "noise")

    def _bars(self) -> str:
        return (
            self._over("rows", self._high("rows", 0.17, 0.1, 0.3), "stripes")
            or self._over("columns", self._high("columns", 0.17, 0.1, 0.3), "stripes")
            or self._over("wave", self._high("wave", 0.36, 0.12, 0.42), "stripes")
        )

    def _barred(self, least: float) -> bool:
        """Whether what is not explained runs a little along rows or columns, as a weave before the lens hardly does."""
        return max(self._value("rows"), self._value("columns"), self._value("wave")) > least

    def _torn(self) -> str:
        """Colours jump at a row of blocks: the data went wrong there. Bars and cards may do so too."""
        limit = self._high("step", 0.5, 0.2, 0.85) if self.ready else 0.9
        torn = self._value("step") > limit and not self._barred(0.35) and not self._card()
        return self._note("step", limit, "corrupt" if torn else "")

    def _noisy(self) -> str:
        floor = self._over("fine_noise", self._high("fine_noise", 0.9, 0.45), "noise")
        return floor and self._over("fine_level", self._high("fine_level", 0.9, 0.1), "noise")

    def _tinted(self) -> str:
        found = ""
        for name in ("blue", "red"):
            known = max(self.light.high(name), -self.light.low(name))
            limit = max(0.14, 1.25 * known + 0.06) * self.slack
            found = self._note(name, limit, "cast" if abs(self._value(name)) > limit else "") or found
        return found

    def _blurred(self) -> str:
        """Fine detail is missing where coarse detail is as strong as ever. Where that is fainter too, the JPEG has
        dropped what was finest."""
        faint = max(0.0, -self._value("faint"))
        found = ""
        for name, least, margin, allowance in _SOFTNESS:
            usual = self.light.tenth(name)
            limit = min(-least, usual - margin) * self.slack - allowance * faint
            found = self._under(name, limit, "blur") or found
        return found

    def _gone(self, soft: str, noisy: str) -> str:
        where = place(self.seen, self.look.normal, self.light)
        figures = zip(Place._fields, where, strict=True)
        self.measures += [Measure(name, float(value), None, _PLACE[name]) for name, value in figures]
        return name_of(where, soft, noisy, self._value("peak"), self._few)


_SOFTNESS = (("soft", 0.15, 0.08, 0.3), ("softer", 0.09, 0.05, 0.1), ("softest", 0.08, 0.045, 0.0))
"""Figure, least loss that counts, margin below the usual, allowance for each unit of lost contrast (logarithms)."""


_PLACE = {"found": 0.3, "kept": 0.3, "detail": 0.25, "sharp": 0.5, "lower": 0.5}
"""What `name_of` compares them with, to be shown."""


def name_of(where: Place, soft: str, noisy: str, peak: float, few: float) -> str:
    """What has happened to the view. A thing before the lens is out of focus and smooth, or shows its own weave."""
    if noisy and (peak < 4.5 or where.kept > 0.3):
        return noisy
    natural = 0.5 < where.sharp < 1.8 and where.detail > 0.25 and peak < 4.5
    if where.lower and natural and where.found > 0.3:
        return "corrupt"
    if where.found > 0.3 and natural:
        return "moved"
    if soft and where.kept > 0.6:
        return soft
    if where.kept > 0.3:
        return "covered"
    return "moved" if natural and (few < 0.6 or where.detail > 0.42) else "covered"


def _few_levels(look: Look) -> float:
    """Share of the picture that the eight commonest of 128 levels take."""
    levels = np.bincount((look.small.ravel() * 0.5).astype(np.int64), minlength=128)
    return float(np.sort(levels)[-8:].sum() / look.small.size)

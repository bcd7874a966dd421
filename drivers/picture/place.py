"""When the view no longer is what it was: is something before it, or does the camera look elsewhere? Pure.

What moved is found again beside its place, or the picture is as rich in detail as ever and matches nowhere. What is
covered has lost its detail, or still shows the rest of the view in its place.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from drivers.picture.baseline import Light
from drivers.picture.look import HEIGHT, ROWS, SIDE, WIDTH, Array
from drivers.picture.measure import Seen

_BLOCK = 24
_REACH = 14
"""Blocks of the baseline are looked for this far away, in pixels of the small picture."""


class Place(NamedTuple):
    """Shares 0 to 1. `found`: blocks that stand elsewhere now. `kept`: cells that match in their place.
    `detail`: detail of the lost cells by the usual (1: as much as ever), `sharp` the same of how sharp it is.
    `lower`: all is lost below some row, and all is kept above."""

    found: float
    kept: float
    detail: float
    sharp: float
    lower: bool


def place(seen: Seen, normal: Array, light: Light) -> Place:
    lost, known = seen.lost, seen.known
    more = (seen.maps["contrast"] - light.maps["contrast"])[lost]
    sharp = (seen.maps["sharp"] - light.maps["sharp"])[lost]
    return Place(
        found=_found(normal, light.maps["normal"], lost),
        kept=float((seen.kept & known).sum() / max(1, known.sum())),
        detail=float(np.exp(np.median(more))) if len(more) else 1.0,
        sharp=float(np.exp(np.median(sharp))) if len(sharp) else 1.0,
        lower=_lower(lost, known),
    )


def _lower(lost: Array, known: Array) -> bool:
    for row in range(2, ROWS - 1):
        above, below = known[:row].sum(), known[row:].sum()
        if above and below and lost[:row].sum() < 0.12 * above and lost[row:].sum() > 0.7 * below:
            return True
    return False


def _found(normal: Array, usual: Array, lost: Array) -> float:
    """Share of the blocks with lost cells that are found again, but not in their place."""
    tried = elsewhere = 0
    for y in range(4, HEIGHT - _BLOCK, _BLOCK - SIDE):
        for x in range(4, WIDTH - _BLOCK, _BLOCK - SIDE):
            if not lost[(y + _BLOCK // 2) // SIDE, (x + _BLOCK // 2) // SIDE]:
                continue
            block = usual[y : y + _BLOCK, x : x + _BLOCK]
            if float(block.std()) < 0.3:
                continue
            top, left = max(0, y - _REACH), max(0, x - _REACH)
            window = normal[top : y + _BLOCK + _REACH, left : x + _BLOCK + _REACH]
            _, best, _, (at_x, at_y) = cv2.minMaxLoc(cv2.matchTemplate(window, block, cv2.TM_CCOEFF_NORMED))
            tried += 1
            elsewhere += best > 0.55 and max(abs(left + at_x - x), abs(top + at_y - y)) >= 2
    return elsewhere / tried if tried >= 3 else 0.0

"""The single figures of a picture: by itself, and beside the baseline. Pure.

Each figure has one meaning and one unit; what is too much of it stands in drivers.picture.judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np

from drivers.picture.baseline import FIGURES, Light
from drivers.picture.look import COLUMNS, HEIGHT, ROWS, WIDTH, Array, Look, cells

_QUIET = 29
"""A fifth of the cells: the least busy ones show the noise."""
_BUSY = 60
"""The cells with most contrast in the baseline show the sharpness."""


class Seen(NamedTuple):
    """`figures`: by the names of `FIGURES`. `lost`: which cells no longer match, `kept`: which clearly do, and
    `known`: which can be judged at all; (ROWS, COLUMNS), bool. `rest`: structure that the baseline does not explain."""

    figures: dict[str, float]
    maps: Mapping[str, Array]
    lost: Array
    kept: Array
    known: Array
    rest: Array


def measure(seen: Look, light: Light) -> Seen:
    """All figures. Those that need a baseline are 0 as long as `light` has none."""
    maps = _maps(seen)
    figures = {**_of_light(seen), **_of_noise(seen), **_of_lines(seen)}
    nothing = np.zeros((ROWS, COLUMNS), bool)
    if light.count < 3:
        return Seen({**dict.fromkeys(FIGURES, 0.0), **figures}, maps, nothing, ~nothing, nothing, 0 * seen.normal)
    match = light.match(seen.normal)
    usual, scatter = light.maps["match"], light.maps["scatter"]
    known = usual > 0.4
    lost = known & (match < usual - np.maximum(0.3, 3 * scatter))
    kept = known & (match > 0.6 * usual)
    rest = seen.normal - light.maps["normal"]
    figures.update(_of_sharpness(seen, maps, light, kept))
    figures.update(_of_colour(maps, light, kept, figures["level"]))
    figures.update(_of_rest(rest, seen.normal))
    figures["peak"] = _peak(seen.spectrum, light.maps["spectrum"])
    figures["lost"] = float(lost.sum() / max(20, known.sum()))
    return Seen(figures, maps, lost, kept, known, rest)


def row(figures: Mapping[str, float]) -> Array:
    """As it is kept in a baseline."""
    return np.array([figures[name] for name in FIGURES], np.float32)


def _maps(seen: Look) -> dict[str, Array]:
    alive = _alive(seen)
    octaves = [_above_noise(values, alive) for values in (seen.fine, seen.middle, seen.coarse, seen.broad, seen.wide)]
    return {
        "normal": seen.normal,
        "spectrum": seen.spectrum,
        "sharp": octaves[0] - octaves[2],
        "sharper": octaves[1] - octaves[3],
        "sharpest": (octaves[2] + octaves[3]) / 2 - octaves[4],
        "contrast": octaves[1],
        "wide": octaves[4],
        "blue": seen.blue,
        "red": seen.red,
    }


def _alive(seen: Look) -> Array:
    """Cells that are neither burnt out nor pitch dark: those hide the noise."""
    level = cells(seen.small)
    alive: Array = (level > 10) & (level < 242)
    return alive if alive.sum() >= 2 * _QUIET else np.ones_like(alive)


def _quietest(detail: Array, alive: Array) -> float:
    return float(np.sort(detail[alive])[: max(8, int(alive.sum()) // 6)].mean())


def _above_noise(detail: Array, alive: Array) -> Array:
    """Logarithm of the detail of each cell, that of the quietest cells taken off in power."""
    quiet = _quietest(detail, alive)
    power = detail * detail
    return 0.5 * np.log(np.maximum(power - quiet * quiet, 0.02 * power + 0.01))


def _of_light(seen: Look) -> dict[str, float]:
    ordered = np.sort(seen.small, axis=None)
    count = ordered.size
    return {
        "dark": float(ordered[count // 20]),
        "level": float(ordered[count // 2]),
        "bright": float(ordered[count - 1 - count // 20]),
        "whites": float((ordered >= 235).mean()),
        "plain": seen.plain,
    }


def _of_noise(seen: Look) -> dict[str, float]:
    """Logarithms of the detail where there is least of it, in the two finest octaves, and of the usual fine detail."""
    fine, middle = np.sort(seen.fine, axis=None), np.sort(seen.middle, axis=None)
    return {
        "fine_noise": float(np.log(fine[:_QUIET].mean() + 0.3)),
        "middle_noise": float(np.log(middle[:_QUIET].mean() + 0.3)),
        "fine_level": float(np.log(np.median(fine) + 0.3)),
    }


def _of_lines(seen: Look) -> dict[str, float]:
    """What broken data leave: a step of colour along block rows, the last row repeated, edges of blocks."""
    green = seen.strips[..., 1]
    colour = [cv2.absdiff(part[1:], part[:-1]) for part in (seen.strips[..., 0] - green, seen.strips[..., 2] - green)]
    wide = (cv2.max(*colour) > 10).mean(axis=1)
    block = max(1, 8 // seen.part)
    found = np.flatnonzero(wide > 0.4)
    aligned = (found + 1) % block == 0 if block > 1 else found >= 0
    stands_out = float(wide.max() - 2 * np.sort(wide)[len(wide) * 9 // 10])
    changes = cv2.max(cv2.absdiff(green[1:], green[:-1]), cv2.max(*colour))
    # A black bar is part of the picture of some cameras, burnt out ground of a bright one.
    repeats = 24 < seen.strips[-1].mean() < 245
    return {
        "step": max(0.0, stands_out) if len(found) and aligned.mean() > 0.6 else 0.0,
        "still": _tail(np.partition(changes, COLUMNS // 2, axis=1)[:, COLUMNS // 2], seen.up) if repeats else 0.0,
        "grid": max(_grid(seen.up, 16 // seen.part), _grid(seen.across, 16 // seen.part)),
    }


def _tail(changes: Array, up: Array) -> float:
    """Share of the rows at the bottom that are one and the same, when there is a picture above them."""
    changing = np.flatnonzero(changes > 0.25)
    start = int(changing[-1]) + 1 if len(changing) else 0
    above = up[:start]
    is_picture = len(above) > 0.04 * len(up) and float((above > 0.5).mean()) > 0.6
    return 1 - start / len(changes) if is_picture else 0.0


def _grid(differences: Array, step: int) -> float:
    """How much more there is on the borders of macroblocks than beside them: logarithm, median of all borders."""
    if step < 4:
        return 0.0
    on, before, after = differences[step - 1 :: step], differences[step - 2 :: step], differences[step::step]
    count = min(len(on), len(before), len(after))
    return float(np.median(np.log((on[:count] + 2) / ((before[:count] + after[:count]) / 2 + 2))))


def _of_sharpness(seen: Look, maps: Mapping[str, Array], light: Light, kept: Any) -> dict[str, float]:
    """Change of the ratio of finer to coarser detail (logarithm), median of the cells with contrast, three octaves.

    Only of cells whose detail would stand out of the noise if it were as sharp as usual: haze and night are no blur.
    """
    usual = light.maps
    busy = np.argsort(usual["contrast"], axis=None)[-_BUSY:]
    chosen = busy[kept.ravel()[busy]]
    chosen = chosen if len(chosen) >= 8 else busy
    found = {"faint": float(np.median((maps["wide"] - usual["wide"]).ravel()[chosen]))}
    alive = _alive(seen)
    for name, ratio, detail, expected in (
        ("soft", "sharp", seen.fine, usual["sharp"] + usual["sharpest"]),
        ("softer", "sharper", seen.middle, usual["sharper"] + usual["sharpest"]),
        ("softest", "sharpest", seen.coarse, usual["sharpest"]),
    ):
        clear = chosen[(np.exp(expected) * seen.wide > 1.5 * _quietest(detail, alive) + 0.3).ravel()[chosen]]
        change = (maps[ratio] - usual[ratio]).ravel()[clear]
        found[name] = float(np.median(change)) if len(clear) >= 8 else 0.0
    return found


def _of_colour(maps: Mapping[str, Array], light: Light, kept: Any, level: float) -> dict[str, float]:
    """Change of colour against the baseline, median of the cells that still show the same (logarithm).

    Haze and glare take colour away from all that has some: as much as they take contrast is no cast.
    """
    chosen = kept if kept.sum() >= 20 else np.ones_like(kept)
    usual = light.middle("level")
    left = float(np.exp(np.median((maps["contrast"] - light.maps["contrast"])[chosen]))) * (usual + 5) / (level + 5)
    veil = min(1.0, max(0.0, 1.25 * (1 - left) + 0.1))
    found = {}
    for name in ("blue", "red"):
        base = light.maps[name][chosen]
        change = maps[name][chosen] - base
        faded = np.where(change * base < 0, np.sign(change) * np.maximum(0, abs(change) - veil * abs(base)), change)
        found[name] = float(np.median(faded))
    return found


def _of_rest(rest: Array, normal: Array) -> dict[str, float]:
    """Share of the unexplained structure that is the same along rows, along columns, and that is one wave.

    The few strongest rows and columns do not count: the edge of something is no stripes. Nor does what is only gone: a
    horizon that is covered.
    """
    rest = rest - rest.mean()
    total = float((rest * rest).sum()) + 1e-6
    power = np.abs(np.fft.rfft2(rest)) ** 2
    power[0, 0] = 0
    y, x = divmod(int(power.argmax()), power.shape[1])
    ys, xs = [(y + by) % HEIGHT for by in (-1, 0, 1)], [at for at in (x - 1, x, x + 1) if 0 <= at < power.shape[1]]
    rows, columns = (np.sort(np.minimum(rest.mean(axis) ** 2, normal.mean(axis) ** 2)) for axis in (1, 0))
    return {
        "rows": float(WIDTH * rows[: -HEIGHT // 10].sum() / total),
        "columns": float(HEIGHT * columns[: -WIDTH // 10].sum() / total),
        "wave": float(power[np.ix_(ys, xs)].sum() / (power.sum() + 1e-6)),
    }


def _peak(spectrum: Array, usual: Array) -> float:
    """How far one spatial frequency stands out of its neighbours, in what is more than usual (logarithm of power)."""
    more = spectrum - usual
    return float((more - cv2.blur(more, (9, 9))).max())

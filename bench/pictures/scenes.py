"""A photograph becomes what a fixed camera sees over a day: light, weather, people, shake, sensor, clock and JPEG.

All of it is seeded: the same camera and number give the same snapshot. What is here is normal; no fault is made here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from bench.pictures.photos import Frame

Light = np.ndarray[Any, np.dtype[np.float32]]
SIZES = ((1280, 720), (1920, 1080), (640, 360), (1280, 960), (1280, 720), (960, 540))
MARGIN = 1.3
"""The photograph is larger than the view, so that a camera can be turned."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One snapshot's circumstances. `hour` 0 to 24; strengths 0 to 1."""

    hour: float
    seed: int
    haze: float = 0.0
    rain: float = 0.0
    people: int = 0
    glare: float = 0.0
    pan: tuple[float, float] = (0.0, 0.0)
    turn_deg: float = 0.0
    zoom: float = 1.0

    @property
    def night(self) -> bool:
        return self.hour < 6 or self.hour >= 19.5

    @property
    def dusk(self) -> bool:
        return not self.night and (self.hour < 7.2 or self.hour >= 18.3)


class Camera:
    """`photo`: what there is to see. Its size, quality and clock come from the seed."""

    def __init__(self, photo: Frame, seed: int) -> None:
        self.seed = seed
        rng = np.random.default_rng((seed, 1))
        fits = [size for size in SIZES if size[0] <= 2.2 * photo.shape[1]] or [(640, 360)]
        self.width, self.height = fits[rng.integers(len(fits))]
        self.quality = int(rng.integers(40, 91))
        self.clock = bool(rng.random() < 0.8)
        self.grain = float(rng.uniform(1.0, 2.5))
        self._photo = photo
        self.resize(self.width, self.height)

    def resize(self, width: int, height: int) -> None:
        """To send pictures of another size."""
        self.width, self.height = width, height
        self.view = _cover(self._photo, round(width * MARGIN), round(height * MARGIN))

    def optics(self, moment: Moment) -> Light:
        """What falls on the sensor: light, weather, people; no grain yet."""
        rng = np.random.default_rng((self.seed, moment.seed, 2))
        seen = _look(self.view, self.width, self.height, moment, rng)
        seen = _walk(seen, moment.people, rng)
        seen = _lit(seen, moment, rng)
        if moment.haze:
            seen = _hazed(seen, moment.haze, rng)
        return _rained(seen, moment.rain, rng) if moment.rain else seen

    def sensor(self, seen: Light, moment: Moment) -> Frame:
        """Grain added, and what the camera does against it; no clock yet."""
        rng = np.random.default_rng((self.seed, moment.seed, 3))
        grain = self.grain * (3.0 if moment.night else 1.8 if moment.dusk else 1.0)
        noise = rng.standard_normal(seen.shape[:2], np.float32) * grain
        colour = 0 if moment.night else rng.standard_normal(seen.shape, np.float32) * (grain * 0.4)
        noisy = seen + noise[..., None] + colour
        if moment.night and self.seed % 2:
            noisy = cv2.GaussianBlur(noisy, (0, 0), 0.6)
        return np.clip(noisy, 0, 255).astype(np.uint8)

    def finish(self, frame: Frame, moment: Moment, second: int = 0) -> bytes:
        """With clock, as JPEG."""
        if self.clock:
            _stamp(frame, moment, second)
        return encode(frame, self.quality)

    def snapshot(self, moment: Moment) -> bytes:
        return self.finish(self.sensor(self.optics(moment), moment), moment)


def encode(frame: Frame, quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return bytes(data.tobytes())


def day(seed: int, count: int = 18) -> list[Moment]:
    """What a camera is taught on: an ordinary day and night."""
    rng = np.random.default_rng((seed, 4))
    hours = (np.arange(count) + rng.uniform(0, 1, count)) * 24 / count
    return [_weather(Moment(float(hour), int(at)), rng, 0.5) for at, hour in enumerate(hours)]


def later(seed: int, count: int) -> list[Moment]:
    """Other days, with more weather than the first."""
    rng = np.random.default_rng((seed, 5))
    return [_weather(Moment(float(rng.uniform(0, 24)), 1000 + at), rng, 1.0) for at in range(count)]


def _weather(moment: Moment, rng: np.random.Generator, most: float) -> Moment:
    kind = rng.random()
    found = replace(moment, people=int(rng.integers(0, 4)))
    if kind < 0.15:
        return replace(found, haze=float(rng.uniform(0.1, most)))
    if kind < 0.3:
        return replace(found, rain=float(rng.uniform(0.2, most)))
    if kind < 0.4 and not moment.night:
        return replace(found, glare=float(rng.uniform(0.3, most)))
    return found


def _cover(photo: Frame, width: int, height: int) -> Frame:
    scale = max(width / photo.shape[1], height / photo.shape[0])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = (max(width, round(photo.shape[1] * scale)), max(height, round(photo.shape[0] * scale)))
    large = cv2.resize(photo, size, interpolation=way)
    x, y = (large.shape[1] - width) // 2, (large.shape[0] - height) // 2
    return np.ascontiguousarray(large[y : y + height, x : x + width])


def _look(view: Frame, width: int, height: int, moment: Moment, rng: np.random.Generator) -> Light:
    """A little shake by wind, and where the camera is turned."""
    shake = rng.normal(0, 0.0006, 2) * width
    turn = moment.turn_deg + rng.normal(0, 0.04)
    matrix = cv2.getRotationMatrix2D((view.shape[1] / 2, view.shape[0] / 2), turn, moment.zoom)
    matrix[0, 2] += shake[0] - moment.pan[0] * width - (view.shape[1] - width) / 2
    matrix[1, 2] += shake[1] - moment.pan[1] * height - (view.shape[0] - height) / 2
    seen = cv2.warpAffine(view, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return seen.astype(np.float32)


def _walk(seen: Light, people: int, rng: np.random.Generator) -> Light:
    height, width = seen.shape[:2]
    for _ in range(people):
        tall = height * rng.uniform(0.1, 0.35)
        x, y = rng.uniform(0, width), rng.uniform(0.4, 0.9) * height
        wide = tall * (rng.uniform(0.3, 0.45) if rng.random() < 0.8 else 1.6)
        colour = tuple(float(value) for value in rng.uniform(20, 220, 3))
        cv2.ellipse(seen, ((x, y), (wide, tall), rng.normal(0, 5)), colour, -1, cv2.LINE_AA)
        darker = tuple(value * 0.5 for value in colour)
        cv2.ellipse(seen, ((x, y + tall * 0.3), (wide * 0.8, tall * 0.4), 0), darker, -1, cv2.LINE_AA)
        cv2.circle(seen, (round(x), round(y - tall * 0.5)), max(1, round(tall * 0.1)), (120, 150, 190), -1, cv2.LINE_AA)
    return seen


def _lit(seen: Light, moment: Moment, rng: np.random.Generator) -> Light:
    height, width = seen.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32) / (height, width)[0]
    if moment.night:
        grey = seen @ np.array([0.25, 0.4, 0.35], np.float32)
        grey = 255 * (grey / 255) ** rng.uniform(0.75, 0.95)
        far = (xs - width / height / 2) ** 2 + (ys - 0.5) ** 2
        grey = grey * rng.uniform(0.5, 0.8) * np.exp(-far * rng.uniform(0.5, 1.1)) + rng.uniform(4, 14)
        return np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    balance = 1 + rng.normal(0, 0.025, 3)
    if moment.dusk:
        balance = balance * rng.uniform(0.35, 0.6) * np.array([0.85, 0.97, 1.12]) ** rng.uniform(-0.8, 1)
    else:
        balance = balance * rng.uniform(0.75, 1.1)
        seen = _shaded(seen, xs, ys, rng)
    seen = 255 * (np.clip(seen, 0, 255) / 255) ** rng.uniform(0.85, 1.15)
    seen = seen * balance.astype(np.float32)
    if moment.glare:
        sun = rng.uniform(0.1, 0.9) * width / height, rng.uniform(0, 0.35)
        blob = np.exp(-((xs - sun[0]) ** 2 + (ys - sun[1]) ** 2) * rng.uniform(6, 14))
        seen = seen + (260 * moment.glare) * blob[..., None] + 20 * moment.glare
    return seen.astype(np.float32)


def _shaded(seen: Light, xs: Light, ys: Light, rng: np.random.Generator) -> Light:
    """The shadow of something that stands beside the view, soft at its edge."""
    if rng.random() < 0.4:
        return seen
    angle = rng.uniform(0, 2 * np.pi)
    side = np.cos(angle) * (xs - rng.uniform(0.3, 1.4)) + np.sin(angle) * (ys - rng.uniform(0.2, 0.8))
    edge = 1 / (1 + np.exp(-side * rng.uniform(15, 60)))
    return np.asarray(seen * (1 - rng.uniform(0.2, 0.5) * edge)[..., None], np.float32)


def _hazed(seen: Light, haze: float, rng: np.random.Generator) -> Light:
    """Thicker where it is far, which is the upper part of most views. At its worst a fifth of the contrast is left."""
    rows = np.linspace(1.0, 0.55, seen.shape[0], dtype=np.float32)[:, None, None]
    veil = np.minimum(0.8, haze * rows)
    bright = min(230.0, float(seen.mean()) * 1.3 + 20)
    return np.asarray(seen * (1 - veil) + bright * rng.uniform(0.9, 1.1) * veil, np.float32)


def _rained(seen: Light, rain: float, rng: np.random.Generator) -> Light:
    height, width = seen.shape[:2]
    streaks = np.zeros((height, width), np.float32)
    slant = rng.normal(0, 0.15)
    for _ in range(int(60 + 500 * rain)):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        long = height * rng.uniform(0.02, 0.06)
        end = (round(x + slant * long), round(y + long))
        cv2.line(streaks, (round(x), round(y)), end, float(rng.uniform(15, 55)), 1, cv2.LINE_AA)
    streaks = cv2.GaussianBlur(streaks, (0, 0), 0.7)
    return np.asarray(seen * (1 - 0.2 * rain) + 18 * rain + streaks[..., None], np.float32)


def _stamp(frame: Frame, moment: Moment, second: int) -> None:
    height = frame.shape[0]
    scale = height / 720
    hour, minute = int(moment.hour), int(moment.hour * 60) % 60
    text = f"2024-05-{moment.seed % 27 + 1:02d} {hour:02d}:{minute:02d}:{second % 60:02d}"
    for colour, thick in (((0, 0, 0), 4), ((255, 255, 255), 2)):
        place = (round(20 * scale), round(40 * scale))
        weight = max(1, round(thick * scale))
        cv2.putText(frame, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, weight, cv2.LINE_AA)
        name = (round(frame.shape[1] - 260 * scale), round(height - 25 * scale))
        cv2.putText(frame, "Camera 01", name, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, weight, cv2.LINE_AA)

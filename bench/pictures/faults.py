"""Faults of each kind in three strengths: mild (0), medium (1), severe (2). Seeded. What the thresholds were set on.

`drivers.picture` never sees how these are made; bench/pictures/foes.py makes the same kinds by other means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from bench.pictures.photos import Frame
from bench.pictures.scenes import Camera, Light, Moment, encode

STRENGTHS = ("mild", "medium", "severe")


class Shot(NamedTuple):
    """`before` is what the camera sent just before, when that matters (frozen)."""

    picture: bytes
    before: bytes | None = None


Fault = Callable[[Camera, Moment, int, np.random.Generator], Shot]


def sensed(camera: Camera, moment: Moment, seen: Light) -> Shot:
    return Shot(camera.finish(camera.sensor(seen, moment), moment))


def black(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    seen = camera.optics(moment) * (0.09, 0.04, 0.0)[strength]
    return sensed(camera, moment, seen + rng.uniform(0, 8))


def white(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    seen = camera.optics(moment)
    gain = (3.2, 5, 9)[strength] * 110 / max(20.0, float(seen.mean()))
    return sensed(camera, moment, seen * gain + (50, 90, 150)[strength])


def blur(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    sigma = (1.5, 3.0, 7.0)[strength] * camera.width / 1280 * rng.uniform(0.9, 1.2)
    return sensed(camera, moment, np.asarray(cv2.GaussianBlur(camera.optics(moment), (0, 0), sigma), np.float32))


def noise(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    seen = camera.optics(moment)
    sigma = (18, 32, 60)[strength]
    grain = rng.standard_normal(seen.shape if not moment.night else seen.shape[:2], np.float32) * sigma
    return sensed(camera, moment, seen + (grain if grain.ndim == 3 else grain[..., None]))


def cast(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    gain = np.ones(3, np.float32)
    gain[rng.integers(3)] += (0.35, 0.6, 1.0)[strength]
    gain[rng.integers(3)] -= (0.15, 0.35, 0.6)[strength]
    return sensed(camera, moment, camera.optics(moment) * gain)


def stripes(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    seen = camera.optics(moment)
    height, width = seen.shape[:2]
    along = np.arange(height, dtype=np.float32)[:, None] if rng.random() < 0.6 else np.arange(width, dtype=np.float32)
    period = rng.uniform(6, 60) * height / 720
    wave = np.sin(2 * np.pi * along / period + rng.uniform(0, 6))
    if rng.random() < 0.5:
        wave = np.sign(wave)
    return sensed(camera, moment, seen + ((10, 22, 45)[strength] * wave * np.ones((height, width)))[..., None])


def covered(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    seen = camera.optics(moment)
    height, width = seen.shape[:2]
    share = (0.4, 0.65, 1.0)[strength]
    mask = np.zeros((height, width), np.float32)
    side = rng.integers(4)
    if side == 0:
        mask[:, : round(width * share)] = 1
    elif side == 1:
        mask[:, round(width * (1 - share)) :] = 1
    elif side == 2:
        mask[: round(height * share)] = 1
    else:
        mask[round(height * (1 - share)) :] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), width * 0.015)[..., None]
    colour = rng.uniform(0.1, 0.6) * np.array([rng.uniform(60, 200), rng.uniform(60, 200), rng.uniform(60, 220)])
    if moment.night:
        colour[:] = colour.mean()
    folds = cv2.resize(rng.standard_normal((5, 8)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    patch = colour + 10 * folds[..., None]
    return sensed(camera, moment, (seen * (1 - mask) + patch * mask).astype(np.float32))


def moved(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    far = (0.06, 0.14, 0.3)[strength]
    angle = rng.uniform(0, 2 * np.pi)
    pan = far * float(np.cos(angle)), far * float(np.sin(angle))
    turn = float(rng.choice([-1, 1])) * (2.0, 6.0, 18.0)[strength] * float(rng.random() < 0.5)
    return Shot(camera.snapshot(replace(moment, pan=pan, turn_deg=turn)))


def frozen(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    frame = camera.sensor(camera.optics(moment), moment)
    before = camera.finish(frame.copy(), moment)
    return Shot(camera.finish(frame.copy(), moment, 0 if strength == 2 else int(rng.integers(1, 60))), before)


def signal_loss(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    kind = rng.integers(4)
    frame = np.zeros((camera.height, camera.width, 3), np.uint8)
    if kind == 0:
        frame[:] = (200, 40, 10)
    elif kind == 1:
        frame[:] = int(rng.integers(60, 180))
    elif kind == 2:
        bars = ((255, 255, 255), (0, 255, 255), (255, 255, 0), (0, 255, 0), (255, 0, 255), (0, 0, 255), (255, 0, 0))
        for at, bar in enumerate(bars):
            frame[:, at * camera.width // 7 : (at + 1) * camera.width // 7] = [round(0.75 * value) for value in bar]
    if kind == 3 or (kind < 2 and rng.random() < 0.6):
        write(frame, str(rng.choice(["NO SIGNAL", "VIDEO LOSS", "No Video"])), rng)
    return Shot(encode(frame, camera.quality))


def corrupt(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    data = bytearray(camera.snapshot(moment))
    scan = data.find(b"\xff\xda")
    if rng.random() < 0.5:
        cut = scan + int((len(data) - scan) * (0.85, 0.6, 0.25)[strength])
        return Shot(bytes(data[:cut]))
    first = scan + int((len(data) - scan) * (0.5, 0.3, 0.1)[strength])
    for at in range((3, 8, 20)[strength]):
        place = int(rng.integers(first, len(data) - 40)) if at else first
        data[place : place + 12] = rng.integers(0, 255, 12).astype(np.uint8).tobytes()
    return Shot(bytes(data))


def write(frame: Frame, text: str, rng: np.random.Generator) -> None:
    scale = frame.shape[0] / 720 * float(rng.uniform(1.5, 3))
    place = (round(frame.shape[1] * rng.uniform(0.1, 0.4)), round(frame.shape[0] * rng.uniform(0.4, 0.6)))
    cv2.putText(frame, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), max(1, round(scale * 2)))


FAULTS: Mapping[str, Fault] = {
    fault.__name__: fault
    for fault in (black, white, blur, noise, cast, stripes, covered, moved, frozen, signal_loss, corrupt)
}

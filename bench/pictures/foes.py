"""The same faults by other means: written against the checker, not for it. No threshold was set on these.

Defocus by a disk and by shrinking, snow and single bits, rolling and slanted bars, a channel gone, leaves, cloth, spray
and spider's web, zoom, tilt and another place, H.264 blocks and smear, and a clock that runs on a frozen picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np

from bench.pictures.faults import Fault, Shot, sensed, write
from bench.pictures.photos import Frame
from bench.pictures.scenes import Camera, Light, Moment, encode


def black(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    """Iris shut: a dark gamma, or all at the video's black level of 16, with a little grain."""
    seen = camera.optics(moment)
    if strength == 2:
        return sensed(camera, moment, np.full_like(seen, 16))
    return sensed(camera, moment, np.clip(seen, 0, 255) ** 1.5 / 255**1.5 * (24, 10)[strength])


def white(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    """Everything near white, a rest of contrast left."""
    seen = camera.optics(moment)
    left = (0.25, 0.12, 0.0)[strength]
    return sensed(camera, moment, 250 - (250 - np.clip(seen, 0, 250)) * left)


def blur(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    seen = camera.optics(moment)
    size = (1.8, 4.0, 9.0)[strength] * camera.width / 1280
    kind = rng.integers(3)
    if kind == 0:
        return sensed(camera, moment, _disk(seen, size * 1.8))
    if kind == 1:
        small = cv2.resize(seen, None, fx=1 / (1 + size), fy=1 / (1 + size), interpolation=cv2.INTER_AREA)
        return sensed(camera, moment, cv2.resize(small, (camera.width, camera.height), interpolation=cv2.INTER_LINEAR))
    long = max(3, round(size * 4)) | 1
    kernel = np.zeros((long, long), np.float32)
    angle = rng.uniform(0, np.pi)
    end = long / 2 * np.array([np.cos(angle), np.sin(angle)])
    first, last = (long // 2 - end).round().astype(int), (long // 2 + end).round().astype(int)
    cv2.line(kernel, tuple(map(int, first)), tuple(map(int, last)), 1.0, 1)
    both = cv2.filter2D(seen, -1, kernel / kernel.sum())
    return sensed(camera, moment, cv2.GaussianBlur(both, (0, 0), size * 0.6))


def noise(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    frame = camera.sensor(camera.optics(moment), moment)
    kind = rng.integers(3)
    if kind == 0:
        share = (0.02, 0.06, 0.2)[strength]
        dice = rng.random(frame.shape[:2])
        frame[dice < share / 2] = 0
        frame[dice > 1 - share / 2] = 255
    elif kind == 1:
        snow = rng.integers(0, 256, frame.shape[:2], np.uint8)
        weight = (0.2, 0.4, 0.8)[strength]
        frame = cv2.addWeighted(frame, 1 - weight, cv2.cvtColor(snow, cv2.COLOR_GRAY2BGR), weight, 0)
    else:
        speckle = rng.standard_normal(frame.shape[:2], np.float32)[..., None] * (0.22, 0.4, 0.8)[strength]
        frame = np.clip(frame * (1 + speckle) + speckle * 15, 0, 255).astype(np.uint8)
    return Shot(camera.finish(frame, moment))


def cast(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    seen = camera.optics(moment)
    kind = rng.integers(3)
    channel = int(rng.integers(3))
    if kind == 0:
        seen[..., channel] *= (0.6, 0.3, 0.0)[strength]
    elif kind == 1:
        tint = rng.permutation([220.0, 60.0, 90.0])
        weight = (0.2, 0.4, 0.65)[strength]
        seen = seen * (1 - weight) + tint.astype(np.float32) * weight * max(0.3, float(seen.mean()) / 128)
    else:
        seen[..., channel] += (25, 50, 90)[strength]
        seen[..., (channel + 1) % 3] -= (10, 25, 45)[strength]
    return sensed(camera, moment, seen.astype(np.float32))


def stripes(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    seen = camera.optics(moment)
    height, width = seen.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    kind = rng.integers(4)
    deep = (0.12, 0.25, 0.5)[strength]
    if kind == 0:
        angle = rng.uniform(0.2, 1.3)
        wave = np.sin((xs * np.cos(angle) + ys * np.sin(angle)) * 2 * np.pi / (rng.uniform(8, 40) * height / 720))
        seen = seen + (100 * deep * wave)[..., None]
    elif kind == 1:
        bars = np.sin(ys / height * 2 * np.pi * rng.uniform(2.5, 6) + rng.uniform(0, 6))
        seen = seen * (1 + deep * 1.4 * bars)[..., None] + (30 * deep * bars)[..., None]
    elif kind == 2:
        lines = rng.random(height) < (0.04, 0.1, 0.25)[strength]
        seen[lines] = seen[lines] * 0.3 + rng.uniform(0, 255, (int(lines.sum()), 1, 1)).astype(np.float32) * 0.7
    else:
        seen = seen + 110 * deep * (((xs // max(2, round(6 * width / 1280))) % 2) * 2 - 1)[..., None]
    return sensed(camera, moment, seen.astype(np.float32))


def covered(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    seen = camera.optics(moment)
    height, width = seen.shape[:2]
    share = (0.4, 0.65, 0.97)[strength]
    way = rng.integers(3)
    patch = (_leaf, _cloth, _spray)[way](height, width, rng)
    if moment.night:
        patch[:] = patch.mean(axis=2, keepdims=True)
    else:
        patch *= float(rng.uniform(0.4, 1.0))
    mask = _blob(height, width, share, rng)
    return sensed(camera, moment, (seen * (1 - mask) + patch * mask).astype(np.float32))


def moved(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    kind = rng.integers(4)
    if kind == 0:
        return Shot(camera.snapshot(replace(moment, zoom=(1.12, 1.3, 1.8)[strength])))
    if kind == 1:
        return Shot(camera.snapshot(replace(moment, turn_deg=float(rng.choice([-1, 1])) * (4, 10, 35)[strength])))
    if kind == 2:
        sign = float(rng.choice([-1, 1]))
        return Shot(camera.snapshot(replace(moment, pan=(0.0, sign * (0.09, 0.2, 0.45)[strength]))))
    other = Camera(np.ascontiguousarray(camera.view[::-1, ::-1]), camera.seed)
    other.width, other.height, other.quality = camera.width, camera.height, camera.quality
    pan = (float(rng.uniform(-0.1, 0.1)), float(rng.uniform(-0.1, 0.1)))
    return Shot(other.snapshot(replace(moment, zoom=1.3, pan=pan)))


def frozen(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    frame = camera.sensor(camera.optics(moment), moment)
    before = camera.finish(frame.copy(), moment)
    if strength == 2:
        return Shot(before, before)
    again = camera.finish(frame.copy(), replace(moment, hour=(moment.hour + 0.3) % 24), int(rng.integers(1, 60)))
    return Shot(again, before)


def signal_loss(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    frame = np.zeros((camera.height, camera.width, 3), np.uint8)
    kind = rng.integers(4)
    if kind == 0:
        frame[:] = (255, 0, 0)
        write(frame, "NO SIGNAL", rng)
    elif kind == 1:
        frame[:] = (60, 60, 60)
        for _ in range(3):
            write(frame, "VIDEO LOSS", rng)
    elif kind == 2:
        bars = np.array([[235] * 3, [16, 235, 235], [235, 235, 16], [16, 235, 16], [235, 16, 235], [16, 16, 235]])
        row = np.repeat(bars.astype(np.uint8), -(-camera.width // 6), axis=0)[: camera.width]
        frame[:] = row
        frame[camera.height * 3 // 4 :] = np.linspace(0, 255, camera.width).astype(np.uint8)[:, None]
    else:
        frame[:] = (16, 16, 16)
        write(frame, "Camera offline", rng)
    return Shot(encode(frame, camera.quality))


def corrupt(camera: Camera, moment: Moment, strength: int, rng: np.random.Generator) -> Shot:
    kind = rng.integers(4)
    if kind == 0:
        data = bytearray(camera.snapshot(moment))
        scan = data.find(b"\xff\xda")
        cut = scan + int((len(data) - scan) * (0.8, 0.5, 0.15)[strength])
        return Shot(bytes(data[:cut]) + b"\xff\xd9")
    if kind == 1:
        data = bytearray(camera.snapshot(moment))
        scan = data.find(b"\xff\xda") + 20
        for _ in range((4, 12, 60)[strength]):
            data[int(rng.integers(scan, len(data) - 100))] ^= 1 << int(rng.integers(8))
        return Shot(bytes(data))
    frame = camera.sensor(camera.optics(moment), moment)
    rows = round(camera.height * (0.7, 0.45, 0.15)[strength]) // 16 * 16
    if kind == 2:
        frame[rows:] = frame[rows - 1]
        return Shot(camera.finish(frame, moment))
    return Shot(encode(_blocks(frame, rows, rng), camera.quality))


def _disk(seen: Light, radius: float) -> Light:
    size = 2 * int(np.ceil(radius)) + 1
    ys, xs = np.mgrid[0:size, 0:size] - size // 2
    kernel = np.clip(radius + 0.5 - np.hypot(ys, xs), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(seen, -1, kernel / kernel.sum()), np.float32)


def _blob(height: int, width: int, share: float, rng: np.random.Generator) -> Light:
    """A soft shape of this share of the view."""
    low = cv2.resize(rng.standard_normal((3, 5)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    edge = float(np.quantile(low, share))
    return np.clip((edge - low) * 12 + 0.5, 0, 1)[..., None].astype(np.float32)


def _leaf(height: int, width: int, rng: np.random.Generator) -> Light:
    veins = cv2.resize(rng.standard_normal((20, 30)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    veins = cv2.GaussianBlur(veins, (0, 0), width / 120)
    return np.asarray(np.array([50, 120, 70]) + 25 * veins[..., None], np.float32)


def _cloth(height: int, width: int, rng: np.random.Generator) -> Light:
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    period = rng.uniform(6, 14) * width / 1280
    weave = np.sin(xs * 2 * np.pi / period) * np.sin(ys * 2 * np.pi / period)
    return np.asarray(rng.uniform(50, 200, 3) + 14 * weave[..., None], np.float32)


def _spray(height: int, width: int, rng: np.random.Generator) -> Light:
    fine = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), width / 200)
    return np.asarray(rng.uniform(20, 230) + 60 * fine[..., None] * np.ones(3), np.float32)


def _blocks(frame: Frame, rows: int, rng: np.random.Generator) -> Frame:
    """Macroblocks of another place, or none at all, as from a stream that lost packets."""
    broken = frame.copy()
    for y in range(rows, frame.shape[0] - 16, 16):
        for x in range(0, frame.shape[1] - 16, 16):
            dice = rng.random()
            if dice < 0.35:
                broken[y : y + 16, x : x + 16] = (128, 128, 128) if dice < 0.15 else frame[y, x]
            elif dice < 0.6:
                sx = int(rng.integers(0, frame.shape[1] - 16))
                broken[y : y + 16, x : x + 16] = frame[y : y + 16, sx : sx + 16]
    return broken


FAULTS: Mapping[str, Fault] = {
    fault.__name__: fault
    for fault in (black, white, blur, noise, cast, stripes, covered, moved, frozen, signal_loss, corrupt)
}

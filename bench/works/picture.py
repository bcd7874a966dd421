"""Work i: is the picture any good? Photographs as cameras, half of them held out; faults made in two ways."""

from __future__ import annotations

import time

import cv2
import numpy as np

from bench.pictures import photos, scenes
from bench.pictures.faults import STRENGTHS
from bench.pictures.trial import Found, Trial, street_alarms
from bench.plan import Plan
from drivers.picture import PictureChecker

NAME = "picture"
NORMALS = 60
TIMES = 3
TAUGHT = 18


def run(plan: Plan) -> None:
    held_out = list(enumerate(photos.PHOTOS))[1::2]
    trial = Trial()
    for seed, name in held_out[::5] if plan.quick else held_out:
        trial.camera(photos.read(name), seed, NORMALS, 1 if plan.quick else TIMES)
        print(f"  {name.rsplit('/', 1)[-1]}: {trial.false_alarms} of {trial.normal} ordinary pictures", flush=True)
    _report(plan, trial)
    frames = photos.street(TAUGHT * 10 + (100 if plan.quick else 600), 1)
    kept = [*frames[: TAUGHT * 10 : 10], *frames[TAUGHT * 10 :]]
    plan.results.add(NAME, "alarms in the street video", "ours", street_alarms(kept, TAUGHT))
    for ratio, own_ms in _times(max(1, plan.rounds)):
        plan.results.add(NAME, "check by grey quarter decode, 1080p", "ours", ratio)
        plan.results.add(NAME, "check, ms, 1080p", "ours", own_ms)


def _report(plan: Plan, trial: Trial) -> None:
    def add(measure: str, value: float, row: str = "ours") -> None:
        plan.results.add(NAME, measure, row, value)

    for (kind, strength), found in trial.table.items():
        for number in found:
            add(strength, number, kind)
    add("false alarms, one picture", trial.false_alarms / trial.normal)
    add("false alarms, two of three", trial.agreed / trial.normal)
    add("ordinary pictures", trial.normal)
    add("state, KiB", trial.state_bytes / 1024)
    strong = {cell: found for cell, found in trial.table.items() if cell[1] != STRENGTHS[0]}
    mild = {cell: found for cell, found in trial.table.items() if cell[1] == STRENGTHS[0]}
    strong_sum, mild_sum = _sum(strong), _sum(mild)
    blur = _sum({cell: found for cell, found in mild.items() if cell[0].startswith("blur")})
    add("medium and severe: any alarm", strong_sum.alarms / strong_sum.shown)
    add("medium and severe: right kind", strong_sum.right / strong_sum.alarms)
    kinds = {cell[0] for cell in strong}
    recalls = [_sum({cell: found for cell, found in strong.items() if cell[0] == kind}) for kind in kinds]
    add("medium and severe: worst kind", min(found.alarms / found.shown for found in recalls))
    add("mild: any alarm", mild_sum.alarms / mild_sum.shown)
    add("mild blur", blur.alarms / blur.shown)
    print(f"  false: {dict(trial.false)}")


def _sum(cells: dict[tuple[str, str], Found]) -> Found:
    return Found(*(int(total) for total in np.sum(list(cells.values()), axis=0)))


def _times(rounds: int) -> list[tuple[float, float]]:
    """One ratio and one time for each round: a check of a 1080p JPEG by the grey decode at a quarter, in turns."""
    seed = next(at for at, name in enumerate(photos.PHOTOS) if name.endswith("china.jpg"))
    camera = scenes.Camera(photos.read(photos.PHOTOS[seed]), seed)
    camera.resize(1920, 1080)
    checker = PictureChecker()
    for moment in scenes.day(seed):
        checker.learn(camera.snapshot(moment))
    cv2.setNumThreads(1)
    found = []
    for moment in scenes.later(seed, rounds):
        jpeg = camera.snapshot(moment)
        data = np.frombuffer(jpeg, np.uint8)
        decodes, checks = [], []
        for _ in range(40):
            decodes.append(_seconds(lambda data=data: cv2.imdecode(data, cv2.IMREAD_REDUCED_GRAYSCALE_4)))
            checks.append(_seconds(lambda jpeg=jpeg: checker.check(jpeg)))
        found.append((min(checks) / min(decodes), 1000 * min(checks)))
    return found


def _seconds(call: object) -> float:
    assert callable(call)
    began = time.perf_counter()
    call()
    return time.perf_counter() - began

"""One camera's trial: taught on a day, then shown other days and faults. Counts what was found."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from bench.pictures import faults, foes, scenes
from bench.pictures.faults import STRENGTHS, Fault
from bench.pictures.photos import Frame
from drivers.picture import Agreement, PictureChecker

WAYS: Mapping[str, Mapping[str, Fault]] = {"": faults.FAULTS, ", other means": foes.FAULTS}
"""By the ending of a row's name."""


class Found(NamedTuple):
    """Of `shown` pictures, an alarm was raised for `alarms`, and it named the fault for `right`."""

    alarms: int = 0
    right: int = 0
    shown: int = 0

    def plus(self, alarm: bool, right: bool) -> Found:
        return Found(self.alarms + alarm, self.right + right, self.shown + 1)


class Trial:
    """`table`: by kind of fault (with its way's ending) and strength. `agreed`: false alarms by two of three."""

    def __init__(self) -> None:
        self.table: dict[tuple[str, str], Found] = {}
        self.false: Counter[str] = Counter()
        self.normal = self.false_alarms = self.agreed = 0
        self.state_bytes = 0

    def camera(self, photo: Frame, seed: int, normals: int, times: int) -> None:
        """`normals`: ordinary pictures; `times`: pictures of each fault and strength."""
        camera = scenes.Camera(photo, seed)
        checker = PictureChecker()
        for moment in scenes.day(seed):
            checker.learn(camera.snapshot(moment))
        state = checker.to_bytes()
        self.state_bytes = max(self.state_bytes, len(state))
        self._ordinary(checker, (camera.snapshot(moment) for moment in scenes.later(seed, normals)))
        for ending, kinds in WAYS.items():
            for kind, fault in kinds.items():
                for strength in range(len(STRENGTHS)):
                    for time in range(times):
                        self._faulty(state, camera, kind, ending, fault, strength, time)

    def _ordinary(self, checker: PictureChecker, pictures: Iterable[bytes]) -> None:
        agreement = Agreement()
        for picture in pictures:
            found = checker.check(picture)
            self.normal += 1
            self.false_alarms += bool(found)
            self.false.update(found)
            self.agreed += bool(agreement.feed(found).started)

    def _faulty(
        self, state: bytes, camera: scenes.Camera, kind: str, ending: str, fault: Fault, strength: int, time: int
    ) -> None:
        seed = zlib.crc32(f"{camera.seed} {kind}{ending} {strength} {time}".encode())
        moment = scenes.later(seed, 1)[0]
        shot = fault(camera, moment, strength, np.random.default_rng(seed))
        checker = PictureChecker.from_bytes(state)
        if shot.before is not None:
            checker.check(shot.before)
        found = checker.check(shot.picture)
        cell = kind + ending, STRENGTHS[strength]
        self.table[cell] = self.table.get(cell, Found()).plus(bool(found), kind in found)


def street_alarms(frames: list[Frame], taught: int) -> int:
    """Of a street with people, taught on its first frames, how many of the rest raise an alarm."""
    checker = PictureChecker()
    pictures = [scenes.encode(frame, 75) for frame in frames]
    for picture in pictures[:taught]:
        checker.learn(picture)
    return sum(bool(checker.check(picture)) for picture in pictures[taught:])

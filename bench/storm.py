"""A synthetic storm day of a full county, with the known truth: which cause each raw alarm has. Pure, made by a seed.

406 boxes in 20 townships with 4,600 cameras. Rain flickers before cameras for hours, trees sway, a township and some
villages lose power, cables are cut, links drop, people climb fences. Some 160 causes, some 390,000 raw alarms.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Literal, NamedTuple, TypeAlias

from countyhub.correlate.matter import SECOND_US
from countyhub.correlate.outages import Site
from countyhub.correlate.signals import DOWN, END, PULSE, START, UP, Signal
from gridwire.instants import microseconds

BOXES = 406
TOWNSHIPS = 20
CAMERAS = 4_600
BEGIN_US = microseconds(datetime(2026, 7, 1, 16, tzinfo=UTC))
"""Midnight in the county."""
DAY_S = 86_400
_PAUSE_S = 8.0
What: TypeAlias = Literal["alarm", "device", "link"]


class Storm(NamedTuple):
    """`signals` in order of time; `causes`: what each one is due to, by the same index; empty: nobody's case."""

    sites: dict[str, Site]
    signals: list[Signal]
    causes: list[str]
    end_us: int

    @property
    def distinct(self) -> int:
        """Causes that somebody should hear of."""
        return len(set(self.causes) - {""})


class _Sky:
    """Makes the signals of the day, cause by cause."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.found: list[tuple[Signal, str]] = []
        self.seqs: dict[str, int] = {}
        self.boxes = [f"4301810{1 + number % TOWNSHIPS:02}{1 + number // TOWNSHIPS:03}" for number in range(BOXES)]
        self.cameras: dict[str, tuple[str, ...]] = {}
        for number, box in enumerate(self.boxes):
            count = CAMERAS * (number + 1) // BOXES - CAMERAS * number // BOXES
            self.cameras[box] = tuple(f"cam-{camera}" for camera in range(1, count + 1))
        self.free = [(box, camera) for box in self.boxes for camera in self.cameras[box]]
        self.random.shuffle(self.free)

    def sites(self) -> dict[str, Site]:
        return {box: Site(box[:9], frozenset(self.cameras[box])) for box in self.boxes}

    def put(self, cause: str, what: What, box: str, device: str, kind: str, mark: int, at_s: float) -> None:
        seq = self.seqs[box] = self.seqs.get(box, 0) + 1
        at_us = BEGIN_US + round(at_s * 1000) * 1000
        self.found.append((Signal(what, box, seq, box, device, kind, "", mark, at_us), cause))

    def flicker(self, cause: str, kind: str, hours: float) -> None:
        """One camera that sees rain or leaves: alarms every some seconds, with lulls as in a real shower."""
        box, camera = self.free.pop()
        now = self.random.uniform(0, DAY_S - hours * 3600)
        end = now + hours * 3600
        while now < end:
            lasts = self.random.uniform(0.5, 3)
            self.put(cause, "alarm", box, camera, kind, START, now)
            self.put(cause, "alarm", box, camera, kind, END, now + lasts)
            lull = self.random.random() < 0.002
            now += lasts + (self.random.uniform(30, 310) if lull else self.random.expovariate(1 / _PAUSE_S))

    def intrusion(self, cause: str) -> None:
        """Somebody climbs a fence, and now and then a second camera sees it too: that makes two cases of one cause."""
        now = self.random.uniform(0, DAY_S - 600)
        for _ in range(2 if self.random.random() < 0.2 else 1):
            box, camera = self.free.pop()
            for _ in range(self.random.randint(1, 6)):
                self.put(cause, "alarm", box, camera, "intrusion", PULSE, now)
                now += self.random.uniform(2, 90)

    def cut(self, cause: str, box: str, begin_s: float, lasts_s: float) -> None:
        """A site without power: all cameras go and come back within a minute or so, some say that they see nothing."""
        for camera in self.cameras[box]:
            gone = begin_s + self.random.uniform(0, 40)
            if self.random.random() < 0.3:
                self.put(cause, "alarm", box, camera, "signal_lost", START, gone)
                self.put(cause, "alarm", box, camera, "signal_lost", END, gone + lasts_s)
            self.put(cause, "device", box, camera, "", DOWN, gone + 30)
            back = begin_s + lasts_s + self.random.uniform(40, 160)
            self.put(cause, "device", box, camera, "", UP, back)
            self.put(cause, "alarm", box, camera, "scene_change", PULSE, back + 2)

    def link(self, cause: str, box: str, begin_s: float, lasts_s: float) -> None:
        """The uplink is cut: nothing but the last will tells of it."""
        self.put(cause, "link", box, "", "", DOWN, begin_s)
        self.put(cause, "link", box, "", "", UP, begin_s + lasts_s)

    def flap(self, cause: str) -> None:
        """Water in a plug: one camera goes and comes all day."""
        box, camera = self.free.pop()
        now = self.random.uniform(0, 20_000)
        for _ in range(self.random.randint(8, 30)):
            self.put(cause, "device", box, camera, "", DOWN, now)
            self.put(cause, "device", box, camera, "", UP, now + self.random.uniform(60, 900))
            now += self.random.uniform(1200, 2000)

    def short(self) -> None:
        """A camera that restarts: shorter than the hold-down, nobody's case."""
        box, camera = self.free.pop()
        now = self.random.uniform(0, DAY_S - 600)
        self.put("", "device", box, camera, "", DOWN, now)
        self.put("", "device", box, camera, "", UP, now + self.random.uniform(40, 200))


def storm(seed: int = 1, *, alarms: int = 390_000) -> Storm:
    """The day. `alarms`: about as many raw signals; fewer make the showers shorter, not the causes fewer."""
    sky = _Sky(seed)
    _power(sky)
    for number in range(30):
        sky.intrusion(f"intrusion {number}")
    for number in range(12):
        sky.flap(f"loose plug {number}")
    for _ in range(60):
        sky.short()
    showers = 78
    hours = max(0.2, (alarms - len(sky.found)) / showers / 2 * (_PAUSE_S + 2.5) / 3600)
    for number in range(showers):
        sky.flicker(f"shower {number}", sky.random.choice(["motion", "motion", "line_crossing"]), min(hours, 23))
    sky.found.sort(key=lambda pair: pair[0].at_us)
    return Storm(
        sky.sites(),
        [signal for signal, _ in sky.found],
        [cause for _, cause in sky.found],
        BEGIN_US + 2 * DAY_S * SECOND_US,
    )


def _power(sky: _Sky) -> None:
    """A township without power, single villages without, links that are cut, single cameras that die."""
    town, rest = sky.boxes[0][:9], []
    begin = sky.random.uniform(30_000, 40_000)
    for box in sky.boxes:
        if box[:9] == town:
            sky.cut("township without power", box, begin + sky.random.uniform(0, 300), 7_200)
        else:
            rest.append(box)
    sky.random.shuffle(rest)
    for number in range(14):
        sky.cut(f"village without power {number}", rest.pop(), sky.random.uniform(0, 70_000), 3_600)
    for number in range(16):
        sky.link(f"cable cut {number}", rest.pop(), sky.random.uniform(0, 70_000), sky.random.uniform(900, 9_000))
    busy = {signal.box for signal, _ in sky.found}
    sky.free = [pair for pair in sky.free if pair[0] not in busy]
    for number in range(10):
        box, camera = sky.free.pop()
        sky.put(f"camera dead {number}", "device", box, camera, "", DOWN, sky.random.uniform(0, 80_000))


def arrivals(found: Storm, seed: int, kind: str) -> Iterator[Signal]:
    """The same signals as they may arrive: `in order`; `backlog`: each box's after its link came back, in pieces, with
    repeats; `any`: thrown together.
    """
    random = Random(seed)
    if kind == "in order":
        yield from found.signals
    elif kind == "backlog":
        late = {box: random.choice([0, 0, 0, 600, 7_200, 40_000]) for box in found.sites}
        keyed = [(signal.at_us // SECOND_US + late[signal.box] * random.random(), signal) for signal in found.signals]
        for _, signal in sorted(keyed, key=lambda pair: pair[0]):
            yield signal
            if random.random() < 0.02:
                yield signal
    else:
        mixed = list(found.signals)
        random.shuffle(mixed)
        yield from mixed

"""What a village says on a usual day: who passes its cameras, patrols, visitors, now and then an alarm."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from msgspec.structs import replace

from gridwire.events import Alarm, Checkin, PictureRef, Request, Severity
from simulators.camera.picture import jpeg
from simulators.week import words
from simulators.week.county import card_of
from simulators.week.course import Course
from simulators.week.papers import papers
from simulators.week.sender import Sender

_SEEN: Final = {"motion": 10, "person": 6, "vehicle": 5, "line_crossing": 3}
_OPENING: Final = {"intrusion": 6, "crowd": 3, "tamper": 2}
_SERVICES: Final = ("S01", "S05", "S07", "S08", "S10", "S14", "S20", "S24", "S30", "S31", "S44")
_DRAWN: Final = {"intrusion": "field", "crowd": "person"}
"""Kinds that the simulated camera draws under another name."""
_MISSED: Final = 0.07
_Happens = Callable[[datetime], Awaitable[None]]


class Everyday:
    """Tales of one village; a day after the other."""

    def __init__(self, course: Course, sender: Sender, random: Random) -> None:
        self._course, self._sender, self._random = course, sender, random

    async def tale(self, day: datetime) -> AsyncIterator[datetime]:
        """One day, which begins at its midnight."""
        for at, what in sorted(self._plan(day), key=lambda each: each[0]):
            if at < self._course.now:
                continue
            yield at
            if not self._sender.is_away:
                await what(at)

    def _plan(self, day: datetime) -> Iterator[tuple[datetime, _Happens]]:
        random = self._random
        for _ in range(random.randint(4, 8)):
            yield self._at(day, 6, 22), self._seen
        for grid in self._sender.village.grids:
            worker = self._course.places.person("grid_worker", grid)
            for slot, first, last in (("morning", 8, 11), ("afternoon", 14, 17)):
                if random.random() > _MISSED:
                    yield self._at(day, first, last), self._patrol(worker, slot)
        if random.random() < 0.22:
            yield self._at(day, 0, 24), self._alarm
        if random.random() < 0.3:
            yield self._at(day, 8, 18), self._visit
        if random.random() < 0.22:
            yield self._at(day, 8, 18), self._report

    def _at(self, day: datetime, first: int, last: int) -> datetime:
        return day + timedelta(seconds=self._random.randrange(first * 3600, last * 3600))

    async def _seen(self, at: datetime) -> None:
        """Somebody goes by: shown, no more."""
        kind = self._random.choices(list(_SEEN), list(_SEEN.values()))[0]
        camera = self._camera()
        if camera is not None:
            self.alarm(kind, camera, at, self._random.random() < 0.15)

    def _patrol(self, worker: str, slot: str) -> _Happens:
        async def walk(at: datetime) -> None:
            said = self._shown(worker, slot, at)
            self._course.arrives(self._sender.says(said, at, self._sender.village.terminal))

        return walk

    def _shown(self, worker: str, slot: str, at: datetime) -> Checkin:
        """Of three workers two lay down an identity card, at a terminal that is told to keep the name; one has a card
        without a name. No draw of the week: another number would be another week."""
        method, masked = papers(worker)
        known = self._course.book.registry.person(worker, at)
        name = known.name if known is not None and method == "id" else ""
        return Checkin(method=method, person=card_of(worker), key="week-1", masked=masked, name=name, verified=True,
                       point="村站", slot=slot)  # fmt: skip

    async def _alarm(self, at: datetime) -> None:
        """One that somebody has to see to."""
        kind = self._random.choices(list(_OPENING), list(_OPENING.values()))[0]
        camera = self._camera()
        if camera is not None:
            self.alarm(kind, camera, at, True)
            await self._course.settle()

    async def _visit(self, at: datetime) -> None:
        item = self._random.choice(_SERVICES)
        await self._ask(Request(item=item, mode="direct", receipt=self.receipt(at), text=words.SERVICE_ASKED), at)

    async def _report(self, at: datetime) -> None:
        item = self._random.choice(list(words.REPORTS))
        await self._ask(Request(item=item, mode="report", receipt=self.receipt(at), text=words.REPORTS[item][0]), at)

    async def _ask(self, request: Request, at: datetime) -> None:
        request = replace(request, masked=papers(request.receipt)[1])
        self._course.arrives(self._sender.says(request, at, self._sender.village.terminal))
        await self._course.settle()

    def receipt(self, at: datetime) -> str:
        """A number on a slip of paper."""
        return f"{at:%m%d}{self._sender.village.code[-3:]}{self._random.randrange(10**4):04d}"

    def alarm(self, kind: str, camera: str, at: datetime, pictured: bool) -> None:
        """Begins and ends, with a picture of it."""
        pictures: tuple[PictureRef, ...] = ()
        if pictured:
            label = f"{self._sender.box[-6:]} {camera}"
            scene = jpeg(label, at.replace(microsecond=0), frozenset({_DRAWN.get(kind, kind)}))
            ref, arrives = self._sender.picture(scene, at)
            pictures = (ref,)
            self._course.arrives(arrives)
        severity: Severity = "critical" if kind in ("intrusion", "tamper", "smoke") else "notice"
        begins = Alarm(kind=kind, state="start", severity=severity, source="rule-1", pictures=pictures)
        ends = Alarm(kind=kind, state="end", severity=severity, source="rule-1")
        later = at + timedelta(seconds=self._random.randint(8, 90))
        self._course.arrives(self._sender.says(begins, at, camera))
        self._course.arrives(self._sender.says(ends, later, camera, received=later + timedelta(seconds=1)))

    def _camera(self) -> str | None:
        """One that works."""
        working = [device for device in self._sender.village.cameras if device not in self._sender.down]
        return self._random.choice(working) if working else None
